/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How people come to be known, stay fresh, and go.
 */
#include "directory-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signind/directory/local_files.h"

static const char *const three[] = {"zoe-a", "zoe-b", "zoe-c"};

/* ---- lists -----------------------------------------------------------------
 */

static void
listed_people_are_told_before_anybody_logs_in(void **state)
{
    char key[32];

    (void)state;
    fixture_open();
    assert_string_equal(fixture_told("Nzoe-a"), "");
    fixture_list(three, 3);
    assert_memory_equal(fixture_told("Nzoe-a"), "zoe-a:", 6);
    snprintf(key, sizeof(key), "U%u", fixture_uid("zoe-b"));
    assert_memory_equal(fixture_told(key), "zoe-b:", 6);
    assert_memory_equal(fixture_lookup("zoe-c"), "zoe-c:", 6);
    assert_int_equal(fake_user.count, 0);
}

static void
who_is_not_in_a_complete_list_is_missing(void **state)
{
    struct directory_user user;
    uid_t uid;

    (void)state;
    fixture_open();
    fixture_list(three, 3);
    uid = fixture_uid("zoe-c");
    fixture_pass(900);
    fixture_list(three, 2);
    assert_int_equal(directory_find(fixture.directory, "zoe-c", uid, &user), 0);
    assert_int_equal(user.kind, DIRECTORY_KNOWN);
    assert_true(user.record.missing);
    directory_user_done(&user);
    /* His files keep a name. */
    assert_memory_equal(fixture_told("Nzoe-c"), "zoe-c:", 6);
    fixture_pass(31 * 86400);
    fixture_list(three, 2);
    assert_string_equal(fixture_told("Nzoe-c"), "");
    assert_string_equal(fixture_lookup("zoe-c"), "");
    /* And comes back with the number that was his. */
    fixture_list(three, 3);
    assert_int_equal(fixture_uid("zoe-c"), uid);
}

static void
an_incomplete_list_makes_nobody_missing(void **state)
{
    struct directory_user user;

    (void)state;
    fixture_open();
    fixture_list(three, 3);
    fixture_pass(900);
    assert_int_equal(refresh_start(&fixture.directory->sources[0]), 0);
    fake_list_user("zoe-a", "id-zoe-a", true);
    fake_list_end(WIRE_UNAVAILABLE, 0);
    assert_int_equal(
        directory_find(fixture.directory, "zoe-c", fixture_uid("zoe-c"), &user),
        0);
    assert_int_equal(user.record.gone_since_s, 0);
    directory_user_done(&user);
    assert_true(fixture_logged("not refreshed: unavailable: as told"));
}

static void
an_empty_list_is_a_fault_of_the_directory(void **state)
{
    struct directory_user user;

    (void)state;
    fixture_open();
    /* While nobody is known, nobody may be what there is. */
    fixture_list(NULL, 0);
    assert_false(fixture_logged("not refreshed"));
    fixture_list(three, 3);
    fixture_list(NULL, 0);
    assert_true(fixture_logged("taken for a fault of the directory"));
    assert_int_equal(
        directory_find(fixture.directory, "zoe-a", fixture_uid("zoe-a"), &user),
        0);
    assert_int_equal(user.record.gone_since_s, 0);
    directory_user_done(&user);
}

/* A list has begun, and has told of so many. */
static void
list_a_thousand(void)
{
    char name[32], subject[32];

    assert_int_equal(refresh_start(&fixture.directory->sources[0]), 0);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "zoe-%u", i);
        snprintf(subject, sizeof(subject), "id-%u", i);
        fake_list_user(name, subject, true);
    }
}

static void
a_long_list_is_taken_in_slices(void **state)
{
    (void)state;
    fixture_open();
    list_a_thousand();
    /* One turn of the loop takes some, not all. */
    event_base_loop(fixture.directory->base, EVLOOP_ONCE);
    assert_string_not_equal(fixture_lookup("zoe-0"), "");
    assert_string_equal(fixture_lookup("zoe-999"), "");
    fake_list_end(WIRE_OK, 0);
    assert_string_not_equal(fixture_lookup("zoe-999"), "");
    assert_string_not_equal(fixture_told("Nzoe-999"), "");
    assert_null(fixture.directory->sources[0].refresh);
}

/* deny_groups must not be passed by whoever comes between two lists. */
static void
groups_are_unknown_until_a_list_tells_them(void **state)
{
    static const char *const members[] = {"id-zoe-new", NULL};
    struct directory_config *config = &fixture.directories[0];
    struct directory_user user;

    (void)state;
    config->requests[DIRECTORY_GROUPS].request.configured = true;
    fixture_open();
    fixture_list(three, 3);
    fixture_pass(10);
    /* Found by name. */
    fixture_lookup("zoe-new");
    fixture_run();
    fake_give("zoe-new", "id-zoe-new", true);
    fixture_run();
    assert_int_equal(directory_find(fixture.directory, "zoe-new",
                                    fixture_uid("zoe-new"), &user),
                     0);
    assert_int_equal(user.kind, DIRECTORY_KNOWN);
    assert_false(user.groups_known);
    directory_user_done(&user);
    /* Those whom the list has told are not touched by it. */
    assert_int_equal(
        directory_find(fixture.directory, "zoe-a", fixture_uid("zoe-a"), &user),
        0);
    assert_true(user.groups_known);
    directory_user_done(&user);
    /* Nor does a reload touch them. */
    directory_reload(fixture.directory, &fixture.context, &fixture.config);
    assert_int_equal(
        directory_find(fixture.directory, "zoe-a", fixture_uid("zoe-a"), &user),
        0);
    assert_true(user.groups_known);
    assert_int_equal(user.groups_age_s, 10);
    directory_user_done(&user);
    assert_int_equal(directory_find(fixture.directory, "zoe-new",
                                    fixture_uid("zoe-new"), &user),
                     0);
    assert_false(user.groups_known);
    directory_user_done(&user);
    fixture_pass(10);
    assert_int_equal(refresh_start(&fixture.directory->sources[0]), 0);
    fake_list_user("zoe-a", "id-zoe-a", true);
    fake_list_user("zoe-new", "id-zoe-new", true);
    /* Between users and groups: the case that was open once. */
    fixture_run();
    assert_int_equal(directory_find(fixture.directory, "zoe-new",
                                    fixture_uid("zoe-new"), &user),
                     0);
    assert_false(user.groups_known);
    directory_user_done(&user);
    fake_list_group("g1", "guests", members);
    fake_list_end(WIRE_OK, 0);
    fixture_run();
    assert_int_equal(directory_find(fixture.directory, "zoe-new",
                                    fixture_uid("zoe-new"), &user),
                     0);
    assert_true(user.groups_known);
    assert_int_equal(user.group_count, 1);
    directory_user_done(&user);
}

static void
groups_of_a_list_come_and_go(void **state)
{
    static const char *const members[] = {"id-zoe-a", "id-nobody", NULL};
    static const char *const none[] = {NULL};
    struct directory_user user;
    uid_t uid;

    (void)state;
    fixture_open();
    fixture_list(three, 1);
    uid = fixture_uid("zoe-a");
    for (unsigned round = 0; round < 3; round++) {
        assert_int_equal(refresh_start(&fixture.directory->sources[0]), 0);
        fake_list_user("zoe-a", "id-zoe-a", true);
        /* In it; no longer in it; and then the group itself is gone. */
        if (round < 2)
            fake_list_group("g1", "zoe-group", round == 0 ? members : none);
        fake_list_end(WIRE_OK, 0);
        assert_int_equal(directory_find(fixture.directory, "zoe-a", uid, &user),
                         0);
        assert_int_equal(user.group_count, round == 0 ? 1 : 0);
        assert_true(user.groups_known);
        directory_user_done(&user);
        assert_int_equal(fixture_told("Gzoe-group")[0] != '\0', round < 2);
    }
}

static void
an_unchanged_list_rewrites_nothing(void **state)
{
    struct stat before, after;

    (void)state;
    fixture_open();
    fixture_list(three, 3);
    assert_int_equal(stat(fixture.snapshot, &before), 0);
    fixture_pass(900);
    fixture_list(three, 3);
    assert_int_equal(stat(fixture.snapshot, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    fixture_pass(3600);
    fixture_list(three, 3);
    assert_int_equal(stat(fixture.snapshot, &after), 0);
    assert_int_not_equal(before.st_ino, after.st_ino);
}

/* ---- when ------------------------------------------------------------------
 */

static int64_t
planned_ms(void)
{
    struct timeval at, now;

    assert_true(evtimer_pending(fixture.directory->sources[0].timer, &at) != 0);
    event_base_gettimeofday_cached(fixture.directory->base, &now);
    return ((int64_t)at.tv_sec - now.tv_sec) * 1000 +
           (at.tv_usec - now.tv_usec) / 1000;
}

static void
refreshes_are_moved_a_little_and_fail_slowly(void **state)
{
    struct people_source *source;
    bool differ = false;
    int64_t first = 0;

    (void)state;
    fixture_open();
    source = &fixture.directory->sources[0];
    assert_in_range(planned_ms() + 100, 0, 5200);
    for (int i = 0; i < 50; i++) {
        refresh_plan(source, true, 0);
        assert_in_range(planned_ms(), 809000, 991000);
        differ |= first != 0 && first != source->regular_at_ms;
        first = source->regular_at_ms;
    }
    assert_true(differ);
    for (int i = 0; i < 50; i++) {
        refresh_plan(source, false, 0);
        assert_in_range(planned_ms() + 100, 5000, 900200);
        /* The regular time stands. */
        assert_int_equal(source->regular_at_ms, first);
    }
    assert_true(source->backoff_ms > 5000);
    refresh_plan(source, false, 2000);
    assert_in_range(planned_ms(), 1999000, 2001000);
    fixture_pass(1990);
    refresh_due(source);
    assert_int_equal(fake_list.count, 0);
    fixture_pass(11);
    refresh_due(source);
    assert_int_equal(fake_list.count, 1);
}

/* ---- lookups ---------------------------------------------------------------
 */

static void
an_unknown_name_is_looked_up_behind_the_scenes(void **state)
{
    (void)state;
    fixture_open();
    assert_string_equal(fixture_lookup("zoe-new"), "");
    /* Not before the answer is out. */
    assert_int_equal(fake_user.count, 0);
    fixture_run();
    assert_int_equal(fake_user.count, 1);
    assert_string_equal(fake_user.name, "zoe-new");
    assert_string_equal(fixture_lookup("zoe-new"), "");
    fake_give("zoe-new", "id-new", true);
    assert_memory_equal(fixture_lookup("zoe-new"), "zoe-new:", 8);
    assert_int_equal(fake_user.count, 1);
}

static void
the_snapshot_follows_soon(void **state)
{
    (void)state;
    fixture_open();
    fixture_lookup("zoe-new");
    fixture_run();
    fake_give("zoe-new", "id-new", true);
    for (int i = 0; i < 100 && fixture_told("Nzoe-new")[0] == '\0'; i++)
        event_base_loop(fixture.directory->base, EVLOOP_ONCE);
    assert_string_not_equal(fixture_told("Nzoe-new"), "");
}

static void
a_miss_is_remembered(void **state)
{
    (void)state;
    fixture_open();
    fixture_lookup("zoe-none");
    fixture_run();
    fake_fail_user(WIRE_UNKNOWN_USER, 0);
    fixture_pass(59);
    fixture_lookup("zoe-none");
    fixture_run();
    assert_int_equal(fake_user.count, 1);
    fixture_pass(2);
    fixture_lookup("zoe-none");
    fixture_run();
    assert_int_equal(fake_user.count, 2);
    /* What could not be asked is asked again much sooner. */
    fake_fail_user(WIRE_UNAVAILABLE, 0);
    fixture_pass(6);
    fixture_lookup("zoe-none");
    fixture_run();
    assert_int_equal(fake_user.count, 3);
}

static void
a_flood_of_names_asks_a_few_times(void **state)
{
    char name[32];

    (void)state;
    fixture_open();
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "zoe-%u", i);
        assert_string_equal(fixture_lookup(name), "");
    }
    assert_int_equal(fixture.directory->background, 4);
    /* Root's login services still get through, and end somewhere, too. */
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "zed-%u", i);
        fixture_lookup_as(name, 0, true);
    }
    assert_int_equal(fixture.directory->background, 8);
}

static void
write_line(const char *path, const char *line)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(line, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Root makes an account or group that has a user's name or number. */
static void
what_root_took_is_no_directorys_any_more(void **state)
{
    char passwd[96], group[96], twins[3][2][64];
    const struct local_files_paths paths = {passwd, group, "/etc/shells",
                                            PEOPLE_LOCAL_GROUPS, geteuid()};
    struct directory_user user;
    uid_t uid;

    (void)state;
    snprintf(passwd, sizeof(passwd), "%s/passwd", fixture.path);
    snprintf(group, sizeof(group), "%s/group", fixture.path);
    fixture_open();
    fixture_list(three, 1);
    uid = fixture_uid("zoe-a");
    assert_int_not_equal(uid, 0);
    memset(twins, 0, sizeof(twins));
    snprintf(twins[0][0], sizeof(twins[0][0]), "twin:x:%u:1::/:/bin/sh\n", uid);
    snprintf(twins[1][1], sizeof(twins[1][1]), "twin:x:%u:\n", uid);
    strcpy(twins[2][1], "zoe-a:x:5000:\n");
    for (size_t i = 0; i < 3; i++) {
        write_line(passwd, twins[i][0]);
        write_line(group, twins[i][1]);
        local_files_free(fixture.directory->files);
        fixture.directory->files = local_files_new_at(&paths);
        assert_string_equal(fixture_lookup("zoe-a"), "");
        assert_int_equal(directory_find(fixture.directory, "zoe-a", uid, &user),
                         0);
        assert_int_equal(user.kind, DIRECTORY_NOBODY);
        directory_user_done(&user);
    }
}

/* Whoever has used up his share must not hide a name from root's sshd. */
static void
a_flood_makes_no_name_missing_for_others(void **state)
{
    char name[32];

    (void)state;
    fixture_open();
    for (unsigned i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "zoe-%u", i);
        assert_string_equal(fixture_lookup(name), "");
    }
    assert_string_equal(fixture_lookup("zoe-new"), "");
    assert_int_equal(fixture.directory->background, 4);
    assert_string_equal(fixture_lookup_as("zoe-new", 0, true), "");
    assert_int_equal(fixture.directory->background, 5);
}

static void
paces_are_for_each_and_for_all(void **state)
{
    struct lookup_pace pace;
    unsigned taken = 0;

    (void)state;
    assert_int_equal(pace_start(&pace), 0);
    for (int i = 0; i < 100; i++)
        taken += pace_take(&pace, 2001, 5000);
    assert_int_equal(taken, 5);
    assert_true(pace_take(&pace, 2002, 5000));
    for (uid_t uid = 3000; uid < 3100; uid++)
        taken += pace_take(&pace, uid, 5000);
    assert_true(taken <= 10); /* half is root's */
    taken = 0;
    for (int i = 0; i < 100; i++)
        taken += pace_take(&pace, 0, 5000);
    assert_in_range(taken, 10, 20);
    taken = 0;
    for (int64_t at_ms = 5000; at_ms < 15000; at_ms++)
        taken += pace_take(&pace, 0, at_ms);
    assert_in_range(taken, 195, 201);
}

static void
a_directory_without_a_list_or_a_lookup(void **state)
{
    (void)state;
    fixture.directories[0].requests[DIRECTORY_USER_BY_NAME].request.configured =
        false;
    fixture_open();
    assert_string_equal(fixture_lookup("zoe-a"), "");
    fixture_run();
    assert_int_equal(fixture.directory->background, 0);
    assert_int_equal(fake_user.count, 0);
}

static void
local_names_are_not_asked_for(void **state)
{
    (void)state;
    fixture_open();
    assert_string_equal(fixture_lookup("root"), "");
    assert_string_equal(fixture_lookup("daemon"), "");
    assert_string_equal(fixture_lookup("No Name"), "");
    fixture_run();
    assert_int_equal(fake_user.count, 0);
}

/* ---- the store, other directories, reload ----------------------------------
 */

static void
a_corrupt_store_leaves_nss_as_it_was(void **state)
{
    struct fixture_check check;
    struct directory_user user;
    uid_t uid;
    int fd;

    (void)state;
    fixture_open();
    fixture_list(three, 3);
    uid = fixture_uid("zoe-a");
    directory_close(fixture.directory);
    fixture.directory = NULL;
    fd = open(fixture.store, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_int_equal(write(fd, "not a database, but long enough", 31), 31);
    close(fd);
    for (int i = 0; i < 2; i++) {
        fixture_open();
        assert_null(directory_store(fixture.directory));
        assert_string_equal(fixture_lookup("zoe-a"), "");
        assert_int_not_equal(
            directory_find(fixture.directory, "zoe-a", uid, &user), 0);
        fixture_check(&check, "zoe-a", uid, false);
        assert_true(check.told);
        assert_int_equal(check.result, WIRE_INTERNAL);
        assert_string_not_equal(fixture_told("Nzoe-a"), "");
        directory_close(fixture.directory);
    }
    fixture_open();
    assert_int_equal(directory_forget(fixture.directory, "zoe-a"), -EUCLEAN);
}

static void
the_first_directory_keeps_a_name(void **state)
{
    uid_t uid;

    (void)state;
    fixture.config.directory_count = 2;
    fixture_open();
    fixture_lookup("zoe-two");
    fixture_run();
    assert_string_equal(fake_user.directory, "corp");
    fake_give("zoe-two", "id-one", true);
    uid = fixture_uid("zoe-two");
    assert_int_equal(refresh_start(&fixture.directory->sources[1]), 0);
    fake_list_user("zoe-two", "id-two", true);
    fake_list_end(WIRE_OK, 0);
    assert_int_equal(fixture_uid("zoe-two"), uid);
    assert_true(fixture_logged("users --forget zoe-two"));
}

static void
the_next_directory_is_asked_if_one_does_not_know(void **state)
{
    (void)state;
    fixture.config.directory_count = 2;
    fixture_open();
    fixture_lookup("zoe-two");
    fixture_run();
    fake_fail_user(WIRE_UNKNOWN_USER, 0);
    assert_string_equal(fake_user.directory, "other");
    fake_give("zoe-two", "id-two", true);
    assert_string_not_equal(fixture_lookup("zoe-two"), "");
}

/* ---- a snapshot that takes long --------------------------------------------
 */

/* A thousand of them, and the next snapshot is written in slices. */
static void
open_with_very_many(void)
{
    fixture_open();
    list_a_thousand();
    fixture.directory->told_cost_ms = 51;
    fake_list_end(WIRE_OK, 0);
    assert_string_equal(fixture_told("Nzoe-999"), "");
    fixture_look_ms = 5;
}

/* It is due; let the loop write some. */
static void
write_a_slice(void)
{
    assert_true(evtimer_pending(fixture.directory->tell_timer, NULL));
    event_active(fixture.directory->tell_timer, EV_TIMEOUT, 0);
    event_base_loop(fixture.directory->base, EVLOOP_ONCE);
}

static void
wait_for_a_slice(void)
{
    write_a_slice();
    assert_non_null(fixture.directory->telling);
}

static void
a_long_snapshot_leaves_the_loop_its_turns(void **state)
{
    unsigned turns = 0;

    (void)state;
    open_with_very_many();
    wait_for_a_slice();
    for (; turns < 1000 && fixture.directory->telling != NULL; turns++) {
        assert_string_equal(fixture_told("Nzoe-999"), "");
        event_base_loop(fixture.directory->base, EVLOOP_ONCE);
    }
    assert_in_range(turns, 5, 500);
    assert_string_not_equal(fixture_told("Nzoe-999"), "");
    assert_false(evtimer_pending(fixture.directory->tell_timer, NULL));
}

static void
a_store_that_never_rests_is_told_of_all_the_same(void **state)
{
    unsigned changes = 0;

    (void)state;
    open_with_very_many();
    wait_for_a_slice();
    for (int i = 0; i < 1000 && fixture_told("Nzoe-999")[0] == '\0'; i++) {
        char name[32];

        snprintf(name, sizeof(name), "zoe-%u", changes);
        assert_int_equal(store_forget(fixture.directory->store, name), 0);
        changes++;
        event_base_loop(fixture.directory->base, EVLOOP_ONCE);
    }
    assert_string_not_equal(fixture_told("Nzoe-999"), "");
    assert_in_range(changes, 3, 20);
    assert_int_equal(fixture.directory->tell_restarts, 0);
}

static void
note_refreshed(void *context, enum wire_result result, const char *why)
{
    assert_int_equal(result, WIRE_OK);
    assert_string_equal(why, "");
    assert_string_not_equal(fixture_told("Nzoe-new"), "");
    *(bool *)context = true;
}

static void
who_waits_for_a_refresh_hears_when_it_is_told(void **state)
{
    const struct provider_result ok = {.result = WIRE_OK};
    bool told = false;

    (void)state;
    open_with_very_many();
    assert_int_equal(directory_tell(fixture.directory, false), 0);
    fixture.directory->told_cost_ms = 51;
    fixture_pass(1);
    assert_true(directory_refresh(fixture.directory, note_refreshed, &told));
    fixture_run();
    fake_list_user("zoe-new", "id-new", true);
    fake_list.waiting = false;
    fake_list.calls.done(fake_list.calls.context, &ok, 1, 0, 0);
    for (int i = 0; i < 1000 && fixture.directory->telling == NULL; i++)
        event_base_loop(fixture.directory->base, EVLOOP_ONCE);
    assert_non_null(fixture.directory->telling);
    assert_false(told);
    fixture_run_until(&told);
}

static void
note_ended(void *context, enum wire_result result, const char *why)
{
    (void)result;
    (void)why;
    *(bool *)context = true;
}

static void
nobody_waits_for_a_snapshot_that_cannot_be_written(void **state)
{
    char path[sizeof(fixture.snapshot) + 4];
    bool told = false;

    (void)state;
    fixture_open();
    fixture_list(three, 3);
    snprintf(path, sizeof(path), "%s.new", fixture.snapshot);
    assert_int_equal(mkdir(path, 0700), 0);
    directory_reload(fixture.directory, &fixture.context, &fixture.config);
    assert_true(fixture_logged("cannot be written"));
    fixture_pass(1);
    assert_true(directory_refresh(fixture.directory, note_ended, &told));
    fixture_run();
    fixture_list(three, 3);
    fixture_run_until(&told);
    /* It is tried again, though nothing has changed. */
    assert_int_equal(unlink(fixture.snapshot), 0);
    assert_int_equal(rmdir(path), 0);
    write_a_slice();
    assert_string_not_equal(fixture_told("Nzoe-a"), "");
}

static void
who_waits_for_a_snapshot_does_not_wait_for_slices(void **state)
{
    (void)state;
    open_with_very_many();
    wait_for_a_slice();
    assert_int_equal(directory_tell(fixture.directory, false), 0);
    assert_null(fixture.directory->telling);
    assert_string_not_equal(fixture_told("Nzoe-999"), "");
    assert_false(evtimer_pending(fixture.directory->tell_timer, NULL));
}

static void
a_reload_or_the_end_amid_the_slices(void **state)
{
    (void)state;
    open_with_very_many();
    wait_for_a_slice();
    fixture.config.directory_count = 0;
    directory_reload(fixture.directory, &fixture.context, &fixture.config);
    assert_null(fixture.directory->telling);
    assert_string_not_equal(fixture_told("Nzoe-999"), "");
    assert_int_equal(store_forget(fixture.directory->store, "zoe-999"), 0);
    directory_tell_soon(fixture.directory, false);
    wait_for_a_slice();
    fixture_restart();
    assert_string_equal(fixture_told("Nzoe-999"), "");
    assert_string_not_equal(fixture_told("Nzoe-998"), "");
}

static void
a_directory_that_is_configured_no_more(void **state)
{
    struct directory_user user;
    uid_t uid;

    (void)state;
    fixture_open();
    fixture_list(three, 1);
    uid = fixture_uid("zoe-a");
    fixture.config.directory_count = 0;
    directory_reload(fixture.directory, &fixture.context, &fixture.config);
    assert_int_equal(directory_find(fixture.directory, "zoe-a", uid, &user), 0);
    assert_int_equal(user.kind, DIRECTORY_NOBODY);
    /* Files keep their owner's name. */
    assert_string_not_equal(fixture_told("Nzoe-a"), "");
    assert_string_not_equal(fixture_lookup("zoe-a"), "");
}

static void
forgetting_frees_the_name_and_never_the_number(void **state)
{
    uid_t uid;

    (void)state;
    fixture_open();
    fixture_list(three, 1);
    uid = fixture_uid("zoe-a");
    assert_int_equal(directory_forget(fixture.directory, "zoe-a"), 0);
    assert_string_equal(fixture_told("Nzoe-a"), "");
    assert_int_equal(directory_forget(fixture.directory, "zoe-a"), -ENOENT);
    assert_int_equal(refresh_start(&fixture.directory->sources[0]), 0);
    fake_list_user("zoe-a", "somebody-else", true);
    fake_list_end(WIRE_OK, 0);
    assert_int_not_equal(fixture_uid("zoe-a"), 0);
    assert_int_not_equal(fixture_uid("zoe-a"), uid);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(listed_people_are_told_before_anybody_logs_in),
        TEST(who_is_not_in_a_complete_list_is_missing),
        TEST(an_incomplete_list_makes_nobody_missing),
        TEST(an_empty_list_is_a_fault_of_the_directory),
        TEST(a_long_list_is_taken_in_slices),
        TEST(groups_are_unknown_until_a_list_tells_them),
        TEST(groups_of_a_list_come_and_go),
        TEST(an_unchanged_list_rewrites_nothing),
        TEST(refreshes_are_moved_a_little_and_fail_slowly),
        TEST(an_unknown_name_is_looked_up_behind_the_scenes),
        TEST(the_snapshot_follows_soon),
        TEST(a_miss_is_remembered),
        TEST(a_flood_of_names_asks_a_few_times),
        TEST(what_root_took_is_no_directorys_any_more),
        TEST(a_flood_makes_no_name_missing_for_others),
        TEST(paces_are_for_each_and_for_all),
        TEST(a_directory_without_a_list_or_a_lookup),
        TEST(local_names_are_not_asked_for),
        TEST(a_corrupt_store_leaves_nss_as_it_was),
        TEST(the_first_directory_keeps_a_name),
        TEST(the_next_directory_is_asked_if_one_does_not_know),
        TEST(a_long_snapshot_leaves_the_loop_its_turns),
        TEST(a_store_that_never_rests_is_told_of_all_the_same),
        TEST(who_waits_for_a_refresh_hears_when_it_is_told),
        TEST(nobody_waits_for_a_snapshot_that_cannot_be_written),
        TEST(who_waits_for_a_snapshot_does_not_wait_for_slices),
        TEST(a_reload_or_the_end_amid_the_slices),
        TEST(a_directory_that_is_configured_no_more),
        TEST(forgetting_frees_the_name_and_never_the_number),
    };

    return cmocka_run_group_tests_name("directory", tests, NULL, NULL);
}
