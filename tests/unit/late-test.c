/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A session that was signed in offline, until it has tokens or is refused.
 * Real keys; the provider is the test's.
 */
#include "session-test.h"

#include <string.h>
#include <unistd.h>

#define PASSWORD "correct horse"

static unsigned asked, accepted;
static bool hold;
static enum wire_result verdict;

struct provider_call *
__wrap_provider_sign_in(const struct provider_context *context,
                        const struct provider_config *provider,
                        const char *user, const char *password,
                        provider_done *done, void *done_context);

struct provider_call *
__wrap_provider_sign_in(const struct provider_context *context,
                        const struct provider_config *provider,
                        const char *user, const char *password,
                        provider_done *done, void *done_context)
{
    (void)context;
    assert_string_equal(provider->name, "test");
    assert_string_equal(user, TEST_USER);
    assert_string_equal(password, PASSWORD);
    fake.kind = REQUEST_SIGN_IN;
    fake.count++;
    fake.done = done;
    fake.context = done_context;
    fake.waiting = true;
    return (struct provider_call *)(void *)&fake;
}

/* The directory: says yes at once, unless it is to wait. */
static bool
late_begin(void *context, struct session *session)
{
    (void)context;
    asked++;
    if (!hold)
        session_late_send(session);
    return true;
}

static enum wire_result
late_accept(void *context, struct session *session,
            const struct provider_result *result,
            const struct provider_tokens *tokens)
{
    (void)context;
    (void)tokens;
    accepted++;
    assert_string_equal(session->password.text, PASSWORD);
    return verdict == WIRE_RESULT_NONE ? result->result : verdict;
}

static void
hook(struct fixture *fixture)
{
    fixture->table.late_begin = late_begin;
    fixture->table.late_accept = late_accept;
}

static int
begin(void **state)
{
    int failed = fixture_begin(state);

    asked = accepted = 0;
    hold = false;
    verdict = WIRE_RESULT_NONE;
    return failed;
}

/* A live session without tokens. */
static struct session *
offline_session(struct fixture *fixture)
{
    struct keyring_session keys = {0};
    struct session who = {.uid = getuid()}, *session = NULL;
    struct secret password = {0};
    char id[KEYRING_ID_LENGTH + 1];
    static char user[] = TEST_USER, provider[] = "test", service[] = "sshd";

    hook(fixture);
    who.user = user;
    who.provider = provider;
    who.service = service;
    assert_int_equal(keyring_id_make(id), 0);
    who.shard = fixture->table.anchor.shards[0];
    assert_int_equal(keyring_make_keep(who.shard, TEST_GROUP, id, &keys), 0);
    assert_int_equal(secret_set(&password, PASSWORD, strlen(PASSWORD)), 0);
    assert_int_equal(session_begin_offline(&fixture->table, keys.keep, id, &who,
                                           "s-1", &password, &session),
                     0);
    assert_null(password.text);
    assert_int_equal(keyring_make_ring(&keys, TEST_GROUP), 0);
    session->state = SESSION_CLAIMED;
    session->opener = getpid();
    assert_int_equal(session_live(session, keys.ring), WIRE_OK);
    assert_true(session->offline);
    return session;
}

/* Its time has come. */
static void
due(struct session *session)
{
    session->refresh_at_ms = session_now_ms() - 1;
    session_due(session);
}

static void
test_before_there_are_tokens(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session;

    if (fixture == NULL)
        return;
    session = offline_session(fixture);
    assert_string_equal(fixture_session_token(), "");
    assert_string_equal(fixture_read(session->keys.access_token), "-");
    assert_string_equal(fixture_field(session->keys.session, "state"),
                        "unavailable");
    assert_string_equal(fixture_field(session->keys.session, "offline"),
                        "waiting");
    assert_string_equal(fixture_field(session->keys.private_key, "offline"),
                        "1");
    assert_null(strstr(fixture_read(session->keys.private_key), PASSWORD));
    assert_true(session_is_late(session));
    assert_true(session->refresh_at_ms > session_now_ms());
    session_due(session);
    assert_int_equal(asked, 0);
}

static void
test_tokens_come(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session;
    struct test_waiter waiter;

    if (fixture == NULL)
        return;
    session = offline_session(fixture);
    due(session);
    assert_int_equal(fake.kind, REQUEST_SIGN_IN);
    /* Whoever asks now waits for the same answer. */
    fixture_wait(session, &waiter, 0, false);
    assert_int_equal(fake.count, 1);
    fake_answer(WIRE_OK, "A1", "R1", 600);
    assert_int_equal(waiter.told, WIRE_OK);
    assert_int_equal(accepted, 1);
    assert_false(session->offline);
    assert_null(session->password.text);
    assert_int_equal(session->health, HEALTH_LIVE);
    assert_true(session->renewable);
    assert_string_equal(fixture_session_token(), "A1");
    assert_string_equal(fixture_field(session->keys.session, "offline"), "");
    assert_string_equal(fixture_field(session->keys.session, "state"), "live");
    /* From here on it is as any other. */
    due(session);
    assert_int_equal(fake.kind, REQUEST_REFRESH);
    assert_string_equal(fake.refresh_token, "R1");
}

static void
test_still_away(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session;
    struct test_waiter waiter;

    if (fixture == NULL)
        return;
    session = offline_session(fixture);
    for (unsigned i = 1; i <= 2; i++) {
        due(session);
        assert_int_equal(fake.count, i);
        fixture_wait(session, &waiter, 0, false);
        fake_fail(WIRE_UNAVAILABLE, false, 0);
        assert_int_equal(waiter.told, WIRE_UNAVAILABLE);
        assert_true(session->refresh_at_ms > session_now_ms());
        assert_true(session_is_late(session));
    }
    due(session);
    fake_fail(WIRE_SLOW_DOWN, true, 90);
    assert_true(session->refresh_at_ms >= session_now_ms() + 80000);
    assert_non_null(session->password.text);
}

static void
test_each_refusal_ends_it(void **state)
{
    static const enum wire_result refusals[] = {WIRE_WRONG_CREDENTIALS,
                                                WIRE_ACCOUNT_DISABLED,
                                                WIRE_NEED_SECOND_FACTOR,
                                                WIRE_MUST_CHANGE_PASSWORD,
                                                WIRE_IDENTITY_MISMATCH,
                                                WIRE_UNKNOWN_USER,
                                                WIRE_DENIED,
                                                WIRE_REFUSED};
    struct fixture *fixture = fixture_need(state);

    if (fixture == NULL)
        return;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct session *session = offline_session(fixture);
        struct test_waiter waiter;
        unsigned count;

        due(session);
        fixture_wait(session, &waiter, 0, false);
        fake_fail(refusals[i], true, 0);
        assert_int_equal(waiter.told, WIRE_REFUSED);
        assert_null(session->password.text);
        assert_int_equal(session->health, HEALTH_REFUSED);
        assert_string_equal(fixture_session_token(), "");
        count = fake.count;
        due(session);
        fixture_wait(session, &waiter, 0, true);
        assert_int_equal(waiter.told, WIRE_REFUSED);
        assert_int_equal(fake.count, count);
        session_close(session, "test");
    }
}

/* An answer that nobody understands is not tried for ever. */
static void
test_odd_answers(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session;

    if (fixture == NULL)
        return;
    session = offline_session(fixture);
    for (int i = 0; i < 2; i++) {
        due(session);
        fake_fail(WIRE_MISCONFIGURED, true, 0);
        assert_int_equal(session->health, HEALTH_UNAVAILABLE);
    }
    due(session);
    fake_fail(WIRE_MISCONFIGURED, true, 0);
    assert_int_equal(session->health, HEALTH_REFUSED);
    assert_null(session->password.text);
}

/* The rules, the directory or another subject: the tokens are revoked. */
static void
test_tokens_that_may_not_be_used(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session;

    if (fixture == NULL)
        return;
    session = offline_session(fixture);
    verdict = WIRE_DENIED;
    due(session);
    fake_answer(WIRE_OK, "A1", "R1", 600);
    assert_int_equal(session->health, HEALTH_REFUSED);
    assert_int_equal(fake.kind, REQUEST_REVOKE_REFRESH);
    assert_string_equal(fake.refresh_token, "R1");
    assert_string_equal(fixture_session_token(), "");
}

static void
test_one_refusal_for_all_of_a_user(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *first, *second;

    if (fixture == NULL)
        return;
    first = offline_session(fixture);
    second = offline_session(fixture);
    due(first);
    fake_fail(WIRE_WRONG_CREDENTIALS, true, 0);
    assert_int_equal(second->health, HEALTH_REFUSED);
    assert_null(second->password.text);
    assert_int_equal(fake.count, 1);
}

static void
test_it_ends_meanwhile(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session;

    if (fixture == NULL)
        return;
    session = offline_session(fixture);
    due(session);
    session_close(session, "test");
    fake_answer(WIRE_OK, "A1", "R1", 600);
    assert_int_equal(accepted, 0);
    assert_int_equal(fake.kind, REQUEST_REVOKE_REFRESH);
    assert_string_equal(fake.refresh_token, "R1");
    /* Without tokens there is nothing to be revoked. */
    hold = true;
    session = offline_session(fixture);
    due(session);
    session_close(session, "test");
}

/* signind dies while the provider is asked whose the tokens are. */
static void
test_a_death_during_the_check(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session;
    char id[KEYRING_ID_LENGTH + 1];

    if (fixture == NULL)
        return;
    session = offline_session(fixture);
    strcpy(id, session->keys.id);
    due(session);
    fake_receive("A1", "R1");
    assert_string_equal(fixture_session_token(), "");
    fixture_restart(fixture);
    hook(fixture);
    session = session_find(&fixture->table, id);
    assert_non_null(session);
    assert_string_equal(fixture_session_token(), "");
    /* Without the password nothing more is asked, now or in a loop. */
    due(session);
    assert_false(event_pending(session->timer, EV_TIMEOUT, NULL));
    session_close(session, "test");
    assert_string_equal(fake.revoked, "R1 ");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_string_equal(fake.revoked, "R1 A1 ");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_int_equal(fixture->table.count, 0);
}

/* The check cannot be made now, or ends the session. */
static void
test_tokens_that_were_checked(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session;

    if (fixture == NULL)
        return;
    session = offline_session(fixture);
    due(session);
    fake_receive("A1", "R1");
    fake_answer(WIRE_UNAVAILABLE, "A1", "R1", 600);
    assert_true(session_is_late(session));
    assert_false(session->renewable);
    assert_string_equal(
        fixture_field(session->keys.private_key, "refresh_token"), "");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_string_equal(fake.revoked, "R1 A1 ");
    due(session);
    fake_receive("A2", "R2");
    fake_answer(WIRE_OK, "A2", "R2", 600);
    assert_string_equal(fixture_session_token(), "A2");
    session_close(session, "test");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_string_equal(fake.revoked, "R1 A1 R2 A2 ");
    assert_int_equal(fixture->table.count, 0);
}

/* That is no word of the provider's: nobody is thrown out for it. */
static void
test_no_room_for_the_tokens(void **state)
{
    static char giant[KEYRING_PAYLOAD_MAX + 2];
    struct fixture *fixture = fixture_need(state);
    struct session *session;

    if (fixture == NULL)
        return;
    memset(giant, 'A', sizeof(giant) - 1);
    session = offline_session(fixture);
    due(session);
    fake_answer(WIRE_OK, giant, "R1", 600);
    assert_non_null(strstr(fake.revoked, "R1 "));
    assert_int_not_equal(session->health, HEALTH_REFUSED);
    assert_true(session->offline);
    assert_string_equal(fixture_session_token(), "");
    assert_string_equal(fixture_field(session->keys.private_key, "offline"),
                        "1");
    assert_true(session->refresh_at_ms > session_now_ms());
    while (fake.waiting)
        fake_answer(WIRE_OK, NULL, NULL, 0);
    due(session);
    fake_answer(WIRE_OK, "A2", "R2", 600);
    assert_string_equal(fixture_session_token(), "A2");
    assert_false(session->offline);
}

/* Nobody has any use for the password of a session that has been closed,
 * however long the provider is away. */
static void
test_it_ends_while_the_provider_is_away(void **state)
{
    const struct provider_result away = {.result = WIRE_UNAVAILABLE};
    struct fixture *fixture = fixture_need(state);
    struct session *session;

    if (fixture == NULL)
        return;
    session = offline_session(fixture);
    for (int i = 0; i < 3; i++)
        circuit_note(&fixture->table, "test", &away);
    session_close(session, "test");
    assert_int_equal(session->state, SESSION_CLOSING);
    assert_null(session->password.text);
    circuit_forget(&fixture->table);

    session = offline_session(fixture);
    due(session);
    assert_non_null(session->call);
    session_close(session, "test");
    assert_null(session->password.text);
    fake_fail(WIRE_UNAVAILABLE, false, 0);
}

/* cached_sign_in = no, after a reload. */
static void
test_switched_off(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session;
    struct test_waiter waiter;

    if (fixture == NULL)
        return;
    session = offline_session(fixture);
    hold = true;
    due(session);
    fixture_wait(session, &waiter, 0, false);
    session_late_forget(&fixture->table);
    assert_null(session->password.text);
    assert_int_equal(waiter.told, WIRE_REFUSED);
    assert_false(session->late_asked);
    assert_string_equal(fixture_field(session->keys.session, "offline"),
                        "lost");
    due(session);
    assert_int_equal(fake.count, 0);
}

/* An answer is not to be had again by asking more often. */
static void
test_who_waits_does_not_hammer(void **state)
{
    static const enum wire_result answers[] = {WIRE_SLOW_DOWN, WIRE_UNAVAILABLE,
                                               WIRE_MISCONFIGURED};
    struct fixture *fixture = fixture_need(state);
    struct test_waiter waiter;

    if (fixture == NULL)
        return;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct session *session = offline_session(fixture);
        unsigned count;

        due(session);
        fake_fail(answers[i], true, 0);
        count = fake.count;
        fixture_wait(session, &waiter, 0, true);
        assert_int_equal(waiter.told, WIRE_UNAVAILABLE);
        assert_int_equal(fake.count, count);
        /* Its time has come: that is another matter. */
        due(session);
        assert_int_equal(fake.count, count + 1);
        fake_fail(WIRE_REFUSED, true, 0);
        session_close(session, "test");
    }
}

static void
test_the_directory_first(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session;
    struct test_waiter waiter;

    if (fixture == NULL)
        return;
    session = offline_session(fixture);
    hold = true;
    due(session);
    fixture_wait(session, &waiter, 0, true);
    due(session);
    assert_int_equal(asked, 1);
    assert_int_equal(fake.count, 0);
    session_late_stop(session, WIRE_UNAVAILABLE, "stale");
    assert_int_equal(waiter.told, WIRE_UNAVAILABLE);
    due(session);
    assert_int_equal(asked, 2);
    session_late_stop(session, WIRE_ACCOUNT_DISABLED, "disabled");
    assert_int_equal(session->health, HEALTH_REFUSED);
    assert_int_equal(fake.count, 0);
}

static void
test_after_a_restart(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session;
    struct test_waiter waiter;
    char id[KEYRING_ID_LENGTH + 1];

    if (fixture == NULL)
        return;
    session = offline_session(fixture);
    strcpy(id, session->keys.id);
    fixture_restart(fixture);
    hook(fixture);
    session = session_find(&fixture->table, id);
    assert_non_null(session);
    assert_int_equal(session->state, SESSION_LIVE);
    assert_true(session->offline);
    assert_false(session_is_late(session));
    assert_string_equal(fixture_field(session->keys.session, "offline"),
                        "lost");
    fixture_wait(session, &waiter, 0, false);
    assert_int_equal(waiter.told, WIRE_REFUSED);
    due(session);
    assert_int_equal(fake.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, fixture_end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_before_there_are_tokens),
        TEST(test_tokens_come),
        TEST(test_still_away),
        TEST(test_each_refusal_ends_it),
        TEST(test_odd_answers),
        TEST(test_tokens_that_may_not_be_used),
        TEST(test_one_refusal_for_all_of_a_user),
        TEST(test_it_ends_meanwhile),
        TEST(test_a_death_during_the_check),
        TEST(test_tokens_that_were_checked),
        TEST(test_no_room_for_the_tokens),
        TEST(test_it_ends_while_the_provider_is_away),
        TEST(test_who_waits_does_not_hammer),
        TEST(test_switched_off),
        TEST(test_the_directory_first),
        TEST(test_after_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
