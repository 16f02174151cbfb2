/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fetch: what stands in one user's object, and what does not fit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signind/directory/fetch_private.h"

static char attribute_name[] = "/n", subject[] = "/s", uid[] = "/uid",
            gecos[] = "/g", home[] = "/h", shell[] = "/sh", keys[] = "/k",
            enabled[] = "/e", disabled[] = "/d", groups[] = "/groups",
            group_name[] = "/name", group_id[] = "/gid", members[] = "/members",
            member[] = "/ref/id";

static struct config config;
static struct directory_config directory;
static struct person person;
static const char *why;

static int
start(void **state)
{
    (void)state;
    config = (struct config){0};
    directory = (struct directory_config){
        .type = DIRECTORY_REST,
        .attribute = {attribute_name, subject, uid, gecos, home, shell, keys,
                      enabled, disabled, groups},
        .group = {group_name, group_id, members, member},
    };
    person = (struct person){0};
    return 0;
}

/* Read members beside a good name and subject. */
static int
read_with(const char *more)
{
    char text[65536];
    json_t *json = NULL;
    int r;

    person_done(&person);
    person = (struct person){0};
    snprintf(text, sizeof(text), "{\"n\":\"alice\",\"s\":\"s-1\"%s%s}",
             *more == '\0' ? "" : ",", more);
    assert_int_equal(json_read(text, strlen(text), &json, &why), 0);
    r = fetch_read_user(&config, &directory, json, &person, &why);
    json_decref(json);
    return r;
}

static int
read_text(const char *text)
{
    json_t *json = NULL;
    int r;

    person_done(&person);
    person = (struct person){0};
    assert_int_equal(json_read_any(text, strlen(text), &json, &why), 0);
    r = fetch_read_user(&config, &directory, json, &person, &why);
    json_decref(json);
    return r;
}

static int
stop(void **state)
{
    (void)state;
    person_done(&person);
    return 0;
}

static void
test_everything(void **state)
{
    (void)state;
    assert_int_equal(read_with("\"uid\":\"70001\",\"g\":\"Al\xc3\xafs\","
                               "\"h\":\"/home/a\",\"sh\":\"/bin/sh\","
                               "\"groups\":[\"x\",{\"name\":\"y\",\"gid\":7}]"),
                     0);
    assert_string_equal(person.name, "alice");
    assert_string_equal(person.subject, "s-1");
    assert_int_equal(person.uid, 70001);
    assert_string_equal(person.gecos, "Al\xc3\xafs");
    assert_string_equal(person.home, "/home/a");
    assert_string_equal(person.shell, "/bin/sh");
    assert_true(person.enabled);
    assert_true(person.groups_known);
    assert_int_equal(person.group_count, 2);
    assert_string_equal(person.groups[0].id, "x");
    assert_string_equal(person.groups[0].name, "x");
    assert_string_equal(person.groups[1].id, "7");
    assert_string_equal(person.groups[1].name, "y");
}

static void
test_nobody(void **state)
{
    static const char *const rows[] = {
        "{\"n\":\"\",\"s\":\"1\"}",
        "{\"n\":null,\"s\":\"1\"}",
        "{\"n\":[\"alice\"],\"s\":\"1\"}",
        "{\"n\":\"al ice\",\"s\":\"1\"}",
        "{\"n\":\"alice\\n\",\"s\":\"1\"}",
        "{\"n\":\"../x\",\"s\":\"1\"}",
        "{\"n\":\"alice\",\"s\":\"\"}",
        "{\"n\":\"alice\",\"s\":\"a\\tb\"}",
        "{\"n\":\"alice\",\"s\":1.5}",
        "{\"n\":\"alice\",\"s\":true}",
        "{\"n\":\"alice\"}",
        "{\"s\":\"1\"}",
        "[]",
    };
    char pattern[] = "b.*";
    char text[600];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (read_text(rows[i]) != -EINVAL || *why == '\0')
            fail_msg("%s", rows[i]);
    /* Never cut. */
    snprintf(text, sizeof(text), "{\"n\":\"alice\",\"s\":\"%0255d\"}", 1);
    assert_int_equal(read_text(text), 0);
    snprintf(text, sizeof(text), "{\"n\":\"alice\",\"s\":\"%0256d\"}", 1);
    assert_int_equal(read_text(text), -EINVAL);
    config.accounts.name_pattern = pattern;
    assert_int_equal(read_text("{\"n\":\"alice\",\"s\":\"1\"}"), -EINVAL);
    assert_int_equal(read_text("{\"n\":\"bob\",\"s\":\"1\"}"), 0);
    /* Numbers are exact. */
    assert_int_equal(read_text("{\"n\":\"bob\",\"s\":9007199254740993}"), 0);
    assert_string_equal(person.subject, "9007199254740993");
}

static void
test_uid(void **state)
{
    static const struct {
        const char *text;
        uint32_t uid;
    } rows[] = {
        {"1", 1},          {"\"1000\"", 1000}, {"4294967293", 4294967293},
        {"0", 0},          {"-1", 0},          {"4294967294", 0},
        {"4294967296", 0}, {"\"01\"", 0},      {"\"1e3\"", 0},
        {"1000.0", 0},     {"\" 5\"", 0},      {"\"99999999999999999999\"", 0},
        {"null", 0},       {"[5]", 0},         {"true", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char more[64];

        snprintf(more, sizeof(more), "\"uid\":%s", rows[i].text);
        assert_int_equal(read_with(more), 0);
        if (person.uid != rows[i].uid)
            fail_msg("%s: %u", rows[i].text, person.uid);
    }
}

static void
test_values_that_do_not_fit(void **state)
{
    static const char *const values[] = {
        "\"a\\nb\"",     "\"a\\u007fb\"",   "\"a\\u0085b\"", "\"a\\u202eb\"",
        "\"a\\u2028b\"", "\"\\u2066x\"",    "\"\"",          "{}",
        "[\"x\"]",       "\"\\u001b[31m\"",
    };
    char more[512];

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        snprintf(more, sizeof(more), "\"g\":%s,\"h\":%s,\"sh\":%s", values[i],
                 values[i], values[i]);
        assert_int_equal(read_with(more), 0);
        assert_null(person.gecos);
        assert_null(person.home);
        assert_null(person.shell);
    }
    snprintf(more, sizeof(more), "\"g\":\"%0256d\"", 1);
    assert_int_equal(read_with(more), 0);
    assert_null(person.gecos);
}

static void
test_enabled(void **state)
{
    static const struct {
        const char *more;
        bool enabled;
    } rows[] = {
        {"", true},
        {"\"e\":true", true},
        {"\"e\":\"true\"", true},
        {"\"e\":\"True\"", true},
        {"\"e\":1", true},
        {"\"e\":null", true},
        {"\"e\":false", false},
        {"\"e\":\"false\"", false},
        {"\"e\":0", false},
        {"\"e\":2", false},
        {"\"e\":\"no\"", false},
        {"\"e\":{}", false},
        {"\"e\":[]", false},
        {"\"d\":true", false},
        {"\"d\":\"1\"", false},
        {"\"d\":false", true},
        {"\"d\":\"\"", true},
        {"\"d\":null", true},
        {"\"d\":0", true},
        {"\"e\":true,\"d\":true", false},
        {"\"d\":\"2019-01-01T00:00:00Z\"", true},
        {"\"d\":\"2319-01-01T00:00:00.5+01:00\"", false},
        {"\"d\":\"tomorrow\"", false},
        {"\"d\":17", false},
        {"\"d\":{}", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(read_with(rows[i].more), 0);
        if (person.enabled != rows[i].enabled)
            fail_msg("%s", rows[i].more);
    }
}

#define ED                                                                     \
    "AAAAC3NzaC1lZDI1NTE5AAAAIJ2fp+r2D1Rbz0Nr2d8kJ1nqk1kP2tRkqK2r7dZr0Qqy"
#define P256 "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAI"
#define ED_L "ssh-ed25519 " ED

static void
test_ssh_keys(void **state)
{
    static const char *const none[] = {
        "\"command=\\\"sh\\\" " ED_L "\"",
        "\"environment=\\\"A=b\\\" " ED_L "\"",
        "\"restrict " ED_L "\"",
        "\"ssh-ed25519\"",
        "\"ssh-ed25519 \"",
        "\"ssh-ed25519 x\"",
        "\"ssh-ed25519 " ED "=\"",
        "\"ssh-rsa " ED "\"", /* another key than it says */
        "\"ecdsa-sha2-nistp384 " P256 "\"",
        "\"ssh-dss AAAAB3NzaC1kc3M=\"",
        "\"ssh-ed25519-cert-v01@openssh.com " ED "\"",
        "\"ssh-ed25519\\t" ED "\"",
        "\"# " ED_L "\"",
        "\"SSH-ED25519 " ED "\"",
        "7",
        "{}",
        "[[\"" ED_L "\"]]",
        "\"\"",
    };
    char more[8192];

    (void)state;
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        snprintf(more, sizeof(more), "\"k\":%s", none[i]);
        assert_int_equal(read_with(more), 0);
        if (person.ssh_key_count != 0)
            fail_msg("%s", none[i]);
    }
    assert_int_equal(read_with("\"k\":[\"" ED_L "\",\"  " ED_L
                               "  a@b c \\r\\n\\n# c\\n" ED_L
                               " x\\u001by\xc3\xa4\",null]"),
                     0);
    assert_int_equal(person.ssh_key_count, 3);
    assert_string_equal(person.ssh_keys[0], ED_L);
    assert_string_equal(person.ssh_keys[1], ED_L "  a@b c");
    assert_string_equal(person.ssh_keys[2], ED_L " x?y??");
    assert_int_equal(
        read_with("\"k\":\"" ED_L "\\necdsa-sha2-nistp256 " P256 "\""), 0);
    assert_int_equal(person.ssh_key_count, 2);
    assert_int_equal(read_with("\"k\":\"" ED_L "\""), 0);
    assert_int_equal(person.ssh_key_count, 1);
    snprintf(more, sizeof(more), "\"k\":\"" ED_L " %04000d\"", 1);
    assert_int_equal(read_with(more), 0);
    assert_int_equal(person.ssh_key_count, 0);
}

static void
test_too_many_keys(void **state)
{
    char more[16384] = "\"k\":[";
    size_t length = strlen(more);

    (void)state;
    for (unsigned i = 0; i < PERSON_KEYS_MAX + 5; i++)
        length += (size_t)snprintf(more + length, sizeof(more) - length,
                                   "%s\"" ED_L " %u\"", i == 0 ? "" : ",", i);
    snprintf(more + length, sizeof(more) - length, "]");
    assert_int_equal(read_with(more), 0);
    assert_int_equal(person.ssh_key_count, PERSON_KEYS_MAX);
}

static void
test_groups(void **state)
{
    char more[32768] = "\"groups\":[";
    size_t length = strlen(more);

    (void)state;
    /* What is not said is not "none". */
    assert_int_equal(read_with(""), 0);
    assert_false(person.groups_known);
    assert_int_equal(read_with("\"groups\":null"), 0);
    assert_true(person.groups_known);
    assert_int_equal(read_with("\"groups\":\"admins\""), 0);
    assert_false(person.groups_known);
    /* An id that does not fit, or is missing, is not replaced by a name. */
    assert_int_equal(
        read_with("\"groups\":[{\"name\":\"a\",\"gid\":\"x\\ny\"},"
                  "{\"name\":\"b\"},{\"gid\":\"c\",\"name\":\"c\\nd\"},true,"
                  "null,\"\",{\"gid\":\"d\"},\"e\\u0007\"]"),
        0);
    assert_int_equal(person.group_count, 2);
    assert_string_equal(person.groups[0].name, "c");
    assert_string_equal(person.groups[1].name, "d");
    for (unsigned i = 0; i <= PERSON_GROUPS_MAX; i++)
        length += (size_t)snprintf(more + length, sizeof(more) - length, "%s%u",
                                   i == 0 ? "" : ",", i % 10);
    snprintf(more + length, sizeof(more) - length, "]");
    assert_int_equal(read_with(more), 0);
    assert_int_equal(person.group_count, 0);
    assert_false(person.groups_known);
}

static void
test_scim_groups(void **state)
{
    (void)state;
    directory.type = DIRECTORY_SCIM;
    assert_int_equal(read_with(""), 0);
    assert_true(person.groups_known);
    assert_int_equal(
        read_with("\"groups\":[{\"value\":\"g1\",\"display\":\"staff\"}]"), 0);
    assert_string_equal(person.groups[0].id, "g1");
    assert_string_equal(person.groups[0].name, "staff");
}

static void
test_teams(void **state)
{
    static const char text[] =
        "{\"name\":\"ops\",\"gid\":12,\"members\":[{\"ref\":{\"id\":\"a\"}},"
        "\"b\",{\"ref\":1},5,{\"ref\":{\"id\":\"x\\ny\"}}]}";
    struct person_team team = {0};
    json_t *json = NULL;

    (void)state;
    assert_int_equal(json_read(text, strlen(text), &json, &why), 0);
    assert_int_equal(person_read_team(&directory, json, &team), 0);
    json_decref(json);
    assert_string_equal(team.group.id, "12");
    assert_int_equal(team.member_count, 3);
    assert_string_equal(team.members[0], "a");
    assert_string_equal(team.members[1], "b");
    assert_string_equal(team.members[2], "5");
    person_team_done(&team);
    json = json_string("ops");
    assert_int_equal(person_read_team(&directory, json, &team), -EINVAL);
    json_decref(json);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_everything, start, stop),
        cmocka_unit_test_setup_teardown(test_nobody, start, stop),
        cmocka_unit_test_setup_teardown(test_uid, start, stop),
        cmocka_unit_test_setup_teardown(test_values_that_do_not_fit, start,
                                        stop),
        cmocka_unit_test_setup_teardown(test_enabled, start, stop),
        cmocka_unit_test_setup_teardown(test_ssh_keys, start, stop),
        cmocka_unit_test_setup_teardown(test_too_many_keys, start, stop),
        cmocka_unit_test_setup_teardown(test_groups, start, stop),
        cmocka_unit_test_setup_teardown(test_scim_groups, start, stop),
        cmocka_unit_test_setup_teardown(test_teams, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
