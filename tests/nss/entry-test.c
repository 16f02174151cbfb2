/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A well-made snapshot that tells lies: entries under another's name or
 * number, with numbers nobody may have, with fields that run over, with low
 * gids; and the longest ones that are allowed.
 */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REST "::/home/mallory:/bin/sh"

/* A snapshot with these records alone. */
static void
write_record(const char *key, const char *data)
{
    snapshot_write_begin();
    snapshot_write(key, data, strlen(data));
    snapshot_write_end(true);
}

static void
users_that_cannot_be(void **state)
{
    static const char *const lines[] = {
        "",
        "mallory",
        "bob:2000:2000::/home/bob:/bin/sh",
        "mallory2:2000:2000::/home/bob:/bin/sh",
        "mallory:0:2000::/:/bin/sh",
        "mallory:999:2000::/:/bin/sh",
        "mallory:61184:2000::/:/bin/sh",
        "mallory:65534:2000::/:/bin/sh",
        "mallory:4294967295:2000::/:/bin/sh",
        "mallory:4294967296:2000::/:/bin/sh",
        "mallory:4294968296:2000::/:/bin/sh",
        "mallory:02000:2000::/:/bin/sh",
        "mallory:-1:2000::/:/bin/sh",
        "mallory:+2000:2000::/:/bin/sh",
        "mallory: 2000:2000::/:/bin/sh",
        "mallory:2000:0::/:/bin/sh",
        "mallory:2000:27::/:/bin/sh",
        "mallory:2000:65534::/:/bin/sh",
        "mallory:2000:::/:/bin/sh",
        "mallory:2000:2000::/",
        "mallory:2000:2000::/:",
        "mallory:2000:2000:::/bin/sh",
        "mallory:2000:2000::home:/bin/sh",
        "mallory:2000:2000::/:sh",
        "mallory:2000:2000::/:/bin/sh:",
        "mallory:2000:2000::/:/bin/sh\n",
        "mallory:2000:2000:a\nroot::0:0::/:/bin/sh",
        "mallory:2000:2000:\177:/:/bin/sh",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        write_record("Nmallory", lines[i]);
        assert_int_equal(status_of_name("mallory"), NSS_STATUS_UNAVAIL);
        write_record("U2000", lines[i]);
        if (strncmp(lines[i], "bob", 3) != 0 &&
            strncmp(lines[i], "mallory2", 8) != 0)
            assert_int_equal(status_of_uid(2000), NSS_STATUS_UNAVAIL);
    }
    write_record("U2001", "mallory:2000:2000" REST);
    assert_int_equal(status_of_uid(2001), NSS_STATUS_UNAVAIL);
    write_record("Nmallory", "mallory:2000:2000" REST);
    assert_int_equal(status_of_name("mallory"), NSS_STATUS_SUCCESS);
}

static void
groups_that_cannot_be(void **state)
{
    static const char *const lines[] = {
        "",
        "wheel",
        "wheel:3000",
        "staff:3000:",
        "wheel:0:mallory",
        "wheel:27:mallory",
        "wheel:999:",
        "wheel:65534:",
        "wheel:03000:",
        "wheel:3000:,",
        "wheel:3000:a,",
        "wheel:3000:,a",
        "wheel:3000:a,,b",
        "wheel:3000:a b",
        "wheel:3000:A",
        "wheel:3000:a:b",
        "wheel:3000:a\n",
        "wheel:3000:a23456789012345678901234567890123",
    };

    (void)state;
    local_groups_write("wheel:27\n");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        write_record("Gwheel", lines[i]);
        assert_int_equal(status_of_group("wheel"), NSS_STATUS_UNAVAIL);
        write_record("I3000", lines[i]);
        if (strcmp(lines[i], "staff:3000:") != 0)
            assert_int_equal(status_of_gid(3000), NSS_STATUS_UNAVAIL);
        _nss_signin_setgrent(0);
        write_record("Gwheel", lines[i]);
        assert_int_equal(
            call_getgrent(&(struct group){0}, (char[256]){0}, 256).status,
            NSS_STATUS_NOTFOUND);
    }
    write_record("I3001", "wheel:3000:");
    assert_int_equal(status_of_gid(3001), NSS_STATUS_UNAVAIL);
    write_record("I27", "wheel:27:mallory");
    assert_int_equal(status_of_gid(27), NSS_STATUS_NOTFOUND);
    write_record("Gwheel", "wheel:3000:a,b");
    assert_int_equal(status_of_group("wheel"), NSS_STATUS_SUCCESS);
    local_groups_write(NULL);
}

/* ---- the longest entries ---- */

static void
largest_group(void **state)
{
    size_t length = 0, size = PEOPLE_GROUP_MAX * 12UL, count = 0;
    char *members = malloc(PEOPLE_GROUP_MAX), *buffer = malloc(size);
    const size_t head = strlen("large:1900000003:");
    struct group entry;
    size_t least = 0;

    (void)state;
    assert_non_null(members);
    assert_non_null(buffer);
    /* Exactly the longest entry: "u,u,...,uu". */
    while (head + length + 2 <= PEOPLE_GROUP_MAX - 1) {
        members[length++] = 'u';
        members[length++] = ',';
    }
    members[length++] = 'u';
    while (head + length < PEOPLE_GROUP_MAX)
        members[length++] = 'u';
    members[length] = '\0';
    snapshot_write_begin();
    snapshot_write_group("large", 1900000003, members);
    snapshot_write_end(false);

    /* Doubling, as glibc does. */
    for (size_t room = 1024; room <= size; room *= 2) {
        struct outcome outcome = call_getgrnam("large", &entry, buffer, room);

        assert_contract(outcome);
        if (outcome.status == NSS_STATUS_SUCCESS) {
            least = room;
            break;
        }
        assert_int_equal(outcome.status, NSS_STATUS_TRYAGAIN);
    }
    assert_true(least > PEOPLE_GROUP_MAX);
    while (entry.gr_mem[count] != NULL)
        assert_int_equal(entry.gr_mem[count++][0], 'u');
    assert_int_equal(count, (length + 1) / 2);

    /* One byte more is not an entry. */
    members[length++] = 'u';
    members[length] = '\0';
    snapshot_write_begin();
    snapshot_write_group("large", 1900000003, members);
    snapshot_write_end(false);
    assert_int_equal(call_getgrnam("large", &entry, buffer, size).status,
                     NSS_STATUS_UNAVAIL);
    free(members);
    free(buffer);
}

static void
longest_user(void **state)
{
    char rest[PEOPLE_USER_MAX + 64], buffer[PEOPLE_USER_MAX + 64];
    const size_t head = strlen("carol:1879048300:1879048300:");
    struct passwd entry;
    size_t length = PEOPLE_USER_MAX - head;

    (void)state;
    for (int longer = 0; longer < 2; longer++) {
        memset(rest, 'g', sizeof(rest));
        strcpy(rest + length + (size_t)longer - 4, ":/:/");
        snapshot_write_begin();
        snapshot_write_user("carol", 1879048300, 1879048300, rest);
        snapshot_write_end(false);
        assert_int_equal(
            call_getpwnam("carol", &entry, buffer, sizeof(buffer)).status,
            longer ? NSS_STATUS_UNAVAIL : NSS_STATUS_SUCCESS);
        assert_int_equal(call_getpwnam("carol", &entry, buffer, 10).status,
                         longer ? NSS_STATUS_UNAVAIL : NSS_STATUS_TRYAGAIN);
    }
}

/* ---- low gids --------------------------------------------------------------
 */

static enum nss_status
status_with_primary_gid(unsigned gid)
{
    char line[128];

    snprintf(line, sizeof(line), "mallory:2000:%u::/:/bin/sh", gid);
    write_record("Nmallory", line);
    return status_of_name("mallory");
}

#define LIST_IS_ROOTS "the list of local groups must be root's"

static void
primary_gid_from_the_list(void **state)
{
    (void)state;
    need_root(LIST_IS_ROOTS);
    local_groups_write("users:100\nDebian-exim:118\ndialout:20\n");
    assert_int_equal(status_with_primary_gid(100), NSS_STATUS_SUCCESS);
    assert_int_equal(status_with_primary_gid(118), NSS_STATUS_SUCCESS);
    assert_int_equal(status_with_primary_gid(20), NSS_STATUS_SUCCESS);
    assert_int_equal(status_with_primary_gid(10), NSS_STATUS_UNAVAIL);
    assert_int_equal(status_with_primary_gid(2), NSS_STATUS_UNAVAIL);
    assert_int_equal(status_with_primary_gid(0), NSS_STATUS_UNAVAIL);
    assert_int_equal(status_with_primary_gid(61184), NSS_STATUS_UNAVAIL);
    local_groups_write(NULL);
    assert_int_equal(status_with_primary_gid(100), NSS_STATUS_UNAVAIL);
}

static void
lists_that_do_not_count(void **state)
{
    static const char *const lists[] = {"",
                                        "users",
                                        "users:",
                                        "users:\n",
                                        "users:100" /* cut off */,
                                        "users:100 \n",
                                        "users:100:\n",
                                        "100\n",
                                        ":1001\n",
                                        "users:1100\n",
                                        "users:65534\n",
                                        "users:99999999999999999999100\n",
                                        "users:-100\n"};

    (void)state;
    need_root(LIST_IS_ROOTS);
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        local_groups_write(lists[i]);
        assert_int_equal(status_with_primary_gid(100), NSS_STATUS_UNAVAIL);
        assert_int_equal(status_with_primary_gid(0), NSS_STATUS_UNAVAIL);
    }
    local_groups_write("users:100\n");
    assert_int_equal(status_with_primary_gid(100), NSS_STATUS_SUCCESS);
    assert_int_equal(chmod(PEOPLE_LOCAL_GROUPS, 0664), 0);
    assert_int_equal(status_with_primary_gid(100), NSS_STATUS_UNAVAIL);
    assert_int_equal(chmod(PEOPLE_LOCAL_GROUPS, 0644), 0);
    /* Not even signind's own. */
    assert_int_equal(chown(PEOPLE_DIRECTORY, 1001, 0), 0);
    assert_int_equal(status_with_primary_gid(100), NSS_STATUS_SUCCESS);
    assert_int_equal(chown(PEOPLE_LOCAL_GROUPS, 1001, 0), 0);
    assert_int_equal(status_with_primary_gid(100), NSS_STATUS_UNAVAIL);
    assert_int_equal(chown(PEOPLE_DIRECTORY, 0, 0), 0);
    local_groups_write(NULL);
}

static void
long_list(void **state)
{
    char text[PEOPLE_LOCAL_GROUPS_MAX * 16 + 64] = "";
    size_t at = 0;

    (void)state;
    need_root(LIST_IS_ROOTS);
    for (unsigned i = 0; i <= PEOPLE_LOCAL_GROUPS_MAX; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "g%u:%u\n", i,
                               100 + i);
    local_groups_write(text);
    assert_int_equal(status_with_primary_gid(100), NSS_STATUS_SUCCESS);
    assert_int_equal(status_with_primary_gid(100 + PEOPLE_LOCAL_GROUPS_MAX - 1),
                     NSS_STATUS_SUCCESS);
    assert_int_equal(status_with_primary_gid(100 + PEOPLE_LOCAL_GROUPS_MAX),
                     NSS_STATUS_UNAVAIL);
    local_groups_write(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_that_cannot_be),
        cmocka_unit_test(groups_that_cannot_be),
        cmocka_unit_test(largest_group),
        cmocka_unit_test(longest_user),
        cmocka_unit_test(primary_gid_from_the_list),
        cmocka_unit_test(lists_that_do_not_count),
        cmocka_unit_test(long_list),
    };

    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
