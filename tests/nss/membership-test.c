/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * initgroups: where groups become rights.  All of a user's or none; what
 * nobody outside may be in is left out; limits are kept.
 */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* alice's groups by this entry; the primary one is 5000.  "5000 ..." */
static char *
groups_of(const char *gids, long size, long limit, struct outcome *ret_outcome)
{
    static char text[1024];
    size_t at = 0;
    gid_t *groups;
    long count;

    snapshot_write_begin();
    snapshot_write_gids("alice", gids);
    snapshot_write_end(false);
    *ret_outcome = call_initgroups("alice", 5000, size, limit, &groups, &count);
    assert_int_equal(ret_outcome->errno_after, ERRNO_BEFORE);
    for (long i = 0; i < count && at < sizeof(text) - 16; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u",
                               i == 0 ? "" : " ", groups[i]);
    free(groups);
    return text;
}

static void
groups_are_appended(void **state)
{
    struct outcome outcome;

    (void)state;
    for (long size = 1; size < 6; size++) {
        assert_string_equal(groups_of("6000,6001,6002", size, -1, &outcome),
                            "5000 6000 6001 6002");
        assert_int_equal(outcome.status, NSS_STATUS_SUCCESS);
    }
    /* The primary one is in the list already. */
    assert_string_equal(groups_of("5000,6000,5000", 1, 0, &outcome),
                        "5000 6000");
    assert_string_equal(groups_of("", 1, 0, &outcome), "5000");
    assert_int_equal(outcome.status, NSS_STATUS_SUCCESS);
}

static void
limits_are_kept(void **state)
{
    struct outcome outcome;

    (void)state;
    assert_string_equal(groups_of("6000,6001,6002", 1, 1, &outcome), "5000");
    assert_int_equal(outcome.status, NSS_STATUS_SUCCESS);
    assert_string_equal(groups_of("6000,6001,6002", 1, 2, &outcome),
                        "5000 6000");
    assert_string_equal(groups_of("6000,6001,6002", 3, 3, &outcome),
                        "5000 6000 6001");
    assert_string_equal(groups_of("6000,6001,6002", 1, 100, &outcome),
                        "5000 6000 6001 6002");
    assert_int_equal(outcome.status, NSS_STATUS_SUCCESS);
}

static void
low_gids_are_left_out(void **state)
{
    struct outcome outcome;

    (void)state;
    assert_string_equal(
        groups_of("0,6000,27,999,61184,65534,4294967295,6001", 1, -1, &outcome),
        "5000 6000 6001");
    assert_int_equal(outcome.status, NSS_STATUS_SUCCESS);
    if (geteuid() != 0)
        return;
    local_groups_write("dialout:20\nusers:100\n");
    assert_string_equal(groups_of("0,20,27,6000,100", 1, -1, &outcome),
                        "5000 20 6000 100");
    local_groups_write(NULL);
}

static void
lists_that_are_none(void **state)
{
    static const char *const lists[] = {
        ",",          "6000,",     ",6000", "6000,,6001", "6000,x",
        "6000, 6001", "6000:6001", "06000", "4294967296", "-1"};
    struct outcome outcome;

    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        assert_string_equal(groups_of(lists[i], 1, -1, &outcome), "5000");
        assert_int_equal(outcome.status, NSS_STATUS_UNAVAIL);
        assert_int_equal(outcome.error, ENOENT);
    }
    /* Of somebody else. */
    snapshot_write_begin();
    snapshot_write("Malice", "bob:6000", 8);
    snapshot_write_end(false);
    {
        gid_t *groups;
        long count;

        outcome = call_initgroups("alice", 5000, 1, -1, &groups, &count);
        assert_int_equal(outcome.status, NSS_STATUS_UNAVAIL);
        assert_int_equal(count, 1);
        free(groups);
        outcome = call_initgroups("bob", 5000, 1, -1, &groups, &count);
        assert_int_equal(outcome.status, NSS_STATUS_NOTFOUND);
        assert_int_equal(count, 1);
        free(groups);
    }
}

/* Fill text with so many gids of different lengths; then something behind. */
static void
make_list(char *text, size_t size, unsigned count, const char *behind)
{
    size_t at = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < count; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%u", i == 0 ? "" : ",",
                               i % 3 == 0 ? 100000 + i : 1900000000 + i);
    snprintf(text + at, size - at, "%s", behind);
}

static void
long_lists(void **state)
{
    const size_t size = (PEOPLE_GIDS_MAX + 1) * 11UL + 16;
    char *text = malloc(size);
    struct outcome outcome;
    gid_t *groups;
    long count;

    (void)state;
    assert_non_null(text);
    for (unsigned wanted = 1; wanted < PEOPLE_GIDS_MAX;
         wanted += 1 + wanted / 3) {
        make_list(text, size, wanted, "");
        snapshot_write_begin();
        snapshot_write_gids("alice", text);
        snapshot_write_end(false);
        outcome = call_initgroups("alice", 5000, 1, -1, &groups, &count);
        assert_int_equal(outcome.status, NSS_STATUS_SUCCESS);
        assert_int_equal(count, wanted + 1);
        for (unsigned i = 0; i < wanted; i++)
            assert_int_equal(groups[i + 1],
                             i % 3 == 0 ? 100000 + i : 1900000000 + i);
        free(groups);
    }
    /* A fault anywhere, however late, and none of them counts. */
    for (unsigned wanted = 1; wanted < 300; wanted++) {
        static const char *const faults[] = {",", ",,7000", ",7000,", ",x"};

        make_list(text, size, wanted, faults[wanted % 4]);
        snapshot_write_begin();
        snapshot_write_gids("alice", text);
        snapshot_write_end(false);
        outcome = call_initgroups("alice", 5000, 1, -1, &groups, &count);
        assert_int_equal(outcome.status, NSS_STATUS_UNAVAIL);
        assert_int_equal(count, 1);
        free(groups);
    }
    for (unsigned more = 0; more < 2; more++) {
        make_list(text, size, PEOPLE_GIDS_MAX + more, "");
        snapshot_write_begin();
        snapshot_write_gids("alice", text);
        snapshot_write_end(false);
        outcome = call_initgroups("alice", 5000, 1, -1, &groups, &count);
        assert_int_equal(outcome.status,
                         more == 0 ? NSS_STATUS_SUCCESS : NSS_STATUS_UNAVAIL);
        free(groups);
    }
    free(text);
}

static void
hidden_behind_a_nul(void **state)
{
    char entry[2048] = "alice:";
    struct outcome outcome;
    size_t at = 6;
    gid_t *groups;
    long count;

    (void)state;
    while (at < 1800) {
        memcpy(entry + at, "6000,", 5);
        at += 5;
    }
    entry[1203] = '\0';
    memcpy(entry + at, "6001", 4);
    snapshot_write_begin();
    snapshot_write("Malice", entry, at + 4);
    snapshot_write_end(false);
    outcome = call_initgroups("alice", 5000, 1, -1, &groups, &count);
    assert_int_equal(outcome.status, NSS_STATUS_UNAVAIL);
    assert_int_equal(count, 1);
    free(groups);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_appended),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(low_gids_are_left_out),
        cmocka_unit_test(lists_that_are_none),
        cmocka_unit_test(long_lists),
        cmocka_unit_test(hidden_behind_a_nul),
    };

    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
