/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * provider: the groups that a sign-in names (identity.groups).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake-provider.h"

#define LINES                                                                  \
    "sign_in.url = {{base_url}}/token\n"                                       \
    "sign_in.body = u={{login}}&p={{password}}\n"                              \
    "userinfo.url = {{base_url}}/me\n"                                         \
    "answer.access_token = /t\nidentity.user = /user\n"

static struct fake_idp *idp;
static struct fake_provider fake;

/* The configuration is built whole; here one source is put in by hand. */
static struct source **
groups_of(struct fake_provider *one)
{
    return &one->config->providers[0].identity_groups;
}

static void
start(const char *source)
{
    const char *mistake = NULL;

    fake_provider_start(&fake, idp, LINES);
    source_free(*groups_of(&fake));
    *groups_of(&fake) = source_parse(source, &mistake);
    assert_null(mistake);
}

static int
stop(void **state)
{
    (void)state;
    source_free(*groups_of(&fake));
    *groups_of(&fake) = NULL;
    fake_provider_stop(&fake);
    return 0;
}

static void
sign_in(const char *more)
{
    char body[65536];

    snprintf(body, sizeof(body), "{\"t\":\"x\",\"user\":\"alice\"%s%s}",
             *more == '\0' ? "" : ",", more);
    fake_idp_say(idp, 200, "", body);
    fake_sign_in(&fake, "alice", "p");
    assert_int_equal(fake.result.result, WIRE_OK);
}

static void
test_answer(void **state)
{
    (void)state;
    start("/groups");
    sign_in("\"groups\":[\"admins\",\"Domain Users\"]");
    assert_true(fake.tokens.groups_known);
    assert_int_equal(fake.tokens.group_count, 2);
    assert_string_equal(fake.tokens.groups[0].id, "admins");
    assert_string_equal(fake.tokens.groups[1].name, "Domain Users");
    assert_string_equal(fake.result.why, "200 sign_in");
    sign_in("\"groups\":[]");
    assert_true(fake.tokens.groups_known);
    assert_int_equal(fake.tokens.group_count, 0);
}

/* A claim that is left out, or cannot be read, is not an empty list. */
static void
test_not_said(void **state)
{
    static const char *const rows[][2] = {
        {"", "200 sign_in"},
        {"\"groups\":null", "200 sign_in"},
        {"\"groups\":\"admins\"",
         "200 sign_in, groups not taken: /groups is no array"},
        {"\"groups\":{\"0\":\"a\"}",
         "200 sign_in, groups not taken: /groups is no array"},
    };

    (void)state;
    start("/groups");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sign_in(rows[i][0]);
        assert_false(fake.tokens.groups_known);
        assert_int_equal(fake.tokens.group_count, 0);
        assert_string_equal(fake.result.why, rows[i][1]);
    }
}

static void
test_what_is_no_group(void **state)
{
    char more[32768] = "\"groups\":[";
    size_t length;

    (void)state;
    start("/groups");
    sign_in("\"groups\":[\"a\",7,\"\",null,{\"name\":\"b\"},\"c\\nd\","
            "\"e\\u202ef\",\"g\"]");
    assert_int_equal(fake.tokens.group_count, 2);
    assert_string_equal(fake.tokens.groups[1].name, "g");
    assert_string_equal(fake.result.why,
                        "200 sign_in, 6 groups at /groups are no names");
    length = strlen(more);
    for (unsigned i = 0; i <= PROVIDER_GROUPS_MAX; i++)
        length += (size_t)snprintf(more + length, sizeof(more) - length,
                                   "%s\"g\"", i == 0 ? "" : ",");
    snprintf(more + length, sizeof(more) - length, "]");
    sign_in(more);
    assert_false(fake.tokens.groups_known);
    assert_string_equal(fake.result.why,
                        "200 sign_in, groups not taken: /groups is too long");
}

static void
test_userinfo(void **state)
{
    (void)state;
    start("userinfo:/realm/roles");
    fake_idp_say(idp, 200, "", "{\"t\":\"x\",\"user\":\"alice\"}");
    fake_idp_say(idp, 200, "", "{\"realm\":{\"roles\":[\"ops\"]}}");
    fake_sign_in(&fake, "alice", "p");
    assert_int_equal(fake.result.result, WIRE_OK);
    assert_int_equal(fake_idp_requests(idp), 2);
    assert_int_equal(fake.tokens.group_count, 1);
    assert_string_equal(fake.tokens.groups[0].name, "ops");
}

static void
test_access_token(void **state)
{
    (void)state;
    start("access:/groups");
    /* {"groups":["ops"]} */
    fake_idp_say(idp, 200, "",
                 "{\"t\":\"eyJhbGciOiJIUzI1NiJ9.eyJncm91cHMiOlsib3BzIl19"
                 ".c2ln\",\"user\":\"alice\"}");
    fake_sign_in(&fake, "alice", "p");
    assert_int_equal(fake.result.result, WIRE_OK);
    assert_true(fake.tokens.groups_known);
    assert_string_equal(fake.tokens.groups[0].name, "ops");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_answer, stop),
        cmocka_unit_test_teardown(test_not_said, stop),
        cmocka_unit_test_teardown(test_what_is_no_group, stop),
        cmocka_unit_test_teardown(test_userinfo, stop),
        cmocka_unit_test_teardown(test_access_token, stop),
    };
    int failed;

    idp = fake_idp_start();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    fake_idp_stop(idp);
    return failed;
}
