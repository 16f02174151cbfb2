/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may, by [access]: names, ids, groups, and what is not known yet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "signind/directory/access.h"

#define ITEMS_MAX  4
#define GROUPS_MAX 4

struct fixture {
    struct config config;
    struct access_config access[2];
    char *items[2][4][ITEMS_MAX + 1];
    struct directory_config directory;
    struct directory_user user;
    struct group_record groups[GROUPS_MAX];
};

static char corp[] = "corp", alice[] = "alice", subject[] = "11-22";
static char no_prefix[] = "", prefix[] = "corp-", sudo[] = "sudo";

static int
set_up(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){0};
    fixture.config.access = fixture.access;
    fixture.config.access_count = 1;
    fixture.config.accounts.group_prefix = no_prefix;
    fixture.directory.name = corp;
    fixture.directory.type = DIRECTORY_SCIM;
    fixture.directory.refresh_every_s = 900;
    fixture.user = (struct directory_user){.kind = DIRECTORY_KNOWN,
                                           .config = &fixture.directory,
                                           .groups = fixture.groups,
                                           .groups_known = true};
    fixture.user.record.name = alice;
    fixture.user.record.subject = subject;
    *state = &fixture;
    return 0;
}

enum rule { DENY_USERS, DENY_GROUPS, ALLOW_USERS, ALLOW_GROUPS };

static void
add_to(struct fixture *fixture, size_t section, enum rule rule, char *item)
{
    struct access_config *access = &fixture->access[section];
    struct text_list *lists[] = {&access->deny_users, &access->deny_groups,
                                 &access->allow_users, &access->allow_groups};
    struct text_list *list = lists[rule];

    list->items = fixture->items[section][rule];
    assert_true(list->count < ITEMS_MAX);
    list->items[list->count++] = item;
}

static void
add(struct fixture *fixture, enum rule rule, char *item)
{
    add_to(fixture, 0, rule, item);
}

static struct group_record *
join(struct fixture *fixture, char *id, char *name, char *plain)
{
    assert_true(fixture->user.group_count < GROUPS_MAX);
    fixture->groups[fixture->user.group_count] = (struct group_record){
        .directory = corp, .id = id, .name = name, .plain_name = plain};
    return &fixture->groups[fixture->user.group_count++];
}

static enum access_decision
decide(const struct fixture *fixture, const char *expected_rule)
{
    const char *rule = NULL;
    enum access_decision decision =
        access_decide(&fixture->config, "sshd", &fixture->user, &rule);

    if (expected_rule != NULL)
        assert_string_equal(rule, expected_rule);
    assert_non_null(rule);
    return decision;
}

static char staff[] = "staff", admins[] = "admins", guests[] = "guests";
static char corp_admins[] = "corp-admins", corp_corp[] = "corp-corp-admins";
static char g1[] = "g1", g2[] = "g2", id_g1[] = "id:g1", id_user[] = "id:11-22";

static void
test_nobody_is_allowed_by_default(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(decide(fixture, "neither allow_users nor allow_groups"),
                     ACCESS_DENY);
    fixture->config.access_count = 0;
    assert_int_equal(decide(fixture, NULL), ACCESS_DENY);
}

static void
test_users(void **state)
{
    struct fixture *fixture = *state;

    add(fixture, ALLOW_USERS, alice);
    assert_int_equal(decide(fixture, "allow_users"), ACCESS_ALLOW);
    add(fixture, DENY_USERS, id_user);
    assert_int_equal(decide(fixture, "deny_users"), ACCESS_DENY);
    /* A name is no id, and an id no name. */
    fixture->items[0][DENY_USERS][0] = subject;
    assert_int_equal(decide(fixture, NULL), ACCESS_ALLOW);
    fixture->items[0][ALLOW_USERS][0] = (char *)(uintptr_t) "id:alice";
    assert_int_equal(decide(fixture, NULL), ACCESS_DENY);
    fixture->items[0][ALLOW_USERS][0] = id_user;
    assert_int_equal(decide(fixture, "allow_users"), ACCESS_ALLOW);
    fixture->items[0][ALLOW_USERS][0] = (char *)(uintptr_t) "Alice";
    assert_int_equal(decide(fixture, NULL), ACCESS_DENY);
    fixture->access[0].allow_all_users = true;
    assert_int_equal(decide(fixture, "allow_users"), ACCESS_ALLOW);
    fixture->user.kind = DIRECTORY_NOBODY;
    assert_int_equal(decide(fixture, NULL), ACCESS_DENY);
}

static void
test_groups(void **state)
{
    struct fixture *fixture = *state;

    add(fixture, ALLOW_GROUPS, staff);
    assert_int_equal(decide(fixture, NULL), ACCESS_DENY);
    join(fixture, g1, staff, staff);
    assert_int_equal(decide(fixture, "allow_groups"), ACCESS_ALLOW);
    add(fixture, DENY_GROUPS, id_g1);
    assert_int_equal(decide(fixture, "deny_groups"), ACCESS_DENY);
    fixture->access[0].allow_all_users = true;
    assert_int_equal(decide(fixture, "deny_groups"), ACCESS_DENY);
    /* Immutable, whatever it is called now. */
    fixture->access[0].allow_all_users = false;
    fixture->access[0].deny_groups.count = 0;
    fixture->items[0][ALLOW_GROUPS][0] = id_g1;
    fixture->groups[0].name = NULL;
    fixture->groups[0].plain_name = guests;
    assert_int_equal(decide(fixture, "allow_groups"), ACCESS_ALLOW);
}

static void
test_ambiguous_names_allow_nobody(void **state)
{
    struct fixture *fixture = *state;
    struct group_record *group = join(fixture, g1, NULL, staff);

    add(fixture, ALLOW_GROUPS, staff);
    group->ambiguous = true;
    assert_int_equal(decide(fixture, NULL), ACCESS_DENY);
    add(fixture, ALLOW_GROUPS, id_g1);
    assert_int_equal(decide(fixture, "allow_groups"), ACCESS_ALLOW);
    add(fixture, DENY_GROUPS, staff);
    assert_int_equal(decide(fixture, "deny_groups"), ACCESS_DENY);
}

static void
test_two_groups_of_one_name(void **state)
{
    struct fixture *fixture = *state;

    join(fixture, g1, staff, staff);
    add(fixture, ALLOW_GROUPS, staff);
    join(fixture, g1, staff, staff); /* the same once more */
    assert_int_equal(decide(fixture, NULL), ACCESS_ALLOW);
    join(fixture, g2, staff, staff);
    assert_int_equal(decide(fixture, NULL), ACCESS_DENY);
}

/* Somebody makes a group "corp-admins" at the directory, where NSS calls the
 * directory's "admins" so. */
static void
test_prefix(void **state)
{
    struct fixture *fixture = *state;

    fixture->config.accounts.group_prefix = prefix;
    add(fixture, ALLOW_GROUPS, corp_admins);
    join(fixture, g2, corp_corp, corp_admins);
    assert_int_equal(decide(fixture, NULL), ACCESS_DENY);
    add(fixture, DENY_GROUPS, corp_admins);
    assert_int_equal(decide(fixture, "deny_groups"), ACCESS_DENY);
    fixture->access[0].deny_groups.count = 0;
    fixture->user.group_count = 0;
    join(fixture, g1, corp_admins, admins);
    assert_int_equal(decide(fixture, "allow_groups"), ACCESS_ALLOW);
    fixture->items[0][ALLOW_GROUPS][0] = admins;
    assert_int_equal(decide(fixture, "allow_groups"), ACCESS_ALLOW);
    fixture->items[0][ALLOW_GROUPS][0] = corp_corp;
    fixture->groups[0].name = corp_corp;
    fixture->groups[0].plain_name = corp_admins;
    assert_int_equal(decide(fixture, "allow_groups"), ACCESS_ALLOW);
}

static void
test_local_users_have_no_groups(void **state)
{
    struct fixture *fixture = *state;

    fixture->user.kind = DIRECTORY_LOCAL;
    fixture->user.config = NULL;
    fixture->user.groups_known = false;
    fixture->user.record.subject = NULL;
    join(fixture, g1, staff, staff);
    add(fixture, ALLOW_GROUPS, staff);
    add(fixture, DENY_GROUPS, staff);
    add(fixture, DENY_USERS, id_user);
    assert_int_equal(decide(fixture, NULL), ACCESS_DENY);
    add(fixture, ALLOW_USERS, alice);
    assert_int_equal(decide(fixture, "allow_users"), ACCESS_ALLOW);
}

static void
test_later(void **state)
{
    struct fixture *fixture = *state;

    fixture->user.groups_known = false;
    assert_int_equal(decide(fixture, NULL), ACCESS_DENY);
    add(fixture, ALLOW_GROUPS, staff);
    assert_int_equal(decide(fixture, NULL), ACCESS_LATER);
    /* Known once, and perhaps no more. */
    join(fixture, g1, staff, staff);
    assert_int_equal(decide(fixture, NULL), ACCESS_LATER);
    add(fixture, ALLOW_USERS, alice);
    assert_int_equal(decide(fixture, "allow_users"), ACCESS_ALLOW);
    add(fixture, DENY_GROUPS, guests);
    assert_int_equal(decide(fixture, NULL), ACCESS_LATER);
    add(fixture, DENY_GROUPS, staff);
    assert_int_equal(decide(fixture, NULL), ACCESS_LATER);
    add(fixture, DENY_USERS, alice);
    assert_int_equal(decide(fixture, "deny_users"), ACCESS_DENY);
}

static void
test_later_for_somebody_new(void **state)
{
    struct fixture *fixture = *state;

    fixture->directory.type = DIRECTORY_FIRST_SIGN_IN;
    fixture->user.kind = DIRECTORY_NEW;
    fixture->user.record.subject = NULL;
    add(fixture, ALLOW_USERS, id_user);
    assert_int_equal(decide(fixture, NULL), ACCESS_LATER);
    add(fixture, ALLOW_USERS, alice);
    assert_int_equal(decide(fixture, NULL), ACCESS_ALLOW);
    add(fixture, DENY_USERS, id_user);
    assert_int_equal(decide(fixture, NULL), ACCESS_LATER);
    fixture->user.kind = DIRECTORY_KNOWN;
    fixture->user.record.sign_in_subject = subject;
    assert_int_equal(decide(fixture, "deny_users"), ACCESS_DENY);
    /* Elsewhere the directory's id counts alone. */
    fixture->directory.type = DIRECTORY_REST;
    assert_int_equal(decide(fixture, NULL), ACCESS_ALLOW);
}

static void
test_foresee(void **state)
{
    struct fixture *fixture = *state;
    struct provider_group claims[] = {{staff, staff}, {guests, guests}};
    struct provider_tokens tokens = {
        .groups = claims, .group_count = 1, .groups_known = true};
    const char *rule = NULL;

    fixture->directory.type = DIRECTORY_FIRST_SIGN_IN;
    fixture->user.groups_known = false;
#define FORESEE                                                                \
    access_foresee(&fixture->config, "sshd", &fixture->user, &tokens, &rule)
    add(fixture, ALLOW_GROUPS, staff);
    assert_int_equal(FORESEE, ACCESS_ALLOW);
    assert_string_equal(rule, "allow_groups");
    add(fixture, DENY_GROUPS, guests);
    assert_int_equal(FORESEE, ACCESS_ALLOW);
    tokens.group_count = 2;
    assert_int_equal(FORESEE, ACCESS_DENY);
    assert_string_equal(rule, "deny_groups");
    /* What is known may be of an earlier sign-in, or the directory's. */
    tokens.group_count = 0;
    assert_int_equal(FORESEE, ACCESS_DENY);
    join(fixture, g1, staff, staff);
    assert_int_equal(FORESEE, ACCESS_ALLOW);
    fixture->user.group_count = 0;
    join(fixture, g2, guests, guests);
    tokens.group_count = 1;
    assert_int_equal(FORESEE, ACCESS_ALLOW);
    /* The claims say nothing: what is known stays. */
    tokens.groups_known = false;
    tokens.group_count = 0;
    assert_int_equal(FORESEE, ACCESS_DENY);
    assert_string_equal(rule, "deny_groups");
    /* ... and one that is denied may be among those they do not say. */
    fixture->user.group_count = 0;
    join(fixture, g1, staff, staff);
    assert_int_equal(FORESEE, ACCESS_DENY);
    assert_string_equal(rule, "deny_groups");
    fixture->access[0].deny_groups.count = 0;
    assert_int_equal(FORESEE, ACCESS_ALLOW);
}

static void
test_foresee_subject_and_prefix(void **state)
{
    struct fixture *fixture = *state;
    struct provider_group claims[] = {{admins, admins}};
    struct provider_tokens tokens = {.groups = claims,
                                     .group_count = 1,
                                     .groups_known = true,
                                     .subject = subject};
    const char *rule = NULL;

    fixture->directory.type = DIRECTORY_FIRST_SIGN_IN;
    fixture->user.kind = DIRECTORY_NEW;
    fixture->user.record.subject = NULL;
    fixture->user.groups_known = false;
    fixture->config.accounts.group_prefix = prefix;
    add(fixture, ALLOW_GROUPS, corp_admins);
    assert_int_equal(FORESEE, ACCESS_ALLOW);
    add(fixture, DENY_USERS, id_user);
    assert_int_equal(FORESEE, ACCESS_DENY);
    tokens.subject = NULL;
    assert_int_equal(FORESEE, ACCESS_ALLOW);
    /* Nothing of it is kept. */
    assert_null(fixture->user.record.sign_in_subject);
    assert_int_equal(fixture->user.group_count, 0);
}

static void
test_services(void **state)
{
    static const struct {
        const char *service;
        enum access_decision expected;
    } cases[] = {{"sudo", ACCESS_ALLOW},  {"sudo-i", ACCESS_ALLOW},
                 {"sudo-e", ACCESS_DENY}, {"sshd", ACCESS_DENY},
                 {"", ACCESS_DENY},       {"nosuch", ACCESS_DENY}};
    struct fixture *fixture = *state;
    const char *rule = NULL;

    fixture->config.access_count = 2;
    fixture->access[1].service = sudo;
    add_to(fixture, 1, ALLOW_GROUPS, staff);
    join(fixture, g1, staff, staff);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(access_decide(&fixture->config, cases[i].service,
                                       &fixture->user, &rule),
                         cases[i].expected);
}

static void
test_freshness(void **state)
{
    struct fixture *fixture = *state;
    struct directory_user *user = &fixture->user;

#define FRESH access_is_fresh(&fixture->config, "sshd", user)
    user->age_s = 5000;
    assert_true(FRESH);
    user->unreachable = true;
    assert_false(FRESH);
    user->age_s = 900;
    assert_true(FRESH);
    user->age_s = 901;
    assert_false(FRESH);
    fixture->access[0].stale_ok_s = 3600;
    assert_true(FRESH);
    user->age_s = 3601;
    assert_false(FRESH);
    user->age_s = INT64_MAX;
    assert_false(FRESH);
    /* The list of the groups has an age of its own, if groups decide. */
    user->unreachable = false;
    user->groups_age_s = 3601;
    assert_true(FRESH);
    add_to(fixture, 0, ALLOW_GROUPS, staff);
    assert_false(FRESH);
    user->groups_age_s = 3600;
    assert_true(FRESH);
    fixture->access[0].stale_ok_s = 0;
    assert_false(FRESH);
    user->groups_age_s = 1800;
    assert_true(FRESH);
    user->groups_age_s = INT64_MAX;
    assert_false(FRESH);
    user->groups_age_s = 0;
    user->groups_not_listed = true;
    assert_false(FRESH);
    user->groups_not_listed = false;
    user->unreachable = true;
    user->age_s = -1;
    assert_false(FRESH);
    fixture->directory.type = DIRECTORY_FIRST_SIGN_IN;
    assert_true(FRESH);
    user->kind = DIRECTORY_LOCAL;
    user->config = NULL;
    assert_true(FRESH);
    user->kind = DIRECTORY_KNOWN;
    assert_false(FRESH);
    user->kind = DIRECTORY_NOBODY;
    assert_false(FRESH);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nobody_is_allowed_by_default),
        TEST(test_users),
        TEST(test_groups),
        TEST(test_ambiguous_names_allow_nobody),
        TEST(test_two_groups_of_one_name),
        TEST(test_prefix),
        TEST(test_local_users_have_no_groups),
        TEST(test_later),
        TEST(test_later_for_somebody_new),
        TEST(test_foresee),
        TEST(test_foresee_subject_and_prefix),
        TEST(test_services),
        TEST(test_freshness),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
