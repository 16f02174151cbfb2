/* SPDX-License-Identifier: BSD-2-Clause */
#include "session-test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fake_call fake;

struct provider_call *
__wrap_provider_refresh(const struct provider_context *context,
                        const struct provider_config *provider,
                        const char *user, const char *subject,
                        const char *refresh_token, provider_done *done,
                        void *done_context);
struct provider_call *__wrap_provider_revoke(
    const struct provider_context *context,
    const struct provider_config *provider, enum request_kind kind,
    const char *user, const char *subject, const char *access_token,
    const char *refresh_token, provider_done *done, void *done_context);
void __wrap_provider_cancel(struct provider_call *call);
void __wrap_provider_watch(struct provider_call *call,
                           provider_received *received);

/* Anything but NULL: the session only holds it. */
static struct provider_call *
fake_start(enum request_kind kind, const char *access_token,
           const char *refresh_token, provider_done *done, void *context)
{
    fake.kind = kind;
    fake.count++;
    snprintf(fake.access_token, sizeof(fake.access_token), "%s",
             access_token == NULL ? "" : access_token);
    snprintf(fake.refresh_token, sizeof(fake.refresh_token), "%s",
             refresh_token == NULL ? "" : refresh_token);
    fake.done = done;
    fake.context = context;
    fake.waiting = true;
    return (struct provider_call *)(void *)&fake;
}

struct provider_call *
__wrap_provider_refresh(const struct provider_context *context,
                        const struct provider_config *provider,
                        const char *user, const char *subject,
                        const char *refresh_token, provider_done *done,
                        void *done_context)
{
    (void)context;
    (void)provider;
    (void)subject;
    assert_string_equal(user, TEST_USER);
    return fake_start(REQUEST_REFRESH, NULL, refresh_token, done, done_context);
}

struct provider_call *
__wrap_provider_revoke(const struct provider_context *context,
                       const struct provider_config *provider,
                       enum request_kind kind, const char *user,
                       const char *subject, const char *access_token,
                       const char *refresh_token, provider_done *done,
                       void *done_context)
{
    size_t length = strlen(fake.revoked);

    (void)context;
    (void)provider;
    (void)user;
    (void)subject;
    snprintf(fake.revoked + length, sizeof(fake.revoked) - length, "%.60s ",
             kind == REQUEST_REVOKE_REFRESH ? refresh_token : access_token);
    return fake_start(kind, access_token, refresh_token, done, done_context);
}

void
__wrap_provider_cancel(struct provider_call *call)
{
    if (call != NULL)
        fake.waiting = false;
}

void
__wrap_provider_watch(struct provider_call *call, provider_received *received)
{
    (void)call;
    fake.received = received;
}

void
fake_receive(const char *access_token, const char *refresh_token)
{
    struct provider_tokens tokens = {0};

    assert_true(fake.waiting);
    secret_set(&tokens.access_token, access_token, strlen(access_token));
    secret_set(&tokens.refresh_token, refresh_token, strlen(refresh_token));
    fake.received(fake.context, &tokens);
    provider_tokens_done(&tokens);
}

void
fake_answer(enum wire_result result, const char *access_token,
            const char *refresh_token, int64_t lifetime_s)
{
    struct provider_result answer = {.result = result, .why = "as told"};
    struct provider_tokens tokens = {0};

    assert_true(fake.waiting);
    fake.waiting = false;
    if (access_token != NULL)
        secret_set(&tokens.access_token, access_token, strlen(access_token));
    if (refresh_token != NULL)
        secret_set(&tokens.refresh_token, refresh_token, strlen(refresh_token));
    tokens.expires_at_s = lifetime_s == 0 ? 0 : session_now_s() + lifetime_s;
    fake.done(fake.context, &answer, &tokens);
    secret_done(&tokens.access_token);
    secret_done(&tokens.refresh_token);
}

void
fake_fail(enum wire_result result, bool sent, unsigned retry_after_s)
{
    const struct provider_result answer = {.result = result,
                                           .why = "as told",
                                           .retry_after_s = retry_after_s,
                                           .sent = sent};
    struct provider_tokens tokens = {0};

    assert_true(fake.waiting);
    fake.waiting = false;
    fake.done(fake.context, &answer, &tokens);
}

static void
fixture_start(struct fixture *fixture)
{
    memset(&fixture->table, 0, sizeof(fixture->table));
    fixture->table.base = event_base_new();
    assert_non_null(fixture->table.base);
    fixture->table.config = &fixture->config;
    fixture->table.gid = TEST_GROUP;
    assert_int_equal(keyring_anchor_make(fixture->machine_id, TEST_GROUP,
                                         &fixture->table.anchor),
                     0);
    assert_int_equal(session_table_start(&fixture->table), 0);
}

int
fixture_begin(void **state)
{
    static char name[] = "test", authorization[] = "Bearer {{access_token}}";
    struct fixture *fixture;

    if (geteuid() != 0)
        return 0;
    fixture = calloc(1, sizeof(*fixture));
    memset(&fake, 0, sizeof(fake));
    fixture->provider.name = name;
    fixture->provider.authorization = authorization;
    fixture->provider.requests[REQUEST_REFRESH].configured = true;
    fixture->provider.revoke_order[0] = REQUEST_REVOKE_REFRESH;
    fixture->provider.revoke_order[1] = REQUEST_REVOKE_ACCESS;
    fixture->provider.revoke_count = 2;
    fixture->config.providers = &fixture->provider;
    fixture->config.provider_count = 1;
    fixture->config.refresh_at_percent = 75;
    fixture->config.unknown_lifetime_s = 600;
    fixture->config.revoke_retry_for_s = 86400;
    fixture->config.unclaimed_ticket_s = 120;
    assert_true(keyctl_join_session_keyring(NULL) > 0);
    assert_int_equal(keyring_id_make(fixture->machine_id), 0);
    fixture_start(fixture);
    *state = fixture;
    return 0;
}

int
fixture_end(void **state)
{
    struct fixture *fixture = *state;

    if (fixture == NULL)
        return 0;
    session_table_stop(&fixture->table);
    event_base_free(fixture->table.base);
    keyctl_unlink(fixture->table.anchor.anchor, KEY_SPEC_USER_KEYRING);
    free(fixture);
    return 0;
}

struct fixture *
fixture_need(void **state)
{
    if (*state == NULL) {
        print_message("needs root: makes keys in root's user keyring\n");
        skip();
    }
    return *state;
}

void
fixture_restart(struct fixture *fixture)
{
    session_table_stop(&fixture->table);
    event_base_free(fixture->table.base);
    fake.waiting = false;
    fixture_start(fixture);
    assert_int_equal(session_recover(&fixture->table), 0);
}

struct session *
fixture_pending(struct fixture *fixture, int64_t lifetime_s)
{
    static char user[] = TEST_USER, provider[] = "test", service[] = "sshd";
    const key_serial_t shard = fixture->table.anchor.shards[7];
    const struct session who = {.user = user,
                                .provider = provider,
                                .service = service,
                                .uid = 2001,
                                .shard = shard};
    struct provider_tokens tokens = {0};
    struct keyring_session keys;
    struct session *session = NULL;
    char id[KEYRING_ID_LENGTH + 1];

    assert_int_equal(keyring_id_make(id), 0);
    assert_int_equal(keyring_make_keep(shard, TEST_GROUP, id, &keys), 0);
    secret_set(&tokens.access_token, "A0", 2);
    secret_set(&tokens.refresh_token, "R0", 2);
    tokens.expires_at_s = lifetime_s == 0 ? 0 : session_now_s() + lifetime_s;
    assert_int_equal(
        session_begin(&fixture->table, keys.keep, id, &who, &tokens, &session),
        0);
    secret_done(&tokens.access_token);
    secret_done(&tokens.refresh_token);
    return session;
}

struct session *
fixture_live(struct fixture *fixture, int64_t lifetime_s)
{
    struct session *session = fixture_pending(fixture, lifetime_s);
    struct keyring_session keys = session->keys;

    session->state = SESSION_CLAIMED;
    session->opener = getpid();
    assert_int_equal(session_watch_opener(session), 0);
    assert_int_equal(keyring_make_ring(&keys, TEST_GROUP), 0);
    assert_int_equal(session_live(session, keys.ring), WIRE_OK);
    return session;
}

struct session *
fixture_aged(struct fixture *fixture, int64_t lifetime_s)
{
    struct session *session = fixture_live(fixture, lifetime_s);

    session->refreshed_at_s -= lifetime_s / 2;
    return session;
}

struct keyring_session
fixture_keys(const struct session *session)
{
    return session->keys;
}

const char *
fixture_read(key_serial_t key)
{
    static char buffer[KEYRING_PAYLOAD_MAX + 1];
    ssize_t length = keyring_read(key, buffer, sizeof(buffer) - 1);

    buffer[length < 0 ? 0 : length] = '\0';
    return buffer;
}

static int
find_token(const struct keyring_session *keys, void *context)
{
    *(key_serial_t *)context = keys->access_token;
    return 1;
}

const char *
fixture_session_token(void)
{
    key_serial_t token = 0;

    keyring_walk_session(TEST_GROUP, find_token, &token);
    return token == 0 ? "" : fixture_read(token);
}

const char *
fixture_field(key_serial_t key, const char *name)
{
    static char value[256];
    static struct record record;

    if (record_read(&record, key) != 0 ||
        record_get(&record, name, value, sizeof(value)) < 0)
        return "";
    return value;
}

static void
waiter_told(struct session_waiter *waiter, enum wire_result result)
{
    struct test_waiter *test = (struct test_waiter *)(void *)waiter;

    test->told = result;
}

void
fixture_wait(struct session *session, struct test_waiter *waiter,
             int64_t min_valid_s, bool force)
{
    waiter->told = WIRE_RESULT_NONE;
    waiter->waiter.done = waiter_told;
    waiter->waiter.min_valid_s = min_valid_s;
    session_wait(session, &waiter->waiter, force);
}
