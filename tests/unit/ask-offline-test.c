/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signing in while nobody is at the provider: when this host is asked, what
 * it needs, and what is learned from every answer.  The verifiers are the
 * test's.
 */
#include "ask-test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signind/ask_sign_in.h"
#include "signind/offline/offline.h"
#include "wire/enforce.h"

static char base_url[] = "https://idp.example.com", subject[] = "s-1";
static const char *place;

/* offline_check() under way. */
static struct {
    offline_done *done;
    void *context;
    bool refuse;
} check;

struct offline_check *__wrap_offline_check(struct offline *offline,
                                           const struct offline_user *user,
                                           const char *password,
                                           offline_done *done, void *context);
void __wrap_offline_cancel(struct offline_check *one);
void __wrap_offline_remember(struct offline *offline,
                             const struct offline_user *user,
                             const char *password);
void __wrap_offline_doubt(struct offline *offline, uid_t uid,
                          const char *password);
void __wrap_offline_forget(struct offline *offline, uid_t uid);
int __wrap_session_begin_offline(struct session_table *table, key_serial_t keep,
                                 const char *expected_id,
                                 const struct session *who,
                                 const char *subject_text,
                                 struct secret *password,
                                 struct session **ret_session);

struct offline_check *
__wrap_offline_check(struct offline *offline, const struct offline_user *user,
                     const char *password, offline_done *done, void *context)
{
    (void)offline;
    assert_string_equal(user->name, "alice");
    assert_int_equal(user->uid, ASK_UID);
    assert_string_equal(user->provider, "idp");
    assert_string_equal(user->issuer, place);
    assert_string_equal(password, "correct horse");
    fixture_note("offline %s", user->subject == NULL ? "-" : user->subject);
    if (check.refuse)
        return NULL;
    check.done = done;
    check.context = context;
    return (struct offline_check *)(void *)&check;
}

void
__wrap_offline_cancel(struct offline_check *one)
{
    if (one != NULL)
        fixture_note("cancel");
}

void
__wrap_offline_remember(struct offline *offline,
                        const struct offline_user *user, const char *password)
{
    (void)offline;
    assert_string_equal(password, "correct horse");
    assert_string_equal(user->issuer, place);
    fixture_note("remember %s", user->subject == NULL ? "-" : user->subject);
}

void
__wrap_offline_doubt(struct offline *offline, uid_t uid, const char *password)
{
    (void)offline;
    assert_int_equal(uid, ASK_UID);
    assert_string_equal(password, "correct horse");
    fixture_note("doubt");
}

void
__wrap_offline_forget(struct offline *offline, uid_t uid)
{
    (void)offline;
    assert_int_equal(uid, ASK_UID);
    fixture_note("forget it");
}

int
__wrap_session_begin_offline(struct session_table *table, key_serial_t keep,
                             const char *expected_id, const struct session *who,
                             const char *subject_text, struct secret *password,
                             struct session **ret_session)
{
    (void)table;
    (void)who;
    assert_int_equal(keep, 702);
    assert_string_equal(expected_id, ASK_ID);
    fixture_note("begin offline %s", subject_text == NULL ? "-" : subject_text);
    if (fixture->begin_error != 0)
        return fixture->begin_error;
    secret_done(password);
    strcpy(fixture->session.ticket, ASK_TICKET);
    *ret_session = &fixture->session;
    return 0;
}

static int
begin(void **state)
{
    int failed = fixture_begin(state);

    memset(&check, 0, sizeof(check));
    place = base_url;
    fixture->config.cached_sign_in = true;
    fixture->config.failures_per_user = 100;
    fixture->providers[0].base_url = base_url;
    fixture->user.record.sign_in_subject = subject;
    fixture->daemon.offline = (struct offline *)(void *)&check;
    return failed;
}

/* The provider's answer, or that there was none. */
static void
tell(enum wire_result result, bool unreachable, struct provider_tokens *tokens)
{
    const struct provider_result answer = {
        .result = result, .why = "as told", .unreachable = unreachable};
    struct provider_tokens empty = {0};
    provider_done *done = fixture->told;

    assert_non_null(done);
    fixture->told = NULL;
    done(fixture->told_context, &answer, tokens == NULL ? &empty : tokens);
}

static void
ask(void)
{
    fixture_ask(WIRE_AUTHENTICATE, 0);
    if (fixture->checked != NULL)
        fixture_checked(WIRE_OK, false);
    fixture->journal[0] = '\0';
    fixture->verdict = WIRE_RESULT_NONE;
}

static void
answer(enum offline_result result)
{
    offline_done *done = check.done;

    assert_non_null(done);
    check.done = NULL;
    done(check.context, result, "as remembered");
}

/* ---- who decides ----------------------------------------------------------
 */

static void
test_nobody_there(void **state)
{
    (void)state;
    ask();
    tell(WIRE_UNAVAILABLE, true, NULL);
    assert_int_equal(fixture->verdict, WIRE_RESULT_NONE);
    assert_string_equal(fixture->journal, "offline s-1");
    answer(OFFLINE_ACCEPTED);
    assert_int_equal(fixture->verdict, WIRE_OK);
    assert_true(fixture->ticket);
    assert_string_equal(fixture->journal, "offline s-1; begin offline s-1");
    assert_true(fixture_logged("ok: allow_users of [access]: offline: as "
                               "remembered; as told"));
    assert_int_equal(fixture->daemon.sign_ins_in_flight, 0);
}

/* Whatever is said: that is the provider's word. */
static void
test_somebody_there(void **state)
{
    (void)state;
    for (int result = WIRE_OK; result < WIRE_RESULTS; result++) {
        ask();
        tell((enum wire_result)result, false, NULL);
        if (strstr(fixture->journal, "offline") != NULL)
            fail_msg("%s", wire_result_name((enum wire_result)result));
    }
    /* A layer below that contradicts itself is not believed. */
    ask();
    tell(WIRE_WRONG_CREDENTIALS, true, NULL);
    assert_string_equal(fixture->journal, "doubt; revoke alice of idp");
}

/* A host has many tenants: the whole URL says which, but for what is somebody's
 * or secret in it. */
static void
test_another_tenant_is_another_place(void **state)
{
    static const struct {
        const char *url, *place;
    } rows[] = {
        {"{{base_url}}/realms/a/token",
         "https://idp.example.com/realms/a/token"},
        {"https://idp.example.com/b/{{user}}?key={{secret.key}}",
         "https://idp.example.com/b/-?key=-"},
    };
    struct request_config *request =
        &fixture->providers[0].requests[REQUEST_SIGN_IN];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *error = NULL;

        request->url = template_parse(rows[i].url, TEMPLATE_URL, &error);
        assert_non_null(request->url);
        place = rows[i].place;
        ask();
        tell(WIRE_UNAVAILABLE, true, NULL);
        answer(OFFLINE_ACCEPTED);
        assert_string_equal(fixture->journal, "offline s-1; begin offline s-1");
        template_free(request->url);
        request->url = NULL;
    }
}

static void
test_switched_off(void **state)
{
    (void)state;
    fixture->config.cached_sign_in = false;
    ask();
    tell(WIRE_UNAVAILABLE, true, NULL);
    assert_int_equal(fixture->verdict, WIRE_UNAVAILABLE);
    assert_string_equal(fixture->journal, "revoke alice of idp");
    ask();
    tell(WIRE_OK, false, NULL);
    assert_string_equal(fixture->journal, "signed in; begin");
    /* Even if it was on when the sign-in began. */
    fixture->config.cached_sign_in = true;
    ask();
    fixture->config.cached_sign_in = false;
    tell(WIRE_UNAVAILABLE, true, NULL);
    assert_int_equal(fixture->verdict, WIRE_UNAVAILABLE);
}

static void
test_what_the_verifier_says(void **state)
{
    static const struct {
        enum offline_result result;
        enum wire_result verdict;
    } rows[] = {{OFFLINE_NONE, WIRE_UNAVAILABLE},
                {OFFLINE_WRONG, WIRE_WRONG_CREDENTIALS},
                {OFFLINE_EXHAUSTED, WIRE_UNAVAILABLE},
                {OFFLINE_EXPIRED, WIRE_UNAVAILABLE},
                {OFFLINE_FAILED, WIRE_UNAVAILABLE}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask();
        tell(WIRE_UNAVAILABLE, true, NULL);
        answer(rows[i].result);
        assert_int_equal(fixture->verdict, rows[i].verdict);
        assert_false(fixture->ticket);
        assert_string_equal(fixture->journal, "offline s-1");
    }
    check.refuse = true;
    ask();
    tell(WIRE_UNAVAILABLE, true, NULL);
    assert_int_equal(fixture->verdict, WIRE_UNAVAILABLE);
}

static void
test_the_throttle_counts(void **state)
{
    (void)state;
    fixture->config.failures_per_user = 2;
    for (int i = 0; i < 2; i++) {
        ask();
        tell(WIRE_UNAVAILABLE, true, NULL);
        answer(OFFLINE_WRONG);
    }
    fixture->verdict = WIRE_RESULT_NONE;
    fixture_ask(WIRE_AUTHENTICATE, 0);
    assert_int_equal(fixture->verdict, WIRE_THROTTLED);
}

/* ---- what else it needs ---------------------------------------------------
 */

static void
test_rules_hold(void **state)
{
    static char bob[] = "bob", *bobs[] = {bob, NULL};

    (void)state;
    ask();
    tell(WIRE_UNAVAILABLE, true, NULL);
    fixture->access[0].allow_all_users = false;
    fixture->access[0].allow_users = (struct text_list){bobs, 1};
    answer(OFFLINE_ACCEPTED);
    assert_int_equal(fixture->verdict, WIRE_DENIED);
    assert_string_equal(fixture->journal, "offline s-1");
}

/* [session] on_refusal = lock: until the provider itself lets them in. */
static void
test_locked_out(void **state)
{
    char folder[] = "/tmp/ask-offline-test.XXXXXX", path[128], file[160];
    int fd;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/" ENFORCE_LOCKED_NAME, folder);
    snprintf(file, sizeof(file), "%s/alice", path);
    assert_int_equal(mkdir(path, 0700), 0);
    fixture->daemon.sessions.runtime = folder;
    ask();
    tell(WIRE_UNAVAILABLE, true, NULL);
    fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    answer(OFFLINE_ACCEPTED);
    assert_int_equal(fixture->verdict, WIRE_UNAVAILABLE);
    assert_int_equal(unlink(file), 0);
    ask();
    tell(WIRE_UNAVAILABLE, true, NULL);
    answer(OFFLINE_ACCEPTED);
    assert_int_equal(fixture->verdict, WIRE_OK);
    rmdir(path);
    rmdir(folder);
}

static void
test_the_directory_holds(void **state)
{
    (void)state;
    ask();
    tell(WIRE_UNAVAILABLE, true, NULL);
    fixture->user.record.enabled = false;
    answer(OFFLINE_ACCEPTED);
    assert_int_equal(fixture->verdict, WIRE_ACCOUNT_DISABLED);
    fixture->user.record.enabled = true;
    ask();
    tell(WIRE_UNAVAILABLE, true, NULL);
    fixture->user.record.missing = true;
    answer(OFFLINE_ACCEPTED);
    assert_int_equal(fixture->verdict, WIRE_UNKNOWN_USER);
}

/* Out of reach, like the provider: stale_ok says how long that may be. */
static void
test_stale_data(void **state)
{
    (void)state;
    fixture->user.age_s = 5000;
    fixture->access[0].stale_ok_s = 6000;
    fixture_ask(WIRE_AUTHENTICATE, 0);
    fixture_checked(WIRE_OK, true);
    tell(WIRE_UNAVAILABLE, true, NULL);
    fixture->user.age_s = 6001;
    answer(OFFLINE_ACCEPTED);
    assert_int_equal(fixture->verdict, WIRE_UNAVAILABLE);
    assert_true(fixture_logged("stale_ok"));
}

static void
test_somebody_new(void **state)
{
    (void)state;
    fixture_be_new();
    fixture_ask(WIRE_AUTHENTICATE, 0);
    tell(WIRE_UNAVAILABLE, true, NULL);
    assert_int_equal(fixture->verdict, WIRE_UNAVAILABLE);
    assert_null(check.done);
}

static void
test_local_user(void **state)
{
    (void)state;
    fixture_be_local();
    ask();
    tell(WIRE_UNAVAILABLE, true, NULL);
    answer(OFFLINE_ACCEPTED);
    assert_int_equal(fixture->verdict, WIRE_OK);
    assert_string_equal(fixture->journal, "offline -; begin offline -");
}

static void
test_the_peer_goes(void **state)
{
    (void)state;
    ask();
    tell(WIRE_UNAVAILABLE, true, NULL);
    fixture_leave();
    assert_int_equal(fixture->daemon.sign_ins_in_flight, 1);
    answer(OFFLINE_ACCEPTED);
    assert_int_equal(fixture->verdict, WIRE_RESULT_NONE);
    assert_string_equal(fixture->journal, "offline s-1; forget 702");
    assert_int_equal(fixture->daemon.sign_ins_in_flight, 0);
    /* It went before: nobody is to be let in. */
    ask();
    fixture_leave();
    tell(WIRE_UNAVAILABLE, true, NULL);
    assert_null(check.done);
}

static void
test_signind_stops(void **state)
{
    (void)state;
    ask();
    tell(WIRE_UNAVAILABLE, true, NULL);
    ask_sign_in_stop(&fixture->daemon);
    assert_string_equal(fixture->journal, "offline s-1; cancel");
}

static void
test_keys_that_cannot_be_written(void **state)
{
    (void)state;
    fixture->begin_error = -ENOMEM;
    ask();
    tell(WIRE_UNAVAILABLE, true, NULL);
    answer(OFFLINE_ACCEPTED);
    assert_int_equal(fixture->verdict, WIRE_NO_KEYS);
    assert_false(fixture->ticket);
}

/* ---- what is learned ------------------------------------------------------
 */

static void
test_what_an_answer_teaches(void **state)
{
    static const struct {
        enum wire_result result;
        const char *learned;
    } rows[] = {{WIRE_WRONG_CREDENTIALS, "doubt"},
                {WIRE_ACCOUNT_DISABLED, "forget it"},
                {WIRE_NEED_SECOND_FACTOR, "forget it"},
                {WIRE_MUST_CHANGE_PASSWORD, "forget it"},
                {WIRE_IDENTITY_MISMATCH, "forget it"},
                {WIRE_SLOW_DOWN, ""},
                {WIRE_MISCONFIGURED, ""},
                {WIRE_UNAVAILABLE, ""},
                {WIRE_INTERNAL, ""}};
    struct provider_tokens tokens = {.subject = subject};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char expected[64];

        ask();
        tell(rows[i].result, false, NULL);
        snprintf(expected, sizeof(expected), "%s%srevoke alice of idp",
                 rows[i].learned, rows[i].learned[0] == '\0' ? "" : "; ");
        assert_string_equal(fixture->journal, expected);
    }
    ask();
    tell(WIRE_OK, false, &tokens);
    assert_string_equal(fixture->journal, "signed in; begin; remember s-1");
}

static void
test_not_a_whole_sign_in(void **state)
{
    (void)state;
    ask();
    fixture_leave();
    tell(WIRE_OK, false, NULL);
    assert_null(strstr(fixture->journal, "remember"));
    fixture->begin_error = -ENOMEM;
    ask();
    tell(WIRE_OK, false, NULL);
    assert_null(strstr(fixture->journal, "remember"));
    fixture->begin_error = 0;
    fixture->signed_in = WIRE_IDENTITY_MISMATCH;
    ask();
    tell(WIRE_OK, false, NULL);
    assert_string_equal(fixture->journal,
                        "signed in; forget it; revoke alice of idp");
}

static void
test_the_directory_says_no(void **state)
{
    (void)state;
    fixture_ask(WIRE_AUTHENTICATE, 0);
    fixture_checked(WIRE_ACCOUNT_DISABLED, false);
    assert_non_null(strstr(fixture->journal, "forget it"));
    fixture->journal[0] = '\0';
    fixture->verdict = WIRE_RESULT_NONE;
    /* What is only remembered of it says nothing new. */
    fixture_ask(WIRE_AUTHENTICATE, 0);
    fixture_checked(WIRE_ACCOUNT_DISABLED, true);
    assert_null(strstr(fixture->journal, "forget it"));
}

/* What is said about a session's refresh counts, too. */
static void
test_a_session_is_refused(void **state)
{
    struct session *session = fixture_session(10);

    (void)state;
    sign_in_refused(&fixture->daemon, session, WIRE_REFUSED);
    assert_string_equal(fixture->journal, "");
    sign_in_refused(&fixture->daemon, session, WIRE_ACCOUNT_DISABLED);
    assert_string_equal(fixture->journal, "forget it");
    fixture->config.cached_sign_in = false;
    sign_in_refused(&fixture->daemon, session, WIRE_ACCOUNT_DISABLED);
    assert_string_equal(fixture->journal, "forget it");
}

/* ---- the tokens come late -------------------------------------------------
 */

static struct session *
offline_session(void)
{
    static const char password[] = "correct horse";
    struct session *session = fixture_session(10);

    session->offline = session->late_asked = true;
    secret_done(&session->access_token);
    secret_set(&session->password, password, strlen(password));
    assert_int_equal(session_set(&session->service, "sshd"), 0);
    return session;
}

static void
test_late_the_directory_is_asked_first(void **state)
{
    struct session *session = offline_session();

    (void)state;
    assert_true(sign_in_late_begin(&fixture->daemon, session));
    assert_string_equal(fixture->journal, "check");
    fixture_checked(WIRE_OK, false);
    assert_string_equal(fixture->journal, "check; sign in at idp");
    session->call = NULL;
    /* It ends while the directory is asked. */
    session->late_asked = true;
    assert_true(sign_in_late_begin(&fixture->daemon, session));
    session->state = SESSION_CLOSING;
    fixture->journal[0] = '\0';
    fixture_checked(WIRE_OK, false);
    assert_string_equal(fixture->journal, "");
    /* signind stops. */
    session->state = SESSION_LIVE;
    assert_true(sign_in_late_begin(&fixture->daemon, session));
    sign_in_late_stop(&fixture->daemon);
    assert_string_equal(fixture->journal, "check; no check");
}

static void
test_late_the_directory_says_no(void **state)
{
    struct session *session = offline_session();

    (void)state;
    assert_true(sign_in_late_begin(&fixture->daemon, session));
    fixture_checked(WIRE_ACCOUNT_DISABLED, false);
    assert_non_null(strstr(fixture->journal, "check; forget it"));
    assert_int_equal(session->health, HEALTH_REFUSED);
    assert_null(session->password.text);
}

static void
test_late_rules_hold(void **state)
{
    static char bob[] = "bob", *bobs[] = {bob, NULL};
    struct session *session = offline_session();
    struct provider_tokens tokens = {.subject = subject};
    const struct provider_result ok = {.result = WIRE_OK, .why = "as told"};
    const struct provider_result wrong = {.result = WIRE_WRONG_CREDENTIALS};

    (void)state;
    assert_int_equal(
        sign_in_late_accept(&fixture->daemon, session, &ok, &tokens), WIRE_OK);
    assert_string_equal(fixture->journal, "signed in; remember s-1");
    fixture->journal[0] = '\0';
    assert_int_equal(
        sign_in_late_accept(&fixture->daemon, session, &wrong, &tokens),
        WIRE_WRONG_CREDENTIALS);
    assert_string_equal(fixture->journal, "doubt");
    fixture->journal[0] = '\0';
    fixture->signed_in = WIRE_IDENTITY_MISMATCH;
    assert_int_equal(
        sign_in_late_accept(&fixture->daemon, session, &ok, &tokens),
        WIRE_IDENTITY_MISMATCH);
    assert_string_equal(fixture->journal, "signed in; forget it");
    fixture->journal[0] = '\0';
    fixture->access[0].allow_all_users = false;
    fixture->access[0].allow_users = (struct text_list){bobs, 1};
    assert_int_equal(
        sign_in_late_accept(&fixture->daemon, session, &ok, &tokens),
        WIRE_DENIED);
    assert_string_equal(fixture->journal, "forget it");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, fixture_end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nobody_there),
        TEST(test_somebody_there),
        TEST(test_another_tenant_is_another_place),
        TEST(test_switched_off),
        TEST(test_what_the_verifier_says),
        TEST(test_the_throttle_counts),
        TEST(test_rules_hold),
        TEST(test_locked_out),
        TEST(test_the_directory_holds),
        TEST(test_stale_data),
        TEST(test_somebody_new),
        TEST(test_local_user),
        TEST(test_the_peer_goes),
        TEST(test_signind_stops),
        TEST(test_keys_that_cannot_be_written),
        TEST(test_what_an_answer_teaches),
        TEST(test_not_a_whole_sign_in),
        TEST(test_the_directory_says_no),
        TEST(test_a_session_is_refused),
        TEST(test_late_the_directory_is_asked_first),
        TEST(test_late_the_directory_says_no),
        TEST(test_late_rules_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
