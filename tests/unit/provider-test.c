/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * provider: the requests of a sign-in, refresh and revocation byte by byte,
 * who may pass for whom, and what a call leaves for its caller.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fake-provider.h"
#include "wire/memory.h"

#define REQUESTS                                                               \
    "sign_in.url = {{base_url}}/token\n"                                       \
    "sign_in.body = grant_type=password&username={{login}}"                    \
    "&password={{password}}&scope={{scope}}\n"                                 \
    "refresh.url = {{base_url}}/token\n"                                       \
    "refresh.body = grant_type=refresh_token"                                  \
    "&refresh_token={{refresh_token}}\n"                                       \
    "revoke.access.url = {{base_url}}/revoke\n"                                \
    "revoke.access.body = token={{access_token}}\n"                            \
    "revoke.refresh.url = {{base_url}}/revoke\n"                               \
    "revoke.refresh.body = token={{refresh_token}}\n"                          \
    "answer.access_token = /access_token\n"                                    \
    "answer.refresh_token = /refresh_token\n"                                  \
    "result.wrong_credentials = 400 /error=invalid_grant\n"

#define OAUTH                                                                  \
    REQUESTS "answer.expires_in = /expires_in\n"                               \
             "identity.user = /user\nidentity.subject = /sub\n"

#define TOKENS                                                                 \
    "{\"access_token\":\"at-1\",\"refresh_token\":\"rt-1\","                   \
    "\"expires_in\":300,\"user\":\"alice\",\"sub\":\"subject-1\"}"

static struct fake_idp *idp;
static struct fake_provider fake;

/* The request after its Host and User-Agent, which http-test looks at. */
static const char *
tail(unsigned n)
{
    const char *text = strstr(fake_idp_request(idp, n), "\r\nAccept");

    return text == NULL ? "?" : text + 2;
}

static bool
begins(unsigned n, const char *start)
{
    return strncmp(fake_idp_request(idp, n), start, strlen(start)) == 0;
}

static void
expect(enum wire_result result)
{
    if (fake.result.result != result)
        fail_msg("%s: %s", wire_result_name(fake.result.result),
                 fake.result.why);
}

static void
expect_why(enum wire_result result, const char *words)
{
    expect(result);
    assert_string_equal(fake.result.why, words);
}

static int
stop(void **state)
{
    (void)state;
    fake_provider_stop(&fake);
    return 0;
}

static void
test_sign_in(void **state)
{
    int64_t now = (int64_t)time(NULL);

    (void)state;
    fake_provider_start(&fake, idp,
                        OAUTH "client_id = pam\nclient_secret = client\n"
                              "client_auth = basic\nscope = login x:y\n");
    fake_idp_say(idp, 200, "", TOKENS);
    fake_sign_in(&fake, "alice", "p&=+ %\xc3\xa4\"");
    expect_why(WIRE_OK, "200 sign_in");
    assert_string_equal(fake.tokens.access_token.text, "at-1");
    assert_string_equal(fake.tokens.refresh_token.text, "rt-1");
    assert_string_equal(fake.tokens.subject, "subject-1");
    assert_in_range(fake.tokens.expires_at_s, now + 299, now + 320);
    assert_true(begins(0, "POST /token HTTP/1.1\r\nHost: "));
    assert_string_equal(tail(0),
                        "Accept: application/json\r\n"
                        "Content-Type: application/x-www-form-urlencoded\r\n"
                        "Content-Length: 85\r\n\r\n"
                        "grant_type=password&username=alice"
                        "&password=p%26%3D%2B+%25%C3%A4%22&scope=login+x%3Ay");
    /* pam:s3cret+%26+more */
    assert_non_null(
        strstr(fake_idp_request(idp, 0),
               "\r\nAuthorization: Basic cGFtOnMzY3JldCslMjYrbW9yZQ==\r\n"));
}

static void
test_client_post(void **state)
{
    (void)state;
    fake_provider_start(&fake, idp,
                        OAUTH "client_id = p&m\nclient_secret = client\n"
                              "client_auth = post\n");
    fake_idp_say(idp, 200, "", TOKENS);
    fake_sign_in(&fake, "alice", "x");
    expect(WIRE_OK);
    assert_string_equal(strstr(tail(0), "\r\n\r\n") + 4,
                        "grant_type=password&username=alice&password=x"
                        "&client_id=p%26m&client_secret=s3cret+%26+more");
    assert_null(strstr(fake_idp_request(idp, 0), "Authorization"));
}

static void
test_client_none(void **state)
{
    (void)state;
    fake_provider_start(&fake, idp, OAUTH "client_id = public\n");
    fake_idp_say(idp, 200, "", TOKENS);
    fake_sign_in(&fake, "alice", "x");
    expect(WIRE_OK);
    assert_string_equal(strstr(tail(0), "\r\n\r\n") + 4,
                        "grant_type=password&username=alice&password=x"
                        "&client_id=public");
    assert_null(strstr(fake_idp_request(idp, 0), "Authorization"));
}

/* A body that says the client itself is not given it twice. */
static void
test_client_in_the_body(void **state)
{
    (void)state;
    (void)state;
    fake_provider_start(
        &fake, idp,
        "client_id = pam\nclient_secret = client\nclient_auth = post\n"
        "sign_in.url = {{base_url}}/token\n"
        "sign_in.body = client_secret={{secret.key}}&client_id=other"
        "&x_client_id=1&p={{password}}\n"
        "answer.access_token = /access_token\nidentity.user = /user\n");
    fake_idp_say(idp, 200, "", TOKENS);
    fake_sign_in(&fake, "alice", "x");
    expect(WIRE_OK);
    assert_string_equal(strstr(tail(0), "\r\n\r\n") + 4,
                        "client_secret=api-key-1&client_id=other"
                        "&x_client_id=1&p=x");
}

static void
test_the_first_shape_of_the_mission(void **state)
{
    (void)state;
    fake_provider_start(&fake, idp,
                        "preset = supabase\nheader.apikey = {{secret.key}}\n"
                        "login_name = {{user}}@example.com\n");
    fake_idp_say(idp, 200, "Content-Type: application/json\r\n",
                 "{\"access_token\":\"eyJhbGciOiJIUzI1NiJ9"
                 ".eyJzdWIiOiJzLTEiLCJleHAiOjMwMH0.c2ln\","
                 "\"token_type\":\"bearer\",\"expires_in\":3600,"
                 "\"refresh_token\":\"opaque\","
                 "\"user\":{\"email\":\"Alice@Example.com\"}}");
    fake_sign_in(&fake, "alice", "\",\"admin\":true,\"x\":\"");
    expect(WIRE_OK);
    assert_string_equal(fake.tokens.subject, "s-1");
    assert_true(begins(0, "POST /auth/v1/token?grant_type=password "));
    assert_non_null(
        strstr(fake_idp_request(idp, 0), "\r\napikey: api-key-1\r\n"));
    assert_string_equal(
        strstr(tail(0), "Content-Type"),
        "Content-Type: application/json\r\nContent-Length: 69\r\n\r\n"
        "{\"email\":\"alice@example.com\","
        "\"password\":\"\\\",\\\"admin\\\":true,\\\"x\\\":\\\"\"}");
    fake_idp_say(idp, 204, "", "");
    fake_revoke(&fake, REQUEST_REVOKE_ACCESS, "at-9", NULL);
    expect_why(WIRE_OK, "204 revoke.access");
    assert_true(begins(1, "POST /auth/v1/logout"));
    assert_non_null(
        strstr(fake_idp_request(idp, 1), "\r\nAuthorization: Bearer at-9\r\n"));
}

static void
test_refresh(void **state)
{
    (void)state;
    fake_provider_start(&fake, idp, OAUTH "client_id = public\n");
    fake_idp_say(idp, 200, "",
                 "{\"access_token\":\"at-2\",\"expires_in\":300}");
    fake_refresh(&fake, "alice", "subject-1", "rt 1+");
    expect_why(WIRE_OK, "200 refresh");
    assert_string_equal(fake.tokens.access_token.text, "at-2");
    assert_null(fake.tokens.refresh_token.text);
    assert_string_equal(strstr(tail(0), "\r\n\r\n") + 4,
                        "grant_type=refresh_token&refresh_token=rt+1%2B"
                        "&client_id=public");
    /* Somebody else's: told, and left for the caller to revoke. */
    fake_idp_say(idp, 200, "",
                 "{\"access_token\":\"at-3\",\"refresh_token\":\"rt-3\","
                 "\"sub\":\"subject-2\"}");
    fake_refresh(&fake, "alice", "subject-1", "rt-1");
    expect_why(WIRE_IDENTITY_MISMATCH, "refresh: /sub names \"subject-2\", "
                                       "not the session's subject");
    assert_string_equal(fake.tokens.access_token.text, "at-3");
    assert_string_equal(fake.tokens.refresh_token.text, "rt-3");
    fake_idp_say(idp, 200, "", "{\"access_token\":\"x\",\"user\":\"bob\"}");
    fake_refresh(&fake, "alice", "subject-1", "rt-1");
    expect(WIRE_IDENTITY_MISMATCH);
    fake_idp_say(idp, 400, "", "{\"error\":\"invalid_grant\"}");
    fake_refresh(&fake, "alice", NULL, "rt-1");
    expect(WIRE_REFUSED);
    assert_true(fake.had_tokens);
}

static void
test_a_lost_refresh_is_not_sent_again(void **state)
{
    (void)state;
    fake_provider_start(&fake, idp, OAUTH "client_id = public\n");
    fake_idp_say(idp, 200, "", "");
    fake_revoke(&fake, REQUEST_REVOKE_REFRESH, NULL, "rt-0");
    expect(WIRE_OK);
    fake_idp_answer(idp, "abort", "");
    fake_idp_say(idp, 200, "", TOKENS);
    fake_refresh(&fake, "alice", NULL, "rt-1");
    expect(WIRE_UNAVAILABLE);
    assert_true(fake.result.sent);
    assert_int_equal(fake_idp_requests(idp), 2);
}

static void
test_revoke(void **state)
{
    (void)state;
    fake_provider_start(&fake, idp,
                        OAUTH "client_id = public\n"
                              "revoke.access.success = 200 401\n");
    fake_idp_say(idp, 200, "Content-Type: text/html\r\n", "");
    fake_revoke(&fake, REQUEST_REVOKE_REFRESH, "at-1", "rt-1");
    expect(WIRE_OK);
    assert_false(fake.had_tokens);
    assert_string_equal(strstr(tail(0), "\r\n\r\n") + 4,
                        "token=rt-1&client_id=public");
    fake_idp_say(idp, 401, "", "{\"error\":\"x\"}");
    fake_revoke(&fake, REQUEST_REVOKE_ACCESS, "at-1", "rt-1");
    expect(WIRE_OK);
    fake_idp_say(idp, 401, "", "{\"error\":\"rt-1 is bad\"}");
    fake_revoke(&fake, REQUEST_REVOKE_REFRESH, "at-1", "rt-1");
    expect_why(WIRE_MISCONFIGURED,
               "401 revoke.refresh: no result.* has it (its words are "
               "withheld: a secret is in them)");
    fake_idp_say(idp, 200, "", "<!DOCTYPE html>Welcome to the Wi-Fi");
    fake_revoke(&fake, REQUEST_REVOKE_REFRESH, "at-1", "rt-1");
    expect_why(WIRE_MISCONFIGURED, "200 revoke.refresh: a page of HTML");
    fake_idp_say(idp, 503, "Retry-After: 7\r\n", "");
    fake_revoke(&fake, REQUEST_REVOKE_REFRESH, "at-1", "rt-1");
    expect_why(WIRE_UNAVAILABLE, "503 revoke.refresh");
    assert_int_equal(fake.result.retry_after_s, 7);
}

/* user in, who the provider names, ignore_case, what comes of it */
static void
test_identity(void **state)
{
    static const struct {
        const char *named, *compare;
        enum wire_result result;
    } cases[] = {
        {"\"alice\"", "exact", WIRE_OK},
        {"\"Alice\"", "exact", WIRE_IDENTITY_MISMATCH},
        {"\"ALICE\"", "ignore_case", WIRE_OK},
        {"\"bob\"", "ignore_case", WIRE_IDENTITY_MISMATCH},
        {"\"alice2\"", "exact", WIRE_IDENTITY_MISMATCH},
        {"\"alic\"", "exact", WIRE_IDENTITY_MISMATCH},
        {"\"alice \"", "exact", WIRE_IDENTITY_MISMATCH},
        {"\"\\u0430lice\"", "ignore_case", WIRE_IDENTITY_MISMATCH},
        {"\"alic\\u0435\"", "ignore_case", WIRE_IDENTITY_MISMATCH},
        {"\"\"", "exact", WIRE_IDENTITY_MISMATCH},
        {"null", "exact", WIRE_IDENTITY_MISMATCH},
        {"true", "exact", WIRE_IDENTITY_MISMATCH},
        {"[\"alice\"]", "exact", WIRE_IDENTITY_MISMATCH},
        {"{\"alice\":\"alice\"}", "exact", WIRE_IDENTITY_MISMATCH},
    };
    char text[2048];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(text, sizeof(text), OAUTH "identity.compare = %s\n",
                 cases[i].compare);
        fake_provider_start(&fake, idp, text);
        snprintf(text, sizeof(text),
                 "{\"access_token\":\"at-1\",\"refresh_token\":\"rt-1\","
                 "\"user\":%s}",
                 cases[i].named);
        fake_idp_say(idp, 200, "", text);
        fake_sign_in(&fake, "alice", "x");
        expect(cases[i].result);
        assert_string_equal(fake.tokens.access_token.text, "at-1");
        assert_string_equal(fake.tokens.refresh_token.text, "rt-1");
        if (i + 1 < sizeof(cases) / sizeof(cases[0]))
            fake_provider_stop(&fake);
    }
}

static void
test_accepted_password(void **state)
{
    (void)state;
    fake_provider_start(&fake, idp,
                        "sign_in.url = {{base_url}}/token\n"
                        "sign_in.body = u={{login}}&p={{password}}\n"
                        "answer.access_token = header:X-Token\n"
                        "identity.check = accepted_password\n");
    fake_idp_say(idp, 200, "X-Token: at-1\r\n", "");
    fake_sign_in(&fake, "alice", "x");
    expect_why(WIRE_OK, "200 sign_in");
    assert_string_equal(fake.tokens.access_token.text, "at-1");
    assert_int_equal(fake.tokens.expires_at_s, 0);
    assert_null(fake.tokens.subject);
    fake_idp_say(idp, 200, "X-Other: at-1\r\n", "");
    fake_sign_in(&fake, "alice", "x");
    expect(WIRE_MISCONFIGURED);
}

#define LOOKUPS                                                                \
    "userinfo.url = {{base_url}}/me\n"                                         \
    "introspect.url = {{base_url}}/introspect\n"                               \
    "introspect.body = token={{access_token}}\n"                               \
    "identity.user = userinfo:/name\n"                                         \
    "identity.subject = introspect:/sub\n"                                     \
    "answer.expires_at = introspect:/exp\n"                                    \
    "keep.mail = userinfo:/mail\nkeep.kind = /kind\nkeep.none = /none\n"

static void
test_lookups_at_sign_in(void **state)
{
    (void)state;
    fake_provider_start(&fake, idp, REQUESTS LOOKUPS "client_id = public\n");
    fake_idp_say(idp, 200, "", "{\"access_token\":\"at-1\",\"kind\":\"k\"}");
    fake_idp_say(idp, 200, "", "{\"name\":\"alice\",\"mail\":\"a@b\"}");
    fake_idp_say(idp, 200, "",
                 "{\"active\":true,\"sub\":7,\"exp\":4000000000}");
    fake_sign_in(&fake, "alice", "x");
    expect(WIRE_OK);
    assert_true(begins(1, "GET /me HTTP/1.1"));
    assert_non_null(
        strstr(fake_idp_request(idp, 1), "\r\nAuthorization: Bearer at-1\r\n"));
    assert_string_equal(strstr(tail(2), "\r\n\r\n") + 4,
                        "token=at-1&client_id=public");
    assert_string_equal(fake.tokens.subject, "7");
    assert_int_not_equal(fake.tokens.expires_at_s, 0);
    assert_string_equal(fake_kept(&fake, "mail"), "a@b");
    assert_string_equal(fake_kept(&fake, "kind"), "k");
    assert_null(fake_kept(&fake, "none"));

    /* Each of them may fail, and leaves the tokens to be revoked. */
    static const struct {
        unsigned userinfo;
        const char *name;
        unsigned introspect;
        const char *active;
        enum wire_result result;
    } cases[] = {
        {200, "{\"name\":\"bob\"}", 200, "{\"active\":true}",
         WIRE_IDENTITY_MISMATCH},
        {200, "{}", 200, "{\"active\":true}", WIRE_IDENTITY_MISMATCH},
        {200, "<html>", 0, NULL, WIRE_MISCONFIGURED},
        {401, "", 0, NULL, WIRE_MISCONFIGURED},
        {403, "", 0, NULL, WIRE_MISCONFIGURED},
        {302, "", 0, NULL, WIRE_MISCONFIGURED},
        {503, "", 0, NULL, WIRE_UNAVAILABLE},
        {429, "", 0, NULL, WIRE_SLOW_DOWN},
        {200, "{\"name\":\"alice\"}", 200, "{\"active\":false}",
         WIRE_MISCONFIGURED},
        {200, "{\"name\":\"alice\"}", 200, "{\"active\":\"true\"}",
         WIRE_MISCONFIGURED},
        {200, "{\"name\":\"alice\"}", 400, "", WIRE_MISCONFIGURED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_idp_reset(idp);
        fake_idp_say(idp, 200, "", "{\"access_token\":\"at-1\"}");
        fake_idp_say(idp, cases[i].userinfo, "", cases[i].name);
        if (cases[i].active != NULL)
            fake_idp_say(idp, cases[i].introspect, "", cases[i].active);
        fake_sign_in(&fake, "alice", "x");
        expect(cases[i].result);
        assert_string_equal(fake.tokens.access_token.text, "at-1");
        assert_true(fake.result.sent);
    }
}

static void
test_check_at_refresh(void **state)
{
    static const struct {
        unsigned status;
        const char *body;
        enum wire_result result;
    } userinfo[] = {
        {200, "{\"name\":\"alice\",\"sub\":\"subject-1\"}", WIRE_OK},
        {200, "{}", WIRE_OK},
        {200, "{\"sub\":\"subject-2\"}", WIRE_IDENTITY_MISMATCH},
        {401, "", WIRE_REFUSED},
        {403, "", WIRE_MISCONFIGURED},
        {200, "null", WIRE_MISCONFIGURED},
        {503, "", WIRE_OK},
        {429, "", WIRE_OK},
    };

    (void)state;
    fake_provider_start(&fake, idp,
                        REQUESTS "client_id = public\n"
                                 "userinfo.url = {{base_url}}/me\n"
                                 "identity.user = userinfo:/name\n"
                                 "identity.subject = userinfo:/sub\n"
                                 "check_at_refresh = userinfo\n");
    for (size_t i = 0; i < sizeof(userinfo) / sizeof(userinfo[0]); i++) {
        fake_idp_say(idp, 200, "",
                     "{\"access_token\":\"at-2\",\"refresh_token\":\"rt-2\"}");
        fake_idp_say(idp, userinfo[i].status, "", userinfo[i].body);
        fake_refresh(&fake, "alice", "subject-1", "rt-1");
        expect(userinfo[i].result);
        assert_string_equal(fake.tokens.access_token.text, "at-2");
        assert_string_equal(fake.tokens.refresh_token.text, "rt-2");
        if (userinfo[i].status == 503)
            assert_string_equal(fake.result.why,
                                "200 refresh, not checked: 503 userinfo");
    }
}

static void
test_what_cannot_be_asked(void **state)
{
    (void)state;
    fake_provider_start(&fake, idp,
                        OAUTH "client_id = pam\nclient_secret = client\n"
                              "client_auth = basic\n"
                              "header.X-Key = {{secret.other}}\n");
    fake_sign_in(&fake, "alice", "x");
    expect_why(WIRE_MISCONFIGURED, "sign_in: secret other is not readable");
    assert_false(fake.result.sent);
    assert_true(fake.had_tokens);
    assert_int_equal(fake_idp_requests(idp), 0);
    fake_provider_stop(&fake);

    fake_provider_start(&fake, idp,
                        "sign_in.url = {{base_url}}/token\n"
                        "sign_in.format = json\n"
                        "sign_in.body = {\"p\": \"{{password}}\"}\n"
                        "revoke.refresh.url = {{base_url}}/revoke\n"
                        "revoke.refresh.body = t=x{{refresh_token}}\n"
                        "answer.access_token = /a\nidentity.user = /u\n"
                        "client_id = pam\nclient_secret = other\n"
                        "client_auth = basic\n");
    fake_sign_in(&fake, "alice", "\xff");
    expect(WIRE_WRONG_CREDENTIALS);
    fake_sign_in(&fake, "alice", "x");
    expect_why(WIRE_MISCONFIGURED, "sign_in: secret other is not readable");
    fake_revoke(&fake, REQUEST_REVOKE_REFRESH, NULL, NULL);
    expect(WIRE_MISCONFIGURED);
    assert_int_equal(fake_idp_requests(idp), 0);
}

static void
test_who_answers(void **state)
{
    char text[4096];

    (void)state;
    snprintf(text, sizeof(text),
             "sign_in.url = %s\nsign_in.body = p={{password}}\n"
             "refresh.url = https://127.0.0.1:1/\n"
             "refresh.body = r={{refresh_token}}\n"
             "answer.access_token = /a\nidentity.user = /u\n",
             fake_idp_url(idp, FAKE_UNTRUSTED, "/"));
    fake_provider_start(&fake, idp, text);
    fake_sign_in(&fake, "alice", "x");
    expect(WIRE_UNAVAILABLE);
    assert_non_null(strstr(fake.result.why, "sign_in: certificate: "));
    assert_false(fake.result.sent);
    fake_refresh(&fake, "alice", NULL, "rt-1");
    expect(WIRE_UNAVAILABLE);
    assert_non_null(strstr(fake.result.why, "refresh: curl: "));
    assert_false(fake.result.sent);
}

static void
test_the_time_is_limited(void **state)
{
    (void)state;
    fake_provider_start(&fake, idp, REQUESTS LOOKUPS "client_id = public\n");
    /* Shorter than each request's own, and than anybody may configure. */
    fake.config->providers[0].sign_in_timeout_ms = 300;
    fake_idp_say(idp, 200, "", "{\"access_token\":\"at-1\"}");
    fake_idp_answer(idp, "silent", "");
    fake_sign_in(&fake, "alice", "x");
    expect(WIRE_UNAVAILABLE);
    assert_string_equal(fake.tokens.access_token.text, "at-1");
    fake_idp_answer(idp, "drip", "HTTP/1.1 200 OK\r\n\r\n");
    fake_sign_in(&fake, "alice", "x");
    expect_why(WIRE_UNAVAILABLE, "sign_in: curl: Timeout was reached");
    assert_true(fake.result.sent);
}

static void
never(void *context, const struct provider_result *result,
      struct provider_tokens *tokens)
{
    (void)context;
    (void)result;
    (void)tokens;
    fail_msg("called although cancelled");
}

static void
test_cancelling(void **state)
{
    struct provider_call *call;

    (void)state;
    fake_provider_start(&fake, idp, OAUTH "header.X-Key = {{secret.other}}\n");
    provider_cancel(NULL);
    /* One that would end at once. */
    call = provider_sign_in(&fake.context, fake.provider, "alice", "x", never,
                            NULL);
    assert_non_null(call);
    provider_cancel(call);
    event_base_loop(fake.base, EVLOOP_NONBLOCK);
    fake_provider_stop(&fake);

    fake_provider_start(&fake, idp, OAUTH "client_id = public\n");
    fake_idp_answer(idp, "silent", "");
    call = provider_sign_in(&fake.context, fake.provider, "alice", "x", never,
                            NULL);
    while (fake_idp_requests(idp) < 1)
        event_base_loop(fake.base, EVLOOP_NONBLOCK);
    provider_cancel(call);
    /* Another that has not begun: it must not take the next answer. */
    provider_cancel(provider_sign_in(&fake.context, fake.provider, "alice", "x",
                                     never, NULL));
    fake_idp_say(idp, 200, "", TOKENS);
    fake_sign_in(&fake, "alice", "x");
    expect(WIRE_OK);
    assert_int_equal(fake_idp_requests(idp), 2);
}

static void
test_login_names(void **state)
{
    char *login;

    (void)state;
    fake_provider_start(&fake, idp, OAUTH "login_name = {{user}}@{{host}}\n");
    login = provider_login(&fake.context, fake.provider, "alice");
    assert_string_equal(login, "alice@host.example");
    wipe_free(login);
}

#define PROVIDER_TEST(name) cmocka_unit_test_teardown(name, stop)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        PROVIDER_TEST(test_sign_in),
        PROVIDER_TEST(test_client_post),
        PROVIDER_TEST(test_client_none),
        PROVIDER_TEST(test_client_in_the_body),
        PROVIDER_TEST(test_the_first_shape_of_the_mission),
        PROVIDER_TEST(test_refresh),
        PROVIDER_TEST(test_a_lost_refresh_is_not_sent_again),
        PROVIDER_TEST(test_revoke),
        PROVIDER_TEST(test_identity),
        PROVIDER_TEST(test_accepted_password),
        PROVIDER_TEST(test_lookups_at_sign_in),
        PROVIDER_TEST(test_check_at_refresh),
        PROVIDER_TEST(test_what_cannot_be_asked),
        PROVIDER_TEST(test_who_answers),
        PROVIDER_TEST(test_the_time_is_limited),
        PROVIDER_TEST(test_cancelling),
        PROVIDER_TEST(test_login_names),
    };
    int failed;

    idp = fake_idp_start();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    fake_idp_stop(idp);
    return failed;
}
