/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fetch: one user by name, the requests byte by byte, the client's token.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake-directory.h"
#include "signind/directory/fetch_private.h"

static struct fake_idp *idp;
static struct fake_directory fake;

static void
expect(enum wire_result result, const char *why)
{
    if (fake.result.result != result)
        fail_msg("%s: %s", wire_result_name(fake.result.result),
                 fake.result.why);
    if (why != NULL)
        assert_string_equal(fake.result.why, why);
}

static bool
begins(unsigned n, const char *start)
{
    return strncmp(fake_idp_request(idp, n), start, strlen(start)) == 0;
}

/* The target of a GET, whole. */
static void
expect_get(unsigned n, const char *target)
{
    char line[1024];

    snprintf(line, sizeof(line), "GET %s HTTP/1.1\r\nHost: ", target);
    if (!begins(n, line))
        fail_msg("%.*s", (int)strcspn(fake_idp_request(idp, n), "\r"),
                 fake_idp_request(idp, n));
}

static void
has_header(unsigned n, const char *header)
{
    char line[1024];

    snprintf(line, sizeof(line), "\r\n%s\r\n", header);
    assert_non_null(strstr(fake_idp_request(idp, n), line));
}

static int
stop(void **state)
{
    (void)state;
    fake_directory_stop(&fake);
    return 0;
}

/* A directory that is asked for /users/NAME, with a static key. */
static void
start_rest(void)
{
    fake_directory_start(&fake, idp);
    fake.directory.auth = DIRECTORY_AUTH_STATIC;
    fake_directory_ask(&fake, DIRECTORY_USER_BY_NAME, "/users/{{login}}", "");
    fake_directory_authorization(&fake, DIRECTORY_USER_BY_NAME,
                                 "token {{secret.key}}");
}

static void
test_one_user(void **state)
{
    (void)state;
    start_rest();
    fake_idp_say(idp, 200, "", "{\"name\":\"alice\",\"id\":1001}");
    fake_find(&fake, "alice");
    expect(WIRE_OK, "200 user_by_name");
    assert_string_equal(fake.person.name, "alice");
    assert_string_equal(fake.person.subject, "1001");
    assert_true(fake.person.enabled);
    assert_false(fake.person.groups_known);
    expect_get(0, "/users/alice");
    has_header(0, "Authorization: token api-key-1");
    has_header(0, "Accept: application/json");
}

static void
test_who_is_not_there(void **state)
{
    (void)state;
    start_rest();
    fake_idp_say(idp, 404, "", "");
    fake_find(&fake, "bob");
    expect(WIRE_UNKNOWN_USER, "404 user_by_name: no such user");
    /* A gateway's page says nothing about anybody. */
    fake_idp_say(idp, 404, "Content-Type: text/html\r\n", "<h1>Nothing</h1>");
    fake_find(&fake, "bob");
    expect(WIRE_MISCONFIGURED, "404 user_by_name: a page of HTML");
    fake_idp_say(idp, 200, "", "[]");
    fake_find(&fake, "bob");
    expect(WIRE_UNKNOWN_USER, NULL);
}

static void
test_what_is_no_answer(void **state)
{
    static const struct {
        unsigned status;
        const char *headers, *body;
        enum wire_result result;
        const char *why;
    } rows[] = {
        {200, "Content-Type: text/html\r\n", "<html>Welcome</html>",
         WIRE_MISCONFIGURED, "200 user_by_name: a page of HTML"},
        {200, "", "{\"name\":\"alice\",\"id\":", WIRE_MISCONFIGURED,
         "200 user_by_name: cut off in the middle"},
        {200, "", "", WIRE_MISCONFIGURED, "200 user_by_name: empty body"},
        {200, "", "true", WIRE_MISCONFIGURED,
         "200 user_by_name: neither a JSON object nor an array"},
        {200, "", "[1]", WIRE_MISCONFIGURED,
         "user_by_name: no user is there (see user_by_name.answer)"},
        {200, "", "{\"name\":\"al\\u0000ice\",\"id\":1}", WIRE_MISCONFIGURED,
         "200 user_by_name: U+0000 in a string"},
        {200, "", "{\"name\":\"bob\",\"id\":1}", WIRE_MISCONFIGURED,
         "user_by_name: it is somebody else"},
        {200, "", "{\"name\":\"Alice\",\"id\":1}", WIRE_MISCONFIGURED,
         "user_by_name: it is somebody else"},
        {200, "", "{\"id\":1}", WIRE_MISCONFIGURED,
         "user_by_name: there is no name at attribute.name"},
        {200, "", "{\"name\":\"alice\"}", WIRE_MISCONFIGURED,
         "user_by_name: there is no immutable id at attribute.subject"},
        {200, "", "[{\"name\":\"alice\",\"id\":1},{\"name\":\"bob\",\"id\":2}]",
         WIRE_MISCONFIGURED, "user_by_name: more than one user is listed"},
        {401, "", "{\"error\":\"bad key api-key-1\"}", WIRE_MISCONFIGURED,
         "401 user_by_name: the directory does not let us ask (see auth) "
         "(its words are withheld: a secret is in them)"},
        {400, "", "{\"detail\":\"no\\nfilter\"}", WIRE_MISCONFIGURED,
         "400 user_by_name: not in user_by_name.success \"no\\x0afilter\""},
        {302, "Location: /login\r\n", "", WIRE_MISCONFIGURED,
         "302 user_by_name: redirects are not followed"},
        {503, "Retry-After: 7\r\n", "", WIRE_UNAVAILABLE, "503 user_by_name"},
        {429, "Retry-After: 33\r\n", "", WIRE_SLOW_DOWN, "429 user_by_name"},
    };

    (void)state;
    start_rest();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fake_idp_say(idp, rows[i].status, rows[i].headers, rows[i].body);
        fake_find(&fake, "alice");
        expect(rows[i].result, rows[i].why);
    }
    assert_int_equal(fake.result.retry_after_s, 33);
    fake_idp_answer(idp, "abort", "");
    fake_find(&fake, "alice");
    expect(WIRE_UNAVAILABLE, NULL);
}

/* The array is looked at although its first item is meant. */
static void
test_an_item_of_an_array(void **state)
{
    (void)state;
    fake_directory_start(&fake, idp);
    fake_directory_ask(&fake, DIRECTORY_USER_BY_NAME,
                       "/users?username={{user}}&exact=true", "/0");
    fake_idp_say(idp, 200, "", "[{\"name\":\"alice\",\"id\":\"a\"}]");
    fake_find(&fake, "alice");
    expect(WIRE_OK, NULL);
    expect_get(0, "/users?username=alice&exact=true");
    fake_idp_say(idp, 200, "", "[]");
    fake_find(&fake, "alice");
    expect(WIRE_UNKNOWN_USER, NULL);
    fake_idp_say(idp, 200, "",
                 "[{\"name\":\"alice\",\"id\":\"a\"},"
                 "{\"name\":\"alice\",\"id\":\"b\"}]");
    fake_find(&fake, "alice");
    expect(WIRE_MISCONFIGURED, NULL);
    fake_idp_say(idp, 200, "", "{}");
    fake_find(&fake, "alice");
    expect(WIRE_MISCONFIGURED, NULL);
}

static void
test_names_that_are_never_asked(void **state)
{
    static const char *const names[] = {"",
                                        ".",
                                        "..",
                                        "a/b",
                                        "a%2fb",
                                        "a\"b",
                                        "a'b",
                                        "a b",
                                        "Alice",
                                        "x\" or userName pr",
                                        "a\r\nb: c",
                                        "\xc3\xa4",
                                        "1a",
                                        "a?b",
                                        "a#b",
                                        "a&b=c",
                                        "abcdefghijklmnopqrstuvwxyzabcdefg"};
    static char pattern[] = "[a-f]+|zoe";

    (void)state;
    start_rest();
    fake.config.accounts.name_pattern = pattern;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        fake_find(&fake, names[i]);
        expect(WIRE_UNKNOWN_USER, "user_by_name: no name of a user, not asked");
    }
    /* The pattern is of the whole name. */
    fake_find(&fake, "xzoe");
    expect(WIRE_UNKNOWN_USER, NULL);
    assert_int_equal(fake_idp_requests(idp), 0);
    fake_idp_say(idp, 404, "", "");
    fake_find(&fake, "zoe");
    assert_int_equal(fake_idp_requests(idp), 1);
}

/* Names cannot hold anything, but what an administrator puts around them can,
 * and the subject is the directory's own word. */
static void
test_what_goes_into_a_url(void **state)
{
    (void)state;
    start_rest();
    fake_directory_login(&fake, "{{user}}@a\"b\\c%/../?x&y=\xc3\xa4");
    fake_directory_ask(&fake, DIRECTORY_USER_GROUPS,
                       "/groups/{{subject}}?of={{user}}", "");
    fake_idp_say(idp, 200, "",
                 "{\"name\":\"alice@a\\\"b\\\\c%/../?x&y=\xc3\xa4\","
                 "\"id\":\"../x?y=1&\\\"#%\"}");
    fake_idp_say(idp, 200, "", "[]");
    fake_find(&fake, "alice");
    expect(WIRE_OK, "200 user_groups");
    assert_string_equal(fake.person.name, "alice");
    assert_true(fake.person.groups_known);
    expect_get(0, "/users/alice%40a%22b%5Cc%25%2F..%2F%3Fx%26y%3D%C3%A4");
    expect_get(1, "/groups/..%2Fx%3Fy%3D1%26%22%23%25?of=alice");
    fake_idp_say(idp, 200, "",
                 "{\"name\":\"alice@a\\\"b\\\\c%/../?x&y=\xc3\xa4\","
                 "\"id\":\"..\"}");
    fake_find(&fake, "alice");
    expect(WIRE_MISCONFIGURED,
           "user_groups: a value cannot stand where its {{name}} is");
    assert_int_equal(fake_idp_requests(idp), 3);
}

static void
test_what_goes_into_a_body(void **state)
{
    (void)state;
    fake_directory_start(&fake, idp);
    fake_directory_login(&fake, "{{user}}\",\"all\":\"\\");
    fake_directory_ask(&fake, DIRECTORY_USER_BY_NAME, "/search", "/user");
    fake_directory_body(&fake, DIRECTORY_USER_BY_NAME, BODY_JSON,
                        "{\"name\": \"{{login}}\"}");
    fake_idp_say(idp, 200, "",
                 "{\"user\":{\"name\":\"bob\\\",\\\"all\\\":\\\"\\\\\","
                 "\"id\":1}}");
    fake_find(&fake, "bob");
    expect(WIRE_OK, NULL);
    assert_true(begins(0, "POST /search HTTP/1.1\r\n"));
    assert_string_equal(strstr(fake_idp_request(idp, 0), "\r\n\r\n") + 4,
                        "{\"name\":\"bob\\\",\\\"all\\\":\\\"\\\\\"}");
}

static void
test_scim_filter(void **state)
{
    (void)state;
    fake_directory_start_scim(&fake, idp);
    fake_directory_login(&fake, "{{user}}\" or userName pr or x eq \"\\");
    fake_idp_say(idp, 200, "",
                 "{\"totalResults\":1,\"Resources\":[{\"userName\":"
                 "\"alice\\\" or userName pr or x eq \\\"\\\\\",\"id\":\"7\","
                 "\"active\":false}]}");
    fake_find(&fake, "alice");
    expect(WIRE_OK, NULL);
    assert_false(fake.person.enabled);
    expect_get(0, "/Users?filter=userName%20eq%20%22alice%5C%22%20or%20"
                  "userName%20pr%20or%20x%20eq%20%5C%22%5C%5C%22");
}

static void
test_scim_counts(void **state)
{
    static const struct {
        const char *body;
        enum wire_result result;
    } rows[] = {
        {"{\"totalResults\":0,\"Resources\":[]}", WIRE_UNKNOWN_USER},
        /* RFC 7644, 3.4.2: the list may be left out then. */
        {"{\"totalResults\":0}", WIRE_UNKNOWN_USER},
        {"{\"totalResults\":1}", WIRE_MISCONFIGURED},
        {"{}", WIRE_MISCONFIGURED},
        {"{\"totalResults\":2,\"Resources\":[]}", WIRE_MISCONFIGURED},
        {"{\"totalResults\":2,\"Resources\":[{\"userName\":\"alice\","
         "\"id\":\"1\"}]}",
         WIRE_MISCONFIGURED},
        /* A filter may ignore case; a name here does not. */
        {"{\"totalResults\":1,\"Resources\":[{\"userName\":\"ALICE\","
         "\"id\":\"1\"}]}",
         WIRE_MISCONFIGURED},
        {"{\"totalResults\":1,\"Resources\":[{\"userName\":\"alice\","
         "\"id\":\"1\"}]}",
         WIRE_OK},
    };

    (void)state;
    fake_directory_start_scim(&fake, idp);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fake_idp_say(idp, 200, "", rows[i].body);
        fake_find(&fake, "alice");
        expect(rows[i].result, NULL);
    }
}

static void
test_groups_of_a_user(void **state)
{
    (void)state;
    start_rest();
    fake_directory_ask(&fake, DIRECTORY_USER_GROUPS, "/of/{{subject}}",
                       "/value");
    fake_directory_next(&fake.directory.groups_page, "/next");
    fake.directory.attribute.groups = fake_text("/groups");
    fake_idp_say(idp, 200, "",
                 "{\"name\":\"alice\",\"id\":\"a1\",\"groups\":[\"old\"]}");
    fake_idp_say(idp, 200, "",
                 "{\"value\":[{\"id\":1,\"name\":\"admins\"}],"
                 "\"next\":\"/of/a1?page=2\"}");
    fake_idp_say(idp, 200, "",
                 "{\"value\":[{\"id\":2,\"name\":\"wheel\"},7,{\"name\":\"x\"},"
                 "{\"id\":3}],\"next\":null}");
    fake_find(&fake, "alice");
    expect(WIRE_OK, NULL);
    expect_get(1, "/of/a1");
    expect_get(2, "/of/a1?page=2");
    assert_true(fake.person.groups_known);
    assert_int_equal(fake.person.group_count, 4);
    assert_string_equal(fake.person.groups[0].id, "1");
    assert_string_equal(fake.person.groups[1].name, "wheel");
    assert_string_equal(fake.person.groups[2].name, "7");
    assert_string_equal(fake.person.groups[3].name, "3");
    fake_idp_say(idp, 200, "", "{\"name\":\"alice\",\"id\":\"a1\"}");
    fake_idp_say(idp, 500, "", "");
    fake_find(&fake, "alice");
    expect(WIRE_UNAVAILABLE, "500 user_groups");
}

/* ---- the client's token -----------------------------------------------------
 */

#define ALICE "{\"name\":\"alice\",\"id\":\"a\"}"

static void
start_client(enum client_auth auth)
{
    fake_directory_start(&fake, idp);
    fake_directory_client(&fake, auth);
    fake_directory_ask(&fake, DIRECTORY_USER_BY_NAME, "/users/{{user}}", "");
}

static void
test_token(void **state)
{
    (void)state;
    start_client(CLIENT_AUTH_BASIC);
    fake_idp_say(idp, 200, "",
                 "{\"access_token\":\"t-1\",\"token_type\":\"bearer\","
                 "\"expires_in\":3600}");
    fake_idp_say(idp, 200, "", ALICE);
    fake_find(&fake, "alice");
    expect(WIRE_OK, NULL);
    assert_true(begins(0, "POST /token HTTP/1.1\r\n"));
    /* dir%261:s3cret+%26+more */
    has_header(0, "Authorization: Basic ZGlyJTI2MTpzM2NyZXQrJTI2K21vcmU=");
    assert_string_equal(strstr(fake_idp_request(idp, 0), "\r\n\r\n") + 4,
                        "grant_type=client_credentials&scope=read+all");
    has_header(1, "Authorization: Bearer t-1");
    /* It is kept. */
    fake_idp_say(idp, 200, "", ALICE);
    fake_find(&fake, "alice");
    expect(WIRE_OK, NULL);
    assert_int_equal(fake_idp_requests(idp), 3);
}

static void
test_token_post(void **state)
{
    (void)state;
    start_client(CLIENT_AUTH_POST);
    fake_directory_authorization(&fake, DIRECTORY_USER_BY_NAME,
                                 "JWT {{access_token}}");
    /* Good for this one request, and no longer. */
    fake_idp_say(idp, 200, "",
                 "{\"access_token\":\"t-1\",\"expires_in\":\"0\"}");
    fake_idp_say(idp, 200, "", ALICE);
    fake_idp_say(idp, 200, "", "{\"access_token\":\"t-2\"}");
    fake_idp_say(idp, 200, "", ALICE);
    fake_idp_say(idp, 200, "", ALICE);
    for (unsigned i = 0; i < 3; i++) {
        fake_find(&fake, "alice");
        expect(WIRE_OK, NULL);
    }
    assert_string_equal(strstr(fake_idp_request(idp, 0), "\r\n\r\n") + 4,
                        "grant_type=client_credentials&scope=read+all"
                        "&client_id=dir%261&client_secret=s3cret+%26+more");
    has_header(1, "Authorization: JWT t-1");
    has_header(3, "Authorization: JWT t-2");
    has_header(4, "Authorization: JWT t-2");
}

static void
test_token_refused(void **state)
{
    (void)state;
    start_client(CLIENT_AUTH_BASIC);
    fake_idp_say(idp, 200, "", "{\"access_token\":\"t-1\",\"expires_in\":99}");
    fake_idp_say(idp, 401, "", "");
    fake_idp_say(idp, 200, "", "{\"access_token\":\"t-2\",\"expires_in\":99}");
    fake_idp_say(idp, 200, "", ALICE);
    fake_find(&fake, "alice");
    expect(WIRE_OK, NULL);
    has_header(3, "Authorization: Bearer t-2");
    /* Once: not for ever. */
    fake_idp_say(idp, 401, "", "");
    fake_idp_say(idp, 200, "", "{\"access_token\":\"t-3\",\"expires_in\":99}");
    fake_idp_say(idp, 401, "", "{\"error\":\"not t-3 again\"}");
    fake_find(&fake, "alice");
    expect(WIRE_MISCONFIGURED,
           "401 user_by_name: the directory does not let us ask (see auth) "
           "(its words are withheld: a secret is in them)");
    assert_int_equal(fake_idp_requests(idp), 7);
}

static void
test_what_is_no_token(void **state)
{
    static const struct {
        unsigned status;
        const char *body;
        enum wire_result result;
        const char *why;
    } rows[] = {
        {401, "{\"error\":\"invalid_client\"}", WIRE_MISCONFIGURED,
         "401 token: the directory does not let us ask (see auth) "
         "\"invalid_client\""},
        {200, "{}", WIRE_MISCONFIGURED,
         "200 token: no access token at /access_token"},
        {200, "{\"access_token\":\"a\\r\\nX: y\"}", WIRE_MISCONFIGURED,
         "200 token: no access token at /access_token"},
        {200, "{\"access_token\":\"a\",\"token_type\":\"mac\"}",
         WIRE_MISCONFIGURED, "200 token: /token_type is not Bearer"},
        {200, "[]", WIRE_MISCONFIGURED, "200 token: not a JSON object"},
        {503, "", WIRE_UNAVAILABLE, "503 token"},
    };

    (void)state;
    start_client(CLIENT_AUTH_BASIC);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fake_idp_say(idp, rows[i].status, "", rows[i].body);
        fake_find(&fake, "alice");
        expect(rows[i].result, rows[i].why);
    }
    fake.directory.client_secret = fake_text("absent");
    fake_find(&fake, "alice");
    expect(WIRE_MISCONFIGURED, "token: secret absent is not readable");
}

static unsigned both;

static void
one_of_both(void *context, const struct provider_result *result,
            struct person *person)
{
    (void)context;
    (void)person;
    assert_int_equal(result->result, WIRE_OK);
    both++;
}

/* A token that is no longer the fetcher's when the answer comes is a secret
 * all the same. */
static void
test_token_withheld(void **state)
{
    struct fetch *fetch;

    (void)state;
    start_client(CLIENT_AUTH_BASIC);
    fake_idp_say(idp, 200, "", "{\"access_token\":\"t-1\",\"expires_in\":99}");
    fake_idp_say(idp, 400, "", "{\"error\":\"t-1 is not for this\"}");
    fetch = fake_find_start(&fake, "alice");
    while (fetch->http == NULL)
        assert_int_equal(event_base_loop(fake.base, EVLOOP_ONCE), 0);
    secret_done(&fake.fetcher->token);
    fake_wait(&fake);
    expect(WIRE_MISCONFIGURED,
           "400 user_by_name: not in user_by_name.success (its words are "
           "withheld: a secret is in them)");
}

static void
test_token_shared(void **state)
{
    struct fetch *given_up;

    (void)state;
    start_client(CLIENT_AUTH_BASIC);
    fake_idp_say(idp, 200, "", "{\"access_token\":\"t-1\",\"expires_in\":99}");
    fake_idp_say(idp, 200, "", ALICE);
    fake_idp_say(idp, 200, "", ALICE);
    given_up = fake_find_start(&fake, "alice");
    both = 0;
    assert_non_null(fetch_user(fake.fetcher, "alice", one_of_both, NULL));
    assert_non_null(fetch_user(fake.fetcher, "alice", one_of_both, NULL));
    event_base_loop(fake.base, EVLOOP_ONCE);
    fetch_cancel(given_up);
    while (both < 2)
        assert_int_equal(event_base_loop(fake.base, EVLOOP_ONCE), 0);
    assert_false(fake.done);
    assert_int_equal(fake_idp_requests(idp), 3);
}

/* Whatever is under way is gone with the fetcher. */
static void
test_fetcher_free(void **state)
{
    (void)state;
    start_client(CLIENT_AUTH_BASIC);
    fake_idp_answer(idp, "silent", "");
    assert_non_null(fake_find_start(&fake, "alice"));
    assert_non_null(fake_find_start(&fake, "alice"));
    event_base_loop(fake.base, EVLOOP_ONCE);
    fetcher_free(fake.fetcher);
    fake.fetcher = NULL;
    event_base_loop(fake.base, EVLOOP_NONBLOCK);
    assert_false(fake.done);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_one_user, stop),
        cmocka_unit_test_teardown(test_who_is_not_there, stop),
        cmocka_unit_test_teardown(test_what_is_no_answer, stop),
        cmocka_unit_test_teardown(test_an_item_of_an_array, stop),
        cmocka_unit_test_teardown(test_names_that_are_never_asked, stop),
        cmocka_unit_test_teardown(test_what_goes_into_a_url, stop),
        cmocka_unit_test_teardown(test_what_goes_into_a_body, stop),
        cmocka_unit_test_teardown(test_scim_filter, stop),
        cmocka_unit_test_teardown(test_scim_counts, stop),
        cmocka_unit_test_teardown(test_groups_of_a_user, stop),
        cmocka_unit_test_teardown(test_token, stop),
        cmocka_unit_test_teardown(test_token_post, stop),
        cmocka_unit_test_teardown(test_token_refused, stop),
        cmocka_unit_test_teardown(test_what_is_no_token, stop),
        cmocka_unit_test_teardown(test_token_withheld, stop),
        cmocka_unit_test_teardown(test_token_shared, stop),
        cmocka_unit_test_teardown(test_fetcher_free, stop),
    };
    int failed;

    idp = fake_idp_start();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    fake_idp_stop(idp);
    return failed;
}
