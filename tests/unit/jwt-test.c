/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "signind/jwt.h"

static int
claims_of(const char *token, json_t **ret_claims)
{
    *ret_claims = NULL;
    return jwt_claims(token, strlen(token), ret_claims);
}

static void
test_claims_are_read(void **state)
{
    /* {"alg":"HS256"} . {"sub":"alice","exp":300} , and RFC 7519, 3.1. */
    static const char *const mine =
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MzAwfQ.c2ln";
    static const char *const rfc =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
        "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    json_t *claims;

    (void)state;
    assert_int_equal(claims_of(mine, &claims), 0);
    assert_string_equal(json_string_value(json_at(claims, "/sub")), "alice");
    assert_int_equal(json_integer_value(json_at(claims, "/exp")), 300);
    json_decref(claims);
    assert_int_equal(claims_of(rfc, &claims), 0);
    assert_true(
        json_is_true(json_at(claims, "/http:~1~1example.com~1is_root")));
    json_decref(claims);
}

static void
test_other_tokens_have_none(void **state)
{
    static const char *const tokens[] = {
        "",
        "opaque",
        "a.b",
        "eyJhIjoxfQ.eyJhIjoxfQ",       /* two segments */
        "eyJhIjoxfQ.eyJhIjoxfQ.x.x.x", /* five: encrypted */
        "eyJhIjoxfQ.eyJhIjoxfQ.c2ln.", /* four */
        ".eyJhIjoxfQ.c2ln",            /* an empty one */
        "eyJhIjoxfQ..c2ln",
        "eyJhIjoxfQ.eyJhIjoxfQ.",
        "eyJhIjoxfQ.eyJhIjoxfQ==.c2ln", /* padding */
        "eyJhIjoxfQ.eyJhIjox fQ.c2ln",  /* white space */
        "eyJhIjoxfQ.eyJhIjoxfQ\n.c2ln",
        "eyJhIjoxfQ.eyJhIjoxf+.c2ln",         /* the other alphabet */
        "eyJhIjoxfQ.eyJhIjoxfR.c2ln",         /* loose bits */
        "eyJhIjoxfQ.eyJhIjoxf.c2ln",          /* a length nothing has */
        "eyJhIjoxfQ.bnVsbA.c2ln",             /* null */
        "eyJhIjoxfQ.W10.c2ln",                /* [] */
        "eyJhIjoxfQ.eyJhIjoxLCJhIjoyfQ.c2ln", /* "a" twice */
        "eyJhIjoxfQ.eyJhIjoi_yJ9.c2ln",       /* not UTF-8 */
        "!.eyJhIjoxfQ.c2ln",
        "eyJhIjoxfQ.eyJhIjoxfQ.c2l\x01",
    };
    json_t *claims;

    (void)state;
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        if (claims_of(tokens[i], &claims) != -EINVAL)
            fail_msg("%s was read", tokens[i]);
        assert_null(claims);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claims_are_read),
        cmocka_unit_test(test_other_tokens_have_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
