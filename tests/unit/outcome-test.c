/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outcome: rules first, then the status; and which word decided.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "signind/provider/outcome.h"

static struct status_range ok_range = {200, 299};
static struct source *error_source, *header_source;

/* One rule for each class that has one. */
static struct outcome_rule rules[OUTCOME_CLASSES];
static char values[OUTCOME_CLASSES][32];

static void
rule(struct request_config *request, enum outcome_class class, uint16_t from,
     uint16_t to, struct source *source, const char *value)
{
    rules[class] =
        (struct outcome_rule){.status = {from, to}, .source = source};
    if (value != NULL)
        rules[class].value = strcpy(values[class], value);
    request->outcomes[class] = (struct outcome_rules){&rules[class], 1};
}

static struct request_config
plain_request(void)
{
    return (struct request_config){.success = {&ok_range, 1}};
}

/* Judge an answer of status and body. */
static struct provider_result
judge(const struct request_config *request, enum request_kind kind,
      unsigned status, const char *body)
{
    struct http_header header = {.name = strdup("x-error"),
                                 .value = strdup("locked")};
    const struct http_answer http = {.status = status,
                                     .body = body,
                                     .body_length = strlen(body),
                                     .sent = true,
                                     .retry_after_s = 9,
                                     .headers = &header};
    const struct why_secrets none = {0};
    struct provider_result result = {0};
    struct answer answer = {0};

    assert_int_equal(answer_take(&answer, &http), 0);
    outcome_decide(request, kind, &http, &answer, &none, &result);
    answer_done(&answer);
    free(header.name);
    free(header.value);
    assert_int_equal(result.retry_after_s, 9);
    /* Who refuses has done nothing. */
    assert_int_equal(result.sent, status < 300 || status >= 500);
    return result;
}

static void
expect(const struct request_config *request, enum request_kind kind,
       unsigned status, const char *body, enum wire_result result,
       const char *why)
{
    struct provider_result got = judge(request, kind, status, body);

    if (got.result != result)
        fail_msg("%u %s: %s: %s", status, body, wire_result_name(got.result),
                 got.why);
    if (why != NULL)
        assert_string_equal(got.why, why);
}

static void
test_status_alone(void **state)
{
    static const struct {
        unsigned status;
        enum wire_result sign_in, refresh, revoke;
    } cases[] = {
        {200, WIRE_OK, WIRE_OK, WIRE_OK},
        {204, WIRE_OK, WIRE_OK, WIRE_OK},
        {199, WIRE_MISCONFIGURED, WIRE_MISCONFIGURED, WIRE_MISCONFIGURED},
        {301, WIRE_MISCONFIGURED, WIRE_MISCONFIGURED, WIRE_MISCONFIGURED},
        {304, WIRE_MISCONFIGURED, WIRE_MISCONFIGURED, WIRE_MISCONFIGURED},
        {400, WIRE_MISCONFIGURED, WIRE_MISCONFIGURED, WIRE_MISCONFIGURED},
        {401, WIRE_MISCONFIGURED, WIRE_MISCONFIGURED, WIRE_MISCONFIGURED},
        {404, WIRE_MISCONFIGURED, WIRE_MISCONFIGURED, WIRE_MISCONFIGURED},
        {429, WIRE_SLOW_DOWN, WIRE_SLOW_DOWN, WIRE_SLOW_DOWN},
        {500, WIRE_UNAVAILABLE, WIRE_UNAVAILABLE, WIRE_UNAVAILABLE},
        {503, WIRE_UNAVAILABLE, WIRE_UNAVAILABLE, WIRE_UNAVAILABLE},
        {599, WIRE_UNAVAILABLE, WIRE_UNAVAILABLE, WIRE_UNAVAILABLE},
    };
    const struct request_config request = plain_request();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect(&request, REQUEST_SIGN_IN, cases[i].status, "", cases[i].sign_in,
               NULL);
        expect(&request, REQUEST_REFRESH, cases[i].status, "", cases[i].refresh,
               NULL);
        expect(&request, REQUEST_REVOKE_ACCESS, cases[i].status, "",
               cases[i].revoke, NULL);
    }
    expect(&request, REQUEST_SIGN_IN, 403, "", WIRE_MISCONFIGURED,
           "403 sign_in: no result.* has it");
    expect(&request, REQUEST_REFRESH, 302, "", WIRE_MISCONFIGURED,
           "302 refresh: redirects are not followed");
}

static void
test_success_is_what_the_list_says(void **state)
{
    struct status_range only = {201, 201};
    const struct request_config request = {.success = {&only, 1}};

    (void)state;
    expect(&request, REQUEST_SIGN_IN, 201, "{}", WIRE_OK, "201 sign_in");
    expect(&request, REQUEST_SIGN_IN, 200, "{}", WIRE_MISCONFIGURED,
           "200 sign_in: not in sign_in.success");
}

static void
test_rules(void **state)
{
    struct request_config request = plain_request();

    (void)state;
    rule(&request, OUTCOME_WRONG_CREDENTIALS, 400, 401, error_source,
         "invalid_grant");
    rule(&request, OUTCOME_ACCOUNT_DISABLED, 403, 403, header_source, "locked");
    rule(&request, OUTCOME_NEED_SECOND_FACTOR, 200, 200, error_source, "mfa");
    rule(&request, OUTCOME_MUST_CHANGE_PASSWORD, 409, 409, NULL, NULL);
    rule(&request, OUTCOME_SLOW_DOWN, 503, 503, NULL, NULL);

    expect(&request, REQUEST_SIGN_IN, 400, "{\"error\":\"invalid_grant\"}",
           WIRE_WRONG_CREDENTIALS,
           "400 sign_in: /error=invalid_grant is result.wrong_credentials");
    expect(&request, REQUEST_SIGN_IN, 401, "{\"error\":\"invalid_grant\"}",
           WIRE_WRONG_CREDENTIALS, NULL);
    expect(&request, REQUEST_SIGN_IN, 402, "{\"error\":\"invalid_grant\"}",
           WIRE_MISCONFIGURED,
           "402 sign_in: no result.* has it \"invalid_grant\"");
    expect(&request, REQUEST_SIGN_IN, 400, "{\"error\":\"invalid_grants\"}",
           WIRE_MISCONFIGURED, NULL);
    expect(&request, REQUEST_SIGN_IN, 400, "{\"error\":[\"invalid_grant\"]}",
           WIRE_MISCONFIGURED, NULL);
    expect(&request, REQUEST_SIGN_IN, 400, "invalid_grant", WIRE_MISCONFIGURED,
           NULL);
    expect(&request, REQUEST_SIGN_IN, 403, "", WIRE_ACCOUNT_DISABLED,
           "403 sign_in: header:X-Error=locked is result.account_disabled");
    /* A refusal with status 200. */
    expect(&request, REQUEST_SIGN_IN, 200, "{\"error\":\"mfa\"}",
           WIRE_NEED_SECOND_FACTOR, NULL);
    expect(&request, REQUEST_SIGN_IN, 200, "{\"error\":\"none\"}", WIRE_OK,
           NULL);
    expect(&request, REQUEST_SIGN_IN, 409, "{\"error\":\"old\"}",
           WIRE_MUST_CHANGE_PASSWORD,
           "409 sign_in: result.must_change_password \"old\"");
    expect(&request, REQUEST_SIGN_IN, 503, "", WIRE_SLOW_DOWN, NULL);
}

static void
test_rules_at_refresh(void **state)
{
    struct request_config request = plain_request();

    (void)state;
    expect(&request, REQUEST_REFRESH, 400, "{\"error\":\"invalid_grant\"}",
           WIRE_REFUSED, "400 refresh: /error=invalid_grant \"invalid_grant\"");
    expect(&request, REQUEST_REFRESH, 401, "{\"error\":\"invalid_grant\"}",
           WIRE_REFUSED, NULL);
    expect(&request, REQUEST_REFRESH, 429, "{\"error\":\"invalid_grant\"}",
           WIRE_SLOW_DOWN, NULL);
    expect(&request, REQUEST_REFRESH, 500, "{\"error\":\"invalid_grant\"}",
           WIRE_UNAVAILABLE, NULL);
    expect(&request, REQUEST_REFRESH, 400, "{\"error\":\"invalid_client\"}",
           WIRE_MISCONFIGURED, NULL);
    expect(&request, REQUEST_SIGN_IN, 400, "{\"error\":\"invalid_grant\"}",
           WIRE_MISCONFIGURED, NULL);
    expect(&request, REQUEST_REVOKE_REFRESH, 400,
           "{\"error\":\"invalid_grant\"}", WIRE_MISCONFIGURED, NULL);

    rule(&request, OUTCOME_WRONG_CREDENTIALS, 400, 400, NULL, NULL);
    expect(&request, REQUEST_REFRESH, 400, "", WIRE_REFUSED,
           "400 refresh: result.wrong_credentials");
    expect(&request, REQUEST_USERINFO, 400, "", WIRE_MISCONFIGURED, NULL);
    rule(&request, OUTCOME_ACCOUNT_DISABLED, 400, 400, NULL, NULL);
    rule(&request, OUTCOME_REFUSED, 400, 400, NULL, NULL);
    expect(&request, REQUEST_REFRESH, 400, "", WIRE_REFUSED,
           "400 refresh: result.refused");
    expect(&request, REQUEST_SIGN_IN, 400, "", WIRE_WRONG_CREDENTIALS, NULL);
}

static void
test_a_revocation_is_done_with_its_status(void **state)
{
    struct status_range dead[] = {{200, 299}, {401, 401}};
    struct request_config request = {.success = {dead, 2}};

    (void)state;
    rule(&request, OUTCOME_WRONG_CREDENTIALS, 401, 401, NULL, NULL);
    expect(&request, REQUEST_REVOKE_REFRESH, 401, "{}", WIRE_OK,
           "401 revoke.refresh");
    expect(&request, REQUEST_REVOKE_REFRESH, 200, " \r\n", WIRE_OK, NULL);
    expect(&request, REQUEST_REVOKE_REFRESH, 200, "null", WIRE_OK, NULL);
    expect(&request, REQUEST_REVOKE_REFRESH, 200, " <html>", WIRE_MISCONFIGURED,
           "200 revoke.refresh: a page of HTML");
}

static void
test_failures(void **state)
{
    static const struct {
        enum http_failure failure;
        enum wire_result result;
        const char *why;
    } cases[] = {
        {HTTP_UNREACHABLE, WIRE_UNAVAILABLE, "sign_in: curl: words"},
        {HTTP_TIMED_OUT, WIRE_UNAVAILABLE, "sign_in: curl: words"},
        {HTTP_BROKEN, WIRE_UNAVAILABLE, "sign_in: curl: words"},
        {HTTP_UNTRUSTED, WIRE_UNAVAILABLE, "sign_in: certificate: words"},
        {HTTP_TOO_LARGE, WIRE_MISCONFIGURED, "sign_in: words (see max_answer)"},
        {HTTP_NOT_ALLOWED, WIRE_MISCONFIGURED, "sign_in: words"},
    };
    const struct request_config request = plain_request();
    const struct why_secrets none = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int sent = 0; sent < 2; sent++) {
            const struct http_answer http = {.failure = cases[i].failure,
                                             .reason = "words",
                                             .sent = sent,
                                             .status = 200,
                                             .body = ""};
            struct provider_result result = {0};
            struct answer answer = {0};

            outcome_decide(&request, REQUEST_SIGN_IN, &http, &answer, &none,
                           &result);
            assert_int_equal(result.result, cases[i].result);
            assert_string_equal(result.why, cases[i].why);
            assert_int_equal(result.sent, sent);
        }
    }
}

static int
setup(void **state)
{
    const char *why;

    (void)state;
    error_source = source_parse("/error", &why);
    header_source = source_parse("header:X-Error", &why);
    return error_source == NULL || header_source == NULL;
}

static int
teardown(void **state)
{
    (void)state;
    source_free(error_source);
    source_free(header_source);
    return 0;
}

/* What is said more exactly wins, in whatever class it stands. */
static void
test_exact_rules_first(void **state)
{
    struct request_config request = plain_request();

    (void)state;
    rule(&request, OUTCOME_WRONG_CREDENTIALS, 400, 499, NULL, NULL);
    rule(&request, OUTCOME_ACCOUNT_DISABLED, 400, 400, error_source, "banned");
    rule(&request, OUTCOME_SLOW_DOWN, 429, 429, NULL, NULL);
    expect(&request, REQUEST_SIGN_IN, 400, "{\"error\":\"banned\"}",
           WIRE_ACCOUNT_DISABLED, NULL);
    expect(&request, REQUEST_SIGN_IN, 400, "{\"error\":\"other\"}",
           WIRE_WRONG_CREDENTIALS, NULL);
    expect(&request, REQUEST_SIGN_IN, 429, "{}", WIRE_SLOW_DOWN, NULL);
    expect(&request, REQUEST_SIGN_IN, 422, "{}", WIRE_WRONG_CREDENTIALS, NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact_rules_first),
        cmocka_unit_test(test_status_alone),
        cmocka_unit_test(test_success_is_what_the_list_says),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_rules_at_refresh),
        cmocka_unit_test(test_a_revocation_is_done_with_its_status),
        cmocka_unit_test(test_failures),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
