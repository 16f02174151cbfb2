/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fresh enough?  Checks before a sign-in, and refreshes that somebody waits
 * for.
 */
#include "directory-fixture.h"

#include <stdio.h>
#include <string.h>

#include "signind/directory/store_private.h"

static const char *const one[] = {"zoe-a"};

static uid_t
known(void)
{
    fixture_open();
    fixture_list(one, 1);
    return fixture_uid("zoe-a");
}

static void
what_is_fresh_is_not_asked_for(void **state)
{
    struct fixture_check check;
    uid_t uid = known();

    (void)state;
    fixture_pass(899);
    fixture_check(&check, "zoe-a", uid, false);
    assert_true(check.told);
    assert_int_equal(check.result, WIRE_OK);
    assert_int_equal(check.user.kind, DIRECTORY_KNOWN);
    assert_int_equal(check.user.age_s, 899);
    assert_false(check.user.unreachable);
    assert_int_equal(fake_user.count, 0);
    directory_user_done(&check.user);
}

static void
what_is_stale_is_asked_for(void **state)
{
    struct fixture_check check;
    uid_t uid = known();

    (void)state;
    fixture_pass(901);
    fixture_check(&check, "zoe-a", uid, false);
    assert_false(check.told);
    fixture_pass(1);
    fake_give("zoe-a", "id-zoe-a", true);
    assert_true(check.told);
    assert_int_equal(check.result, WIRE_OK);
    assert_int_equal(check.user.age_s, 1); /* since the question */
    directory_user_done(&check.user);
    fixture_pass(31);
    fixture_check(&check, "zoe-a", uid, true);
    assert_int_equal(fake_user.count, 2);
    directory_check_cancel(check.check);
}

static void
a_clock_that_was_set_back_makes_nothing_fresh(void **state)
{
    struct fixture_check check;
    uid_t uid = known();

    (void)state;
    fixture_now_s -= 86400;
    fixture_check(&check, "zoe-a", uid, false);
    assert_false(check.told);
    fake_fail_user(WIRE_UNAVAILABLE, 0);
    assert_true(check.user.unreachable);
    assert_true(check.user.age_s == INT64_MAX);
    directory_user_done(&check.user);
}

static void
an_unreachable_directory_is_said_so_and_left_alone(void **state)
{
    struct fixture_check check;
    uid_t uid = known();

    (void)state;
    fixture_pass(1000);
    fixture_check(&check, "zoe-a", uid, false);
    fake_fail_user(WIRE_UNAVAILABLE, 0);
    assert_int_equal(check.result, WIRE_OK);
    assert_true(check.user.unreachable);
    assert_int_equal(check.user.age_s, 1000);
    assert_string_equal(check.why, "as told");
    directory_user_done(&check.user);
    fixture_check(&check, "zoe-a", uid, false);
    assert_true(check.told);
    assert_true(check.user.unreachable);
    assert_int_equal(fake_user.count, 1);
    directory_user_done(&check.user);
    fixture_pass(6);
    fixture_check(&check, "zoe-a", uid, false);
    assert_int_equal(fake_user.count, 2);
    fake_fail_user(WIRE_SLOW_DOWN, 60);
    directory_user_done(&check.user);
    fixture_pass(59);
    fixture_check(&check, "zoe-a", uid, false);
    assert_true(check.told);
    assert_int_equal(fake_user.count, 2);
    directory_user_done(&check.user);
}

static void
checks_of_a_name_share_a_lookup(void **state)
{
    struct fixture_check checks[20];
    uid_t uid = known();

    (void)state;
    fixture_pass(1000);
    for (size_t i = 0; i < 20; i++)
        fixture_check(&checks[i], "zoe-a", uid, false);
    assert_int_equal(fake_user.count, 1);
    directory_check_cancel(checks[7].check);
    fake_give("zoe-a", "id-zoe-a", true);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(checks[i].told, i != 7);
        directory_user_done(&checks[i].user);
    }
    assert_true(LIST_EMPTY(&fixture.directory->lookups));
}

static void
the_disabled_and_the_deleted_do_not_get_in(void **state)
{
    struct fixture_check check;
    uid_t uid = known();

    (void)state;
    fixture_check(&check, "zoe-a", uid, true);
    directory_user_done(&check.user);
    fixture_pass(1000);
    fixture_check(&check, "zoe-a", uid, false);
    fake_give("zoe-a", "id-zoe-a", false);
    assert_int_equal(check.result, WIRE_ACCOUNT_DISABLED);
    directory_user_done(&check.user);
    /* Who is gone may be back: that is asked for early. */
    fixture_pass(31);
    fixture_check(&check, "zoe-a", uid, false);
    fake_give("zoe-a", "id-zoe-a", true);
    assert_int_equal(check.result, WIRE_OK);
    directory_user_done(&check.user);
    fixture_pass(1000);
    fixture_check(&check, "zoe-a", uid, false);
    fake_fail_user(WIRE_UNKNOWN_USER, 0);
    assert_int_equal(check.result, WIRE_UNKNOWN_USER);
    assert_true(check.user.record.missing);
    directory_user_done(&check.user);
    /* The file of the past still has an owner. */
    assert_string_not_equal(fixture_lookup("zoe-a"), "");
}

static void
read_only(const char *value)
{
    char pragma[32];

    snprintf(pragma, sizeof(pragma), "PRAGMA query_only = %s", value);
    assert_int_equal(sqlite3_exec(fixture.directory->store->database, pragma,
                                  NULL, NULL, NULL),
                     SQLITE_OK);
}

/* The disk is full: what is stored is not what the directory said. */
static void
what_cannot_be_stored_lets_nobody_in(void **state)
{
    struct fixture_check check;
    uid_t uid = known();

    (void)state;
    for (int missing = 0; missing < 2; missing++) {
        fixture_pass(1000);
        fixture_check(&check, "zoe-a", uid, false);
        read_only("1");
        if (missing)
            fake_fail_user(WIRE_UNKNOWN_USER, 0);
        else
            fake_give("zoe-a", "id-zoe-a", false);
        assert_true(check.told);
        assert_int_equal(check.result, WIRE_INTERNAL);
        read_only("0");
        directory_user_done(&check.user);
    }
    /* The same by a list. */
    fixture.directories[0].requests[DIRECTORY_USER_BY_NAME].request.configured =
        false;
    fixture_pass(1000);
    fixture_check(&check, "zoe-a", uid, false);
    read_only("1");
    fixture_list(one, 1);
    assert_int_equal(check.result, WIRE_INTERNAL);
    read_only("0");
    directory_user_done(&check.user);
}

/* type = none, or a fetcher for which there was no memory. */
static void
who_cannot_be_asked_about_is_not_fresh(void **state)
{
    struct fixture_check check;
    uid_t uid = known();

    (void)state;
    fixture.directories[0].type = DIRECTORY_NONE;
    directory_reload(fixture.directory, &fixture.context, &fixture.config);
    fixture_pass(1000);
    fixture_check(&check, "zoe-a", uid, false);
    assert_true(check.told);
    assert_true(check.result != WIRE_OK || check.user.unreachable);
    directory_user_done(&check.user);
}

/* A page of a list may be older than what has been asked for since. */
static void
an_old_list_enables_nobody(void **state)
{
    struct fixture_check check;
    uid_t uid = known();

    (void)state;
    fixture_pass(1000);
    assert_int_equal(refresh_start(&fixture.directory->sources[0]), 0);
    fixture_pass(5);
    fixture_check(&check, "zoe-a", uid, false);
    assert_false(check.told);
    fake_give("zoe-a", "id-zoe-a", false);
    assert_int_equal(check.result, WIRE_ACCOUNT_DISABLED);
    directory_user_done(&check.user);
    fake_list_user("zoe-a", "id-zoe-a", true);
    fake_list_end(WIRE_OK, 0);
    fixture_check(&check, "zoe-a", uid, false);
    assert_true(check.told);
    assert_int_equal(check.result, WIRE_ACCOUNT_DISABLED);
    directory_user_done(&check.user);
    /* The next list counts. */
    fixture_pass(5);
    fixture_list(one, 1);
    fixture_check(&check, "zoe-a", uid, false);
    assert_int_equal(check.result, WIRE_OK);
    directory_user_done(&check.user);
    /* Nor does a clock that was set back keep somebody out. */
    fixture_now_s -= 86400;
    fixture_list(one, 1);
    fixture_check(&check, "zoe-a", uid, false);
    assert_int_equal(check.result, WIRE_OK);
    assert_int_equal(check.user.age_s, 0);
    directory_user_done(&check.user);
}

static void
somebody_else_under_the_name_does_not_get_in(void **state)
{
    struct fixture_check check;
    uid_t uid = known();

    (void)state;
    fixture_pass(1000);
    fixture_check(&check, "zoe-a", uid, false);
    fake_give("zoe-a", "id-of-somebody-else", true);
    assert_int_equal(check.result, WIRE_UNKNOWN_USER);
    assert_string_equal(check.user.record.subject, "id-zoe-a");
    directory_user_done(&check.user);
}

static void
another_number_is_another_user(void **state)
{
    struct fixture_check check;
    uid_t uid = known();

    (void)state;
    fixture_check(&check, "zoe-a", uid + 1, false);
    if (!check.told)
        fake_give("zoe-a", "id-zoe-a", true);
    assert_int_equal(check.result, WIRE_UNKNOWN_USER);
    assert_int_equal(check.user.kind, DIRECTORY_NOBODY);
    directory_user_done(&check.user);
    /* Nor is a name whose beginning is known. */
    fixture_check(&check, "zoe-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                  uid, false);
    assert_int_equal(check.result, WIRE_UNKNOWN_USER);
    directory_user_done(&check.user);
}

/* The store was begun anew, NSS still tells of the old one. */
static void
whom_the_store_lost_the_directory_brings_back(void **state)
{
    struct fixture_check check;
    uid_t uid = known();

    (void)state;
    assert_int_equal(directory_forget(fixture.directory, "zoe-a"), 0);
    fixture_check(&check, "zoe-a", uid, false);
    fake_give("zoe-a", "id-zoe-a", true);
    assert_int_equal(check.result, WIRE_OK);
    assert_int_equal(check.user.record.uid, uid);
    directory_user_done(&check.user);
}

static void
without_a_lookup_the_list_is_asked_for(void **state)
{
    struct fixture_check check;
    uid_t uid;

    (void)state;
    fixture.directories[0].requests[DIRECTORY_USER_BY_NAME].request.configured =
        false;
    uid = known();
    fixture_pass(1000);
    fixture_check(&check, "zoe-a", uid, false);
    assert_false(check.told);
    assert_int_equal(fake_list.count, 2);
    fixture_list(one, 1);
    assert_int_equal(check.result, WIRE_OK);
    assert_int_equal(check.user.age_s, 0);
    directory_user_done(&check.user);
    fixture_pass(1000);
    fixture_check(&check, "zoe-a", uid, false);
    fake_list_end(WIRE_UNAVAILABLE, 0);
    assert_true(check.user.unreachable);
    directory_user_done(&check.user);
}

static void
a_reload_does_not_lose_who_waits(void **state)
{
    struct fixture_check check;
    uid_t uid = known();

    (void)state;
    fixture_pass(1000);
    fixture_check(&check, "zoe-a", uid, false);
    assert_int_equal(fake_user.count, 1);
    directory_reload(fixture.directory, &fixture.context, &fixture.config);
    assert_false(fake_user.waiting);
    fixture_run();
    assert_int_equal(fake_user.count, 2);
    fake_give("zoe-a", "id-zoe-a", true);
    assert_int_equal(check.result, WIRE_OK);
    directory_user_done(&check.user);
}

static void
the_end_asks_nobody_and_leaves_nothing(void **state)
{
    struct fixture_check check;
    uid_t uid = known();

    (void)state;
    fixture_pass(1000);
    fixture_check(&check, "zoe-a", uid, false);
    fixture_lookup("zoe-b");
    fixture_run();
    assert_int_equal(refresh_start(&fixture.directory->sources[0]), 0);
    fake_list_user("zoe-c", "id-zoe-c", true);
    directory_close(fixture.directory);
    fixture.directory = NULL;
    assert_false(check.told);
    assert_false(fake_user.waiting);
    assert_false(fake_list.waiting);
}

/* A refresh that asks about one after the other has a check of its own. */
static void
the_end_in_the_middle_of_a_refresh(void **state)
{
    (void)state;
    fixture.directories[0].requests[DIRECTORY_USERS].request.configured = false;
    fixture_open();
    fixture_lookup("zoe-a");
    fixture_run();
    fake_give("zoe-a", "id-zoe-a", true);
    assert_int_equal(refresh_start(&fixture.directory->sources[0]), 0);
    fixture_run();
    assert_true(fake_user.waiting);
    directory_reload(fixture.directory, &fixture.context, &fixture.config);
    fixture_run();
    assert_int_equal(refresh_start(&fixture.directory->sources[0]), 0);
    fixture_run();
    assert_true(fake_user.waiting);
    directory_close(fixture.directory);
    fixture.directory = NULL;
    assert_false(fake_user.waiting);
}

/* ---- refreshes that an administrator asks for -------------------------------
 */

struct waiter {
    unsigned told;
    enum wire_result result;
    char why[128];
};

static void
waiter_told(void *context, enum wire_result result, const char *why)
{
    struct waiter *waiter = context;

    waiter->told++;
    waiter->result = result;
    snprintf(waiter->why, sizeof(waiter->why), "%s", why);
}

/* Who asks while one is under way wants to know what has changed since it
 * began: all of those share another. */
static void
who_asks_meanwhile_shares_the_next_refresh(void **state)
{
    struct waiter waiters[3] = {0};

    (void)state;
    fixture_open();
    for (size_t i = 0; i < 3; i++)
        assert_true(
            directory_refresh(fixture.directory, waiter_told, &waiters[i]));
    assert_int_equal(fake_list.count, 1);
    directory_refresh_forget(fixture.directory, &waiters[1]);
    fixture_pass(1);
    fixture_list(one, 1);
    assert_int_equal(waiters[2].told, 0);
    assert_int_equal(fake_list.count, 2);
    fixture_list(one, 1);
    assert_int_equal(fake_list.count, 2);
    assert_int_equal(waiters[0].told, 1);
    assert_int_equal(waiters[0].result, WIRE_OK);
    assert_int_equal(waiters[1].told, 0);
    assert_int_equal(waiters[2].told, 1);
}

static void
a_failure_is_told_with_its_directory(void **state)
{
    struct waiter waiter = {0};

    (void)state;
    fixture_open();
    assert_true(directory_refresh(fixture.directory, waiter_told, &waiter));
    fake_list_end(WIRE_SLOW_DOWN, 120);
    assert_int_equal(waiter.result, WIRE_SLOW_DOWN);
    assert_string_equal(waiter.why, "directory corp: as told");
    /* Retry-After is not overruled. */
    assert_true(directory_refresh(fixture.directory, waiter_told, &waiter));
    fixture_run();
    assert_int_equal(fake_list.count, 1);
    assert_int_equal(waiter.told, 2);
    assert_int_equal(waiter.result, WIRE_SLOW_DOWN);
}

/* Times are kept in seconds: a second list in the same one could mark nobody
 * missing. */
static void
two_lists_do_not_share_a_second(void **state)
{
    struct waiter waiter = {0};
    int64_t began;

    (void)state;
    fixture_open();
    fixture_list(one, 1);
    began = fixture_now_s;
    assert_true(directory_refresh(fixture.directory, waiter_told, &waiter));
    fixture_run();
    assert_int_equal(fake_list.count, 1);
    assert_int_equal(waiter.told, 0);
    fixture_pass(1);
    fixture_run_until(&fake_list.waiting);
    assert_true(fixture_now_s > began);
    fixture_list(NULL, 0);
    assert_int_equal(waiter.told, 1);
}

static void
without_directories_a_refresh_ends_at_once(void **state)
{
    struct waiter waiter = {0};

    (void)state;
    fixture.config.directory_count = 0;
    fixture_open();
    assert_true(directory_refresh(fixture.directory, waiter_told, &waiter));
    assert_int_equal(waiter.told, 0);
    fixture_run();
    assert_int_equal(waiter.told, 1);
    assert_int_equal(waiter.result, WIRE_OK);
}

static void
without_a_list_each_known_user_is_asked_for(void **state)
{
    struct waiter waiter = {0};
    struct directory_user user;
    uid_t a, b;

    (void)state;
    fixture.directories[0].requests[DIRECTORY_USERS].request.configured = false;
    fixture_open();
    fixture_lookup("zoe-a");
    fixture_run();
    fake_give("zoe-a", "id-zoe-a", true);
    fixture_lookup("zoe-b");
    fixture_run();
    fake_give("zoe-b", "id-zoe-b", true);
    a = fixture_uid("zoe-a");
    b = fixture_uid("zoe-b");
    fixture_pass(900);
    assert_true(directory_refresh(fixture.directory, waiter_told, &waiter));
    fixture_run();
    assert_string_equal(fake_user.name, "zoe-a");
    fake_fail_user(WIRE_UNKNOWN_USER, 0);
    assert_string_equal(fake_user.name, "zoe-b");
    assert_int_equal(waiter.told, 0);
    fake_give("zoe-b", "id-zoe-b", true);
    assert_int_equal(waiter.told, 1);
    assert_int_equal(waiter.result, WIRE_OK);
    assert_int_equal(directory_find(fixture.directory, "zoe-a", a, &user), 0);
    assert_true(user.record.missing);
    directory_user_done(&user);
    assert_int_equal(directory_find(fixture.directory, "zoe-b", b, &user), 0);
    assert_int_equal(user.age_s, 0);
    directory_user_done(&user);
    /* It fails as a whole when one cannot be asked for. */
    fixture_pass(900);
    assert_true(directory_refresh(fixture.directory, waiter_told, &waiter));
    fixture_run();
    fake_fail_user(WIRE_UNAVAILABLE, 0);
    assert_int_equal(waiter.told, 2);
    assert_int_equal(waiter.result, WIRE_UNAVAILABLE);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_fresh_is_not_asked_for),
        TEST(what_is_stale_is_asked_for),
        TEST(a_clock_that_was_set_back_makes_nothing_fresh),
        TEST(an_unreachable_directory_is_said_so_and_left_alone),
        TEST(checks_of_a_name_share_a_lookup),
        TEST(the_disabled_and_the_deleted_do_not_get_in),
        TEST(what_cannot_be_stored_lets_nobody_in),
        TEST(who_cannot_be_asked_about_is_not_fresh),
        TEST(an_old_list_enables_nobody),
        TEST(somebody_else_under_the_name_does_not_get_in),
        TEST(another_number_is_another_user),
        TEST(whom_the_store_lost_the_directory_brings_back),
        TEST(without_a_lookup_the_list_is_asked_for),
        TEST(a_reload_does_not_lose_who_waits),
        TEST(the_end_asks_nobody_and_leaves_nothing),
        TEST(the_end_in_the_middle_of_a_refresh),
        TEST(who_asks_meanwhile_shares_the_next_refresh),
        TEST(a_failure_is_told_with_its_directory),
        TEST(two_lists_do_not_share_a_second),
        TEST(without_directories_a_refresh_ends_at_once),
        TEST(without_a_list_each_known_user_is_asked_for),
    };

    return cmocka_run_group_tests_name("directory-check", tests, NULL, NULL);
}
