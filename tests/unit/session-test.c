/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a session: sign-in, refresh, what a provider can answer, end.
 */
#include "session-test.h"

#include <stdio.h>
#include <string.h>

static void
tokens_are_in_place_before_the_ticket(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_pending(fixture, 300);

    assert_string_equal(fixture_read(session->keys.access_token), "A0");
    assert_string_equal(
        fixture_field(session->keys.private_key, "refresh_token"), "R0");
    assert_string_equal(fixture_field(session->keys.private_key, "state"),
                        "pending");
    assert_int_equal(strlen(session->ticket), WIRE_ID_LENGTH);
    assert_ptr_equal(session_find_ticket(&fixture->table, session->ticket),
                     session);
    /* Nothing is in the session yet. */
    assert_string_equal(fixture_session_token(), "");
}

static void
ticket_works_once(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_live(fixture, 300);
    char ticket[WIRE_ID_LENGTH + 1] = "";

    assert_null(session_find_ticket(&fixture->table, session->ticket));
    assert_null(session_find_ticket(&fixture->table, ticket));
    assert_string_equal(fixture_session_token(), "A0");
    assert_string_equal(fixture_field(session->keys.session, "state"), "live");
    assert_string_equal(fixture_field(session->keys.session, "refresh_token"),
                        "");
    assert_string_equal(fixture_field(session->keys.private_key, "ticket"), "");
}

static void
unclaimed_ticket_is_revoked(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_pending(fixture, 300);

    session->ticket_until_s = session_now_s();
    session_due(session);
    assert_int_equal(fake.kind, REQUEST_REVOKE_REFRESH);
    assert_string_equal(fake.refresh_token, "R0");
}

static void
all_who_wait_share_one_refresh(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 100);
    struct test_waiter waiters[50];

    for (size_t i = 0; i < 50; i++) {
        fixture_wait(session, &waiters[i], 150, false);
        assert_int_equal(waiters[i].told, WIRE_RESULT_NONE);
    }
    assert_int_equal(fake.count, 1);
    assert_string_equal(fake.refresh_token, "R0");
    fake_answer(WIRE_OK, "A1", "R1", 300);
    for (size_t i = 0; i < 50; i++)
        assert_int_equal(waiters[i].told, WIRE_OK);
    assert_string_equal(fixture_session_token(), "A1");
    assert_string_equal(
        fixture_field(session->keys.private_key, "refresh_token"), "R1");
    assert_int_equal(fake.count, 1);
}

static void
tokens_that_cannot_be_stored_are_no_success(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 100);
    struct test_waiter waiter = {0};

    fixture_wait(session, &waiter, 0, true);
    assert_true(fake.waiting);
    assert_int_equal(
        keyctl_unlink(session->keys.private_key, session->keys.keep), 0);
    fake_answer(WIRE_OK, "A1", "R1", 100);
    assert_int_equal(waiter.told, WIRE_NO_KEYS);
}

static void
fresh_token_needs_no_refresh(void **state)
{
    struct session *session = fixture_live(fixture_need(state), 300);
    struct test_waiter waiter;

    fixture_wait(session, &waiter, 100, false);
    assert_int_equal(waiter.told, WIRE_OK);
    assert_int_equal(fake.count, 0);
}

/* Who is content with the present token must not end the others' wait. */
static void
the_content_do_not_answer_for_those_who_wait(void **state)
{
    struct session *session = fixture_aged(fixture_need(state), 100);
    struct test_waiter forced, demanding, content;

    fixture_wait(session, &forced, 0, true);
    fixture_wait(session, &demanding, 150, false);
    fixture_wait(session, &content, 10, false);
    assert_int_equal(content.told, WIRE_OK);
    assert_int_equal(forced.told, WIRE_RESULT_NONE);
    assert_int_equal(demanding.told, WIRE_RESULT_NONE);
    fake_answer(WIRE_OK, "A1", "R1", 300);
    assert_int_equal(forced.told, WIRE_OK);
    assert_int_equal(demanding.told, WIRE_OK);
    assert_int_equal(fake.count, 1);
}

static void
clock_set_back_does_not_forbid_a_refresh(void **state)
{
    struct session *session = fixture_live(fixture_need(state), 300);
    struct test_waiter waiter;

    session->refreshed_at_s += 3600;
    session->expires_at_s += 3600;
    fixture_wait(session, &waiter, 0, true);
    assert_int_equal(waiter.told, WIRE_RESULT_NONE);
    fake_answer(WIRE_OK, "A1", "R1", 300);
    assert_int_equal(waiter.told, WIRE_OK);
}

static void
old_refresh_token_stays_when_none_comes(void **state)
{
    struct session *session = fixture_aged(fixture_need(state), 100);
    struct test_waiter waiter;

    fixture_wait(session, &waiter, 150, false);
    fake_answer(WIRE_OK, "A1", NULL, 300);
    assert_string_equal(
        fixture_field(session->keys.private_key, "refresh_token"), "R0");
    assert_string_equal(fixture_session_token(), "A1");
}

static void
more_than_the_provider_gives_is_said(void **state)
{
    struct session *session = fixture_aged(fixture_need(state), 100);
    struct test_waiter waiter;

    fixture_wait(session, &waiter, 5000, false);
    fake_answer(WIRE_OK, "A1", "R1", 300);
    assert_int_equal(waiter.told, WIRE_TOO_SHORT);
    /* Asking again does not hammer the provider. */
    fixture_wait(session, &waiter, 5000, false);
    assert_int_equal(waiter.told, WIRE_TOO_SHORT);
    assert_int_equal(fake.count, 1);
}

static void
in_flight_is_written_before_sending(void **state)
{
    struct session *session = fixture_aged(fixture_need(state), 100);
    struct test_waiter waiter;

    assert_string_equal(fixture_field(session->keys.private_key, "in_flight"),
                        "0");
    fixture_wait(session, &waiter, 150, false);
    assert_string_not_equal(
        fixture_field(session->keys.private_key, "in_flight"), "0");
    fake_answer(WIRE_OK, "A1", "R1", 300);
    assert_string_equal(fixture_field(session->keys.private_key, "in_flight"),
                        "0");
}

/* An answer that is no success can bring a new refresh token all the same:
 * the old one is spent then. */
static void
rotated_token_of_a_bad_answer_is_kept(void **state)
{
    struct session *session = fixture_aged(fixture_need(state), 100);
    struct test_waiter waiter;

    fixture_wait(session, &waiter, 150, false);
    fake_answer(WIRE_MISCONFIGURED, "A1", "R1", 300);
    assert_int_equal(waiter.told, WIRE_UNAVAILABLE);
    assert_string_equal(
        fixture_field(session->keys.private_key, "refresh_token"), "R1");
    assert_string_equal(fixture_session_token(), "A0");
}

static void
refusal_ends_the_credentials(void **state)
{
    struct session *session = fixture_aged(fixture_need(state), 100);
    struct test_waiter waiter;

    fixture_wait(session, &waiter, 150, false);
    fake_fail(WIRE_REFUSED, true, 0);
    assert_int_equal(waiter.told, WIRE_REFUSED);
    assert_string_equal(fixture_session_token(), "");
    assert_string_equal(fixture_field(session->keys.session, "state"),
                        "refused");
    /* What is left of the old tokens is revoked. */
    assert_int_equal(fake.kind, REQUEST_REVOKE_REFRESH);
    assert_string_equal(fake.refresh_token, "R0");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_int_equal(fake.kind, REQUEST_REVOKE_ACCESS);
    assert_string_equal(fake.access_token, "A0");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_string_equal(
        fixture_field(session->keys.private_key, "refresh_token"), "");
    /* And the provider is not asked again. */
    fixture_wait(session, &waiter, 0, true);
    assert_int_equal(waiter.told, WIRE_REFUSED);
    assert_int_equal(fake.count, 3);
}

static void
another_subject_is_a_refusal(void **state)
{
    struct session *session = fixture_aged(fixture_need(state), 100);
    struct test_waiter waiter;

    fixture_wait(session, &waiter, 150, false);
    fake_answer(WIRE_IDENTITY_MISMATCH, "EVIL", "EVILR", 300);
    assert_int_equal(waiter.told, WIRE_REFUSED);
    assert_string_equal(fixture_session_token(), "");
    assert_int_equal(session->health, HEALTH_REFUSED);
}

static void
outage_keeps_the_token_and_tries_again(void **state)
{
    struct session *session = fixture_aged(fixture_need(state), 100);
    struct test_waiter waiter;

    fixture_wait(session, &waiter, 150, false);
    fake_fail(WIRE_UNAVAILABLE, false, 0);
    assert_int_equal(waiter.told, WIRE_UNAVAILABLE);
    assert_string_equal(fixture_session_token(), "A0");
    assert_string_equal(fixture_field(session->keys.session, "state"),
                        "unavailable");
    assert_true(session->refresh_at_ms > session_now_ms());
    assert_true(session->refresh_at_ms <= session_now_ms() + 60000);
    session->refresh_at_ms = session_now_ms();
    session_due(session);
    assert_int_equal(fake.count, 2);
    fake_answer(WIRE_OK, "A1", "R1", 300);
    assert_string_equal(fixture_field(session->keys.session, "state"), "live");
}

static void
retry_after_is_obeyed(void **state)
{
    struct session *session = fixture_live(fixture_need(state), 10000);
    struct test_waiter waiter;

    fixture_wait(session, &waiter, 0, true);
    assert_int_equal(waiter.told, WIRE_OK); /* just made */
    session->refreshed_at_s -= 5000;
    fixture_wait(session, &waiter, 0, true);
    fake_fail(WIRE_SLOW_DOWN, false, 600);
    assert_true(session->refresh_at_ms >= session_now_ms() + 599000);
}

/* 429 without Retry-After: a script that asks in a loop asks us alone. */
static void
slow_down_without_a_time_is_obeyed(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 300);

    assert_int_equal(session_refresh(session, true), WIRE_OK);
    fake_fail(WIRE_SLOW_DOWN, false, 0);
    assert_int_equal(session_refresh(session, true), WIRE_SLOW_DOWN);
    assert_false(fake.waiting);
}

/* ... also by another session of that provider, and by who insists. */
static void
retry_after_is_obeyed_by_all(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *first = fixture_aged(fixture, 10000);
    struct session *second = fixture_aged(fixture, 10000);
    struct test_waiter waiter;

    fixture_wait(first, &waiter, 0, true);
    fake_fail(WIRE_SLOW_DOWN, false, 600);
    fixture_wait(second, &waiter, 0, true);
    assert_int_equal(waiter.told, WIRE_SLOW_DOWN);
    assert_true(second->refresh_at_ms >= session_now_ms() + 599000);
    fixture_wait(first, &waiter, 0, true);
    assert_int_equal(waiter.told, WIRE_SLOW_DOWN);
    assert_int_equal(fake.count, 1);
    assert_int_equal(pace_wait_s(&fixture->table, "test"), 600);
    assert_int_equal(pace_wait_s(&fixture->table, "another"), 0);
}

/* The refresh token may have been spent: showing it again at once could kill
 * the access token that still works. */
static void
lost_answer_waits_for_the_end_of_the_token(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 1000);
    struct test_waiter waiter;

    fixture_wait(session, &waiter, 1500, false);
    fake_fail(WIRE_UNAVAILABLE, true, 0);
    assert_true(session->refresh_at_ms >= session_now_ms() + 900000);
    assert_true(session->refresh_at_ms < session->expires_at_s * 1000);
    assert_string_not_equal(
        fixture_field(session->keys.private_key, "in_flight"), "0");
    fixture->provider.grace_s = 60;
    fixture_wait(session, &waiter, 1500, false);
    fake_fail(WIRE_UNAVAILABLE, true, 0);
    assert_true(session->refresh_at_ms <= session_now_ms() + 60000);
    assert_int_equal(fake.count, 2);
}

/* An answer came, but none that can be read: it may have had the successor. */
static void
unreadable_answer_is_a_lost_one(void **state)
{
    struct session *session = fixture_aged(fixture_need(state), 1000);
    struct test_waiter waiter;

    fixture_wait(session, &waiter, 1500, false);
    fake_fail(WIRE_MISCONFIGURED, true, 0);
    assert_true(session->refresh_at_ms >= session_now_ms() + 900000);
    assert_string_not_equal(
        fixture_field(session->keys.private_key, "in_flight"), "0");
}

static void
expired_token_leaves_the_session_and_comes_back(void **state)
{
    struct session *session = fixture_aged(fixture_need(state), 100);
    struct test_waiter waiter;

    session->expires_at_s = session_now_s();
    session->refresh_at_ms = session_now_ms() + 1000000;
    session_due(session);
    assert_true(session->parked);
    assert_string_equal(fixture_session_token(), "");
    fixture_wait(session, &waiter, 0, false);
    fake_answer(WIRE_OK, "A1", "R1", 300);
    assert_int_equal(waiter.told, WIRE_OK);
    assert_string_equal(fixture_session_token(), "A1");
}

static void
refresh_is_planned_before_expiry(void **state)
{
    struct session *session = fixture_live(fixture_need(state), 1000);
    int64_t planned = session->refresh_at_ms - session_now_ms();

    assert_true(planned > 680000 && planned <= 750000);
}

static void
unknown_lifetime_is_the_configured_one(void **state)
{
    struct session *session = fixture_live(fixture_need(state), 0);
    int64_t planned = session->refresh_at_ms - session_now_ms();

    assert_true(planned > 400000 && planned <= 450000);
    assert_string_equal(fixture_session_token(), "A0");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tokens_are_in_place_before_the_ticket),
        TEST(ticket_works_once),
        TEST(unclaimed_ticket_is_revoked),
        TEST(all_who_wait_share_one_refresh),
        TEST(tokens_that_cannot_be_stored_are_no_success),
        TEST(fresh_token_needs_no_refresh),
        TEST(the_content_do_not_answer_for_those_who_wait),
        TEST(clock_set_back_does_not_forbid_a_refresh),
        TEST(rotated_token_of_a_bad_answer_is_kept),
        TEST(old_refresh_token_stays_when_none_comes),
        TEST(more_than_the_provider_gives_is_said),
        TEST(in_flight_is_written_before_sending),
        TEST(refusal_ends_the_credentials),
        TEST(another_subject_is_a_refusal),
        TEST(outage_keeps_the_token_and_tries_again),
        TEST(retry_after_is_obeyed),
        TEST(slow_down_without_a_time_is_obeyed),
        TEST(retry_after_is_obeyed_by_all),
        TEST(lost_answer_waits_for_the_end_of_the_token),
        TEST(unreadable_answer_is_a_lost_one),
        TEST(expired_token_leaves_the_session_and_comes_back),
        TEST(refresh_is_planned_before_expiry),
        TEST(unknown_lifetime_is_the_configured_one),
    };

    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
