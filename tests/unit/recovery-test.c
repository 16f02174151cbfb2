/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a restarted signind makes of the kernel.
 */
#include "session-test.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct session *
only_session(struct fixture *fixture, const char *id)
{
    assert_int_equal(fixture->table.count, 1);
    return session_find(&fixture->table, id);
}

static void
live_session_goes_on(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 300);
    struct keyring_session keys = fixture_keys(session);
    struct test_waiter waiter;

    assert_int_equal(session_save_private(session, NULL, 0), 0);
    fixture_restart(fixture);
    session = only_session(fixture, keys.id);
    assert_non_null(session);
    assert_int_equal(session->state, SESSION_LIVE);
    assert_int_equal(session->uid, 2001);
    assert_string_equal(session->user, TEST_USER);
    assert_int_equal(session->shard, fixture->table.anchor.shards[7]);
    assert_int_equal(fake.count, 0);
    assert_string_equal(fixture_session_token(), "A0");
    fixture_wait(session, &waiter, 500, false);
    assert_string_equal(fake.refresh_token, "R0");
    fake_answer(WIRE_OK, "A1", "R1", 600);
    assert_int_equal(waiter.told, WIRE_OK);
    assert_string_equal(fixture_session_token(), "A1");
}

/* signind died between writing a token and its timeout. */
static void
erased_timeout_comes_back(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_live(fixture, 2);
    struct keyring_session keys = fixture_keys(session);
    char buffer[8];
    const struct timespec pause = {.tv_nsec = 20000000};
    bool expired = false;

    assert_int_equal(keyring_timeout(keys.access_token, 0), 0);
    fixture_restart(fixture);
    for (int i = 0; i < 500 && !expired; i++) {
        expired = keyring_read(keys.access_token, buffer, sizeof(buffer)) ==
                  -EKEYEXPIRED;
        nanosleep(&pause, NULL);
    }
    assert_true(expired);
}

static void
session_that_signed_out_meanwhile_is_revoked(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_live(fixture, 300);
    struct keyring_session keys = fixture_keys(session);

    assert_int_equal(keyring_end_session(&keys), 0);
    fixture_restart(fixture);
    assert_int_equal(fake.kind, REQUEST_REVOKE_REFRESH);
    assert_string_equal(fake.refresh_token, "R0");
}

/* A process that has ended for sure: its number may be anybody's now. */
static pid_t
dead_process(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    return child;
}

static void
opener_that_died_meanwhile_closes(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_live(fixture, 300);

    session->opener = dead_process();
    assert_int_equal(session_save_private(session, NULL, 0), 0);
    fixture_restart(fixture);
    assert_string_equal(fixture_session_token(), "");
    assert_int_equal(fake.kind, REQUEST_REVOKE_REFRESH);
}

static void
opener_whose_number_is_anothers_closes(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_live(fixture, 300);

    session->opener = getpid();
    session->opener_start = 1; /* not when this process started */
    assert_int_equal(session_save_private(session, NULL, 0), 0);
    fixture_restart(fixture);
    assert_string_equal(fixture_session_token(), "");
    assert_int_equal(fake.kind, REQUEST_REVOKE_REFRESH);
}

static void
opener_is_noticed_when_it_dies(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_pending(fixture, 300);
    int gate[2];
    pid_t child;

    assert_int_equal(pipe(gate), 0);
    child = fork();
    if (child == 0) {
        char byte;

        close(gate[1]);
        _exit(read(gate[0], &byte, 1) < 0);
    }
    session->state = SESSION_LIVE;
    session->opener = child;
    assert_int_equal(session_watch_opener(session), 0);
    close(gate[0]);
    close(gate[1]);
    assert_int_equal(event_base_loop(fixture->table.base, EVLOOP_ONCE), 0);
    waitpid(child, NULL, 0);
    assert_int_equal(fake.kind, REQUEST_REVOKE_REFRESH);
}

static void
ticket_is_still_good(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_pending(fixture, 300);
    char ticket[WIRE_ID_LENGTH + 1];

    strcpy(ticket, session->ticket);
    fixture_restart(fixture);
    session = session_find_ticket(&fixture->table, ticket);
    assert_non_null(session);
    assert_int_equal(session->state, SESSION_PENDING);
    assert_int_equal(fake.count, 0);
}

/* signind died with a refresh under way: the refresh token may be spent. */
static void
lost_answer_waits_for_the_end_of_the_token(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 1000);
    char id[KEYRING_ID_LENGTH + 1];

    strcpy(id, session->keys.id);
    session->refreshed_at_s -= 400;
    assert_int_equal(session_save_private(session, NULL, session_now_s()), 0);
    fixture_restart(fixture);
    session = session_find(&fixture->table, id);
    assert_int_equal(fake.count, 0);
    assert_true(session->refresh_at_ms >= session_now_ms() + 900000);
    assert_true(session->refresh_at_ms < session->expires_at_s * 1000);
}

/* S was made, and its maker died before it could say so. */
static void
ring_that_was_not_reported_is_revoked(void **state)
{
    struct session *session = fixture_pending(fixture_need(state), 300);
    struct keyring_session keys = session->keys;

    session->state = SESSION_CLAIMED;
    assert_int_equal(keyring_make_ring(&keys, TEST_GROUP), 0);
    assert_string_equal(fixture_session_token(), "A0");
    session_close(session, "test");
    assert_string_equal(fixture_session_token(), "");
    assert_int_equal(keyring_alive(&keys), -EKEYREVOKED);
}

static void
token_that_expired_before_it_was_claimed(void **state)
{
    struct session *session = fixture_pending(fixture_need(state), 300);
    struct keyring_session keys = session->keys;
    char byte;

    session->expires_at_s = session_now_s();
    assert_int_equal(keyring_timeout(keys.access_token, 1), 0);
    while (keyring_read(keys.access_token, &byte, 0) != -EKEYEXPIRED)
        usleep(10000);
    session->state = SESSION_CLAIMED;
    session->opener = getpid();
    assert_int_equal(keyring_make_ring(&keys, TEST_GROUP), 0);
    assert_int_equal(session_live(session, keys.ring), WIRE_OK);
    session_due(session);
    if (fake.count == 0) {
        session->refresh_at_ms = session_now_ms();
        session_due(session);
    }
    fake_answer(WIRE_OK, "A1", "R1", 300);
    assert_string_equal(fixture_session_token(), "A1");
}

static void
revocation_goes_on_where_it_stopped(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_live(fixture, 300);

    session_close(session, "test");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_int_equal(fake.kind, REQUEST_REVOKE_ACCESS);
    fixture_restart(fixture);
    assert_int_equal(fake.count, 3);
    assert_int_equal(fake.kind, REQUEST_REVOKE_ACCESS);
    assert_string_equal(fake.access_token, "A0");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_int_equal(fixture->table.count, 0);
}

static void
half_made_keys_are_left_to_their_timeout(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct keyring_session keys;
    char id[KEYRING_ID_LENGTH + 1];

    assert_int_equal(keyring_id_make(id), 0);
    assert_int_equal(keyring_make_keep(fixture->table.anchor.shards[0],
                                       TEST_GROUP, id, &keys),
                     0);
    fixture_restart(fixture);
    assert_int_equal(fixture->table.count, 0);
    assert_int_equal(fake.count, 0);
}

static void
refused_session_stays_refused(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 100);
    struct keyring_session keys = fixture_keys(session);
    struct test_waiter waiter;

    fixture_wait(session, &waiter, 150, false);
    fake_fail(WIRE_REFUSED, true, 0);
    fixture_restart(fixture);
    session = session_find(&fixture->table, keys.id);
    assert_non_null(session);
    assert_int_equal(session->health, HEALTH_REFUSED);
    fixture_wait(session, &waiter, 0, true);
    assert_int_equal(waiter.told, WIRE_REFUSED);
    assert_string_equal(fixture_session_token(), "");
}

/* Tokens had come, and the provider was asked about them. */
static void
sign_in_that_was_being_checked_is_revoked(void **state)
{
    static char user[] = TEST_USER, provider[] = "test", service[] = "sshd";
    struct fixture *fixture = fixture_need(state);
    const key_serial_t shard = fixture->table.anchor.shards[7];
    const struct session who = {
        .user = user, .provider = provider, .service = service, .uid = 2001};
    struct provider_tokens tokens = {0};
    struct keyring_session keys;
    char id[KEYRING_ID_LENGTH + 1];

    assert_int_equal(keyring_id_make(id), 0);
    assert_int_equal(keyring_make_keep(shard, fixture->table.gid, id, &keys),
                     0);
    secret_set(&tokens.access_token, "A7", 2);
    secret_set(&tokens.refresh_token, "R7", 2);
    assert_int_equal(session_receive(&fixture->table, keys.keep,
                                     "00000000000000000000000000000000", &who,
                                     &tokens),
                     -EPERM);
    assert_int_equal(
        session_receive(&fixture->table, keys.keep, id, &who, &tokens), 0);
    assert_int_equal(fixture->table.count, 0);
    provider_tokens_done(&tokens);
    fixture_restart(fixture);
    assert_int_equal(fake.kind, REQUEST_REVOKE_REFRESH);
    assert_string_equal(fake.refresh_token, "R7");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_int_equal(fake.kind, REQUEST_REVOKE_ACCESS);
    assert_string_equal(fake.access_token, "A7");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_int_equal(fixture->table.count, 0);
}

/* It has been refused, and signind dies while it revokes. */
static void
sign_in_that_was_refused_is_revoked(void **state)
{
    static char user[] = TEST_USER, provider[] = "test", service[] = "sshd";
    struct fixture *fixture = fixture_need(state);
    struct session who = {
        .user = user, .provider = provider, .service = service, .uid = 2001};
    struct provider_tokens tokens = {.expires_at_s = 0};
    struct keyring_session keys;
    char id[KEYRING_ID_LENGTH + 1];

    who.shard = fixture->table.anchor.shards[7];
    assert_int_equal(keyring_id_make(id), 0);
    assert_int_equal(
        keyring_make_keep(who.shard, fixture->table.gid, id, &keys), 0);
    assert_false(
        session_discard_in(&fixture->table, keys.keep, id, &who, &tokens));
    secret_set(&tokens.access_token, "A7", 2);
    secret_set(&tokens.refresh_token, "R7", 2);
    assert_false(session_discard_in(&fixture->table, 0, id, &who, &tokens));
    assert_false(session_discard_in(&fixture->table, keys.keep,
                                    "00000000000000000000000000000000", &who,
                                    &tokens));
    assert_int_equal(fixture->table.count, 0);
    assert_true(
        session_discard_in(&fixture->table, keys.keep, id, &who, &tokens));
    provider_tokens_done(&tokens);
    assert_int_equal(fake.kind, REQUEST_REVOKE_REFRESH);
    assert_string_equal(fake.refresh_token, "R7");
    fixture_restart(fixture);
    assert_string_equal(fake.refresh_token, "R7");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_int_equal(fake.kind, REQUEST_REVOKE_ACCESS);
    assert_string_equal(fake.access_token, "A7");
    fixture_restart(fixture);
    assert_string_equal(fake.access_token, "A7");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_int_equal(fixture->table.count, 0);
    assert_int_not_equal(keyring_exists(keys.keep), 0);
}

static void
refresh_that_was_being_checked_is_kept(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 300);
    struct keyring_session keys = fixture_keys(session);

    assert_int_equal(session_refresh(session, true), WIRE_OK);
    fake_receive("A8", "R8");
    assert_string_equal(fixture_session_token(), "A0");
    fixture_restart(fixture);
    session = only_session(fixture, keys.id);
    assert_int_equal(session->state, SESSION_LIVE);
    assert_string_equal(fixture_session_token(), "A0");
    session_close(session, "test");
    assert_string_equal(fake.refresh_token, "R8");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_string_equal(fake.access_token, "A0");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_string_equal(fake.access_token, "A8");
}

/* The same, without a death: the replaced token is the older one. */
static void
refresh_that_was_checked_goes_on(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 300);

    assert_int_equal(session_refresh(session, true), WIRE_OK);
    fake_receive("A8", "R8");
    fake_answer(WIRE_OK, "A8", "R8", 300);
    assert_string_equal(fixture_session_token(), "A8");
    assert_false(fake.waiting);
    session_close(session, "test");
    assert_string_equal(fake.refresh_token, "R8");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_string_equal(fake.access_token, "A8");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_string_equal(fake.access_token, "A0");
}

static void
garbage_in_private_is_no_session(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_live(fixture, 100);
    struct keyring_session keys = fixture_keys(session);

    assert_int_equal(
        keyring_write(&keys, KEYRING_PRIVATE, "v=1\nstate=li", 12, 0), 0);
    fixture_restart(fixture);
    assert_int_equal(fixture->table.count, 0);
    assert_int_equal(
        keyring_write(&keys, KEYRING_PRIVATE, "v=1\nstate=live\n", 15, 0), 0);
    fixture_restart(fixture);
    assert_int_equal(fixture->table.count, 0);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(live_session_goes_on),
        TEST(erased_timeout_comes_back),
        TEST(session_that_signed_out_meanwhile_is_revoked),
        TEST(opener_that_died_meanwhile_closes),
        TEST(opener_whose_number_is_anothers_closes),
        TEST(opener_is_noticed_when_it_dies),
        TEST(ticket_is_still_good),
        TEST(lost_answer_waits_for_the_end_of_the_token),
        TEST(ring_that_was_not_reported_is_revoked),
        TEST(token_that_expired_before_it_was_claimed),
        TEST(revocation_goes_on_where_it_stopped),
        TEST(half_made_keys_are_left_to_their_timeout),
        TEST(refused_session_stays_refused),
        TEST(sign_in_that_was_being_checked_is_revoked),
        TEST(sign_in_that_was_refused_is_revoked),
        TEST(refresh_that_was_being_checked_is_kept),
        TEST(refresh_that_was_checked_goes_on),
        TEST(garbage_in_private_is_no_session),
    };

    return cmocka_run_group_tests_name("recovery", tests, NULL, NULL);
}
