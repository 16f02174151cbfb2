/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory-fixture.h"

#include <cdb.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "signind/directory/store.h"
#include "signind/log.h"

struct fake_fetch fake_user, fake_list;
struct fixture fixture;
int64_t fixture_now_s, fixture_now_ms, fixture_look_ms;

static struct event_base *base;
static char logged[65536];

/* ---- what is wrapped -------------------------------------------------------
 */

struct event_base *__wrap_http_base(const struct http *http);
struct fetcher *__wrap_fetcher_new(const struct provider_context *context,
                                   const struct config *config,
                                   const struct directory_config *directory);
void __wrap_fetcher_free(struct fetcher *fetcher);
struct fetch *__wrap_fetch_user(struct fetcher *fetcher, const char *name,
                                fetch_user_done *done, void *context);
struct fetch *__wrap_fetch_list(struct fetcher *fetcher,
                                const struct fetch_list_calls *calls);
void __wrap_fetch_cancel(struct fetch *fetch);
time_t __wrap_time(time_t *ret_time);
int64_t __wrap_channel_now_ms(void);

struct event_base *
__wrap_http_base(const struct http *http)
{
    (void)http;
    return base;
}

/* A fetcher is its directory's configuration; nothing is allocated. */
struct fetcher *
__wrap_fetcher_new(const struct provider_context *context,
                   const struct config *config,
                   const struct directory_config *directory)
{
    (void)context;
    (void)config;
    return (struct fetcher *)(uintptr_t)directory;
}

void
__wrap_fetcher_free(struct fetcher *fetcher)
{
    const struct directory_config *directory = (const void *)fetcher;

    if (directory == NULL)
        return;
    if (strcmp(fake_user.directory, directory->name) == 0)
        fake_user.waiting = false;
    if (strcmp(fake_list.directory, directory->name) == 0)
        fake_list.waiting = false;
}

static struct fetch *
fake_ask(struct fake_fetch *fake, const struct fetcher *fetcher,
         const char *name)
{
    const struct directory_config *directory = (const void *)fetcher;

    snprintf(fake->name, sizeof(fake->name), "%s", name);
    snprintf(fake->directory, sizeof(fake->directory), "%s", directory->name);
    fake->count++;
    fake->waiting = true;
    return (struct fetch *)(void *)fake;
}

struct fetch *
__wrap_fetch_user(struct fetcher *fetcher, const char *name,
                  fetch_user_done *done, void *context)
{
    fake_user.done = done;
    fake_user.context = context;
    return fake_ask(&fake_user, fetcher, name);
}

struct fetch *
__wrap_fetch_list(struct fetcher *fetcher, const struct fetch_list_calls *calls)
{
    fake_list.calls = *calls;
    return fake_ask(&fake_list, fetcher, "");
}

void
__wrap_fetch_cancel(struct fetch *fetch)
{
    struct fake_fetch *fake = (void *)fetch;

    if (fake != NULL)
        fake->waiting = false;
}

time_t
__wrap_time(time_t *ret_time)
{
    if (ret_time != NULL)
        *ret_time = (time_t)fixture_now_s;
    return (time_t)fixture_now_s;
}

int64_t
__wrap_channel_now_ms(void)
{
    return fixture_now_ms += fixture_look_ms;
}

void
fixture_pass(int64_t seconds)
{
    fixture_now_s += seconds;
    fixture_now_ms += seconds * 1000;
}

/* ---- answers ---------------------------------------------------------------
 */

static struct person
fake_person(const char *name, const char *subject, bool enabled)
{
    struct person person = {
        .name = strdup(name), .subject = strdup(subject), .enabled = enabled};

    assert_non_null(person.name);
    assert_non_null(person.subject);
    return person;
}

void
fake_give(const char *name, const char *subject, bool enabled)
{
    const struct provider_result result = {.result = WIRE_OK, .why = "200"};
    struct person person = fake_person(name, subject, enabled);

    assert_true(fake_user.waiting);
    fake_user.waiting = false;
    fake_user.done(fake_user.context, &result, &person);
    person_done(&person);
    fixture_run();
}

void
fake_fail_user(enum wire_result result, unsigned retry_after_s)
{
    const struct provider_result failed = {
        .result = result, .why = "as told", .retry_after_s = retry_after_s};

    assert_true(fake_user.waiting);
    fake_user.waiting = false;
    fake_user.done(fake_user.context, &failed, NULL);
    fixture_run();
}

void
fake_list_user(const char *name, const char *subject, bool enabled)
{
    struct person person = fake_person(name, subject, enabled);

    assert_true(fake_list.waiting);
    fake_list.calls.on_user(fake_list.calls.context, &person);
    person_done(&person);
}

void
fake_list_group(const char *id, const char *name, const char *const *members)
{
    struct person_team team = {
        .group = {.id = strdup(id), .name = strdup(name)},
        .members = calloc(16, sizeof(char *))};

    for (; members[team.member_count] != NULL; team.member_count++)
        team.members[team.member_count] = strdup(members[team.member_count]);
    fake_list.calls.on_group(fake_list.calls.context, &team);
    person_team_done(&team);
}

void
fake_list_end(enum wire_result result, unsigned retry_after_s)
{
    const struct provider_result ended = {
        .result = result, .why = "as told", .retry_after_s = retry_after_s};

    assert_true(fake_list.waiting);
    fake_list.waiting = false;
    fake_list.calls.done(fake_list.calls.context, &ended, 1, 0, 0);
    fixture_run();
}

/* ---- the room --------------------------------------------------------------
 */

static void
fixture_line(void *context, int priority, const char *text)
{
    size_t length = strlen(logged);

    (void)context;
    (void)priority;
    snprintf(logged + length, sizeof(logged) - length, "%s\n", text);
}

bool
fixture_logged(const char *text)
{
    return strstr(logged, text) != NULL;
}

static void
fixture_directory(struct directory_config *directory, char *name)
{
    static char issuer[] = ISSUER;

    directory->name = name;
    directory->type = DIRECTORY_REST;
    directory->issuer = issuer;
    directory->requests[DIRECTORY_USER_BY_NAME].request.configured = true;
    directory->requests[DIRECTORY_USERS].request.configured = true;
    directory->match = DIRECTORY_MATCH_NAME;
    directory->refresh_every_s = 900;
    directory->missing_for_s = 60;
    directory->disabled_grace_s = 30 * 86400;
}

int
fixture_begin(void **state)
{
    static char provider[] = "idp", base_url[] = ISSUER, shell[] = "/bin/sh";
    static char corp[] = "corp", other[] = "other", prefix[] = "";
    static struct access_config everybody = {.allow_all_users = true};
    const char *error = NULL;

    (void)state;
    memset(&fixture, 0, sizeof(fixture));
    memset(&fake_user, 0, sizeof(fake_user));
    memset(&fake_list, 0, sizeof(fake_list));
    logged[0] = '\0';
    log_divert(fixture_line, NULL);
    base = event_base_new();
    assert_non_null(base);
    fixture_now_s = 1800000000;
    fixture_now_ms = 1000000;
    fixture_look_ms = 0;
    strcpy(fixture.path, "directory-test.XXXXXX");
    assert_non_null(mkdtemp(fixture.path));
    snprintf(fixture.store, sizeof(fixture.store), "%s/users.db", fixture.path);
    snprintf(fixture.snapshot, sizeof(fixture.snapshot), "%s/snapshot",
             fixture.path);
    snprintf(fixture.misses, sizeof(fixture.misses), "%s/misses", fixture.path);
    fixture.provider.name = provider;
    fixture.provider.base_url = base_url;
    fixture.config.providers = &fixture.provider;
    fixture.config.provider_count = 1;
    fixture.config.access = &everybody;
    fixture.config.access_count = 1;
    fixture_directory(&fixture.directories[0], corp);
    fixture_directory(&fixture.directories[1], other);
    fixture.config.directories = fixture.directories;
    fixture.config.directory_count = 1;
    fixture.config.accounts.id_derived = true;
    fixture.config.accounts.id_first = 1879048192;
    fixture.config.accounts.id_last = 2147352575;
    fixture.config.accounts.home =
        template_parse("/home/{{user}}", TEMPLATE_PLAIN, &error);
    assert_non_null(fixture.config.accounts.home);
    fixture.config.accounts.shell = shell;
    fixture.config.accounts.group_prefix = prefix;
    return 0;
}

int
fixture_end(void **state)
{
    char command[128];

    (void)state;
    directory_close(fixture.directory);
    template_free(fixture.config.accounts.home);
    event_base_free(base);
    log_divert(NULL, NULL);
    snprintf(command, sizeof(command), "rm -rf '%s'", fixture.path);
    return system(command) == 0 ? 0 : -1;
}

void
fixture_open(void)
{
    const struct directory_paths paths = {fixture.store, fixture.snapshot,
                                          fixture.misses};

    fixture.directory =
        directory_open_at(&fixture.context, &fixture.config, &paths);
    assert_non_null(fixture.directory);
}

void
fixture_restart(void)
{
    directory_close(fixture.directory);
    fixture_open();
}

void
fixture_run(void)
{
    /* What is due at once may make more that is due at once. */
    for (int i = 0; i < 100; i++)
        event_base_loop(base, EVLOOP_NONBLOCK);
}

void
fixture_run_until(const bool *flag)
{
    const struct timeval most = {.tv_sec = 10};

    event_base_loopexit(base, &most);
    while (!*flag && !event_base_got_exit(base))
        event_base_loop(base, EVLOOP_ONCE);
    assert_true(*flag);
}

void
fixture_list(const char *const *names, size_t count)
{
    if (!fake_list.waiting)
        assert_int_equal(refresh_start(&fixture.directory->sources[0]), 0);
    for (size_t i = 0; i < count; i++) {
        char subject[64];

        snprintf(subject, sizeof(subject), "id-%s", names[i]);
        fake_list_user(names[i], subject, true);
    }
    fake_list_end(WIRE_OK, 0);
}

/* ---- what is told ----------------------------------------------------------
 */

const char *
fixture_lookup_as(const char *name, uid_t uid, bool login_service)
{
    static char text[PEOPLE_USER_MAX + 1];

    if (directory_lookup(fixture.directory, name, uid, login_service, text) !=
        0)
        return "";
    return text;
}

const char *
fixture_lookup(const char *name)
{
    return fixture_lookup_as(name, 2001, false);
}

uid_t
fixture_uid(const char *name)
{
    char text[PEOPLE_USER_MAX + 1] = "";
    struct people_user user;

    if (directory_lookup(fixture.directory, name, 0, true, text) != 0 ||
        people_user_parse(text, strlen(text), &user) != 0)
        return 0;
    return user.uid;
}

const char *
fixture_told(const char *key)
{
    static char text[4096];
    int fd = open(fixture.snapshot, O_RDONLY | O_CLOEXEC);
    struct cdb cdb;

    text[0] = '\0';
    if (fd < 0)
        return text;
    assert_int_equal(cdb_init(&cdb, fd), 0);
    if (cdb_find(&cdb, key, (unsigned)strlen(key)) > 0) {
        unsigned length = cdb_datalen(&cdb);

        assert_true(length < sizeof(text));
        assert_int_equal(cdb_read(&cdb, text, length, cdb_datapos(&cdb)), 0);
        text[length] = '\0';
    }
    cdb_free(&cdb);
    close(fd);
    return text;
}

static void
fixture_checked(void *context, enum wire_result result,
                struct directory_user *user, const char *why)
{
    struct fixture_check *check = context;

    assert_false(check->told);
    check->told = true;
    check->check = NULL;
    check->result = result;
    snprintf(check->why, sizeof(check->why), "%s", why);
    if (user != NULL) {
        check->user = *user;
        *user = (struct directory_user){0};
    }
}

void
fixture_check(struct fixture_check *check, const char *name, uid_t uid,
              bool now)
{
    *check = (struct fixture_check){0};
    check->check = directory_check(fixture.directory, name, uid, now,
                                   fixture_checked, check);
    assert_non_null(check->check);
    assert_false(check->told); /* from the loop alone */
    fixture_run();
}
