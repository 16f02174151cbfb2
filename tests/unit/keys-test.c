/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys that somebody has destroyed, and a quota that is full: real keys, but
 * for add_key(2), which says EDQUOT when the test wants.
 */
#include "session-test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Root's quota is full: no payload may grow. */
static bool full;
/* The session under test, whose pockets add_key() updates. */
static struct keyring_session held;

key_serial_t __real_add_key(const char *type, const char *name,
                            const void *payload, size_t length,
                            key_serial_t ring);
key_serial_t __wrap_add_key(const char *type, const char *name,
                            const void *payload, size_t length,
                            key_serial_t ring);

key_serial_t
__wrap_add_key(const char *type, const char *name, const void *payload,
               size_t length, key_serial_t ring)
{
    key_serial_t key = strcmp(name, KEYRING_PRIVATE) == 0   ? held.private_key
                       : strcmp(name, KEYRING_SESSION) == 0 ? held.session
                                                            : held.access_token;
    long before = full ? keyctl_read(key, NULL, 0) : 0;

    if (full && before >= 0 && length > (size_t)before) {
        errno = EDQUOT;
        return -1;
    }
    return __real_add_key(type, name, payload, length, ring);
}

static int
keys_begin(void **state)
{
    full = false;
    memset(&held, 0, sizeof(held));
    return fixture_begin(state);
}

static int
keys_end(void **state)
{
    full = false;
    return fixture_end(state);
}

/* All tokens that were asked to be revoked, in one text. */
static void
revoke_all(struct fixture *fixture, char *revoked, size_t size)
{
    revoked[0] = '\0';
    while (fake.waiting) {
        bool refresh = fake.kind == REQUEST_REVOKE_REFRESH;

        assert_int_not_equal(fake.kind, REQUEST_REFRESH);
        snprintf(revoked + strlen(revoked), size - strlen(revoked), "%s ",
                 refresh ? fake.refresh_token : fake.access_token);
        fake_answer(WIRE_OK, NULL, NULL, 0);
    }
    assert_int_equal(fixture->table.count, 0);
}

static void
check_revoked(struct fixture *fixture, const char *expected)
{
    char revoked[256];

    revoke_all(fixture, revoked, sizeof(revoked));
    assert_string_equal(revoked, expected);
}

static struct session *
session_of(struct fixture *fixture)
{
    return session_find(&fixture->table, held.id);
}

static struct session *
live(struct fixture *fixture)
{
    struct session *session = fixture_aged(fixture, 300);

    held = fixture_keys(session);
    return session;
}

/* ---- destroyed by the session itself --------------------------------------
 */

static void
ring_invalidated(void **state)
{
    struct fixture *fixture = fixture_need(state);

    session_due(live(fixture));
    assert_int_equal(keyctl_invalidate(held.ring), 0);
    session_due(session_of(fixture));
    check_revoked(fixture, "R0 A0 ");
}

static void
token_invalidated(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = live(fixture);
    struct test_waiter waiter;

    assert_int_equal(keyctl_invalidate(held.access_token), 0);
    /* Nobody has looked yet: all the same it is not said to be fresh. */
    fixture_wait(session, &waiter, 0, false);
    assert_int_equal(waiter.told, WIRE_NO_KEYS);
    session_due(session);
    assert_int_equal(session->state, SESSION_LIVE);
    assert_int_equal(session->keys.access_token, 0);
    /* There is a copy that the session cannot reach. */
    session_close(session, "test");
    check_revoked(fixture, "R0 A0 ");
}

static void
token_invalidated_and_renewed(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = live(fixture);

    assert_int_equal(keyctl_invalidate(held.access_token), 0);
    session->refresh_at_ms = session_now_ms();
    session_due(session);
    fake_answer(WIRE_OK, "A1", "R1", 300);
    assert_string_equal(fixture_session_token(), "");
    /* As `signind --prepare` does. */
    assert_int_equal(keyring_open_keep(held.keep, TEST_GROUP, &held), 0);
    assert_int_equal(held.access_token, 0);
    assert_int_equal(keyring_mend(&held, TEST_GROUP), 0);
    session_due(session);
    assert_string_equal(fixture_session_token(), "A1");
    session_close(session, "test");
    check_revoked(fixture, "R1 A1 A0 ");
}

static void
record_invalidated_and_made_again(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = live(fixture);

    assert_int_equal(keyctl_invalidate(held.session), 0);
    session_due(session);
    assert_int_equal(session->keys.session, 0);
    assert_string_equal(fixture_session_token(), "A0");
    assert_int_equal(keyring_open_keep(held.keep, TEST_GROUP, &held), 0);
    assert_int_equal(keyring_mend(&held, TEST_GROUP), 0);
    session_due(session);
    assert_string_equal(fixture_field(held.session, "user"), TEST_USER);
    assert_int_equal(fake.count, 0);
}

/* The same, and signind is away meanwhile. */
static void
token_invalidated_before_a_restart(void **state)
{
    struct fixture *fixture = fixture_need(state);

    live(fixture);
    assert_int_equal(keyctl_invalidate(held.access_token), 0);
    fixture_restart(fixture);
    assert_non_null(session_of(fixture));
    assert_int_equal(keyring_open_keep(held.keep, TEST_GROUP, &held), 0);
    assert_int_equal(keyring_mend(&held, TEST_GROUP), 0);
    session_due(session_of(fixture));
    assert_string_equal(fixture_session_token(), "A0");
    session_close(session_of(fixture), "test");
    check_revoked(fixture, "R0 A0 ");
}

/* ---- destroyed by root ----------------------------------------------------
 */

static void
keep_revoked(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = live(fixture);

    /* A keyring that is revoked loses its links, and they their last one. */
    assert_int_equal(keyctl_revoke(held.keep), 0);
    while (keyring_exists(held.private_key) != -ENOKEY)
        usleep(10000);
    session_due(session);
    assert_string_equal(fixture_session_token(), "");
    check_revoked(fixture, "A0 ");
}

static void
private_invalidated(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = live(fixture);

    assert_int_equal(keyctl_invalidate(held.private_key), 0);
    session_due(session);
    assert_string_equal(fixture_session_token(), "");
    check_revoked(fixture, "A0 ");
}

static void
keep_expired(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = live(fixture);

    assert_int_equal(keyring_timeout(held.keep, 1), 0);
    while (keyring_exists(held.keep) != -EKEYEXPIRED)
        usleep(10000);
    session_due(session);
    check_revoked(fixture, "R0 A0 ");
}

static void
anchor_unlinked_and_linked_again(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct keyring_anchor *anchor = &fixture->table.anchor, again;

    assert_int_equal(keyctl_link(anchor->anchor, KEY_SPEC_PROCESS_KEYRING), 0);
    assert_int_equal(keyctl_unlink(anchor->anchor, KEY_SPEC_USER_KEYRING), 0);
    assert_int_equal(
        keyring_anchor_relink(held.keep, fixture->machine_id, TEST_GROUP),
        -EPERM);
    assert_int_equal(keyring_anchor_relink(anchor->anchor, fixture->machine_id,
                                           TEST_GROUP + 1),
                     -EPERM);
    assert_int_equal(
        keyring_anchor_relink(anchor->anchor, fixture->machine_id, TEST_GROUP),
        0);
    assert_int_equal(
        keyring_anchor_make(fixture->machine_id, TEST_GROUP, &again), 0);
    assert_int_equal(again.anchor, anchor->anchor);
    keyctl_unlink(anchor->anchor, KEY_SPEC_PROCESS_KEYRING);
}

static void
loss_of_the_anchor_is_noticed(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session_table *table = &fixture->table;

    session_check_anchor(table);
    assert_false(table->anchor_lost);
    assert_int_equal(keyctl_invalidate(table->anchor.shards[5]), 0);
    session_check_anchor(table);
    assert_true(table->anchor_lost);
    assert_int_equal(
        keyring_anchor_make(fixture->machine_id, TEST_GROUP, &table->anchor),
        0);
    session_check_anchor(table);
    assert_false(table->anchor_lost);
    assert_int_equal(keyctl_revoke(table->anchor.anchor), 0);
    session_check_anchor(table);
    assert_true(table->anchor_lost);
}

/* ---- a full quota ---------------------------------------------------------
 */

/* No room for the answer: it is not asked for, and nothing is spent. */
static void
no_refresh_while_the_quota_is_full(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = live(fixture);

    full = true;
    session->refresh_at_ms = session_now_ms();
    session_due(session);
    assert_int_equal(fake.count, 0);
    assert_int_equal(session->health, HEALTH_UNAVAILABLE);
    assert_true(session->refresh_at_ms > session_now_ms());
    assert_string_equal(fixture_session_token(), "A0");
    full = false;
    session->refresh_at_ms = session_now_ms();
    session_due(session);
    assert_string_equal(fake.refresh_token, "R0");
    fake_answer(WIRE_OK, "A1", "R1", 300);
    assert_int_equal(session->health, HEALTH_LIVE);
    assert_string_equal(fixture_session_token(), "A1");
}

/* It fills up while the provider is asked: there is room for the answer. */
static void
room_for_the_answer_was_taken_before(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = live(fixture);

    session->refresh_at_ms = session_now_ms();
    session_due(session);
    full = true;
    fake_answer(WIRE_OK, "A1", "R1-longer-than-the-first", 300);
    assert_string_equal(fixture_session_token(), "A1");
    session_close(session, "test");
    check_revoked(fixture, "R1-longer-than-the-first A1 A0 ");
}

/* The record alone has room: the pocket gets it when there is room again. */
static void
token_waits_for_room_in_its_pocket(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = live(fixture);
    struct test_waiter waiter;

    fixture_wait(session, &waiter, 500, false);
    full = true;
    fake_answer(WIRE_OK, "A1-longer", "R1", 600);
    assert_int_equal(waiter.told, WIRE_NO_KEYS);
    assert_true(session->unwritten);
    assert_string_equal(fixture_session_token(), "A0");
    full = false;
    session_due(session);
    assert_false(session->unwritten);
    assert_string_equal(fixture_session_token(), "A1-longer");
    session_close(session, "test");
    check_revoked(fixture, "R1 A1-longer A0 ");
}

static const char *
long_token(char initial)
{
    static char token[1024];

    memset(token, initial, sizeof(token) - 1);
    return token;
}

/* An answer that is much longer than any before: nobody will own it. */
static void
tokens_that_find_no_room_are_revoked(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = live(fixture);
    int64_t expires = session->expires_at_s;

    session->refresh_at_ms = session_now_ms();
    session_due(session);
    full = true;
    fake_answer(WIRE_OK, long_token('L'), "R1", 600);
    assert_int_equal(fake.kind, REQUEST_REVOKE_ACCESS);
    assert_int_equal(fake.access_token[0], 'L');
    assert_null(strchr(fake.revoked, '0'));
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_false(fake.waiting);
    /* The session has what it had, and goes on with what had room. */
    assert_int_equal(session->expires_at_s, expires);
    assert_string_equal(fixture_session_token(), "A0");
    assert_true(session->refresh_at_ms > session_now_ms());
    full = false;
    session->refresh_at_ms = session_now_ms();
    session_due(session);
    assert_string_equal(fake.refresh_token, "R1");
}

/* No room for the token that is replaced: it is revoked now, not at logout. */
static void
replaced_token_without_room_is_revoked_at_once(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = live(fixture);
    char longer[2 + 258];

    session->refresh_at_ms = session_now_ms();
    session_due(session);
    full = true;
    /* The reserve is 256 and A0's two, and a line's name and end. */
    memset(longer, 'R', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    fake_answer(WIRE_OK, "A1", longer, 300);
    assert_int_equal(fake.kind, REQUEST_REVOKE_ACCESS);
    assert_string_equal(fake.access_token, "A0");
    fake_answer(WIRE_OK, NULL, NULL, 0);
    assert_string_equal(fixture_session_token(), "A1");
    assert_int_equal(fixture->table.count, 1);
}

/* The session has ended meanwhile, and given up the room for the answer. */
static void
tokens_that_find_no_room_after_the_end(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = live(fixture);

    session->refresh_at_ms = session_now_ms();
    session_due(session);
    session_close(session, "test");
    full = true;
    fake_answer(WIRE_OK, long_token('L'), "R1", 300);
    assert_non_null(strstr(fake.revoked, "R1 "));
    assert_non_null(strstr(fake.revoked, "LLL"));
}

/* Root has destroyed all that there is while a refresh was under way. */
static void
keep_invalidated_during_a_refresh(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = live(fixture);
    struct fake_call refresh;

    session->refresh_at_ms = session_now_ms();
    session_due(session);
    refresh = fake;
    assert_int_equal(keyctl_invalidate(held.keep), 0);
    session_due(session);
    fake = refresh;
    fake_answer(WIRE_OK, "A1", "R1", 300);
    assert_non_null(strstr(fake.revoked, "R1 "));
}

/* It cannot even be written that the tokens are gone: nothing is asked again
 * and again. */
static void
refusal_that_cannot_be_written(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = live(fixture);

    assert_int_equal(keyctl_invalidate(held.private_key), 0);
    session_refuse(session, WIRE_REFUSED, "test");
    assert_int_equal(session->health, HEALTH_REFUSED);
    session->refresh_at_ms = session_now_ms() - 1;
    session_arm(session);
    assert_false(event_pending(session->timer, EV_TIMEOUT, NULL));
}

/* The only one that knows what to revoke is gone before signind is back. */
static void
check_private_gone(struct fixture *fixture, bool mended)
{
    live(fixture);
    assert_int_equal(keyctl_invalidate(held.private_key), 0);
    if (mended) {
        assert_int_equal(keyring_open_keep(held.keep, TEST_GROUP, &held), 0);
        assert_int_equal(keyring_mend(&held, TEST_GROUP), 0);
    }
    fixture_restart(fixture);
    assert_string_equal(fixture_session_token(), "");
    check_revoked(fixture, "A0 ");
    while (keyring_exists(held.keep) != -ENOKEY)
        usleep(10000);
}

static void
private_invalidated_before_a_restart(void **state)
{
    struct fixture *fixture = fixture_need(state);

    check_private_gone(fixture, false);
    /* `signind --prepare` has made an empty one. */
    check_private_gone(fixture, true);
}

/* ---- records of before, openers -------------------------------------------
 */

/* As signind wrote it before there were copies, reserves and clocks. */
static void
check_upgrade(struct fixture *fixture, int64_t age_s)
{
    struct session *session = live(fixture);
    int64_t now = session_now_s();
    char record[512];
    int length = snprintf(
        record, sizeof(record),
        "v=1\nstate=live\nuser=" TEST_USER "\nuid=2001\nprovider=test\n"
        "secret=0123456789abcdef0123456789abcdef\nopened_at=%lld\n"
        "refreshed_at=%lld\nexpires_at=%lld\nlifetime=300\nservice=sshd\n"
        "ticket_until=0\nopener=%d\nopener_start=0\nhealth=0\n"
        "health_since=0\nclosed_at=0\nrevoked=0\nin_flight=0\n"
        "refresh_token=R0\nprevious_until=0\n",
        (long long)(now - age_s), (long long)(now - age_s),
        (long long)(now - age_s + 300), (int)getpid());

    assert_int_equal(
        keyring_write(&held, KEYRING_PRIVATE, record, (size_t)length, 0), 0);
    (void)session;
    fixture_restart(fixture);
}

static void
record_of_before_is_taken_up(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session;

    check_upgrade(fixture, 10);
    session = session_of(fixture);
    assert_non_null(session);
    assert_int_equal(session->state, SESSION_LIVE);
    assert_false(session->parked);
    assert_string_equal(fixture_session_token(), "A0");
    session->refresh_at_ms = session_now_ms();
    session_due(session);
    fake_answer(WIRE_OK, "A1", "R1", 300);
    assert_string_equal(fixture_session_token(), "A1");
    assert_string_equal(fixture_field(held.private_key, "coming_token"), "A1");
    session_close(session, "test");
    check_revoked(fixture, "R1 A1 A0 ");
}

/* The clock was set back before the upgrade: no token outlives its life. */
static void
record_of_before_from_the_future(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session;

    check_upgrade(fixture, -100000);
    session = session_of(fixture);
    assert_non_null(session);
    assert_true(session->expires_at_s <= session_now_s() + 300);
    assert_true(session->refresh_at_ms <= session_now_ms() + 300000);
}

/* Its number is another process's, which lives. */
static void
opener_of_another_start(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = live(fixture);

    session_unwatch_opener(session);
    session->opener_start = 1;
    assert_int_equal(session_watch_opener(session), -ESRCH);
    assert_int_equal(session->opener_fd, -1);
}

/* Field 22 of /proc/self/stat (proc(5)). */
static uint64_t
own_start(void)
{
    char text[1024] = "", *field;
    FILE *file = fopen("/proc/self/stat", "re");

    assert_non_null(file);
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    field = strrchr(text, ')');
    for (int i = 2; field != NULL && i < 22; i++)
        field = strchr(field + 1, ' ');
    assert_non_null(field);
    return strtoull(field, NULL, 10);
}

static void
opener_of_that_start(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = live(fixture);

    session_unwatch_opener(session);
    session->opener_start = own_start();
    assert_int_equal(session_watch_opener(session), 0);
}

/* It has ended, and nobody has waited for it yet: as good as gone. */
static void
opener_that_is_a_zombie(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = live(fixture);
    siginfo_t ended;
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    assert_int_equal(waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT), 0);
    session->opener = child;
    assert_int_equal(session_save_private(session, NULL, 0), 0);
    fixture_restart(fixture);
    if (fake.count == 0)
        event_base_loop(fixture->table.base, EVLOOP_ONCE);
    waitpid(child, NULL, 0);
    assert_string_equal(fixture_session_token(), "");
    check_revoked(fixture, "R0 A0 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, keys_begin, keys_end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ring_invalidated),
        TEST(token_invalidated),
        TEST(token_invalidated_and_renewed),
        TEST(record_invalidated_and_made_again),
        TEST(token_invalidated_before_a_restart),
        TEST(keep_revoked),
        TEST(private_invalidated),
        TEST(keep_expired),
        TEST(anchor_unlinked_and_linked_again),
        TEST(loss_of_the_anchor_is_noticed),
        TEST(no_refresh_while_the_quota_is_full),
        TEST(room_for_the_answer_was_taken_before),
        TEST(token_waits_for_room_in_its_pocket),
        TEST(tokens_that_find_no_room_are_revoked),
        TEST(replaced_token_without_room_is_revoked_at_once),
        TEST(tokens_that_find_no_room_after_the_end),
        TEST(keep_invalidated_during_a_refresh),
        TEST(refusal_that_cannot_be_written),
        TEST(private_invalidated_before_a_restart),
        TEST(record_of_before_is_taken_up),
        TEST(record_of_before_from_the_future),
        TEST(opener_of_another_start),
        TEST(opener_of_that_start),
        TEST(opener_that_is_a_zombie),
    };

    return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
