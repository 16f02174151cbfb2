/* SPDX-License-Identifier: BSD-2-Clause */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "people-fixture.h"

static const struct identity alice = {.issuer = ISSUER, .subject = "a-1"};
static const struct identity bob = {.issuer = ISSUER, .subject = "b-2"};

/* What sqlite3(1) in an administrator's hands says to a statement. */
static int
by_hand(const struct host *host, const char *statement)
{
    sqlite3 *database = NULL;
    int code = sqlite3_open(host->store_path, &database);

    if (code == SQLITE_OK)
        code = sqlite3_exec(database, statement, NULL, NULL, NULL);
    sqlite3_close(database);
    return code;
}

static off_t
size_of(const char *path)
{
    struct stat entry;

    assert_int_equal(stat(path, &entry), 0);
    return entry.st_size;
}

/* ---- ids ----------------------------------------------------------------- */

static void
ids_stay_across_restarts(void **state)
{
    struct host *host = *state;
    uint32_t id = 0;
    bool group = true;
    char *issuer, *subject;

    assert_int_equal(store_find_id(host->store, &alice, &id), -ENOENT);
    assert_int_equal(store_add_id(host->store, &alice, 5000), 0);
    host_reopen(host);
    assert_int_equal(store_find_id(host->store, &alice, &id), 0);
    assert_int_equal(id, 5000);
    assert_int_equal(
        store_find_owner(host->store, 5000, &group, &issuer, &subject), 0);
    assert_false(group);
    assert_string_equal(issuer, ISSUER);
    assert_string_equal(subject, "a-1");
    free(issuer);
    free(subject);
    assert_int_equal(
        store_find_owner(host->store, 5001, &group, &issuer, &subject),
        -ENOENT);
}

static void
ids_are_given_once(void **state)
{
    struct host *host = *state;
    struct identity group = alice;
    uint32_t id = 0;

    assert_int_equal(store_add_id(host->store, &alice, 5000), 0);
    assert_int_equal(store_add_id(host->store, &bob, 5000), -EEXIST);
    assert_int_equal(store_add_id(host->store, &alice, 5001), -EEXIST);
    group.group = true;
    assert_int_equal(store_add_id(host->store, &group, 5000), -EEXIST);
    assert_int_equal(store_add_id(host->store, &group, 5001), 0);
    assert_int_equal(store_find_id(host->store, &alice, &id), 0);
    assert_int_equal(id, 5000);
}

static void
ids_cannot_be_changed_by_hand_either(void **state)
{
    struct host *host = *state;
    static const char *const statements[] = {
        "UPDATE ids SET id = 5001",
        "UPDATE ids SET subject = 'b-2'",
        "DELETE FROM ids",
        "INSERT OR REPLACE INTO ids VALUES (5000, 'user', 'x', 'y')",
        "INSERT OR REPLACE INTO ids VALUES (5001, 'user', '" ISSUER "', 'a-1')",
        "INSERT INTO ids VALUES (999, 'user', 'x', 'y')",
        "INSERT INTO ids VALUES (5001, 'else', 'x', 'y')",
    };
    uint32_t id = 0;

    assert_int_equal(store_add_id(host->store, &alice, 5000), 0);
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
        assert_int_equal(by_hand(host, statements[i]), SQLITE_CONSTRAINT);
    assert_int_equal(store_find_id(host->store, &alice, &id), 0);
    assert_int_equal(id, 5000);
}

static void
hostile_values_are_values(void **state)
{
    struct host *host = *state;
    static const char *const subjects[] = {
        "'; DROP TABLE ids; --", "\"", "%s%n", "a\nb", "\x1b[31m", "?1",
    };
    uint32_t id = 0;

    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        struct identity one = {.issuer = "'", .subject = subjects[i]};

        assert_int_equal(store_add_id(host->store, &one, 5000 + (uint32_t)i),
                         0);
        assert_int_equal(store_find_id(host->store, &one, &id), 0);
        assert_int_equal(id, 5000 + i);
    }
}

/* ---- users --------------------------------------------------------------- */

static void
users_are_found_by_all_keys(void **state)
{
    struct host *host = *state;
    struct user_record user;

    host_put_user(host, "alice", "a-1", 5000);
    host_reopen(host);
    assert_int_equal(store_user_by_name(host->store, "alice", &user), 0);
    assert_int_equal(user.uid, 5000);
    assert_string_equal(user.subject, "a-1");
    assert_null(user.sign_in_subject);
    assert_null(user.ssh_keys);
    assert_true(user.enabled);
    assert_int_equal(user.first_seen_s, NOW_S);
    store_user_done(&user);
    assert_int_equal(store_user_by_uid(host->store, 5000, &user), 0);
    store_user_done(&user);
    assert_int_equal(store_user_by_subject(host->store, ISSUER, "a-1", &user),
                     0);
    store_user_done(&user);
    assert_int_equal(store_user_by_name(host->store, "bob", &user), -ENOENT);
    assert_int_equal(store_user_by_uid(host->store, 5001, &user), -ENOENT);
    assert_int_equal(store_user_by_subject(host->store, ISSUER, "b", &user),
                     -ENOENT);
}

static void
all_of_a_record_is_kept(void **state)
{
    struct host *host = *state;
    struct user_record user;

    host_put_user(host, "alice", "a-1", 5000);
    assert_int_equal(store_user_by_name(host->store, "alice", &user), 0);
    free(user.gecos);
    user.gecos = strdup("Alice \xc3\x84, '\"; --");
    user.sign_in_subject = strdup("oidc|a");
    user.origins = strdup("uid\t5000\tderived\n");
    user.ssh_keys = strdup("ssh-ed25519 AAAA alice\n");
    user.enabled = false;
    user.gone_since_s = NOW_S + 1;
    user.missing = true;
    assert_int_equal(store_put_user(host->store, &user), 0);
    store_user_done(&user);
    host_reopen(host);
    assert_int_equal(store_user_by_uid(host->store, 5000, &user), 0);
    assert_string_equal(user.gecos, "Alice \xc3\x84, '\"; --");
    assert_string_equal(user.sign_in_subject, "oidc|a");
    assert_string_equal(user.origins, "uid\t5000\tderived\n");
    assert_string_equal(user.ssh_keys, "ssh-ed25519 AAAA alice\n");
    assert_false(user.enabled);
    assert_true(user.missing);
    assert_int_equal(user.gone_since_s, NOW_S + 1);
    store_user_done(&user);
}

static void
a_user_has_the_id_of_the_identity(void **state)
{
    struct host *host = *state;
    struct user_record user;

    host_put_user(host, "alice", "a-1", 5000);
    assert_int_equal(store_add_id(host->store, &bob, 5001), 0);
    assert_int_equal(store_user_by_name(host->store, "alice", &user), 0);
    user.uid = 5001;
    assert_int_equal(store_put_user(host->store, &user), -EINVAL);
    user.uid = 0;
    assert_int_equal(store_put_user(host->store, &user), -EINVAL);
    user.uid = 5000;
    strcpy(user.name, "Al:e");
    assert_int_equal(store_put_user(host->store, &user), -EINVAL);
    store_user_done(&user);
}

static int
rename_to(struct host *host, const char *from, const char *to)
{
    struct user_record user;
    int status;

    assert_int_equal(store_user_by_name(host->store, from, &user), 0);
    free(user.name);
    user.name = strdup(to);
    status = store_put_user(host->store, &user);
    store_user_done(&user);
    return status;
}

static void
a_renamed_user_keeps_uid_and_old_name(void **state)
{
    struct host *host = *state;
    struct user_record user;

    host_put_user(host, "alice", "a-1", 5000);
    host_put_user(host, "bob", "b-2", 5001);
    assert_int_equal(rename_to(host, "alice", "alicia"), 0);
    assert_int_equal(store_user_by_name(host->store, "alice", &user), -ENOENT);
    assert_int_equal(store_user_by_name(host->store, "alicia", &user), 0);
    assert_int_equal(user.uid, 5000);
    store_user_done(&user);
    /* Nobody inherits what files and rules still call alice. */
    assert_int_equal(rename_to(host, "bob", "alice"), -EEXIST);
    assert_int_equal(rename_to(host, "bob", "alicia"), -EEXIST);
    assert_int_equal(store_name_is_taken(host->store, "alice", ISSUER, "b-2"),
                     1);
    assert_int_equal(store_name_is_taken(host->store, "alice", ISSUER, "a-1"),
                     0);
    assert_int_equal(store_name_is_taken(host->store, "carol", ISSUER, "b-2"),
                     0);
    host_reopen(host);
    assert_int_equal(rename_to(host, "bob", "alice"), -EEXIST);
    /* And back again. */
    assert_int_equal(rename_to(host, "alicia", "alice"), 0);
    assert_int_equal(rename_to(host, "bob", "alicia"), -EEXIST);
    /* A former name can be forgotten alone. */
    assert_int_equal(store_forget(host->store, "alicia"), 0);
    assert_int_equal(rename_to(host, "bob", "alicia"), 0);
    assert_int_equal(store_forget(host->store, "alice"), 0);
    assert_int_equal(store_forget(host->store, "alice"), -ENOENT);
    assert_int_equal(store_forget(host->store, "nobody"), -ENOENT);
}

static void
the_forgotten_leave_their_id(void **state)
{
    struct host *host = *state;
    struct user_record user;
    uint32_t id = 0;

    host_put_user(host, "alice", "a-1", 5000);
    assert_int_equal(store_forget(host->store, "alice"), 0);
    assert_int_equal(store_user_by_uid(host->store, 5000, &user), -ENOENT);
    assert_int_equal(store_find_id(host->store, &alice, &id), 0);
    assert_int_equal(id, 5000);
    assert_int_equal(store_add_id(host->store, &bob, 5000), -EEXIST);
    host_put_user(host, "alice", "b-2", 5001);
}

static void
who_is_not_confirmed_is_missing(void **state)
{
    struct host *host = *state;
    struct user_record user;
    uint64_t version;

    host_put_user(host, "alice", "a-1", 5000);
    host_put_user(host, "bob", "b-2", 5001);
    assert_int_equal(store_user_by_name(host->store, "bob", &user), 0);
    user.checked_at_s = NOW_S + 10;
    version = store_version(host->store);
    assert_int_equal(store_put_user(host->store, &user), 0);
    store_user_done(&user);
    assert_int_equal(store_version(host->store), version);
    assert_int_equal(
        store_mark_missing(host->store, "corp", NOW_S + 10, NOW_S + 20), 1);
    assert_true(store_version(host->store) > version);
    assert_int_equal(
        store_mark_missing(host->store, "corp", NOW_S + 10, NOW_S + 30), 0);
    assert_int_equal(
        store_mark_missing(host->store, "other", NOW_S + 99, NOW_S + 99), 0);
    assert_int_equal(store_user_by_name(host->store, "alice", &user), 0);
    assert_true(user.missing);
    assert_int_equal(user.gone_since_s, NOW_S + 20);
    store_user_done(&user);
    assert_int_equal(store_user_by_name(host->store, "bob", &user), 0);
    assert_false(user.missing);
    store_user_done(&user);
}

/* Else nobody whom a wrong clock has seen would ever be missing. */
static void
a_time_to_come_confirms_nobody(void **state)
{
    struct host *host = *state;
    struct user_record user;

    host_put_user(host, "alice", "a-1", 5000);
    host_put_user(host, "bob", "b-2", 5001);
    assert_int_equal(store_user_by_name(host->store, "bob", &user), 0);
    user.checked_at_s = NOW_S - 100;
    assert_int_equal(store_put_user(host->store, &user), 0);
    store_user_done(&user);
    /* The clock was set back while the list came: who was in it stays. */
    assert_int_equal(store_mark_missing(host->store, "corp", NOW_S, NOW_S - 90),
                     1);
    assert_int_equal(store_user_by_name(host->store, "alice", &user), 0);
    assert_false(user.missing);
    store_user_done(&user);
    assert_int_equal(
        store_mark_missing(host->store, "corp", NOW_S - 80, NOW_S - 70), 1);
    assert_int_equal(store_user_by_name(host->store, "alice", &user), 0);
    assert_true(user.missing);
    store_user_done(&user);
}

struct walk {
    struct host *host;
    unsigned count;
};

static int
stop_at_bob(void *context, const struct user_record *user)
{
    struct walk *walk = context;
    struct user_record found;

    walk->count++;
    /* Asking within is allowed. */
    assert_int_equal(store_user_by_name(walk->host->store, user->name, &found),
                     0);
    store_user_done(&found);
    return strcmp(user->name, "bob") == 0 ? 77 : 0;
}

/* The same question within. */
static int
walk_within(void *context, const struct user_record *user)
{
    struct walk *walk = context;
    struct walk within = {.host = walk->host};

    (void)user;
    walk->count++;
    return store_each_user(walk->host->store, stop_at_bob, &within);
}

static void
each_user_comes_in_order(void **state)
{
    struct host *host = *state;
    struct walk walk = {.host = host};

    host_put_user(host, "carol", "c", 5002);
    host_put_user(host, "bob", "b-2", 5001);
    host_put_user(host, "alice", "a-1", 5000);
    assert_int_equal(store_each_user(host->store, stop_at_bob, &walk), 77);
    assert_int_equal(walk.count, 2);
    assert_int_equal(store_forget(host->store, "bob"), 0);
    assert_int_equal(store_each_user(host->store, walk_within, &walk), 0);
    assert_int_equal(walk.count, 4);
}

/* ---- groups -------------------------------------------------------------- */

static void
put_group(struct host *host, const char *id, const char *name, uint32_t gid)
{
    struct group_record group = {.name = (char *)(uintptr_t)name,
                                 .gid = gid,
                                 .directory = (char *)(uintptr_t) "corp",
                                 .id = (char *)(uintptr_t)id,
                                 .plain_name = (char *)(uintptr_t)name};

    assert_int_equal(store_put_group(host->store, &group), 0);
}

static int
collect_group(void *context, const struct group_record *group)
{
    strcat(context, group->id);
    strcat(context, group->ambiguous ? "! " : " ");
    return 0;
}

static int
collect_name(void *context, const char *name)
{
    strcat(context, name);
    strcat(context, " ");
    return 0;
}

static void
assert_groups_of(struct host *host, const char *subject, const char *expected)
{
    char text[256] = "";

    assert_int_equal(
        store_groups_of(host->store, ISSUER, subject, collect_group, text), 0);
    assert_string_equal(text, expected);
}

static int
set_groups(struct host *host, const char *subject, const char *origin,
           const char *first, const char *second)
{
    const char *ids[] = {first, second};
    size_t count = second != NULL ? 2 : first != NULL ? 1 : 0;

    return store_set_membership(host->store, ISSUER, subject, origin, "corp",
                                ids, count);
}

static void
memberships_have_origins(void **state)
{
    struct host *host = *state;
    char text[256] = "";

    host_put_user(host, "alice", "a-1", 5000);
    host_put_user(host, "bob", "b-2", 5001);
    put_group(host, "g1", "eng", 6001);
    put_group(host, "g2", "ops", 6002);
    assert_int_equal(set_groups(host, "a-1", "directory", "g1", "g2"), 0);
    assert_int_equal(set_groups(host, "a-1", "sign-in", "g2", "g2"), 0);
    assert_int_equal(set_groups(host, "b-2", "directory", "g2", NULL), 0);
    assert_groups_of(host, "a-1", "g1 g2 ");
    assert_int_equal(
        store_members_of(host->store, "corp", "g2", collect_name, text), 0);
    assert_string_equal(text, "alice bob ");
    assert_int_equal(set_groups(host, "a-1", "directory", NULL, NULL), 0);
    host_reopen(host);
    assert_groups_of(host, "a-1", "g2 ");
    assert_int_equal(set_groups(host, "a-1", "directory", "g9", NULL), -ENOENT);
    assert_int_equal(set_groups(host, "x", "directory", "g1", NULL), -ENOENT);
    assert_int_equal(store_forget(host->store, "alice"), 0);
    assert_groups_of(host, "a-1", "");
}

static void
a_name_taken_twice_is_nobodys(void **state)
{
    struct host *host = *state;
    char text[256] = "";

    host_put_user(host, "alice", "a-1", 5000);
    host_put_user(host, "bob", "b-2", 5001);
    put_group(host, "g1", "admins", 6001);
    put_group(host, "g2", "admins", 6002);
    assert_int_equal(set_groups(host, "a-1", "directory", "g1", NULL), 0);
    /* Nobody is in the other: it may be one that was deleted long ago. */
    assert_groups_of(host, "a-1", "g1 ");
    assert_int_equal(set_groups(host, "b-2", "directory", "g2", NULL), 0);
    assert_groups_of(host, "a-1", "g1! ");
    assert_groups_of(host, "b-2", "g2! ");
    assert_int_equal(store_mark_missing(host->store, "corp", NOW_S + 1, NOW_S),
                     2);
    assert_groups_of(host, "a-1", "g1 ");
    assert_int_equal(store_each_group(host->store, collect_group, text), 0);
    assert_string_equal(text, "g1 g2 ");
}

static void
what_is_listed_no_longer_has_no_members(void **state)
{
    struct host *host = *state;
    const char *both[] = {"a-1", "b-2", "nobody", "a-1"};
    char text[256] = "";
    int64_t listed_s = 0;

    host_put_user(host, "alice", "a-1", 5000);
    host_put_user(host, "bob", "b-2", 5001);
    put_group(host, "g1", "eng", 6001);
    put_group(host, "g2", "ops", 6002);
    assert_int_equal(store_listed_at(host->store, "corp", &listed_s), -ENOENT);
    assert_int_equal(store_list_begin(host->store, "corp"), 0);
    assert_int_equal(store_listed_at(host->store, "corp", &listed_s), -ENOENT);
    assert_int_equal(
        store_set_members(host->store, "corp", "g1", ISSUER, both, 4), 0);
    assert_int_equal(
        store_set_members(host->store, "corp", "g2", ISSUER, both, 1), 0);
    assert_int_equal(
        store_set_members(host->store, "corp", "g9", ISSUER, both, 1), -ENOENT);
    assert_int_equal(store_list_end(host->store, "corp", NOW_S), 0);
    assert_groups_of(host, "a-1", "g1 g2 ");
    /* The next one breaks off: all stays. */
    assert_int_equal(store_list_begin(host->store, "corp"), 0);
    assert_groups_of(host, "a-1", "g1 g2 ");
    assert_int_equal(store_list_begin(host->store, "corp"), 0);
    assert_int_equal(
        store_set_members(host->store, "corp", "g1", ISSUER, both + 1, 1), 0);
    assert_int_equal(store_list_end(host->store, "corp", NOW_S), 0);
    assert_groups_of(host, "a-1", "");
    assert_groups_of(host, "b-2", "g1 ");
    assert_int_equal(store_each_group(host->store, collect_group, text), 0);
    assert_string_equal(text, "g1 ");
    assert_int_equal(store_list_end(host->store, "corp", NOW_S + 1), 0);
    assert_int_equal(store_listed_at(host->store, "corp", &listed_s), 0);
    assert_int_equal(listed_s, NOW_S + 1);
    assert_int_equal(store_listed_at(host->store, "other", &listed_s), -ENOENT);
}

/* ---- transactions -------------------------------------------------------- */

static void
a_transaction_is_whole_or_nothing(void **state)
{
    struct host *host = *state;
    struct user_record user;

    assert_int_equal(store_end(host->store, true), -EINVAL);
    assert_int_equal(store_begin(host->store), 0);
    assert_int_equal(store_begin(host->store), -EINVAL);
    host_put_user(host, "alice", "a-1", 5000);
    assert_int_equal(store_end(host->store, false), 0);
    assert_int_equal(store_user_by_name(host->store, "alice", &user), -ENOENT);
    assert_int_equal(store_begin(host->store), 0);
    host_put_user(host, "alice", "a-1", 5000);
    host_put_user(host, "bob", "b-2", 5001);
    /* One that is refused leaves the others. */
    assert_int_equal(rename_to(host, "alice", "bob"), -EEXIST);
    assert_int_equal(store_end(host->store, true), 0);
    host_reopen(host);
    assert_int_equal(store_user_by_name(host->store, "alice", &user), 0);
    store_user_done(&user);
}

static void
put_many(struct host *host, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char name[24], subject[160];

        snprintf(name, sizeof(name), "u%u", i);
        snprintf(subject, sizeof(subject), "%0120u", i);
        host_put_user(host, name, subject, 10000 + i);
    }
}

/* Killed in the middle of a transaction that is on the disk in part. */
static void
a_killed_writer_leaves_what_was(void **state)
{
    struct host *host = *state;
    struct user_record user;
    int status = 0;
    pid_t child;

    host_put_user(host, "alice", "a-1", 5000);
    store_close(host->store);
    host->store = NULL;
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (host_open(host) != 0 || store_begin(host->store) != 0)
            _exit(1);
        put_many(host, 5000);
        if (size_of(host->store_path) < 1000000)
            _exit(2);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(host_open(host), 0);
    assert_int_equal(store_user_by_name(host->store, "alice", &user), 0);
    store_user_done(&user);
    assert_int_equal(store_user_by_name(host->store, "u0", &user), -ENOENT);
}

/* The disk is full for whoever may not write beyond 200 kB. */
static void
a_full_disk_keeps_nothing_by_halves(void **state)
{
    struct host *host = *state;
    struct rlimit old, small;
    struct user_record user;
    uint32_t given = 0, id = 0;
    int status = 0;

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 200000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(store_begin(host->store), 0);
    for (uint32_t i = 0; status == 0 && i < 100000; i++) {
        struct identity one = {.issuer = ISSUER};
        char subject[32];

        snprintf(subject, sizeof(subject), "s-%u", i);
        one.subject = subject;
        status = store_add_id(host->store, &one, 10000 + i);
        given += status == 0;
    }
    assert_int_equal(status, -EIO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    /* There is room again: what comes now is no change of its own. */
    assert_int_equal(store_add_id(host->store, &bob, 9000), -EIO);
    assert_int_equal(store_find_id(host->store, &bob, &id), -EIO);
    assert_int_equal(store_end(host->store, true), -EIO);
    assert_int_equal(store_find_id(host->store, &bob, &id), -ENOENT);
    assert_true(given > 0);
    assert_int_equal(
        store_find_id(host->store,
                      &(struct identity){.issuer = ISSUER, .subject = "s-0"},
                      &id),
        -ENOENT);
    host_put_user(host, "alice", "a-1", 5000);
    host_reopen(host);
    assert_int_equal(store_user_by_name(host->store, "alice", &user), 0);
    store_user_done(&user);
    assert_false(host_has_file(host, "users.db.corrupt"));
}

/* ---- the file ------------------------------------------------------------ */

static void
the_file_is_private(void **state)
{
    struct host *host = *state;
    struct stat entry;

    assert_int_equal(stat(host->store_path, &entry), 0);
    assert_int_equal(entry.st_mode & 07777, 0600);
    assert_int_equal(chmod(host->store_path, 0666), 0);
    host_reopen(host);
    assert_logged("had mode 666");
    assert_int_equal(stat(host->store_path, &entry), 0);
    assert_int_equal(entry.st_mode & 07777, 0600);
    assert_int_equal(host_count_files(host, "users.db.new"), 0);
}

static void
a_link_or_something_else_is_refused(void **state)
{
    struct host *host = *state;
    char other[80];

    store_close(host->store);
    host->store = NULL;
    snprintf(other, sizeof(other), "%s/elsewhere.db", host->folder);
    assert_int_equal(rename(host->store_path, other), 0);
    assert_int_equal(symlink("elsewhere.db", host->store_path), 0);
    assert_int_equal(host_open(host), -ELOOP);
    assert_int_equal(unlink(host->store_path), 0);
    assert_int_equal(mkfifo(host->store_path, 0600), 0);
    assert_int_equal(host_open(host), -EINVAL);
    assert_int_equal(unlink(host->store_path), 0);
    assert_int_equal(store_open("no-such-folder/users.db", &host->store),
                     -ENOENT);
    assert_int_equal(host_open(host), 0);
}

static void
a_newer_file_is_left_alone(void **state)
{
    struct host *host = *state;

    assert_int_equal(by_hand(host, "PRAGMA user_version = 2"), SQLITE_OK);
    store_close(host->store);
    host->store = NULL;
    assert_int_equal(host_open(host), -EPROTONOSUPPORT);
    assert_logged("newer signind");
    assert_false(host_has_file(host, "users.db.corrupt"));
    assert_true(host_has_file(host, "users.db"));
}

static void
assert_set_aside(struct host *host)
{
    assert_true(host_has_file(host, "users.db.corrupt"));
    assert_false(host_has_file(host, "users.db"));
    log_forget();
    assert_int_equal(host_open(host), -EUCLEAN);
    assert_logged("remove");
    assert_logged("begin anew");
    assert_false(host_has_file(host, "users.db"));
}

static void
what_is_not_ours_is_set_aside(void **state)
{
    struct host *host = *state;
    char corrupt[80];
    static const char stranger[] =
        "PRAGMA foreign_keys = OFF; INSERT INTO users VALUES ('eve', 5009, "
        "5009, 'corp', 'i', 's', '', '/', '/', 1, 0, 0, 0, 0, NULL)";
    static const char *const statements[] = {
        "DROP TRIGGER ids_stay",
        "PRAGMA application_id = 1",
        "PRAGMA user_version = 0",
        "CREATE TABLE more (x)",
        stranger,
    };

    snprintf(corrupt, sizeof(corrupt), "%s.corrupt", host->store_path);
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        assert_int_equal(by_hand(host, statements[i]), SQLITE_OK);
        store_close(host->store);
        host->store = NULL;
        assert_int_equal(host_open(host), -EUCLEAN);
        assert_set_aside(host);
        assert_int_equal(unlink(corrupt), 0);
        assert_int_equal(host_open(host), 0);
    }
    /* Cut off, and no database at all. */
    store_close(host->store);
    host->store = NULL;
    assert_int_equal(truncate(host->store_path, 0), 0);
    assert_int_equal(host_open(host), -EUCLEAN);
    assert_set_aside(host);
    host_write(host->store_path, "I am a text file, and no short one.\n");
    assert_int_equal(host_open(host), -EUCLEAN);
    /* The first one found damaged is kept. */
    assert_true(host_has_file(host, "users.db.corrupt.2"));
}

static void
a_backup_ends_it(void **state)
{
    struct host *host = *state;
    char command[256];
    struct user_record user;

    host_put_user(host, "alice", "a-1", 5000);
    store_close(host->store);
    host->store = NULL;
    snprintf(command, sizeof(command), "cp -p %s %s.backup", host->store_path,
             host->store_path);
    assert_int_equal(system(command), 0);
    assert_int_equal(truncate(host->store_path, 5000), 0);
    assert_int_equal(host_open(host), -EUCLEAN);
    assert_set_aside(host);
    snprintf(command, sizeof(command), "mv %s.backup %s", host->store_path,
             host->store_path);
    assert_int_equal(system(command), 0);
    assert_int_equal(host_open(host), 0);
    assert_int_equal(store_user_by_name(host->store, "alice", &user), 0);
    store_user_done(&user);
}

static void
flip(const char *path, off_t place)
{
    int file = open(path, O_RDWR | O_CLOEXEC);
    unsigned char byte;

    assert_true(file >= 0);
    assert_int_equal(pread(file, &byte, 1, place), 1);
    byte = (unsigned char)~byte;
    assert_int_equal(pwrite(file, &byte, 1, place), 1);
    close(file);
}

static int
check_alice(struct host *host)
{
    struct user_record user = {0};
    uint32_t id = 0;
    int status = store_find_id(host->store, &alice, &id);

    if (status == 0) {
        /* Never another number, however the file was damaged. */
        assert_int_equal(id, 5000);
        status = store_user_by_name(host->store, "alice", &user);
    }
    if (status == 0)
        assert_int_equal(user.uid, 5000);
    store_user_done(&user);
    return status;
}

/* Three places of every page: it is found at once, or alice is who she was. */
static void
a_flipped_byte_gives_nobody_another_id(void **state)
{
    struct host *host = *state;
    char command[256];
    off_t size;
    unsigned refused = 0;

    host_put_user(host, "alice", "a-1", 5000);
    put_many(host, 60);
    store_close(host->store);
    host->store = NULL;
    snprintf(command, sizeof(command), "cp -p %s %s/good", host->store_path,
             host->folder);
    assert_int_equal(system(command), 0);
    size = size_of(host->store_path);
    snprintf(command, sizeof(command),
             "cd %s && rm -f users.db* && cp -p good users.db", host->folder);
    for (off_t place = 0; place < size; place += 1365) {
        int status;

        flip(host->store_path, place + 3);
        status = host_open(host);
        assert_true(status == 0 || status == -EUCLEAN ||
                    status == -EPROTONOSUPPORT);
        if (status == 0) {
            status = check_alice(host);
            assert_true(status == 0 || status == -EUCLEAN);
        }
        refused += status != 0;
        if (status == -EUCLEAN)
            assert_true(host_has_file(host, "users.db.corrupt"));
        store_close(host->store);
        host->store = NULL;
        assert_int_equal(system(command), 0);
        log_forget();
    }
    /* Free space and texts without an index may be flipped unnoticed. */
    assert_true(refused > 5);
    /* And every byte of the first page's header and schema. */
    for (off_t place = 0; place < 100; place++) {
        flip(host->store_path, place);
        if (host_open(host) == 0)
            check_alice(host);
        store_close(host->store);
        host->store = NULL;
        assert_int_equal(system(command), 0);
        log_forget();
    }
    assert_int_equal(host_open(host), 0);
}

/* Who is who stands in four places: a bit in any of them is noticed. */
static void
a_flipped_subject_is_found(void **state)
{
    struct host *host = *state;
    static const char subject[] = "the-one-and-only-subject";
    char command[256];
    unsigned char bytes[200000];
    unsigned found = 0;
    ssize_t size;
    int file;

    host_put_user(host, "alice", subject, 5000);
    put_many(host, 60);
    store_close(host->store);
    host->store = NULL;
    snprintf(command, sizeof(command), "cp -p %s %s/good", host->store_path,
             host->folder);
    assert_int_equal(system(command), 0);
    file = open(host->store_path, O_RDONLY | O_CLOEXEC);
    size = read(file, bytes, sizeof(bytes));
    close(file);
    assert_in_range(size, 10000, sizeof(bytes) - 1);
    snprintf(command, sizeof(command),
             "cd %s && rm -f users.db* && cp -p good users.db", host->folder);
    for (off_t place = 0; place + (off_t)sizeof(subject) < size; place++) {
        if (memcmp(bytes + place, subject, sizeof(subject) - 1) != 0)
            continue;
        found++;
        flip(host->store_path, place + 4);
        assert_int_equal(host_open(host), -EUCLEAN);
        assert_int_equal(system(command), 0);
    }
    assert_true(found >= 4);
    assert_int_equal(host_open(host), 0);
}

/* Damage that comes while it is open. */
static void
damage_is_noticed_later_too(void **state)
{
    struct host *host = *state;
    struct user_record user;
    off_t size;
    int file;

    assert_int_equal(store_begin(host->store), 0);
    put_many(host, 20000);
    assert_int_equal(store_end(host->store, true), 0);
    size = size_of(host->store_path);
    file = open(host->store_path, O_RDWR | O_CLOEXEC);
    assert_true(file >= 0);
    for (off_t place = 4096; place < size; place += 4096)
        assert_int_equal(
            pwrite(file, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, place), 8);
    close(file);
    for (uint32_t i = 0; i < 20000 && !host_has_file(host, "users.db.corrupt");
         i++) {
        char name[24];
        int status;

        snprintf(name, sizeof(name), "u%u", i);
        status = store_user_by_name(host->store, name, &user);
        assert_true(status == 0 || status == -EUCLEAN);
        if (status == 0)
            store_user_done(&user);
    }
    assert_true(host_has_file(host, "users.db.corrupt"));
    assert_logged("is damaged");
    log_forget();
    assert_int_equal(store_user_by_name(host->store, "u0", &user), -EUCLEAN);
    assert_int_equal(store_add_id(host->store, &alice, 5000), -EUCLEAN);
    assert_int_equal(store_begin(host->store), -EUCLEAN);
    assert_int_equal(store_forget(host->store, "u0"), -EUCLEAN);
    /* Reported once. */
    assert_false(log_has("damaged"));
    store_close(host->store);
    host->store = NULL;
    assert_set_aside(host);
}

/* As a user who may not write there. */
static void
a_read_only_folder_is_an_error(void **state)
{
    struct host *host = *state;
    int status = 0;
    pid_t child;

    if (geteuid() != 0) {
        print_message("# root alone can become nobody\n");
        skip();
    }
    host_put_user(host, "alice", "a-1", 5000);
    store_close(host->store);
    host->store = NULL;
    assert_int_equal(chmod(host->folder, 0755), 0);
    assert_int_equal(chown(host->store_path, 65534, 65534), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store *store = NULL;
        int opened;

        if (setgid(65534) != 0 || setuid(65534) != 0)
            _exit(10);
        /* The file can be written to, its journal cannot be made. */
        opened = store_open(host->store_path, &store);
        if (opened == 0)
            opened = store_add_id(store, &bob, 5001);
        store_close(store);
        _exit(opened == 0 ? 11 : opened == -EUCLEAN ? 12 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(chown(host->store_path, 0, 0), 0);
    assert_int_equal(host_open(host), 0);
    assert_int_equal(check_alice(host), 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, host_begin, host_end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(ids_stay_across_restarts),
        test(ids_are_given_once),
        test(ids_cannot_be_changed_by_hand_either),
        test(hostile_values_are_values),
        test(users_are_found_by_all_keys),
        test(all_of_a_record_is_kept),
        test(a_user_has_the_id_of_the_identity),
        test(a_renamed_user_keeps_uid_and_old_name),
        test(the_forgotten_leave_their_id),
        test(who_is_not_confirmed_is_missing),
        test(a_time_to_come_confirms_nobody),
        test(each_user_comes_in_order),
        test(memberships_have_origins),
        test(a_name_taken_twice_is_nobodys),
        test(what_is_listed_no_longer_has_no_members),
        test(a_transaction_is_whole_or_nothing),
        test(a_killed_writer_leaves_what_was),
        test(a_full_disk_keeps_nothing_by_halves),
        test(the_file_is_private),
        test(a_link_or_something_else_is_refused),
        test(a_newer_file_is_left_alone),
        test(what_is_not_ours_is_set_aside),
        test(a_backup_ends_it),
        test(a_flipped_byte_gives_nobody_another_id),
        test(a_flipped_subject_is_found),
        test(damage_is_noticed_later_too),
        test(a_read_only_folder_is_an_error),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
