/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A snapshot that is cut off or damaged anywhere is an error, or says what it
 * said before; none crashes, hangs, or tells of somebody who cannot be.
 * SIGNIN_TEST_LONG in the environment: fifty times as much of it.
 */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

static int
prepare(void **state)
{
    (void)state;
    snapshot_write_usual();
    return 0;
}

static unsigned answers;

static void
check_user(struct outcome outcome, const struct passwd *entry)
{
    assert_contract(outcome);
    if (outcome.status != NSS_STATUS_SUCCESS)
        return;
    answers++;
    assert_true(people_name_valid(entry->pw_name));
    assert_true(people_id_valid(entry->pw_uid));
    assert_true(people_id_valid(entry->pw_gid));
    assert_string_equal(entry->pw_passwd, "*");
    assert_int_equal(entry->pw_dir[0], '/');
    assert_int_equal(entry->pw_shell[0], '/');
    assert_null(strpbrk(entry->pw_gecos, ":\n"));
    assert_null(strpbrk(entry->pw_dir, ":\n"));
    assert_null(strpbrk(entry->pw_shell, ":\n"));
}

static void
check_group(struct outcome outcome, const struct group *entry)
{
    assert_contract(outcome);
    if (outcome.status != NSS_STATUS_SUCCESS)
        return;
    answers++;
    assert_true(people_name_valid(entry->gr_name));
    assert_true(people_id_valid(entry->gr_gid));
    for (char **member = entry->gr_mem; *member != NULL; member++)
        assert_true(people_name_valid(*member));
}

static void
ask_for_users(void)
{
    struct passwd user;
    char buffer[256];
    struct outcome outcome;

    outcome = call_getpwnam("alice", &user, buffer, sizeof(buffer));
    check_user(outcome, &user);
    if (outcome.status == NSS_STATUS_SUCCESS)
        assert_string_equal(user.pw_name, "alice");
    outcome = call_getpwuid(BOB_UID, &user, buffer, sizeof(buffer));
    check_user(outcome, &user);
    if (outcome.status == NSS_STATUS_SUCCESS)
        assert_int_equal(user.pw_uid, BOB_UID);
    _nss_signin_setpwent(0);
    for (unsigned i = 0;; i++) {
        assert_true(i < 10);
        outcome = call_getpwent(&user, buffer, sizeof(buffer));
        check_user(outcome, &user);
        if (outcome.status != NSS_STATUS_SUCCESS)
            break;
    }
}

static void
ask_for_groups(void)
{
    struct group group;
    char buffer[256];
    struct outcome outcome;
    gid_t *groups;
    long count;

    outcome = call_getgrnam("staff", &group, buffer, sizeof(buffer));
    check_group(outcome, &group);
    if (outcome.status == NSS_STATUS_SUCCESS)
        assert_string_equal(group.gr_name, "staff");
    outcome = call_getgrgid(STAFF_GID, &group, buffer, sizeof(buffer));
    check_group(outcome, &group);
    if (outcome.status == NSS_STATUS_SUCCESS)
        assert_int_equal(group.gr_gid, STAFF_GID);
    _nss_signin_setgrent(0);
    for (unsigned i = 0;; i++) {
        assert_true(i < 10);
        outcome = call_getgrent(&group, buffer, sizeof(buffer));
        check_group(outcome, &group);
        if (outcome.status != NSS_STATUS_SUCCESS)
            break;
    }
    outcome = call_initgroups("alice", ALICE_UID, 1, -1, &groups, &count);
    assert_contract(outcome);
    for (long i = 0; i < count; i++)
        assert_true(people_id_valid(groups[i]));
    answers += count > 1;
    free(groups);
}

static void
cut_off_anywhere(void **state)
{
    size_t length;
    unsigned char *bytes = snapshot_load(&length);

    (void)state;
    answers = 0;
    for (size_t cut = 0; cut <= length; cut++) {
        snapshot_store(bytes, cut);
        ask_for_users();
        ask_for_groups();
        if (cut < SNAPSHOT_TABLES)
            assert_int_equal(answers, 0);
    }
    /* In the end it is whole: 2 + 2 users, 2 + 4 groups, a list of gids. */
    answers = 0;
    ask_for_users();
    ask_for_groups();
    assert_int_equal(answers, 11);
    free(bytes);
}

/* xorshift: the same damage in every run. */
static uint32_t
next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void
damaged_at_random(void **state)
{
    const char *more = getenv("SIGNIN_TEST_LONG");
    unsigned rounds = more == NULL ? 10000 : 500000;
    size_t length;
    unsigned char *bytes = snapshot_load(&length), *damaged = malloc(length);
    uint32_t seed = 20261120;

    (void)state;
    assert_non_null(damaged);
    answers = 0;
    for (unsigned round = 0; round < rounds; round++) {
        memcpy(damaged, bytes, length);
        for (unsigned i = next_random(&seed) % 64; i < 64; i++) {
            uint32_t at = next_random(&seed);

            /* Half of it where the records are, and the tables' heads. */
            at = at % 2 == 0 ? at % (uint32_t)length
                             : SNAPSHOT_TABLES + at % 847;
            damaged[at % length] = (unsigned char)next_random(&seed);
        }
        snapshot_store(damaged, length);
        ask_for_users();
        ask_for_groups();
    }
    assert_true(answers > rounds / 10);
    free(bytes);
    free(damaged);
}

/* One bit of every byte; with SIGNIN_TEST_LONG all of them. */
static void
flipped_bits(void **state)
{
    size_t step = getenv("SIGNIN_TEST_LONG") == NULL ? 9 : 1, length;
    unsigned char *bytes = snapshot_load(&length);

    (void)state;
    for (size_t bit = 0; bit < length * 8; bit += step) {
        bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
        snapshot_store(bytes, length);
        ask_for_users();
        ask_for_groups();
        bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
    }
    free(bytes);
}

/* ---- tables of an enemy ----------------------------------------------------
 */

static void
put_u32(unsigned char *to, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

/* Every table is the same one, of count slots, all alike. */
static void
store_table(uint32_t count, uint32_t hash, uint32_t position)
{
    size_t length = SNAPSHOT_TABLES + (size_t)count * 8;
    unsigned char *bytes = calloc(1, length);

    assert_non_null(bytes);
    for (size_t i = 0; i < 256; i++) {
        put_u32(bytes + i * 8, SNAPSHOT_TABLES);
        put_u32(bytes + i * 8 + 4, count);
    }
    for (size_t i = 0; i < count; i++) {
        put_u32(bytes + SNAPSHOT_TABLES + i * 8, hash);
        put_u32(bytes + SNAPSHOT_TABLES + i * 8 + 4, position);
    }
    snapshot_store(bytes, length);
    free(bytes);
}

static void
tables_without_an_end(void **state)
{
    (void)state;
    /* Full, and nobody is in it: small ones are searched through. */
    store_table(8, 1, SNAPSHOT_TABLES);
    assert_int_equal(status_of_uid(ALICE_UID), NSS_STATUS_NOTFOUND);
    store_table(1 << 20, 1, SNAPSHOT_TABLES);
    assert_int_equal(status_of_uid(ALICE_UID), NSS_STATUS_UNAVAIL);
    /* Longer than the file, in the header, behind the end. */
    store_table(8, 1, SNAPSHOT_TABLES);
    for (size_t i = 0; i < 3; i++) {
        static const uint32_t pairs[][2] = {
            {SNAPSHOT_TABLES, 9}, {8, 8}, {UINT32_MAX - 3, UINT32_MAX}};
        unsigned char *bytes;
        size_t length;

        bytes = snapshot_load(&length);
        for (size_t j = 0; j < 256; j++) {
            put_u32(bytes + j * 8, pairs[i][0]);
            put_u32(bytes + j * 8 + 4, pairs[i][1]);
        }
        snapshot_store(bytes, length);
        assert_int_equal(status_of_uid(ALICE_UID), NSS_STATUS_UNAVAIL);
        free(bytes);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(cut_off_anywhere, prepare),
        cmocka_unit_test_setup(damaged_at_random, prepare),
        cmocka_unit_test_setup(flipped_bits, prepare),
        cmocka_unit_test_setup(tables_without_an_end, prepare),
    };

    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
