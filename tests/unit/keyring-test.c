/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key layout in the real kernel: who can do what with which key.  Needs
 * root; works under a random machine id and a group that nobody has, and
 * takes its anchor away again.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "keyring/keyring.h"
#include "keyring/layout.h"
#include "keyring/record.h"

#define GROUP  977777
#define DAEMON 977776
#define ALICE  977775
#define BOB    977774

struct fixture {
    char machine_id[KEYRING_ID_LENGTH + 1];
    struct keyring_anchor anchor;
    struct keyring_session keys;
};

static int
begin(void **state)
{
    struct fixture *fixture;

    if (geteuid() != 0)
        return 0;
    fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    assert_true(keyctl_join_session_keyring(NULL) > 0);
    assert_int_equal(keyring_id_make(fixture->machine_id), 0);
    assert_int_equal(
        keyring_anchor_make(fixture->machine_id, GROUP, &fixture->anchor), 0);
    *state = fixture;
    return 0;
}

static int
end(void **state)
{
    struct fixture *fixture = *state;

    if (fixture != NULL)
        keyctl_unlink(fixture->anchor.anchor, KEY_SPEC_USER_KEYRING);
    free(fixture);
    return 0;
}

static struct fixture *
need_root(void **state)
{
    if (geteuid() != 0) {
        print_message("needs root: makes keys in root's user keyring\n");
        skip();
    }
    return *state;
}

/* A session's keys, S in this process's session keyring. */
static void
open_session(struct fixture *fixture)
{
    char id[KEYRING_ID_LENGTH + 1];

    assert_int_equal(keyring_id_make(id), 0);
    assert_int_equal(
        keyring_make_keep(fixture->anchor.shards[5], GROUP, id, &fixture->keys),
        0);
    assert_int_equal(keyring_make_ring(&fixture->keys, GROUP), 0);
}

/* Run check() in a child of that uid and gid; it returns 0, or a line number
 * to look at.  keep_ring: inside this session keyring, or outside it. */
static int
as(uid_t uid, gid_t gid, bool keep_ring, int (*check)(struct fixture *),
   struct fixture *fixture)
{
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0) {
        if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
            setresuid(uid, uid, uid) != 0 ||
            (!keep_ring && keyctl_join_session_keyring(NULL) < 0))
            _exit(255);
        _exit(check(fixture) % 255);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#define REQUIRE(condition)                                                     \
    do {                                                                       \
        if (!(condition))                                                      \
            return __LINE__;                                                   \
    } while (0)

#define DENIED(call) REQUIRE((call) < 0 && errno == EACCES)

static void
rights_are_as_the_layout_says(void **state)
{
    struct fixture *fixture = need_root(state);
    struct layout_description found;

    open_session(fixture);
    assert_int_equal(layout_describe(fixture->keys.keep, &found), 0);
    assert_int_equal(found.rights, 0x003f3f00);
    assert_int_equal(layout_describe(fixture->keys.ring, &found), 0);
    assert_int_equal(found.rights, 0x0b3f3f00);
    assert_int_equal(layout_describe(fixture->keys.private_key, &found), 0);
    assert_int_equal(found.rights, 0x003f3f00);
    assert_string_equal(found.name, KEYRING_PRIVATE);
    assert_int_equal(layout_describe(fixture->keys.access_token, &found), 0);
    assert_int_equal(found.rights, 0x0b3f3f00);
    assert_int_equal(layout_describe(fixture->keys.session, &found), 0);
    assert_int_equal(found.rights, 0x0b3f3f00);
    assert_int_equal(found.uid, 0);
    assert_int_equal(found.gid, GROUP);
}

/* What signind does, and all it can do: fill, renew, read, end. */
static int
check_daemon(struct fixture *fixture)
{
    struct keyring_session keys = {0};
    struct keyring_anchor anchor = {0};
    char token[7001], back[KEYRING_PAYLOAD_MAX];

    memset(token, 'T', sizeof(token));
    REQUIRE(keyring_anchor_open(fixture->anchor.anchor, fixture->machine_id,
                                GROUP, &anchor) == 0);
    REQUIRE(anchor.shards[63] == fixture->anchor.shards[63]);
    REQUIRE(keyring_open_keep(fixture->keys.keep, GROUP, &keys) == 0);
    REQUIRE(keys.ring == fixture->keys.ring &&
            keys.private_key == fixture->keys.private_key &&
            keys.access_token == fixture->keys.access_token &&
            keys.session == fixture->keys.session);
    REQUIRE(keyring_write(&keys, KEYRING_PRIVATE, "refresh", 7, 0) == 0);
    REQUIRE(keyring_write(&keys, KEYRING_ACCESS_TOKEN, token, 7000, 60) == 0);
    REQUIRE(keyring_write(&keys, KEYRING_SESSION, "v=1\n", 4, 0) == 0);
    REQUIRE(keyring_read(keys.access_token, back, sizeof(back)) == 7000);
    REQUIRE(memcmp(back, token, 7000) == 0);
    REQUIRE(keyring_write(&keys, KEYRING_PRIVATE, token,
                          KEYRING_PAYLOAD_MAX + 1, 0) == -EMSGSIZE);
    REQUIRE(keyring_write(&keys, KEYRING_PRIVATE, token, 0, 0) == -EMSGSIZE);
    return 0;
}

static void
daemon_fills_with_the_group_alone(void **state)
{
    struct fixture *fixture = need_root(state);

    open_session(fixture);
    assert_int_equal(as(DAEMON, GROUP, false, check_daemon, fixture), 0);
}

/* What the session can do: read.  Nothing else. */
static int
check_session(struct fixture *fixture)
{
    const struct keyring_session *keys = &fixture->keys;
    char buffer[64];

    REQUIRE(keyring_read(keys->access_token, buffer, sizeof(buffer)) == 5);
    REQUIRE(memcmp(buffer, "token", 5) == 0);
    DENIED(keyctl_update(keys->access_token, "x", 1));
    DENIED(keyctl_revoke(keys->access_token));
    DENIED(keyctl_setperm(keys->access_token, KEY_POS_ALL));
    DENIED(keyctl_set_timeout(keys->access_token, 1));
    DENIED(keyctl_unlink(keys->access_token, keys->ring));
    DENIED(keyctl_clear(keys->ring));
    DENIED(keyctl_link(keys->access_token, KEY_SPEC_SESSION_KEYRING));
    DENIED(add_key("user", KEYRING_ACCESS_TOKEN, "x", 1, keys->ring));
    REQUIRE(keyring_read(keys->private_key, buffer, sizeof(buffer)) == -EACCES);
    REQUIRE(keyctl_describe(keys->private_key, buffer, sizeof(buffer)) < 0);
    REQUIRE(keyctl_describe(keys->keep, buffer, sizeof(buffer)) < 0);
    return 0;
}

static int
check_outside(struct fixture *fixture)
{
    char buffer[64];

    REQUIRE(keyring_read(fixture->keys.access_token, buffer, sizeof(buffer)) ==
            -EACCES);
    REQUIRE(keyring_read(fixture->keys.session, buffer, sizeof(buffer)) ==
            -EACCES);
    return 0;
}

static void
session_reads_and_nothing_else(void **state)
{
    struct fixture *fixture = need_root(state);

    open_session(fixture);
    assert_int_equal(
        keyring_write(&fixture->keys, KEYRING_ACCESS_TOKEN, "token", 5, 60), 0);
    assert_int_equal(as(ALICE, ALICE, true, check_session, fixture), 0);
    assert_int_equal(as(ALICE, ALICE, false, check_outside, fixture), 0);
    assert_int_equal(as(BOB, BOB, false, check_outside, fixture), 0);
}

static int
check_ended(struct fixture *fixture)
{
    char buffer[64];

    REQUIRE(keyring_read(fixture->keys.access_token, buffer, sizeof(buffer)) <
            0);
    REQUIRE(request_key("user", KEYRING_ACCESS_TOKEN, NULL, 0) < 0);
    return 0;
}

static void
nothing_is_reached_after_the_end(void **state)
{
    struct fixture *fixture = need_root(state);
    char buffer[64];

    open_session(fixture);
    assert_int_equal(
        keyring_write(&fixture->keys, KEYRING_ACCESS_TOKEN, "token", 5, 60), 0);
    assert_int_equal(keyring_alive(&fixture->keys), 0);
    assert_int_equal(keyring_end_session(&fixture->keys), 0);
    assert_int_equal(keyring_alive(&fixture->keys), -EKEYREVOKED);
    assert_int_equal(as(ALICE, ALICE, true, check_ended, fixture), 0);
    /* The daemon still has what the provider must be told. */
    assert_int_equal(
        keyring_read(fixture->keys.access_token, buffer, sizeof(buffer)), 5);
    assert_int_equal(keyring_end_session(&fixture->keys), 0);
}

static int
count_ring(const struct keyring_session *keys, void *context)
{
    struct keyring_session *seen = context;

    if (seen->ring != 0)
        return 1;
    *seen = *keys;
    return 0;
}

/* Somebody plants a ring of the right name and a token in his session. */
static int
check_planted(struct fixture *fixture)
{
    struct keyring_session seen = {0};
    char name[LAYOUT_NAME_MAX];
    key_serial_t ring;

    REQUIRE(keyctl_join_session_keyring(NULL) > 0);
    layout_ring_name(name, fixture->keys.id);
    ring = add_key("keyring", name, NULL, 0, KEY_SPEC_SESSION_KEYRING);
    REQUIRE(ring > 0);
    REQUIRE(add_key("user", KEYRING_ACCESS_TOKEN, "evil", 4, ring) > 0);
    REQUIRE(add_key("user", KEYRING_SESSION, "v=1\n", 4, ring) > 0);
    REQUIRE(keyring_walk_session(GROUP, count_ring, &seen) == 0);
    REQUIRE(seen.ring == 0);
    REQUIRE(keyring_check(ring, "keyring", name, GROUP) == -EPERM);
    return 0;
}

static void
planted_keys_are_passed_over(void **state)
{
    struct fixture *fixture = need_root(state);
    struct keyring_session seen = {0};

    assert_true(keyctl_join_session_keyring(NULL) > 0);
    open_session(fixture);
    assert_int_equal(keyring_walk_session(GROUP, count_ring, &seen), 0);
    assert_int_equal(seen.ring, fixture->keys.ring);
    assert_string_equal(seen.id, fixture->keys.id);
    assert_int_equal(seen.access_token, fixture->keys.access_token);
    assert_int_equal(seen.session, fixture->keys.session);
    assert_int_equal(seen.keep, 0);
    assert_int_equal(as(ALICE, ALICE, true, check_planted, fixture), 0);
}

static void
check_refuses_what_is_not_ours(void **state)
{
    struct fixture *fixture = need_root(state);
    char name[LAYOUT_NAME_MAX];

    open_session(fixture);
    layout_ring_name(name, fixture->keys.id);
    assert_int_equal(keyring_check(fixture->keys.ring, "keyring", name, GROUP),
                     0);
    assert_int_equal(keyring_check(fixture->keys.ring, "user", name, GROUP),
                     -EPERM);
    assert_int_equal(
        keyring_check(fixture->keys.ring, "keyring", name, GROUP + 1), -EPERM);
    assert_int_equal(
        keyring_check(fixture->keys.ring, "keyring", "signin:x", GROUP),
        -EPERM);
    assert_int_equal(
        keyring_check(KEY_SPEC_SESSION_KEYRING, "keyring", "_ses", GROUP),
        -EPERM);
    assert_int_equal(keyring_check(0, "keyring", name, GROUP), -EPERM);
    /* Root's own key of the right name, but of root's group. */
    assert_int_equal(keyring_check(add_key("keyring", name, NULL, 0,
                                           KEY_SPEC_THREAD_KEYRING),
                                   "keyring", name, GROUP),
                     -EPERM);
    keyctl_clear(KEY_SPEC_THREAD_KEYRING);
    assert_int_equal(
        keyring_open_keep(fixture->keys.ring, GROUP, &fixture->keys), -EPERM);
}

/* Wait until the kernel says that the key has expired. */
static bool
await_expiry(key_serial_t key)
{
    const struct timespec pause = {.tv_nsec = 20000000};

    for (int i = 0; i < 500; i++) {
        char buffer[8];

        if (keyring_read(key, buffer, sizeof(buffer)) == -EKEYEXPIRED)
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

static int
check_park(struct fixture *fixture)
{
    struct keyring_session keys = fixture->keys;
    char buffer[8];

    REQUIRE(keyring_timeout(keys.access_token, 1) == 0);
    REQUIRE(await_expiry(keys.access_token));
    REQUIRE(keyring_open_keep(keys.keep, GROUP, &keys) == 0);
    REQUIRE(keys.access_token == fixture->keys.access_token);
    REQUIRE(keyring_park(&keys) == 0);
    REQUIRE(keyctl_search(keys.ring, "user", KEYRING_ACCESS_TOKEN, 0) < 0);
    REQUIRE(keyring_write(&keys, KEYRING_ACCESS_TOKEN, "new", 3, 60) == 0);
    REQUIRE(keyring_unpark(&keys) == 0);
    REQUIRE(keyring_read(keys.access_token, buffer, sizeof(buffer)) == 3);
    return 0;
}

static int
check_sees_new(struct fixture *fixture)
{
    char buffer[8];

    (void)fixture;
    REQUIRE(keyring_read(request_key("user", KEYRING_ACCESS_TOKEN, NULL, 0),
                         buffer, sizeof(buffer)) == 3);
    return 0;
}

static void
expired_token_is_parked_and_renewed(void **state)
{
    struct fixture *fixture = need_root(state);

    assert_true(keyctl_join_session_keyring(NULL) > 0);
    open_session(fixture);
    assert_int_equal(as(DAEMON, GROUP, false, check_park, fixture), 0);
    assert_int_equal(as(ALICE, ALICE, true, check_sees_new, fixture), 0);
}

static int
check_collected(struct fixture *fixture)
{
    struct keyring_session keys = fixture->keys;

    REQUIRE(keyctl_invalidate(keys.access_token) == 0);
    /* Knowing a serial that is gone must not make a key of our own. */
    REQUIRE(keyring_write(&keys, KEYRING_ACCESS_TOKEN, "new", 3, 60) ==
            -ENOKEY);
    REQUIRE(keyctl_search(keys.keep, "user", KEYRING_ACCESS_TOKEN, 0) < 0);
    return 0;
}

static void
collected_pocket_is_mended_by_root(void **state)
{
    struct fixture *fixture = need_root(state);
    struct keyring_session keys = {0};

    open_session(fixture);
    assert_int_equal(as(DAEMON, GROUP, false, check_collected, fixture), 0);
    assert_int_equal(keyring_open_keep(fixture->keys.keep, GROUP, &keys), 0);
    assert_int_equal(keys.access_token, 0);
    assert_int_equal(keyring_mend(&keys, GROUP), 0);
    assert_int_not_equal(keys.access_token, 0);
    assert_int_equal(keyring_write(&keys, KEYRING_ACCESS_TOKEN, "again", 5, 0),
                     0);
    assert_int_equal(keyctl_search(keys.ring, "user", KEYRING_ACCESS_TOKEN, 0),
                     keys.access_token);
}

static int
count_keep(key_serial_t keep, key_serial_t shard, void *context)
{
    int *count = context;

    (void)keep;
    (void)shard;
    (*count)++;
    return 0;
}

static int
check_forget(struct fixture *fixture)
{
    int count = 0;

    REQUIRE(keyring_anchor_walk(&fixture->anchor, count_keep, &count) == 0);
    REQUIRE(count == 1);
    REQUIRE(keyring_forget(&fixture->keys, fixture->anchor.shards[5]) == 0);
    count = 0;
    REQUIRE(keyring_anchor_walk(&fixture->anchor, count_keep, &count) == 0);
    REQUIRE(count == 0);
    return 0;
}

static void
forgotten_session_leaves_nothing(void **state)
{
    struct fixture *fixture = need_root(state);

    open_session(fixture);
    assert_int_equal(as(DAEMON, GROUP, false, check_forget, fixture), 0);
    assert_int_not_equal(keyring_alive(&fixture->keys), 0);
}

static void
anchor_is_found_again(void **state)
{
    struct fixture *fixture = need_root(state);
    struct keyring_anchor again = {0};

    assert_int_equal(keyring_anchor_make(fixture->machine_id, GROUP, &again),
                     0);
    assert_memory_equal(&again, &fixture->anchor, sizeof(again));
    assert_int_equal(keyring_anchor_make("", GROUP, &again), -EINVAL);
    assert_int_equal(keyring_anchor_make("uninitialized", GROUP, &again),
                     -EINVAL);
    /* Another group's anchor of that name is not believed. */
    assert_int_equal(keyring_anchor_open(fixture->anchor.anchor,
                                         fixture->machine_id, GROUP + 1,
                                         &again),
                     -EPERM);
}

static void
ids_are_checked(void **state)
{
    char id[KEYRING_ID_LENGTH + 1], other[KEYRING_ID_LENGTH + 1];

    (void)state;
    assert_int_equal(keyring_id_make(id), 0);
    assert_int_equal(keyring_id_make(other), 0);
    assert_true(keyring_id_valid(id));
    assert_string_not_equal(id, other);
    assert_false(keyring_id_valid(""));
    assert_false(keyring_id_valid("0123456789abcdef0123456789abcdeF"));
    assert_false(keyring_id_valid("0123456789abcdef0123456789abcdef0"));
    assert_false(keyring_id_valid("0123456789abcdef0123456789abcde"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_checked),
        cmocka_unit_test_setup_teardown(rights_are_as_the_layout_says, begin,
                                        end),
        cmocka_unit_test_setup_teardown(daemon_fills_with_the_group_alone,
                                        begin, end),
        cmocka_unit_test_setup_teardown(session_reads_and_nothing_else, begin,
                                        end),
        cmocka_unit_test_setup_teardown(nothing_is_reached_after_the_end, begin,
                                        end),
        cmocka_unit_test_setup_teardown(planted_keys_are_passed_over, begin,
                                        end),
        cmocka_unit_test_setup_teardown(check_refuses_what_is_not_ours, begin,
                                        end),
        cmocka_unit_test_setup_teardown(expired_token_is_parked_and_renewed,
                                        begin, end),
        cmocka_unit_test_setup_teardown(collected_pocket_is_mended_by_root,
                                        begin, end),
        cmocka_unit_test_setup_teardown(forgotten_session_leaves_nothing, begin,
                                        end),
        cmocka_unit_test_setup_teardown(anchor_is_found_again, begin, end),
    };

    return cmocka_run_group_tests_name("keyring", tests, NULL, NULL);
}
