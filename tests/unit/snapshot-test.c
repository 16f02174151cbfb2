/* SPDX-License-Identifier: BSD-2-Clause */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cdb.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "people-fixture.h"
#include "wire/people.h"

/* Slower by ten times under the sanitizers. */
#ifdef __SANITIZE_ADDRESS__
#define MANY 10000
#else
#define MANY 100000
#endif
#define TEAM (MANY / 5)

/* ---- reading, by libcdb's own reader --------------------------------------
 */

/* The data of a key, or NULL; the caller frees. */
static char *
look_up(const struct host *host, const char *key)
{
    int file = open(host->snapshot_path, O_RDONLY | O_CLOEXEC);
    struct cdb cdb;
    char *text = NULL;

    assert_true(file >= 0);
    assert_int_equal(cdb_init(&cdb, file), 0);
    if (cdb_find(&cdb, key, (unsigned)strlen(key)) > 0) {
        unsigned length = cdb_datalen(&cdb);

        text = calloc(1, (size_t)length + 1);
        assert_non_null(text);
        assert_int_equal(cdb_read(&cdb, text, length, cdb_datapos(&cdb)), 0);
        assert_int_equal(strlen(text), length);
    }
    cdb_free(&cdb);
    close(file);
    return text;
}

static void
assert_entry(const struct host *host, const char *key, const char *expected)
{
    char *text = look_up(host, key);

    if (expected == NULL) {
        assert_null(text);
    } else {
        assert_non_null(text);
        assert_string_equal(text, expected);
    }
    free(text);
}

static int
write_snapshot(struct host *host, int64_t now_s)
{
    return snapshot_write(host->store, host->files, &host->config,
                          host->snapshot_path, now_s);
}

static void
take_in(struct host *host, const char *name, const char *subject, uint32_t uid,
        const char *group)
{
    struct person person;

    person_make(&person, name, subject);
    person.uid = uid;
    person.groups_known = true;
    if (group != NULL)
        assert_int_equal(person_add_group(&person, NULL, group), 0);
    assert_int_equal(people_take(host->store, host->files, &host->config,
                                 host->directories, &person, NOW_S, NULL),
                     0);
    person_done(&person);
}

/* ---- what is in it ------------------------------------------------------- */

static void
nobody_is_told_of_at_first(void **state)
{
    struct host *host = *state;
    struct stat entry;
    mode_t mask = umask(0077);

    assert_int_equal(write_snapshot(host, NOW_S), 0);
    umask(mask);
    assert_int_equal(stat(host->snapshot_path, &entry), 0);
    assert_int_equal(entry.st_mode & 07777, 0644);
    assert_entry(host, "V", "1");
    assert_entry(host, "Nalice", NULL);
    host->config.accounts.enumerate = true;
    assert_int_equal(write_snapshot(host, NOW_S), 0);
    assert_entry(host, "V", "1 enumerate");
    assert_int_equal(host_count_files(host, "snapshot"), 1);
}

static void
a_user_and_his_groups_are_told(void **state)
{
    struct host *host = *state;
    struct group_record group = {0};
    char text[256];

    take_in(host, "bob", "b-2", 6002, "eng");
    take_in(host, "alice", "a-1", 6001, "eng");
    take_in(host, "carol", "c-3", 6003, NULL);
    assert_int_equal(store_group_by_id(host->store, "corp", "eng", &group), 0);
    assert_int_equal(write_snapshot(host, NOW_S), 0);
    assert_entry(host, "Nalice", "alice:6001:6001::/home/alice:/bin/bash");
    assert_entry(host, "U6001", "alice:6001:6001::/home/alice:/bin/bash");
    assert_entry(host, "Galice", "alice:6001:");
    assert_entry(host, "I6001", "alice:6001:");
    snprintf(text, sizeof(text), "alice:%u", group.gid);
    assert_entry(host, "Malice", text);
    assert_entry(host, "Mcarol", NULL);
    snprintf(text, sizeof(text), "eng:%u:alice,bob", group.gid);
    assert_entry(host, "Geng", text);
    store_group_done(&group);
}

static void
users_come_in_order_of_name(void **state)
{
    struct host *host = *state;
    char previous[PEOPLE_NAME_MAX + 1] = "";
    unsigned position, count = 0;
    struct cdb cdb;
    int file;

    for (unsigned i = 0; i < 50; i++) {
        char name[16], subject[16];

        snprintf(name, sizeof(name), "u%u", i * 37 % 50);
        snprintf(subject, sizeof(subject), "s-%u", i);
        take_in(host, name, subject, 6000 + i, "eng");
    }
    assert_int_equal(write_snapshot(host, NOW_S), 0);
    file = open(host->snapshot_path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(cdb_init(&cdb, file), 0);
    cdb_seqinit(&position, &cdb);
    while (cdb_seqnext(&position, &cdb) > 0) {
        char key[PEOPLE_NAME_MAX + 2] = "";

        assert_true(cdb_keylen(&cdb) < sizeof(key));
        assert_int_equal(cdb_readkey(&cdb, key), 0);
        if (key[0] != 'N')
            continue;
        assert_true(strcmp(key + 1, previous) > 0);
        strcpy(previous, key + 1);
        count++;
    }
    assert_int_equal(count, 50);
    cdb_free(&cdb);
    close(file);
}

static void
the_gone_leave_after_their_grace(void **state)
{
    struct host *host = *state;
    char *text;

    take_in(host, "alice", "a-1", 6001, "eng");
    take_in(host, "bob", "b-2", 6002, "eng");
    assert_int_equal(store_mark_missing(host->store, "corp", NOW_S + 1, NOW_S),
                     2);
    take_in(host, "bob", "b-2", 6002, "eng");
    assert_int_equal(write_snapshot(host, NOW_S + 1000), 0);
    text = look_up(host, "Nalice");
    assert_non_null(text);
    free(text);
    assert_int_equal(write_snapshot(host, NOW_S + 1001), 0);
    assert_entry(host, "Nalice", NULL);
    assert_entry(host, "U6001", NULL);
    assert_entry(host, "Galice", NULL);
    assert_entry(host, "Malice", NULL);
    text = look_up(host, "Geng");
    assert_non_null(text);
    assert_null(strstr(text, "alice"));
    assert_non_null(strstr(text, "bob"));
    free(text);
    /* Without the directory's section nobody goes. */
    host->config.directory_count = 0;
    assert_int_equal(write_snapshot(host, NOW_S + 1001), 0);
    text = look_up(host, "Nalice");
    assert_non_null(text);
    free(text);
}

static void
what_has_become_local_is_not_told(void **state)
{
    struct host *host = *state;

    take_in(host, "alice", "a-1", 6001, "eng");
    take_in(host, "bob", "b-2", 6002, NULL);
    take_in(host, "carol", "c-3", 6003, NULL);
    host_write(host->passwd, "root:x:0:0::/root:/bin/sh\n"
                             "alice:x:1001:1001::/:/bin/sh\n"
                             "other:x:6002:6002::/:/bin/sh\n");
    host_write(host->group, "eng:x:900:\n");
    assert_int_equal(write_snapshot(host, NOW_S), 0);
    assert_entry(host, "Nalice", NULL);
    assert_entry(host, "U6001", NULL);
    assert_entry(host, "Nbob", NULL);
    assert_entry(host, "U6002", NULL);
    assert_entry(host, "Geng", NULL);
    assert_entry(host, "Ncarol", "carol:6003:6003::/home/carol:/bin/bash");
    assert_logged("alice (6001) is not told to NSS");
}

static void
local_groups_are_in_gids_alone(void **state)
{
    struct host *host = *state;
    char *names[] = {(char *)(uintptr_t) "video", NULL};

    host->config.accounts.local_groups = (struct text_list){names, 1};
    host_write(host->local_groups, "video:44\n");
    take_in(host, "alice", "a-1", 6001, "video");
    assert_int_equal(write_snapshot(host, NOW_S), 0);
    assert_entry(host, "Malice", "alice:44");
    assert_entry(host, "Gvideo", NULL);
    assert_entry(host, "I44", NULL);
    /* Root takes it back, or changes the number. */
    host_write(host->local_groups, "video:45\n");
    assert_int_equal(write_snapshot(host, NOW_S), 0);
    assert_entry(host, "Malice", NULL);
    host_write(host->local_groups, "video:44\n");
    host->config.accounts.local_groups.count = 0;
    assert_int_equal(write_snapshot(host, NOW_S), 0);
    assert_entry(host, "Malice", NULL);
}

static void
ambiguous_groups_are_not_told(void **state)
{
    struct host *host = *state;
    struct person person;

    take_in(host, "alice", "a-1", 6001, "admins");
    assert_int_equal(write_snapshot(host, NOW_S), 0);
    free(look_up(host, "Gadmins"));
    person_make(&person, "eve", "e-5");
    person.uid = 6005;
    person.groups_known = true;
    assert_int_equal(person_add_group(&person, "her-own", "admins"), 0);
    assert_int_equal(people_take(host->store, host->files, &host->config,
                                 host->directories, &person, NOW_S, NULL),
                     0);
    person_done(&person);
    assert_int_equal(write_snapshot(host, NOW_S), 0);
    assert_entry(host, "Gadmins", NULL);
    assert_entry(host, "Meve", NULL);
    assert_entry(host, "Malice", NULL);
}

static void
what_cannot_stand_in_passwd_is_left_out(void **state)
{
    struct host *host = *state;
    struct user_record user = {0};
    char text[PEOPLE_USER_MAX + 1];

    take_in(host, "alice", "a-1", 6001, NULL);
    take_in(host, "bob", "b-2", 6002, NULL);
    assert_int_equal(store_user_by_name(host->store, "alice", &user), 0);
    free(user.gecos);
    user.gecos = strdup("x:0:0\n");
    assert_int_equal(snapshot_entry(&user, text), -EINVAL);
    assert_int_equal(store_put_user(host->store, &user), 0);
    store_user_done(&user);
    assert_int_equal(write_snapshot(host, NOW_S), 0);
    assert_logged("1 users have values");
    assert_entry(host, "Nalice", NULL);
    assert_entry(host, "Nbob", "bob:6002:6002::/home/bob:/bin/bash");
}

/* A private group would pass for it. */
static void
a_group_with_a_users_name_is_not_told(void **state)
{
    struct host *host = *state;
    struct group_record group = {.gid = 5000};

    take_in(host, "eng", "e-1", 6001, NULL);
    take_in(host, "alice", "a-1", 6002, "ops");
    group.directory = (char *)(uintptr_t) "corp";
    group.id = (char *)(uintptr_t) "ops";
    group.name = group.plain_name = (char *)(uintptr_t) "eng";
    assert_int_equal(store_put_group(host->store, &group), 0);
    assert_int_equal(write_snapshot(host, NOW_S), 0);
    assert_entry(host, "Geng", "eng:6001:");
    assert_entry(host, "I5000", NULL);
    assert_entry(host, "Malice", NULL);
}

/* By the directory's word and by the sign-in's. */
static void
a_group_of_two_origins_is_told_once(void **state)
{
    struct host *host = *state;
    const char *const ids[] = {"ops", "eng"};

    take_in(host, "carol", "c-1", 6001, "eng");
    take_in(host, "alice", "a-1", 6002, "ops");
    take_in(host, "bob", "b-2", 6003, "eng");
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(store_set_membership(host->store, ISSUER, "a-1",
                                              i == 0 ? "sign-in" : "list",
                                              "corp", ids, 2),
                         0);
    assert_int_equal(write_snapshot(host, NOW_S), 0);
    assert_entry(host, "Geng", "eng:1911083451:alice,bob,carol");
    assert_entry(host, "Gops", "ops:1925450220:alice");
}

static void
slices_make_the_same_file(void **state)
{
    struct host *host = *state;
    struct snapshot *snapshot = NULL;
    unsigned slices = 0;
    int status;

    for (unsigned i = 0; i < 2000; i++) {
        char name[16], subject[16];

        snprintf(name, sizeof(name), "u%u", i);
        snprintf(subject, sizeof(subject), "s-%u", i);
        if (i % 500 == 0)
            assert_int_equal(store_begin(host->store), 0);
        take_in(host, name, subject, 6000 + i, "eng");
        if (i % 500 == 499)
            assert_int_equal(store_end(host->store, true), 0);
    }
    assert_int_equal(snapshot_begin(host->store, host->files, &host->config,
                                    host->snapshot_path, NOW_S, &snapshot),
                     0);
    while ((status = snapshot_step(snapshot, 0)) > 0) {
        struct user_record user = {0};

        /* Others use the store in between. */
        assert_int_equal(store_user_by_name(host->store, "u7", &user), 0);
        user.checked_at_s++;
        assert_int_equal(store_put_user(host->store, &user), 0);
        store_user_done(&user);
        assert_false(host_has_file(host, "snapshot"));
        slices++;
    }
    assert_int_equal(status, 0);
    assert_in_range(slices, 10, 100);
    assert_entry(host, "Nu1999", "u1999:7999:7999::/home/u1999:/bin/bash");
    assert_entry(host, "I6000", "u0:6000:");
    assert_int_equal(host_count_files(host, "snapshot"), 1);
}

static void
a_change_between_slices_begins_anew(void **state)
{
    struct host *host = *state;
    struct snapshot *snapshot = NULL;

    for (unsigned i = 0; i < 300; i++) {
        char name[16], subject[16];

        snprintf(name, sizeof(name), "u%u", i);
        snprintf(subject, sizeof(subject), "s-%u", i);
        take_in(host, name, subject, 6000 + i, NULL);
    }
    assert_int_equal(write_snapshot(host, NOW_S), 0);
    assert_int_equal(snapshot_begin(host->store, host->files, &host->config,
                                    host->snapshot_path, NOW_S, &snapshot),
                     0);
    assert_int_equal(snapshot_step(snapshot, 0), 1);
    take_in(host, "alice", "a-1", 7000, NULL);
    assert_int_equal(snapshot_step(snapshot, 0), -EAGAIN);
    assert_int_equal(host_count_files(host, "snapshot"), 1);
    assert_entry(host, "Nalice", NULL);
    /* Also where what was done is undone. */
    assert_int_equal(snapshot_begin(host->store, host->files, &host->config,
                                    host->snapshot_path, NOW_S, &snapshot),
                     0);
    assert_int_equal(snapshot_step(snapshot, 0), 1);
    assert_int_equal(store_begin(host->store), 0);
    take_in(host, "bob", "b-2", 7001, NULL);
    assert_int_equal(store_end(host->store, false), 0);
    assert_int_equal(snapshot_step(snapshot, 0), -EAGAIN);
    assert_int_equal(snapshot_begin(host->store, host->files, &host->config,
                                    host->snapshot_path, NOW_S, &snapshot),
                     0);
    snapshot_cancel(snapshot);
    snapshot_cancel(NULL);
    assert_int_equal(host_count_files(host, "snapshot"), 1);
}

/* ---- the file ------------------------------------------------------------ */

static void
a_full_disk_leaves_the_old_one(void **state)
{
    struct host *host = *state;
    struct rlimit old, small;
    struct stat entry;

    take_in(host, "alice", "a-1", 6001, "eng");
    assert_int_equal(write_snapshot(host, NOW_S), 0);
    /* The next one is longer. */
    assert_int_equal(stat(host->snapshot_path, &entry), 0);
    take_in(host, "bob", "b-2", 6002, "eng");
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    for (rlim_t limit = 0; limit < (rlim_t)entry.st_size; limit += 100) {
        small = old;
        small.rlim_cur = limit;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        assert_true(write_snapshot(host, NOW_S) < 0);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_logged("NSS goes on with the old one");
    assert_int_equal(host_count_files(host, "snapshot"), 1);
    assert_entry(host, "Nalice", "alice:6001:6001::/home/alice:/bin/bash");
    assert_entry(host, "Nbob", NULL);
}

static void
the_remains_of_a_dead_signind_go(void **state)
{
    struct host *host = *state;
    char name[80], target[80];

    snprintf(name, sizeof(name), "%s.new", host->snapshot_path);
    snprintf(target, sizeof(target), "%s/target", host->folder);
    host_write(name, "half of a snapshot");
    assert_int_equal(write_snapshot(host, NOW_S), 0);
    assert_int_equal(host_count_files(host, "snapshot"), 1);
    /* Nor is a link followed. */
    host_write(target, "precious");
    assert_int_equal(symlink("target", name), 0);
    assert_int_equal(write_snapshot(host, NOW_S), 0);
    assert_int_equal(host_count_files(host, "snapshot"), 1);
    assert_true(host_has_file(host, "target"));
    assert_int_equal(snapshot_write(host->store, host->files, &host->config,
                                    "no-such-folder/snapshot", NOW_S),
                     -ENOENT);
}

static void
a_damaged_store_leaves_the_old_one(void **state)
{
    struct host *host = *state;
    int file;

    take_in(host, "alice", "a-1", 6001, NULL);
    assert_int_equal(write_snapshot(host, NOW_S), 0);
    file = open(host->store_path, O_RDWR | O_CLOEXEC);
    /* Longer than the page cache, so that it is read. */
    assert_int_equal(store_begin(host->store), 0);
    for (uint32_t i = 0; i < 8000; i++) {
        char name[16], subject[200];

        snprintf(name, sizeof(name), "u%u", i);
        snprintf(subject, sizeof(subject), "%0190u", i);
        host_put_user(host, name, subject, 10000 + i);
    }
    assert_int_equal(store_end(host->store, true), 0);
    for (off_t place = 8192; place < 4000000; place += 4096)
        assert_int_equal(pwrite(file, "\xff\xff\xff\xff", 4, place), 4);
    close(file);
    assert_int_equal(write_snapshot(host, NOW_S), -EUCLEAN);
    assert_entry(host, "Nalice", "alice:6001:6001::/home/alice:/bin/bash");
    assert_int_equal(host_count_files(host, "snapshot"), 1);
    assert_true(host_has_file(host, "users.db.corrupt"));
}

static void
there_may_be_very_many(void **state)
{
    struct host *host = *state;
    const char **subjects = calloc(TEAM, sizeof(subjects[0]));
    struct group_record group = {.gid = 5000};
    unsigned members = 0;
    char *text, *rest;
    const char *name;
    uint32_t gid;

    assert_non_null(subjects);
    group.name = group.plain_name = group.id = (char *)(uintptr_t) "all";
    group.directory = (char *)(uintptr_t) "corp";
    assert_int_equal(store_begin(host->store), 0);
    assert_int_equal(store_put_group(host->store, &group), 0);
    for (uint32_t i = 0; i < MANY; i++) {
        char user[24], subject[24];

        snprintf(user, sizeof(user), "user%u", i * 7919U % MANY);
        snprintf(subject, sizeof(subject), "s-%u", i);
        host_put_user(host, user, subject, 100000 + i);
        if (i < TEAM)
            subjects[i] = strdup(subject);
    }
    assert_int_equal(
        store_set_members(host->store, "corp", "all", ISSUER, subjects, TEAM),
        0);
    assert_int_equal(store_end(host->store, true), 0);
    assert_int_equal(write_snapshot(host, NOW_S), 0);
    assert_entry(host, "Nuser7919", "user7919:100001:100001::/home/x:/bin/sh");
    assert_entry(host, "U100001", "user7919:100001:100001::/home/x:/bin/sh");
    assert_entry(host, "Muser7919", "user7919:5000");
    text = look_up(host, "Gall");
    assert_non_null(text);
    assert_int_equal(people_group_parse(text, strlen(text), &name, &gid, &rest),
                     0);
    while (people_next_member(&rest, &name) == 1)
        members++;
    assert_int_equal(members, TEAM);
    free(text);
    for (size_t i = 0; i < TEAM; i++)
        free((char *)(uintptr_t)subjects[i]);
    free(subjects);
}

#define test(name) cmocka_unit_test_setup_teardown(name, host_begin, host_end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(nobody_is_told_of_at_first),
        test(a_user_and_his_groups_are_told),
        test(users_come_in_order_of_name),
        test(the_gone_leave_after_their_grace),
        test(what_has_become_local_is_not_told),
        test(local_groups_are_in_gids_alone),
        test(ambiguous_groups_are_not_told),
        test(what_cannot_stand_in_passwd_is_left_out),
        test(a_group_with_a_users_name_is_not_told),
        test(a_group_of_two_origins_is_told_once),
        test(slices_make_the_same_file),
        test(a_change_between_slices_begins_anew),
        test(a_full_disk_leaves_the_old_one),
        test(the_remains_of_a_dead_signind_go),
        test(a_damaged_store_leaves_the_old_one),
        test(there_may_be_very_many),
    };

    return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
