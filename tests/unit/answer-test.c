/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answer: the zoo.  Whatever a provider says, a sign-in is a success only
 * with a usable access token, and its expiry is by our clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake-provider.h"
#include "signind/provider/answer.h"
#include "wire/memory.h"

#define ZOO_CONFIG                                                             \
    "sign_in.url = {{base_url}}/login\nsign_in.format = json\n"                \
    "sign_in.body = {\"u\": \"{{login}}\", \"p\": \"{{password}}\"}\n"         \
    "refresh.url = {{base_url}}/refresh\nrefresh.format = json\n"              \
    "refresh.body = {\"r\": \"{{refresh_token}}\"}\n"                          \
    "revoke.refresh.url = {{base_url}}/revoke\n"                               \
    "revoke.refresh.body = t={{refresh_token}}\n"                              \
    "answer.access_token = /data/0/token\nanswer.refresh_token = /r\n"         \
    "answer.expires_in = /e\nanswer.message = /m\nanswer.scope = /scope\n"     \
    "scope = login files\nidentity.user = /data/0/who\n"                       \
    "keep.kind = /kind\n"

static struct fake_idp *idp;
static struct fake_provider fake;

static int
start(void **state)
{
    (void)state;
    fake_provider_start(&fake, idp, ZOO_CONFIG);
    return 0;
}

static int
stop(void **state)
{
    (void)state;
    fake_provider_stop(&fake);
    return 0;
}

/* An answer of status 200 to a sign-in must not be a success. */
static void
refuses(const char *body, const char *why)
{
    fake_sign_in(&fake, "alice", "pa55word");
    if (fake.result.result != WIRE_MISCONFIGURED ||
        fake.tokens.access_token.text != NULL)
        fail_msg("%.100s: %s: %s", body, wire_result_name(fake.result.result),
                 fake.result.why);
    if (why != NULL)
        assert_string_equal(fake.result.why, why);
}

static void
test_bodies_that_are_no_answer(void **state)
{
#define MISSING "200 sign_in: no access token at /data/0/token"
#define SEE     " (see sign_in.answer.access_token)"
    static const struct {
        const char *body, *why;
    } cases[] = {
        {"", MISSING ": empty body" SEE},
        {"null", MISSING ": not a JSON object" SEE},
        {"[]", MISSING ": not a JSON object" SEE},
        {"[{\"token\":\"t\"}]", MISSING ": not a JSON object" SEE},
        {"\"token\"", MISSING ": not a JSON object" SEE},
        {"<html><body>Welcome</body></html>", MISSING ": not JSON" SEE},
        {"{}", MISSING SEE},
        {"{\"data\":null}", MISSING SEE},
        {"{\"data\":[]}", MISSING SEE},
        {"{\"data\":{\"0\":{\"who\":\"alice\"}}}", MISSING SEE},
        {"{\"data\":[{\"token\":null}]}", MISSING SEE},
        {"{\"data\":[{\"token\":\"\"}]}", MISSING SEE},
        {"{\"data\":[{\"token\":{}}]}", MISSING ", which is no text" SEE},
        {"{\"data\":[{\"token\":[\"t\"]}]}", MISSING ", which is no text" SEE},
        {"{\"data\":[{\"token\":1.5}]}", MISSING ", which is no text" SEE},
        {"{\"data\":[{\"token\":0,\"who\":\"alice\"}]}",
         MISSING ", which is no text" SEE},
        {"{\"data\":[{\"token\":true,\"who\":\"alice\"}]}",
         MISSING ", which is no text" SEE},
        {"{\"data\":[{\"token\":false,\"who\":\"alice\"}]}",
         MISSING ", which is no text" SEE},
        {"{\"data\":[{\"token\":\"t\",\"token\":\"u\"}]}",
         MISSING ": a member name twice" SEE},
        {"{\"data\":[{\"token\":\"\xff\"}]}", MISSING ": invalid UTF-8" SEE},
        {"{\"data\":[{\"token\":\"t\\u0000\"}]}",
         MISSING ": U+0000 in a string" SEE},
        {"{\"data\":[{\"token\":\"t\"}]",
         MISSING ": cut off in the middle" SEE},
        {"{\"data\":[{\"token\":\"t\"}]} x",
         MISSING ": something after the JSON" SEE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_idp_say(idp, 200, "Content-Type: application/json\r\n",
                     cases[i].body);
        refuses(cases[i].body, cases[i].why);
    }
}

static void
test_characters_that_no_token_has(void **state)
{
    static const char *const tokens[] = {"a b",         " a",       "a ",
                                         "a\\r\\nX: y", "a\\n",     "a\\tb",
                                         "\\u007f",     "a\\u00e4", "\\u0001"};
    static const char *const refresh[] = {"[\"rt\"]", "false", "1", "1.5",
                                          "\"r\\nt\""};
    char body[128];

    (void)state;
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        snprintf(body, sizeof(body), "{\"data\":[{\"token\":\"%s\"}]}",
                 tokens[i]);
        fake_idp_say(idp, 200, "", body);
        refuses(body, "200 sign_in: /data/0/token has characters that no "
                      "access token has");
    }
    /* A refresh token that cannot be kept leaves the access token behind. */
    for (size_t i = 0; i < sizeof(refresh) / sizeof(refresh[0]); i++) {
        snprintf(body, sizeof(body),
                 "{\"data\":[{\"token\":\"t\",\"who\":\"alice\"}],\"r\":%s}",
                 refresh[i]);
        fake_idp_say(idp, 200, "", body);
        fake_sign_in(&fake, "alice", "x");
        assert_int_equal(fake.result.result, WIRE_MISCONFIGURED);
        assert_string_equal(fake.result.why,
                            "200 sign_in: /r is no usable refresh token");
        assert_string_equal(fake.tokens.access_token.text, "t");
        assert_null(fake.tokens.refresh_token.text);
    }
}

static void
test_gzip_nobody_asked_for(void **state)
{
    static const char gzip[] =
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n"
        "\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03";

    (void)state;
    fake_idp_answer_bytes(idp, "keep", gzip, sizeof(gzip) - 1);
    refuses("gzip", NULL);
}

/* A token of so many bytes, and what is around it. */
static void
say_token(size_t length, const char *more)
{
    char *body = calloc(1, length + 200);

    strcpy(body, "{\"data\":[{\"who\":\"alice\",\"token\":\"");
    memset(body + strlen(body), 't', length);
    strcat(body, "\"}]");
    strcat(body, more);
    fake_idp_say(idp, 200, "", body);
    free(body);
}

static void
test_long_tokens(void **state)
{
    char body[300];

    (void)state;
    say_token(32767, "}");
    fake_sign_in(&fake, "alice", "x");
    assert_int_equal(fake.result.result, WIRE_OK);
    assert_int_equal(fake.tokens.access_token.length, 32767);
    say_token(32768, "}");
    refuses("32768", NULL);
    say_token(40000, ",\"r\":\"rt\"}");
    refuses("40000", "200 sign_in: access token of 40000 bytes, the most is "
                     "32767");
    assert_string_equal(fake.tokens.refresh_token.text, "rt");
    say_token(300000, "}");
    refuses("300000", "sign_in: answer too large (see max_answer)");
    /* What is kept has a limit of its own, and is no failure. */
    snprintf(body, sizeof(body), ",\"kind\":{}}");
    say_token(10, body);
    fake_sign_in(&fake, "alice", "x");
    assert_string_equal(fake.result.why,
                        "200 sign_in, keep.kind not kept: no scalar");
    assert_int_equal(fake.tokens.kept_count, 0);
}

static void
test_scopes_not_granted(void **state)
{
    (void)state;
    say_token(1, ",\"scope\":\"logins files\"}");
    fake_sign_in(&fake, "alice", "x");
    assert_int_equal(fake.result.result, WIRE_OK);
    assert_string_equal(fake.result.why,
                        "200 sign_in, scope login was not granted");
    say_token(1, ",\"scope\":\"files x login\"}");
    fake_sign_in(&fake, "alice", "x");
    assert_string_equal(fake.result.why, "200 sign_in");
}

/* The same bodies answer a refresh and a revocation. */
static void
test_refresh_and_revocation_alike(void **state)
{
    static const char *const bodies[] = {"", "null", "[]", "{}",
                                         "<html></html>"};

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        fake_idp_say(idp, 200, "", bodies[i]);
        fake_refresh(&fake, "alice", NULL, "rt-1");
        assert_int_equal(fake.result.result, WIRE_MISCONFIGURED);
        assert_true(fake.result.sent);
        fake_idp_say(idp, 302, "Location: /login\r\n", bodies[i]);
        fake_revoke(&fake, REQUEST_REVOKE_REFRESH, NULL, "rt-1");
        assert_int_equal(fake.result.result, WIRE_MISCONFIGURED);
    }
}

static void
test_what_a_provider_says_is_shown_with_care(void **state)
{
    static const struct {
        const char *message, *why;
    } cases[] = {
        {"no such user", " \"no such user\""},
        {"a\\nb\\u001b[31m\\u202e", " \"a\\x0ab\\x1b[31m\\xe2\\x80\\xae\""},
        {"your password pa55word is bad",
         " (its words are withheld: a secret is in them)"},
        {"PA55WORD", " (its words are withheld: a secret is in them)"},
        {"pa%35%35word", " (its words are withheld: a secret is in them)"},
        {"0123456789012345678901234567890123456789012345678901234567890123456"
         "789012345678901234567890123456789",
         " \"0123456789012345678901234567890123456789012345678901234567890123"
         "4567890123456789\""},
    };
    char body[300], why[400];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(body, sizeof(body), "{\"m\":\"%s\"}", cases[i].message);
        fake_idp_say(idp, 418, "", body);
        fake_sign_in(&fake, "alice", "pa55word");
        snprintf(why, sizeof(why), "418 sign_in: no result.* has it%s",
                 cases[i].why);
        assert_string_equal(fake.result.why, why);
    }
}

/* An error that quotes the request quotes it as its page or log would. */
static void
test_secrets_in_other_clothes(void **state)
{
    static const struct {
        const char *password, *message;
    } cases[] = {
        {"pa\"55\\word",
         "bad body: {\\\"p\\\": \\\"pa\\\\\\\"55\\\\\\\\word\\\"}"},
        {"pa/55word", "bad body: pa\\\\/55word"},
        {"pa<55word", "bad body: pa\\\\u003c55word"},
        {"pa&55word", "bad field: pa&amp;55word"},
        {"pa'55<\"word", "bad field: pa&#x27;55&lt;&quot;word"},
        {"pa'55word", "bad field: pa&#39;55word"},
        {"p\xc3\xa4\xe2\x82\xac"
         "55",
         "bad body: p\\\\u00e4\\\\u20AC"
         "55"},
        {"p\xc3\xa4"
         "55word",
         "bad field: p&#228;55word"},
        {"pa&amp;55word", "bad field: pa&amp;55word"},
        {"pa&55word", "bad\\\\u0000 field: %00&#0;pa&amp;55word"},
    };
    char body[300];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(body, sizeof(body), "{\"m\":\"%s\"}", cases[i].message);
        fake_idp_say(idp, 418, "", body);
        fake_sign_in(&fake, "alice", cases[i].password);
        assert_string_equal(fake.result.why,
                            "418 sign_in: no result.* has it (its words are "
                            "withheld: a secret is in them)");
    }
}

static void
test_token_in_the_place_of_a_name(void **state)
{
    (void)state;
    /* {"alg":"none"}.{"sub":"x"} */
    fake_idp_say(idp, 200, "",
                 "{\"data\":[{\"token\":\"t\",\"who\":"
                 "\"eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.AAAA\"}]}");
    fake_sign_in(&fake, "alice", "x");
    assert_int_equal(fake.result.result, WIRE_IDENTITY_MISMATCH);
    assert_string_equal(fake.result.why, "sign_in: /data/0/who names a JWT, "
                                         "not the user that signs in");
}

/* ---- expiry, without a server ---- */

#define NOW INT64_C(1800000000)

static struct source *
source_of(const char *text)
{
    const char *why;
    struct source *source = text == NULL ? NULL : source_parse(text, &why);

    return source;
}

/* The expiry of one answer, and the note it leaves. */
static int64_t
expiry(const char *body, const char *in, const char *in_ms, const char *at,
       int64_t date_s, char *ret_note)
{
    struct answer_config config = {.expires_in = source_of(in),
                                   .expires_in_ms = source_of(in_ms),
                                   .expires_at = source_of(at)};
    struct provider_result result = {0};
    struct answer answer = {.date_s = date_s};
    const char *why = NULL;
    int64_t found;

    if (json_read(body, strlen(body), &answer.body, &why) < 0)
        fail_msg("%s: %s", body, why);
    found = expiry_find(&answer, &config, NOW, &result);
    strcpy(ret_note, result.why);
    answer_done(&answer);
    source_free(config.expires_in);
    source_free(config.expires_in_ms);
    source_free(config.expires_at);
    return found;
}

static void
test_lifetimes(void **state)
{
#define TEN_YEARS (INT64_C(3660) * 86400)
#define USELESS   ", no usable lifetime at /e"
    static const struct {
        const char *value;
        int64_t seconds, from_ms; /* from now; 0: unknown */
        const char *note;
    } cases[] = {
        {"300", 300, 1, ""},
        {"300000", 300000, 300, ""},
        {"1", 1, 1, ""},
        {"\"300\"", 300, 1, ""},
        {"\"300.9\"", 300, 1, ""},
        {"3599.9", 3599, 3, ""},
        {"null", 0, 0, ""},
        {"\"\"", 0, 0, ""},
        {"0", 0, 0, USELESS},
        {"-300", 0, 0, USELESS},
        {"\"-300\"", 0, 0, USELESS},
        {"\"+300\"", 0, 0, USELESS},
        {"\"0x10\"", 0, 0, USELESS},
        {"\"300s\"", 0, 0, USELESS},
        {"\" 300\"", 0, 0, USELESS},
        {"\"9999999999999999999999\"", 0, 0, USELESS},
        {"\"soon\"", 0, 0, USELESS},
        {"true", 0, 0, USELESS},
        {"{}", 0, 0, USELESS},
        {"[300]", 0, 0, USELESS},
        {"1e300", 0, 0, USELESS},
    };
    char body[64], note[256];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t expected = cases[i].seconds == 0 ? 0 : NOW + cases[i].seconds;
        int64_t ms = cases[i].from_ms == 0 ? 0 : NOW + cases[i].from_ms;

        snprintf(body, sizeof(body), "{\"e\":%s}", cases[i].value);
        assert_int_equal(expiry(body, "/e", NULL, NULL, 0, note), expected);
        assert_string_equal(note, cases[i].note);
        assert_int_equal(expiry(body, NULL, "/e", NULL, 0, note), ms);
        assert_string_equal(note, cases[i].note);
    }
    /* A hundred years, and what no calendar has. */
    assert_int_equal(expiry("{\"e\":3155760000}", "/e", NULL, NULL, 0, note),
                     NOW + TEN_YEARS);
    assert_string_equal(note, ", /e cut to ten years");
    assert_int_equal(
        expiry("{\"e\":9223372036854775807}", "/e", NULL, NULL, 0, note),
        NOW + TEN_YEARS);
    /* The first usable one counts. */
    assert_int_equal(expiry("{\"a\":0,\"b\":5000,\"c\":1800000100}", "/a", "/b",
                            "/c", 0, note),
                     NOW + 5);
    assert_int_equal(expiry("{}", NULL, NULL, NULL, 0, note), 0);
}

static void
test_times(void **state)
{
    static const struct {
        const char *value;
        int64_t date; /* the provider's clock minus ours; 0: no Date */
        int64_t seconds;
        const char *note;
    } cases[] = {
        {"1800000300", 0, 300, ""},
        {"1800000300000", 0, 300, ""},
        {"1800000300000000", 0, 300, ""},
        {"1800000300000000000", 0, 300, ""},
        {"\"1800000300\"", 0, 300, ""},
        {"\"1800000300000\"", 0, 300, ""},
        {"1800000300.75", 0, 300, ""},
        {"\"2027-01-15T08:05:00Z\"", 0, 300, ""},
        {"\"2027-01-15T10:05:00.123456+02:00\"", 0, 300, ""},
        {"1800000001", 0, 1, ""},
        /* Clocks that differ: by the Date of the answer. */
        {"1800000300", 5, 300, ""},
        {"1800000300", 100, 200, ""},
        {"1800000300", -100, 400, ""},
        {"1799914000", -86400, 400,
         ", the provider's clock differs by -86400 s"},
    };
    static const char *const useless[] = {
        "0",        "-1",
        "\"soon\"", "\"2027-01-15\"",
        "true",     "\"2027-02-30T00:00:00Z\"",
        "{}",       "\"-1800000300\""};
    char body[64], note[256];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(body, sizeof(body), "{\"e\":%s}", cases[i].value);
        assert_int_equal(expiry(body, NULL, NULL, "/e",
                                cases[i].date == 0 ? 0 : NOW + cases[i].date,
                                note),
                         NOW + cases[i].seconds);
        assert_string_equal(note, cases[i].note);
    }
    for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
        snprintf(body, sizeof(body), "{\"e\":%s}", useless[i]);
        assert_int_equal(expiry(body, NULL, NULL, "/e", 0, note), 0);
        assert_string_equal(note, ", no usable time at /e");
    }
    assert_int_equal(expiry("{\"e\":4955760000}", NULL, NULL, "/e", 0, note),
                     NOW + TEN_YEARS);
    assert_string_equal(note, ", /e cut to ten years");
}

/* Nobody issues tokens that have expired: such a time is none. */
static void
test_times_in_the_past(void **state)
{
    static const struct {
        const char *value;
        int64_t date;
        const char *note;
    } cases[] = {
        {"1800000000", 0, ", /e is 0 s in the past: check the clocks"},
        {"1799999900", 0, ", /e is 100 s in the past: check the clocks"},
        {"1799990000", 0, ", /e is 10000 s in the past: check the clocks"},
        {"1", 0, ", /e is 1799999999 s in the past: check the clocks"},
        {"1800000300", 86400,
         ", the provider's clock differs by 86400 s, /e is 86100 s in the "
         "past: check the clocks"},
    };
    char body[64], note[256];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(body, sizeof(body), "{\"e\":%s}", cases[i].value);
        assert_int_equal(expiry(body, NULL, NULL, "/e",
                                cases[i].date == 0 ? 0 : NOW + cases[i].date,
                                note),
                         0);
        assert_string_equal(note, cases[i].note);
    }
}

static void
test_dates(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1985-04-12T23:20:50.52Z", 482196050},
        {"1996-12-19T16:39:57-08:00", 851042397},
        {"1990-12-31T23:59:60Z", 662688000},
        {"1990-12-31T15:59:60-08:00", 662688000},
        {"2000-02-29t00:00:00z", 951782400},
        {"2000-02-29 00:00:00Z", 951782400},
        {"9999-12-31T23:59:59Z", 253402300799},
        {"0001-01-01T00:00:00Z", -62135596800},
    };
    static const char *const bad[] = {"",
                                      "Z",
                                      "2000",
                                      "2000-01-01",
                                      "2000-01-01T00:00:00",
                                      "2000-01-01T00:00Z",
                                      "2000-13-01T00:00:00Z",
                                      "2000-00-01T00:00:00Z",
                                      "2000-01-00T00:00:00Z",
                                      "2000-01-32T00:00:00Z",
                                      "2000-04-31T00:00:00Z",
                                      "2001-02-29T00:00:00Z",
                                      "2000-01-01T24:00:00Z",
                                      "2000-01-01T00:60:00Z",
                                      "2000-01-01T00:00:61Z",
                                      "2000-01-01T00:00:00+24:00",
                                      "2000-01-01T00:00:00+0100",
                                      "2000-01-01T00:00:00.Z",
                                      "2000-01-01T00:00:00Zx",
                                      "20000-01-01T00:00:00Z",
                                      "2000-01-01_00:00:00Z",
                                      "+200-01-01T00:00:00Z"};
    int64_t seconds = 42;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (expiry_parse_date(bad[i], &seconds) != -EINVAL)
            fail_msg("%s was read", bad[i]);
        assert_int_equal(seconds, 42);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(expiry_parse_date(good[i].text, &seconds), 0);
        assert_int_equal(seconds, good[i].seconds);
    }
}

#define ZOO_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ZOO_TEST(test_bodies_that_are_no_answer),
        ZOO_TEST(test_characters_that_no_token_has),
        ZOO_TEST(test_gzip_nobody_asked_for),
        ZOO_TEST(test_long_tokens),
        ZOO_TEST(test_scopes_not_granted),
        ZOO_TEST(test_refresh_and_revocation_alike),
        ZOO_TEST(test_what_a_provider_says_is_shown_with_care),
        ZOO_TEST(test_secrets_in_other_clothes),
        ZOO_TEST(test_token_in_the_place_of_a_name),
        cmocka_unit_test(test_lifetimes),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_times_in_the_past),
        cmocka_unit_test(test_dates),
    };
    int failed;

    idp = fake_idp_start();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    fake_idp_stop(idp);
    return failed;
}
