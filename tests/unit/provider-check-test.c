/* SPDX-License-Identifier: BSD-2-Clause */
/* provider_check: is the token honoured now?  What cannot be told is no. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake-provider.h"

#define SIGN_IN                                                                \
    "sign_in.url = {{base_url}}/token\n"                                       \
    "sign_in.body = username={{login}}&password={{password}}\n"                \
    "answer.access_token = /access_token\n"                                    \
    "result.wrong_credentials = 400\n"
#define NAMED    SIGN_IN "identity.user = /user\n"
#define USERINFO "userinfo.url = {{base_url}}/me\n"
#define INTROSPECT                                                             \
    "introspect.url = {{base_url}}/introspect\n"                               \
    "introspect.body = token={{access_token}}\n"                               \
    "client_id = pam\nclient_secret = client\nclient_auth = basic\n"

static struct fake_idp *idp;
static struct fake_provider fake;

static int
stop(void **state)
{
    (void)state;
    fake_provider_stop(&fake);
    return 0;
}

/* expected: WIRE_RESULT_NONE: any but WIRE_OK. */
static void
check(unsigned status, const char *body, enum wire_result expected)
{
    struct provider_call *call;

    fake_idp_reset(idp);
    fake_idp_say(idp, status, "", body);
    provider_tokens_done(&fake.tokens);
    fake.done = false;
    call = provider_check(&fake.context, fake.provider, "alice", "subject-1",
                          "at-1", fake_provider_done, &fake);
    assert_non_null(call);
    fake_provider_wait(&fake);
    if (expected == WIRE_RESULT_NONE)
        assert_int_not_equal(fake.result.result, WIRE_OK);
    else if (fake.result.result != expected)
        fail_msg("%u %s: %s: %s", status, body,
                 wire_result_name(fake.result.result), fake.result.why);
    assert_null(strstr(fake.result.why, "at-1"));
    assert_null(fake.tokens.access_token.text);
    assert_null(fake.tokens.subject);
}

static void
test_userinfo(void **state)
{
    (void)state;
    fake_provider_start(&fake, idp,
                        SIGN_IN USERINFO "identity.user = userinfo:/name\n"
                                         "identity.subject = userinfo:/sub\n");
    assert_true(provider_can_check(fake.provider));
    check(200, "{\"name\":\"alice\",\"sub\":\"subject-1\"}", WIRE_OK);
    assert_non_null(
        strstr(fake_idp_request(idp, 0), "\r\nAuthorization: Bearer at-1\r\n"));
    check(200, "{\"name\":\"alice\",\"sub\":\"subject-2\"}",
          WIRE_IDENTITY_MISMATCH);
    check(200, "{\"name\":\"bob\"}", WIRE_IDENTITY_MISMATCH);
    check(401, "{}", WIRE_REFUSED);
    check(403, "<html>no</html>", WIRE_REFUSED);
    check(429, "{}", WIRE_SLOW_DOWN);
    check(503, "{}", WIRE_UNAVAILABLE);
    check(404, "{}", WIRE_RESULT_NONE);
    check(302, "{}", WIRE_RESULT_NONE);
    check(200, "<html>sign in</html>", WIRE_RESULT_NONE);
    check(200, "", WIRE_RESULT_NONE);
    check(401, "{\"error\":\"at-1\"}", WIRE_REFUSED);
}

static void
test_introspection(void **state)
{
    (void)state;
    fake_provider_start(&fake, idp,
                        NAMED USERINFO INTROSPECT
                        "identity.subject = introspect:/sub\n");
    check(200, "{\"active\":true,\"sub\":\"subject-1\"}", WIRE_OK);
    assert_non_null(strstr(fake_idp_request(idp, 0), "POST /introspect "));
    assert_non_null(strstr(fake_idp_request(idp, 0), "\r\n\r\ntoken=at-1"));
    assert_non_null(
        strstr(fake_idp_request(idp, 0), "\r\nAuthorization: Basic "));
    check(200, "{\"active\":true,\"sub\":\"subject-2\"}",
          WIRE_IDENTITY_MISMATCH);
    check(200, "{\"active\":false}", WIRE_REFUSED);
    check(200, "{\"active\":\"true\"}", WIRE_REFUSED);
    check(200, "{}", WIRE_REFUSED);
    check(200, "[]", WIRE_RESULT_NONE);
    check(401, "{}", WIRE_REFUSED);
    check(500, "{\"active\":true}", WIRE_UNAVAILABLE);
}

static void
test_which_is_asked(void **state)
{
    (void)state;
    fake_provider_start(&fake, idp,
                        NAMED USERINFO INTROSPECT
                        "check_at_refresh = userinfo\n"
                        "refresh.url = {{base_url}}/token\n"
                        "refresh.body = r={{refresh_token}}\n"
                        "answer.refresh_token = /refresh_token\n");
    check(200, "{}", WIRE_OK);
    assert_non_null(strstr(fake_idp_request(idp, 0), "GET /me "));
}

static void
test_nothing_to_ask(void **state)
{
    (void)state;
    fake_provider_start(&fake, idp, NAMED);
    assert_false(provider_can_check(fake.provider));
    assert_null(provider_check(&fake.context, fake.provider, "alice", NULL,
                               "at-1", fake_provider_done, &fake));
}

static void
test_cancel_and_silence(void **state)
{
    struct provider_call *call;

    (void)state;
    fake_provider_start(&fake, idp,
                        NAMED USERINFO "request_timeout = 1s\n"
                                       "connect_timeout = 1s\n");
    fake_idp_answer(idp, "abort", "");
    call = provider_check(&fake.context, fake.provider, "alice", NULL, "at-1",
                          fake_provider_done, &fake);
    assert_non_null(call);
    fake_provider_wait(&fake);
    assert_int_equal(fake.result.result, WIRE_UNAVAILABLE);
    fake.done = false;
    call = provider_check(&fake.context, fake.provider, "alice", NULL, "at-1",
                          fake_provider_done, &fake);
    assert_non_null(call);
    provider_cancel(call);
    assert_false(fake.done);
}

static int
start_idp(void **state)
{
    (void)state;
    idp = fake_idp_start();
    return 0;
}

static int
stop_idp(void **state)
{
    (void)state;
    fake_idp_stop(idp);
    return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_userinfo),           TEST(test_introspection),
        TEST(test_which_is_asked),     TEST(test_nothing_to_ask),
        TEST(test_cancel_and_silence),
    };

    return cmocka_run_group_tests(tests, start_idp, stop_idp);
}
