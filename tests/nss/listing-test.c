/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Enumeration: only where the snapshot allows it, in its order, once each;
 * and what becomes of it when the snapshot is replaced in between.
 */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* "alice bob": the names that come from now on. */
static const char *
rest_of_users(void)
{
    static char names[256];
    struct passwd entry;
    char buffer[256];
    struct outcome outcome;

    names[0] = '\0';
    while ((outcome = call_getpwent(&entry, buffer, sizeof(buffer))).status ==
           NSS_STATUS_SUCCESS) {
        strcat(names, names[0] == '\0' ? "" : " ");
        strcat(names, entry.pw_name);
        assert_true(strlen(names) < 200);
    }
    assert_contract(outcome);
    assert_int_equal(outcome.status, NSS_STATUS_NOTFOUND);
    return names;
}

static const char *
all_users(void)
{
    assert_int_equal(_nss_signin_setpwent(0), NSS_STATUS_SUCCESS);
    return rest_of_users();
}

static const char *
all_groups(void)
{
    static char names[256];
    struct group entry;
    char buffer[256];

    names[0] = '\0';
    assert_int_equal(_nss_signin_setgrent(0), NSS_STATUS_SUCCESS);
    while (call_getgrent(&entry, buffer, sizeof(buffer)).status ==
           NSS_STATUS_SUCCESS) {
        strcat(names, names[0] == '\0' ? "" : " ");
        strcat(names, entry.gr_name);
        assert_true(strlen(names) < 200);
    }
    return names;
}

static void
in_order(void **state)
{
    (void)state;
    snapshot_write_usual();
    assert_string_equal(all_users(), "alice bob");
    assert_string_equal(all_groups(), "alice bob staff empty");
    /* At the end it stays, until it is rewound. */
    assert_string_equal(rest_of_users(), "");
    assert_int_equal(_nss_signin_endpwent(), NSS_STATUS_SUCCESS);
    assert_string_equal(rest_of_users(), "alice bob");
    assert_int_equal(_nss_signin_endgrent(), NSS_STATUS_SUCCESS);
}

static void
only_if_allowed(void **state)
{
    static const char *const values[] = {
        "1", "", "1 enumerate ", "enumerate", "2 enumerate", "1  enumerate"};

    (void)state;
    snapshot_write_begin();
    snapshot_write_user("alice", ALICE_UID, ALICE_UID, ":/:/bin/sh");
    snapshot_write_group("alice", ALICE_UID, "");
    snapshot_write_end(false);
    assert_string_equal(all_users(), "");
    assert_string_equal(all_groups(), "");
    assert_int_equal(status_of_name("alice"), NSS_STATUS_SUCCESS);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        snapshot_write_begin();
        snapshot_write_user("alice", ALICE_UID, ALICE_UID, ":/:/bin/sh");
        /* The first record of a key counts. */
        snapshot_write("V", values[i], strlen(values[i]));
        snapshot_write_end(true);
        assert_string_equal(all_users(), "");
    }
    unlink(PEOPLE_SNAPSHOT);
    _nss_signin_setpwent(0);
    assert_int_equal(
        call_getpwent(&(struct passwd){0}, (char[64]){0}, 64).status,
        NSS_STATUS_UNAVAIL);
}

static void
who_cannot_be_is_left_out(void **state)
{
    (void)state;
    snapshot_write_begin();
    snapshot_write_user("root", 0, 0, ":/:/bin/sh");
    snapshot_write_user("alice", ALICE_UID, ALICE_UID, ":/:/bin/sh");
    snapshot_write("Neve", "mallory:2000:2000::/:/bin/sh", 28);
    snapshot_write("N", "", 0);
    snapshot_write("a key that is longer than any of ours can be", "x", 1);
    snapshot_write_user("bob", BOB_UID, BOB_UID, ":/:/bin/sh");
    snapshot_write_group("sudo", 27, "alice");
    snapshot_write_group("staff", STAFF_GID, "");
    snapshot_write_end(true);
    assert_string_equal(all_users(), "alice bob");
    assert_string_equal(all_groups(), "staff");
}

static void
replaced_in_between(void **state)
{
    struct passwd entry;
    char buffer[256];

    (void)state;
    snapshot_write_usual();
    _nss_signin_setpwent(0);
    assert_int_equal(call_getpwent(&entry, buffer, sizeof(buffer)).status,
                     NSS_STATUS_SUCCESS);
    assert_string_equal(entry.pw_name, "alice");
    snapshot_write_usual();
    assert_string_equal(rest_of_users(), "");
    assert_string_equal(rest_of_users(), "");
    assert_string_equal(all_users(), "alice bob");
    /* Gone altogether. */
    _nss_signin_setpwent(0);
    assert_int_equal(call_getpwent(&entry, buffer, sizeof(buffer)).status,
                     NSS_STATUS_SUCCESS);
    unlink(PEOPLE_SNAPSHOT);
    assert_int_equal(call_getpwent(&entry, buffer, sizeof(buffer)).status,
                     NSS_STATUS_UNAVAIL);
    snapshot_write_usual();
}

/* Two processes after a fork: each goes on for itself. */
static void
forked_in_between(void **state)
{
    struct passwd entry;
    char buffer[256];
    int status;
    pid_t child;

    (void)state;
    snapshot_write_usual();
    _nss_signin_setpwent(0);
    call_getpwent(&entry, buffer, sizeof(buffer));
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(strcmp(rest_of_users(), "bob") == 0 ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_string_equal(rest_of_users(), "bob");
}

static void
users_and_groups_apart(void **state)
{
    struct passwd user;
    struct group group;
    char buffer[256];

    (void)state;
    snapshot_write_usual();
    _nss_signin_setpwent(0);
    _nss_signin_setgrent(0);
    call_getpwent(&user, buffer, sizeof(buffer));
    call_getgrent(&group, buffer, sizeof(buffer));
    assert_string_equal(group.gr_name, "alice");
    assert_string_equal(rest_of_users(), "bob");
    call_getgrent(&group, buffer, sizeof(buffer));
    assert_string_equal(group.gr_name, "bob");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),
        cmocka_unit_test(only_if_allowed),
        cmocka_unit_test(who_cannot_be_is_left_out),
        cmocka_unit_test(replaced_in_between),
        cmocka_unit_test(forked_in_between),
        cmocka_unit_test(users_and_groups_apart),
    };

    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
