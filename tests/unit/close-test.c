/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a session: what is revoked here, there, and in which order.
 */
#include "session-test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void
close_revokes_here_at_once_then_there(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_live(fixture, 300);
    struct keyring_session keys = fixture_keys(session);

    session_close(session, "test");
    assert_string_equal(fixture_session_token(), "");
    assert_int_equal(keyring_alive(&keys), -EKEYREVOKED);
    assert_int_equal(fake.kind, REQUEST_REVOKE_REFRESH);
    assert_string_equal(fake.refresh_token, "R0");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_int_equal(fake.kind, REQUEST_REVOKE_ACCESS);
    assert_string_equal(fake.access_token, "A0");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_int_equal(fixture->table.count, 0);
    assert_int_equal(keyring_open_keep(keys.keep, TEST_GROUP, &keys), -ENOKEY);
}

static void
failed_revocation_is_tried_again(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_live(fixture, 300);

    session_close(session, "test");
    fake_fail(WIRE_UNAVAILABLE, false, 30);
    assert_int_equal(fake.count, 1);
    assert_true(session->refresh_at_ms >= session_now_ms() + 29000);
    session->refresh_at_ms = session_now_ms();
    session_due(session);
    assert_int_equal(fake.count, 2);
    assert_int_equal(fake.kind, REQUEST_REVOKE_REFRESH);
    /* Not for ever. */
    fake_fail(WIRE_UNAVAILABLE, false, 0);
    session->closed_at_s -= 90000;
    session->refresh_at_ms = session_now_ms();
    session_due(session);
    assert_int_equal(fixture->table.count, 0);
}

static void
tokens_of_a_refresh_under_way_are_revoked_too(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 100);
    struct test_waiter waiter;

    fixture_wait(session, &waiter, 150, false);
    session_close(session, "test");
    assert_int_equal(waiter.told, WIRE_NO_SESSION);
    assert_string_equal(fixture_session_token(), "");
    fake_answer(WIRE_OK, "A1", "R1", 300);
    assert_string_equal(fake.refresh_token, "R1");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_string_equal(fake.access_token, "A1");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_string_equal(fake.access_token, "A0");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_int_equal(fixture->table.count, 0);
}

/* A token that was renewed before its time lives on at the provider. */
static void
replaced_token_is_revoked_while_it_lives(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 100);
    struct keyring_session keys = fixture_keys(session);
    struct test_waiter waiter;

    fixture_wait(session, &waiter, 150, false);
    fake_answer(WIRE_OK, "A1", "R1", 300);
    assert_string_equal(fixture_field(keys.private_key, "previous_token"),
                        "A0");
    fixture_restart(fixture);
    session = session_find(&fixture->table, keys.id);
    session_close(session, "test");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_int_equal(fake.kind, REQUEST_REVOKE_ACCESS);
    assert_string_equal(fake.access_token, "A0");
    /* Whatever the provider says of it, but that it cannot say. */
    fake_fail(WIRE_UNAVAILABLE, false, 0);
    session->refresh_at_ms = session_now_ms();
    session_due(session);
    assert_string_equal(fake.access_token, "A0");
    fake_answer(WIRE_MISCONFIGURED, NULL, NULL, 0);
    assert_int_equal(fixture->table.count, 0);
}

static void
replaced_token_that_is_dead_is_left_alone(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 100);
    struct test_waiter waiter;

    fixture_wait(session, &waiter, 150, false);
    session->expires_at_s = session_now_s();
    fake_answer(WIRE_OK, "A1", "R1", 300);
    session_close(session, "test");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_int_equal(fixture->table.count, 0);
}

static void
refresh_first_when_a_live_token_is_needed(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_live(fixture, 100);

    fixture->provider.revoke_order[0] = REQUEST_REVOKE_ACCESS;
    fixture->provider.revoke_count = 1;
    fixture->provider.requests[REQUEST_REVOKE_ACCESS].refresh_first = true;
    session->expires_at_s = session_now_s() - 1;
    session_close(session, "test");
    assert_int_equal(fake.kind, REQUEST_REFRESH);
    fake_answer(WIRE_OK, "A1", "R1", 300);
    assert_int_equal(fake.kind, REQUEST_REVOKE_ACCESS);
    assert_string_equal(fake.access_token, "A1");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_int_equal(fixture->table.count, 0);
}

static void
dead_tokens_need_no_revocation(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_live(fixture, 100);

    fixture->provider.revoke_order[0] = REQUEST_REVOKE_ACCESS;
    fixture->provider.revoke_count = 1;
    session->expires_at_s = session_now_s() - 1;
    session_close(session, "test");
    assert_int_equal(fake.count, 0);
    assert_int_equal(fixture->table.count, 0);
}

/* All that is asked to be revoked from here on, in one text. */
static void
check_revokes(struct fixture *fixture, const char *expected)
{
    char revoked[256] = "";

    while (fake.waiting) {
        bool refresh = fake.kind == REQUEST_REVOKE_REFRESH;

        snprintf(revoked + strlen(revoked), sizeof(revoked) - strlen(revoked),
                 "%s ", refresh ? fake.refresh_token : fake.access_token);
        fake_answer(WIRE_OK, NULL, NULL, 0);
    }
    assert_string_equal(revoked, expected);
    assert_int_equal(fixture->table.count, 0);
}

/* New tokens, and what their provider says of them cannot be read: the
 * session keeps the refresh token, and the access token is revoked with it. */
static void
unreadable_check_of_a_refresh(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 300);

    assert_int_equal(session_refresh(session, true), WIRE_OK);
    fake_receive("A1", "R1");
    fake_answer(WIRE_MISCONFIGURED, "A1", "R1", 300);
    assert_false(fake.waiting);
    assert_string_equal(fixture_session_token(), "A0");
    /* Once more: there is room for one that nobody uses. */
    assert_int_equal(session_refresh(session, true), WIRE_OK);
    assert_string_equal(fake.refresh_token, "R1");
    {
        struct fake_call refresh = fake;

        fake_receive("A2", "R2");
        assert_int_equal(fake.kind, REQUEST_REVOKE_ACCESS);
        assert_string_equal(fake.access_token, "A1");
        fake_answer(WIRE_OK, NULL, NULL, 0);
        fake = refresh;
    }
    fake_answer(WIRE_MISCONFIGURED, "A2", "R2", 300);
    session_close(session, "test");
    check_revokes(fixture, "R2 A0 A2 ");
}

/* The answer itself cannot be read, but for the tokens. */
static void
unreadable_answer_to_a_refresh(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 300);

    assert_int_equal(session_refresh(session, true), WIRE_OK);
    fake_answer(WIRE_MISCONFIGURED, "A1", NULL, 300);
    assert_int_equal(fake.kind, REQUEST_REVOKE_ACCESS);
    assert_string_equal(fake.access_token, "A1");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_string_equal(fixture_session_token(), "A0");
    session_close(session, "test");
    check_revokes(fixture, "R0 A0 ");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(close_revokes_here_at_once_then_there),
        TEST(failed_revocation_is_tried_again),
        TEST(tokens_of_a_refresh_under_way_are_revoked_too),
        TEST(replaced_token_is_revoked_while_it_lives),
        TEST(replaced_token_that_is_dead_is_left_alone),
        TEST(refresh_first_when_a_live_token_is_needed),
        TEST(dead_tokens_need_no_revocation),
        TEST(unreadable_check_of_a_refresh),
        TEST(unreadable_answer_to_a_refresh),
    };

    return cmocka_run_group_tests_name("close", tests, NULL, NULL);
}
