/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sign-ins: a name, a number and a subject are bound, for ever.
 */
#include "directory-fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const one[] = {"zoe-a"};

static int
begin_first_sign_in(void **state)
{
    fixture_begin(state);
    fixture.directories[0].type = DIRECTORY_FIRST_SIGN_IN;
    return 0;
}

static struct directory_user
find(const char *name, uid_t uid)
{
    struct directory_user user = {0};

    assert_int_equal(directory_find(fixture.directory, name, uid, &user), 0);
    return user;
}

/* Sign in as that subject; the user is found as it is at first. */
static enum wire_result
sign_in(const char *name, uid_t uid, const char *subject)
{
    struct directory_user user = find(name, uid);
    enum wire_result result =
        directory_signed_in(fixture.directory, &user, subject, NULL, 0);

    directory_user_done(&user);
    return result;
}

static bool
is_stored(const char *name)
{
    struct user_record record = {0};
    bool stored = store_user_by_name(directory_store(fixture.directory), name,
                                     &record) == 0;

    store_user_done(&record);
    return stored;
}

/* ---- first_sign_in ---------------------------------------------------------
 */

static void
new_names_exist_for_login_services_alone(void **state)
{
    uid_t uid;

    (void)state;
    fixture_open();
    assert_string_equal(fixture_lookup("zoe-a"), "");
    assert_string_equal(fixture_lookup_as("zoe-a", 0, false), "");
    assert_memory_equal(fixture_lookup_as("zoe-a", 0, true), "zoe-a:", 6);
    uid = fixture_uid("zoe-a");
    assert_true(uid >= 1879048192);
    assert_int_equal(fixture_uid("zoe-a"), uid);
    assert_int_not_equal(fixture_uid("zoe-b"), uid);
    /* Nothing is kept of it. */
    assert_false(is_stored("zoe-a"));
    assert_string_equal(fixture_told("Nzoe-a"), "");
    fixture_restart();
    assert_int_equal(fixture_uid("zoe-a"), uid);
    assert_string_equal(fixture_lookup_as("root", 0, true), "");
    assert_string_equal(fixture_lookup_as("sudo", 0, true), "");
    assert_string_equal(fixture_lookup_as("Zoe", 0, true), "");
}

static void
new_names_fit_the_pattern(void **state)
{
    static char pattern[] = "zoe-[a-c]";

    (void)state;
    fixture.config.accounts.name_pattern = pattern;
    fixture_open();
    assert_int_not_equal(fixture_uid("zoe-c"), 0);
    assert_int_equal(fixture_uid("zoe-d"), 0);
    assert_int_equal(fixture_uid("zoe-ca"), 0);
}

static void
a_first_sign_in_binds_for_ever(void **state)
{
    struct directory_user user;
    uid_t uid;

    (void)state;
    fixture_open();
    uid = fixture_uid("zoe-a");
    user = find("zoe-a", uid);
    assert_int_equal(user.kind, DIRECTORY_NEW);
    assert_int_equal(
        directory_signed_in(fixture.directory, &user, "sub-1", NULL, 0),
        WIRE_OK);
    assert_int_equal(user.kind, DIRECTORY_KNOWN);
    assert_int_equal(user.record.uid, uid);
    assert_string_equal(user.record.sign_in_subject, "sub-1");
    directory_user_done(&user);
    /* By now, and for everybody. */
    assert_memory_equal(fixture_told("Nzoe-a"), "zoe-a:", 6);
    assert_memory_equal(fixture_lookup("zoe-a"), "zoe-a:", 6);
    fixture_pass(100 * 86400);
    user = find("zoe-a", uid);
    assert_int_equal(user.age_s, 0);
    directory_user_done(&user);
    assert_int_equal(sign_in("zoe-a", uid, "sub-1"), WIRE_OK);
    assert_int_equal(sign_in("zoe-a", uid, "sub-2"), WIRE_IDENTITY_MISMATCH);
    assert_int_equal(sign_in("zoe-a", uid, NULL), WIRE_IDENTITY_MISMATCH);
    assert_true(fixture_logged("has been sub-1 since the first sign-in"));
    assert_int_equal(sign_in("zoe-a", uid, "sub-1"), WIRE_OK);
    fixture_restart();
    assert_int_equal(sign_in("zoe-a", uid, "sub-2"), WIRE_IDENTITY_MISMATCH);
}

static void
two_at_once_bind_one(void **state)
{
    struct directory_user first, second;
    uid_t uid;

    (void)state;
    fixture_open();
    uid = fixture_uid("zoe-a");
    first = find("zoe-a", uid);
    second = find("zoe-a", uid);
    assert_int_equal(
        directory_signed_in(fixture.directory, &first, "sub-1", NULL, 0),
        WIRE_OK);
    assert_int_equal(
        directory_signed_in(fixture.directory, &second, "sub-2", NULL, 0),
        WIRE_IDENTITY_MISMATCH);
    directory_user_done(&second);
    /* The same person twice is no mismatch. */
    second = first;
    second.kind = DIRECTORY_NEW;
    assert_int_equal(
        directory_signed_in(fixture.directory, &second, "sub-1", NULL, 0),
        WIRE_OK);
    directory_user_done(&second);
}

/* The first one's files are not the second one's. */
static void
a_forgotten_name_gets_another_number(void **state)
{
    uid_t first, second;

    (void)state;
    fixture_open();
    first = fixture_uid("zoe-a");
    assert_int_equal(sign_in("zoe-a", first, "sub-1"), WIRE_OK);
    assert_int_equal(directory_forget(fixture.directory, "zoe-a"), 0);
    second = fixture_uid("zoe-a");
    assert_int_not_equal(second, 0);
    assert_int_not_equal(second, first);
    fixture_restart();
    assert_int_equal(fixture_uid("zoe-a"), second);
    assert_int_equal(find("zoe-a", first).kind, DIRECTORY_NOBODY);
    assert_int_equal(sign_in("zoe-a", second, "sub-2"), WIRE_OK);
    assert_int_equal(fixture_uid("zoe-a"), second);
    assert_int_equal(sign_in("zoe-a", second, "sub-1"), WIRE_IDENTITY_MISMATCH);
    assert_int_equal(directory_forget(fixture.directory, "zoe-a"), 0);
    assert_int_not_equal(fixture_uid("zoe-a"), first);
    assert_int_not_equal(fixture_uid("zoe-a"), second);
}

static void
a_taken_number_resolves_nobody(void **state)
{
    struct identity somebody = {false, ISSUER, "somebody-else"};
    static char name[] = "zoe-a";
    struct explicit_id ids[] = {{.name = name, .id = 1900000000}};
    uid_t uid;

    (void)state;
    fixture_open();
    uid = fixture_uid("zoe-a");
    assert_int_equal(
        store_add_id(directory_store(fixture.directory), &somebody, uid), 0);
    assert_int_equal(fixture_uid("zoe-a"), 0);
    assert_int_equal(find("zoe-a", uid).kind, DIRECTORY_NOBODY);
    assert_true(fixture_logged("id.zoe-a = NUMBER"));
    fixture.config.accounts.ids = ids;
    fixture.config.accounts.id_count = 1;
    assert_int_equal(fixture_uid("zoe-a"), 1900000000);
    assert_int_equal(sign_in("zoe-a", 1900000000, "sub-1"), WIRE_OK);
    /* root's, and nobody's */
    ids[0].id = 0;
    assert_int_equal(fixture_uid("zoe-a"), 1900000000);
}

static void
reserved_numbers_resolve_nobody(void **state)
{
    static char name[] = "zoe-a";
    struct explicit_id ids[] = {{.name = name, .id = 0}};
    static const uint32_t bad[] = {0, 999, 61184, 65534, 65535, UINT32_MAX};

    (void)state;
    fixture.config.accounts.ids = ids;
    fixture.config.accounts.id_count = 1;
    fixture_open();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ids[0].id = bad[i];
        assert_int_equal(fixture_uid("zoe-a"), 0);
    }
}

static void
a_number_that_changes_meanwhile_is_refused(void **state)
{
    static char name[] = "zoe-a";
    struct explicit_id ids[] = {{.name = name, .id = 1900000000}};
    struct directory_user user;
    uid_t uid;

    (void)state;
    fixture_open();
    uid = fixture_uid("zoe-a");
    user = find("zoe-a", uid);
    fixture.config.accounts.ids = ids;
    fixture.config.accounts.id_count = 1;
    assert_int_equal(
        directory_signed_in(fixture.directory, &user, "sub-1", NULL, 0),
        WIRE_UNKNOWN_USER);
    directory_user_done(&user);
    assert_false(is_stored("zoe-a"));
}

/* A directory's list brings the name while its first sign-in is under way at
 * another provider, and both give it the same number. */
static void
a_name_that_a_directory_brings_meanwhile_is_refused(void **state)
{
    static char name[] = "zoe-a";
    struct explicit_id ids[] = {{.name = name, .id = 1900000000}};
    struct user_record record = {0};
    struct directory_user user;

    (void)state;
    fixture.config.directory_count = 2;
    fixture.config.accounts.ids = ids;
    fixture.config.accounts.id_count = 1;
    fixture_open();
    user = find("zoe-a", 1900000000);
    assert_int_equal(user.kind, DIRECTORY_NEW);
    assert_int_equal(refresh_start(&fixture.directory->sources[1]), 0);
    fixture_list(one, 1);
    assert_true(is_stored("zoe-a"));
    assert_int_equal(
        directory_signed_in(fixture.directory, &user, "sub-1", NULL, 0),
        WIRE_UNKNOWN_USER);
    directory_user_done(&user);
    assert_int_equal(store_user_by_name(directory_store(fixture.directory),
                                        "zoe-a", &record),
                     0);
    assert_string_equal(record.directory, "other");
    assert_null(record.sign_in_subject);
    store_user_done(&record);
}

/* ---- directories -----------------------------------------------------------
 */

static void
the_subject_must_be_the_directorys(void **state)
{
    uid_t uid;

    (void)state;
    fixture.directories[0].match = DIRECTORY_MATCH_SUBJECT;
    fixture_open();
    fixture_list(one, 1);
    uid = fixture_uid("zoe-a");
    assert_int_equal(sign_in("zoe-a", uid, "sub-1"), WIRE_IDENTITY_MISMATCH);
    assert_int_equal(sign_in("zoe-a", uid, NULL), WIRE_IDENTITY_MISMATCH);
    assert_int_equal(sign_in("zoe-a", uid, "id-zoe-a"), WIRE_OK);
    assert_int_equal(sign_in("zoe-a", uid, "id-zoe-a"), WIRE_OK);
}

static void
by_name_the_first_subject_counts(void **state)
{
    uid_t uid;

    (void)state;
    fixture_open();
    fixture_list(one, 1);
    uid = fixture_uid("zoe-a");
    assert_int_equal(sign_in("zoe-a", uid, NULL), WIRE_OK);
    assert_int_equal(sign_in("zoe-a", uid, "sub-1"), WIRE_OK);
    /* A refresh does not undo it. */
    fixture_list(one, 1);
    assert_int_equal(sign_in("zoe-a", uid, "sub-2"), WIRE_IDENTITY_MISMATCH);
}

static void
a_directory_may_change_its_mind_meanwhile(void **state)
{
    struct directory_user user;
    uid_t uid;

    (void)state;
    fixture_open();
    fixture_list(one, 1);
    uid = fixture_uid("zoe-a");
    user = find("zoe-a", uid);
    assert_int_equal(refresh_start(&fixture.directory->sources[0]), 0);
    fake_list_user("zoe-a", "id-zoe-a", false);
    fake_list_end(WIRE_OK, 0);
    assert_int_equal(
        directory_signed_in(fixture.directory, &user, "sub-1", NULL, 0),
        WIRE_ACCOUNT_DISABLED);
    assert_int_equal(directory_forget(fixture.directory, "zoe-a"), 0);
    assert_int_equal(
        directory_signed_in(fixture.directory, &user, "sub-1", NULL, 0),
        WIRE_UNKNOWN_USER);
    directory_user_done(&user);
}

static void
groups_of_the_claims_come_and_go(void **state)
{
    static char id[] = "zoe-claim";
    const struct person_group claims[] = {{id, id}};
    struct directory_user user;
    uid_t uid;

    (void)state;
    fixture.provider.identity_groups = (struct source *)(void *)&fixture;
    fixture_open();
    fixture_list(one, 1);
    uid = fixture_uid("zoe-a");
    user = find("zoe-a", uid);
    assert_false(user.groups_known);
    assert_int_equal(
        directory_signed_in(fixture.directory, &user, "sub-1", claims, 1),
        WIRE_OK);
    assert_true(user.groups_known);
    assert_int_equal(user.group_count, 1);
    assert_string_equal(user.groups[0].name, "zoe-claim");
    assert_string_not_equal(fixture_told("Gzoe-claim"), "");
    assert_string_not_equal(fixture_told("Mzoe-a"), "");
    directory_user_done(&user);
    user = find("zoe-a", uid);
    assert_true(user.groups_known);
    assert_int_equal(
        directory_signed_in(fixture.directory, &user, "sub-1", NULL, 0),
        WIRE_OK);
    assert_int_equal(user.group_count, 0);
    directory_user_done(&user);
    assert_string_equal(fixture_told("Mzoe-a"), "");
    fixture.provider.identity_groups = NULL;
}

static void
local_users_and_nobody_are_not_bound(void **state)
{
    static char name[] = "root";
    struct directory_user user = {.kind = DIRECTORY_LOCAL};

    (void)state;
    fixture_open();
    user.record.name = name;
    assert_int_equal(
        directory_signed_in(fixture.directory, &user, "sub-1", NULL, 0),
        WIRE_OK);
    user.kind = DIRECTORY_NOBODY;
    assert_int_equal(
        directory_signed_in(fixture.directory, &user, "sub-1", NULL, 0),
        WIRE_UNKNOWN_USER);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)
#define FIRST(name)                                                            \
    cmocka_unit_test_setup_teardown(name, begin_first_sign_in, fixture_end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        FIRST(new_names_exist_for_login_services_alone),
        FIRST(new_names_fit_the_pattern),
        FIRST(a_first_sign_in_binds_for_ever),
        FIRST(two_at_once_bind_one),
        FIRST(a_forgotten_name_gets_another_number),
        FIRST(a_taken_number_resolves_nobody),
        FIRST(reserved_numbers_resolve_nobody),
        FIRST(a_number_that_changes_meanwhile_is_refused),
        FIRST(a_name_that_a_directory_brings_meanwhile_is_refused),
        TEST(the_subject_must_be_the_directorys),
        TEST(by_name_the_first_subject_counts),
        TEST(a_directory_may_change_its_mind_meanwhile),
        TEST(groups_of_the_claims_come_and_go),
        TEST(local_users_and_nobody_are_not_bound),
    };

    return cmocka_run_group_tests_name("directory-sign-in", tests, NULL, NULL);
}
