/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http: what goes over the wire, and every way in which an answer can be bad.
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
#include <unistd.h>

#include "fake-idp.h"
#include "signind/http.h"
#include "wire/memory.h"

#define OK_ANSWER                                                              \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"                    \
    "Content-Length: 2\r\n\r\n{}"

static struct fake_idp *idp;
static struct event_base *base;
static struct http *http;
static struct tls_config tls;
static struct http_order order;

/* What came of the request that was run last. */
static struct {
    bool done;
    enum http_failure failure;
    bool sent;
    unsigned status, retry_after_s;
    size_t body_length;
    int64_t date_s;
    char reason[512], body[512], type[128], header[128];
} got;

static void
on_done(void *context, const struct http_answer *answer)
{
    const char *header = http_header(answer, "X-Test");

    (void)context;
    assert_false(got.done);
    assert_non_null(answer->body);
    assert_int_equal(answer->body[answer->body_length], '\0');
    got.done = true;
    got.failure = answer->failure;
    got.sent = answer->sent;
    got.status = answer->status;
    got.retry_after_s = answer->retry_after_s;
    got.body_length = answer->body_length;
    got.date_s = answer->date_s;
    snprintf(got.reason, sizeof(got.reason), "%s", answer->reason);
    snprintf(got.body, sizeof(got.body), "%s", answer->body);
    snprintf(got.type, sizeof(got.type), "%s",
             answer->content_type == NULL ? "" : answer->content_type);
    snprintf(got.header, sizeof(got.header), "%s",
             header == NULL ? "" : header);
}

static void
run(void)
{
    memset(&got, 0, sizeof(got));
    assert_non_null(http_start(http, &order, on_done, NULL));
    assert_false(got.done);
    while (!got.done)
        event_base_loop(base, EVLOOP_ONCE);
}

/* Run, and expect an answer. */
static void
run_ok(unsigned status)
{
    run();
    if (got.failure != HTTP_ANSWERED)
        fail_msg("%s", got.reason);
    assert_int_equal(got.status, status);
    assert_true(got.sent);
}

static void
run_fails(enum http_failure failure, bool sent)
{
    run();
    if (got.failure != failure || got.sent != sent)
        fail_msg("failure %d, sent %d: %s", (int)got.failure, got.sent,
                 got.reason);
    assert_int_equal(got.status, 0);
    assert_int_equal(got.body_length, 0);
    assert_string_not_equal(got.reason, "");
}

static int
setup(void **state)
{
    (void)state;
    fake_idp_reset(idp);
    base = event_base_new();
    http = http_new(base);
    tls = (struct tls_config){0};
    memcpy(&tls.ca_file, &(const char *){fake_idp_file(idp, "ca.crt")},
           sizeof(tls.ca_file));
    order = (struct http_order){
        .method = "GET",
        .url = fake_idp_url(idp, FAKE_GOOD, "/"),
        .tls = &tls,
        .connect_timeout_ms = 5000,
        .timeout_ms = 20000,
        .max_answer = 256 * 1024,
    };
    return base == NULL || http == NULL;
}

static int
teardown(void **state)
{
    (void)state;
    http_free(http);
    event_base_free(base);
    return 0;
}

static void
test_a_get_is_these_bytes(void **state)
{
    char expected[512];

    (void)state;
    order.url = fake_idp_url(idp, FAKE_GOOD, "/a/b?c=%20d");
    fake_idp_answer(idp, "keep", OK_ANSWER);
    run_ok(200);
    assert_string_equal(got.body, "{}");
    assert_string_equal(got.type, "application/json");
    snprintf(expected, sizeof(expected),
             "GET /a/b?c=%%20d HTTP/1.1\r\nHost: localhost:%s\r\n"
             "User-Agent: signin/" PACKAGE_VERSION "\r\nAccept: */*\r\n\r\n",
             strrchr(fake_idp_url(idp, FAKE_GOOD, ""), ':') + 1);
    assert_string_equal(fake_idp_request(idp, 0), expected);
}

static void
test_a_post_is_these_bytes(void **state)
{
    static const char *const headers[] = {
        "X-One: 1", "X-Empty:", "Accept: application/json", NULL};
    char expected[512];

    (void)state;
    order.method = "POST";
    order.headers = headers;
    order.body = "a=\0b";
    order.body_length = 4;
    order.content_type = "application/x-www-form-urlencoded";
    order.basic_user = "id%3A";
    order.basic_password = "s%20t";
    fake_idp_answer(idp, "keep", OK_ANSWER);
    run_ok(200);
    snprintf(expected, sizeof(expected),
             "POST / HTTP/1.1\r\nHost: localhost:%s\r\n"
             "Authorization: Basic aWQlM0E6cyUyMHQ=\r\n"
             "User-Agent: signin/" PACKAGE_VERSION "\r\n"
             "X-One: 1\r\nX-Empty:\r\nAccept: application/json\r\n"
             "Content-Type: application/x-www-form-urlencoded\r\n"
             "Content-Length: 4\r\n\r\na=",
             strrchr(fake_idp_url(idp, FAKE_GOOD, ""), ':') + 1);
    assert_string_equal(fake_idp_request(idp, 0), expected);
    assert_memory_equal(fake_idp_request(idp, 0) + strlen(expected) + 1, "b",
                        1);
}

static void
test_long_bodies_need_no_continue(void **state)
{
    char *body = calloc(1, 1100001);

    (void)state;
    memset(body, 'x', 1100000);
    order.method = "PUT";
    order.body = body;
    order.body_length = 1100000;
    order.content_type = "application/json";
    fake_idp_answer(idp, "keep", OK_ANSWER);
    run_ok(200);
    assert_null(strcasestr(fake_idp_request(idp, 0), "expect"));
    assert_memory_equal(fake_idp_request(idp, 0), "PUT / ", 6);
    free(body);
}

static void
test_methods_without_body(void **state)
{
    (void)state;
    order.method = "POST";
    fake_idp_answer(idp, "keep", OK_ANSWER);
    run_ok(200);
    assert_non_null(strstr(fake_idp_request(idp, 0), "Content-Length: 0"));
    assert_null(strstr(fake_idp_request(idp, 0), "Content-Type"));
    order.method = "DELETE";
    fake_idp_answer(idp, "keep", OK_ANSWER);
    run_ok(200);
    assert_memory_equal(fake_idp_request(idp, 1), "DELETE / HTTP/1.1", 17);
    order.method = "HEAD";
    fake_idp_answer(idp, "keep",
                    "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n");
    run_ok(200);
    assert_int_equal(got.body_length, 0);
}

static void
test_headers_of_answers(void **state)
{
    (void)state;
    fake_idp_answer(idp, "keep",
                    "HTTP/1.1 103 Early Hints\r\nX-Test: early\r\n\r\n"
                    "HTTP/1.1 100 Continue\r\n\r\n"
                    "HTTP/1.1 200 OK\r\nx-tEST: \t one \r\nX-Test: two\r\n"
                    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                    "Transfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n"
                    "2\r\n{}\r\n0\r\nX-Test: late\r\nHTTP/9: x\r\n\r\n");
    run_ok(200);
    assert_string_equal(got.header, "one");
    assert_string_equal(got.body, "{}");
    assert_string_equal(got.type, "");
    assert_int_equal(got.date_s, 784111777);
}

static void
test_retry_after(void **state)
{
    static const struct {
        const char *value;
        unsigned least, most;
    } cases[] = {{"55", 55, 55},
                 {"0", 0, 0},
                 {"-5", 0, 0},
                 {"soon", 0, 0},
                 {"99999", 3600, 3600},
                 {"99999999999999999999", 0, 3600},
                 {"Sun, 06 Nov 1994 08:49:37 GMT", 0, 0},
                 {"Fri, 31 Dec 2100 23:59:59 GMT", 3600, 3600}};
    char headers[128], date[64];
    time_t soon = time(NULL) + 100;
    struct tm tm;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(headers, sizeof(headers), "Retry-After: %s\r\n",
                 cases[i].value);
        fake_idp_say(idp, 429, headers, "");
        run_ok(429);
        assert_in_range(got.retry_after_s, cases[i].least, cases[i].most);
    }
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT",
             gmtime_r(&soon, &tm));
    snprintf(headers, sizeof(headers), "Retry-After: %s\r\n", date);
    fake_idp_say(idp, 503, headers, "");
    run_ok(503);
    assert_in_range(got.retry_after_s, 1, 100);
}

static void
test_bodies_are_capped(void **state)
{
    char *body = calloc(1, 10 * 1024 * 1024 + 1);

    (void)state;
    memset(body, 'x', 10 * 1024 * 1024);
    order.max_answer = 100;
    body[100] = '\0';
    fake_idp_say(idp, 200, "", body);
    run_ok(200);
    assert_int_equal(got.body_length, 100);
    body[100] = 'x';
    body[101] = '\0';
    fake_idp_say(idp, 200, "", body);
    run_fails(HTTP_TOO_LARGE, true);
    body[101] = 'x';
    order.max_answer = 256 * 1024;
    fake_idp_say(idp, 200, "", body);
    run_fails(HTTP_TOO_LARGE, true);
    fake_idp_answer(idp, "endless", "HTTP/1.1 200 OK\r\n\r\n");
    run_fails(HTTP_TOO_LARGE, true);
    fake_idp_answer(idp, "headers", "HTTP/1.1 200 OK\r\n");
    run_fails(HTTP_TOO_LARGE, true);
    free(body);
}

/* Interim answers for ever are headers for ever. */
static void
test_endless_interim_answers(void **state)
{
    char *text = calloc(2000, 32);

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        strcat(text, "HTTP/1.1 100 Continue\r\n\r\n");
    fake_idp_answer(idp, "silent", text);
    run_fails(HTTP_TOO_LARGE, true);
    free(text);
}

static void
test_slow_answers_end(void **state)
{
    (void)state;
    order.timeout_ms = 300;
    fake_idp_answer(idp, "drip", OK_ANSWER);
    run_fails(HTTP_TIMED_OUT, true);
    fake_idp_answer(idp, "silent", "");
    run_fails(HTTP_TIMED_OUT, true);
    fake_idp_answer(idp, "silent",
                    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{");
    run_fails(HTTP_TIMED_OUT, true);
}

static void
test_broken_answers(void **state)
{
    static const char *const broken[] = {
        "<html>\r\n", "HTTP/3.0.1 what\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        fake_idp_answer(idp, "close", broken[i]);
        run_fails(HTTP_BROKEN, true);
    }
    /* curl has one code for this and for a connection that was reset. */
    fake_idp_answer(idp, "close",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "zz\r\n");
    run_fails(HTTP_UNREACHABLE, true);
}

static void
test_early_ends(void **state)
{
    (void)state;
    fake_idp_answer(idp, "abort", "");
    run_fails(HTTP_UNREACHABLE, true);
    fake_idp_answer(idp, "close", "");
    run_fails(HTTP_UNREACHABLE, true);
    fake_idp_answer(idp, "close",
                    "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}");
    run_fails(HTTP_UNREACHABLE, true);
    fake_idp_answer(idp, "close",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "2\r\n{}\r\n");
    run_fails(HTTP_UNREACHABLE, true);
    /* A revocation's 200 would be as good as done. */
    fake_idp_answer(idp, "close", "HTTP/1.1 200 OK\r\nContent-Type: appli");
    run_fails(HTTP_UNREACHABLE, true);
    fake_idp_answer(idp, "close", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
    run_fails(HTTP_UNREACHABLE, true);
    fake_idp_answer(idp, "close", "HTTP/1.1 200 OK\r\n");
    run_fails(HTTP_UNREACHABLE, true);
    /* Without a length the end of the connection must be a TLS one. */
    fake_idp_answer(idp, "abort", "HTTP/1.1 200 OK\r\n\r\n{}");
    run_fails(HTTP_UNREACHABLE, true);
    fake_idp_answer(idp, "close", "HTTP/1.1 200 OK\r\n\r\n{}");
    run_ok(200);
    assert_string_equal(got.body, "{}");
}

static void
test_gzip_is_only_bytes(void **state)
{
    static const char gzip[] = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                               "Content-Length: 4\r\n\r\n\x1f\x8b\x08\0";
    (void)state;
    fake_idp_answer_bytes(idp, "keep", gzip, sizeof(gzip) - 1);
    run_ok(200);
    assert_int_equal(got.body_length, 4);
    assert_memory_equal(got.body, "\x1f\x8b\x08", 3);
    assert_null(strcasestr(fake_idp_request(idp, 0), "accept-encoding"));
}

static void
test_redirects_stay_here(void **state)
{
    static const enum fake_port ports[] = {FAKE_GOOD, FAKE_WRONG_NAME,
                                           FAKE_PLAIN};
    char headers[256];

    (void)state;
    order.method = "POST";
    order.body = "password=x";
    order.body_length = 10;
    for (unsigned i = 0; i < 3; i++) {
        fake_idp_reset(idp);
        snprintf(headers, sizeof(headers), "Location: %s\r\n",
                 fake_idp_url(idp, ports[i], "/elsewhere"));
        fake_idp_say(idp, 307, headers, "");
        run_ok(307);
        assert_int_equal(fake_idp_requests(idp), 1);
    }
}

static void
test_cookies_are_not_kept(void **state)
{
    (void)state;
    fake_idp_say(idp, 200, "Set-Cookie: sid=1; Path=/; Secure\r\n", "{}");
    run_ok(200);
    fake_idp_say(idp, 200, "", "{}");
    run_ok(200);
    assert_null(strcasestr(fake_idp_request(idp, 1), "cookie"));
}

static void
test_the_environment_says_nothing(void **state)
{
    char netrc[128];
    FILE *file;

    (void)state;
    snprintf(netrc, sizeof(netrc), "%s", fake_idp_file(idp, ".netrc"));
    file = fopen(netrc, "w");
    assert_non_null(file);
    fputs("machine localhost login alice password secret\n", file);
    fclose(file);
    *strrchr(netrc, '/') = '\0';
    setenv("HOME", netrc, 1);
    setenv("https_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    fake_idp_answer(idp, "keep", OK_ANSWER);
    run_ok(200);
    assert_null(strcasestr(fake_idp_request(idp, 0), "authorization"));
    unsetenv("https_proxy");
    unsetenv("ALL_PROXY");
    tls.proxy = strdup("http://127.0.0.1:1");
    run_fails(HTTP_UNREACHABLE, false);
    free(tls.proxy);
}

static void
test_other_schemes(void **state)
{
    (void)state;
    order.url = fake_idp_url(idp, FAKE_PLAIN, "/");
    run_fails(HTTP_NOT_ALLOWED, false);
    tls.allow_http_loopback = true;
    fake_idp_answer(idp, "keep", OK_ANSWER);
    run_ok(200);
    order.url = "http://example.com/";
    run_fails(HTTP_NOT_ALLOWED, false);
    order.url = "http://192.0.2.1/";
    run_fails(HTTP_NOT_ALLOWED, false);
    order.url = "http://[::2]/";
    run_fails(HTTP_NOT_ALLOWED, false);
    order.url = "http://127.0.0.1.example.com/";
    run_fails(HTTP_NOT_ALLOWED, false);
    order.url = "http://localhost.example.com/";
    run_fails(HTTP_NOT_ALLOWED, false);
    order.url = "file:///etc/passwd";
    run_fails(HTTP_NOT_ALLOWED, false);
    order.url = "ftp://localhost/";
    run_fails(HTTP_NOT_ALLOWED, false);
}

static void
test_malformed_orders(void **state)
{
    static const char *const urls[] = {"https://",
                                       "",
                                       "https://a b/",
                                       "https://alice:secret@localhost/",
                                       "https://localhost/\r\nX: y",
                                       "https://localhost:99999/"};
    static const char *const headers[] = {"X-Test", "X Test: a", ": a",
                                          "X-Test: a\r\nX-Other: b",
                                          "X-Test: \x7f"};
    const char *list[2] = {NULL, NULL};

    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        order.url = urls[i];
        assert_null(http_start(http, &order, on_done, NULL));
        assert_string_equal(fake_log, "http: malformed URL");
    }
    order.url = fake_idp_url(idp, FAKE_GOOD, "/");
    order.headers = list;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        list[0] = headers[i];
        assert_null(http_start(http, &order, on_done, NULL));
        assert_string_equal(fake_log, "http: malformed header");
    }
    order.headers = NULL;
    order.method = "GET /";
    assert_null(http_start(http, &order, on_done, NULL));
    assert_string_equal(fake_log, "http: malformed method");
}

static void
test_nobody_there(void **state)
{
    (void)state;
    order.url = "https://127.0.0.1:1/?secret=yes";
    run_fails(HTTP_UNREACHABLE, false);
    assert_null(strstr(got.reason, "secret"));
    order.url = "https://nobody.invalid/?secret=yes";
    run_fails(HTTP_UNREACHABLE, false);
    assert_non_null(strstr(got.reason, "nobody.invalid"));
    assert_null(strstr(got.reason, "secret"));
}

static void
test_who_is_trusted(void **state)
{
    char *ca_file = tls.ca_file;

    (void)state;
    order.url = fake_idp_url(idp, FAKE_UNTRUSTED, "/");
    run_fails(HTTP_UNTRUSTED, false);
    order.url = fake_idp_url(idp, FAKE_WRONG_NAME, "/");
    run_fails(HTTP_UNTRUSTED, false);
    assert_non_null(strstr(got.reason, "localhost"));
    /* The system's bundle does not have the zoo's. */
    order.url = fake_idp_url(idp, FAKE_GOOD, "/");
    tls.ca_file = NULL;
    run_fails(HTTP_UNTRUSTED, false);
    tls.ca_file = strdup("/nonexistent/ca.crt");
    run_fails(HTTP_UNTRUSTED, false);
    free(tls.ca_file);
    tls.ca_file = ca_file;
    assert_int_equal(fake_idp_requests(idp), 0);
}

static void
test_pins(void **state)
{
    char pin[128] = "";
    FILE *file = fopen(fake_idp_file(idp, "good.pin"), "r");

    (void)state;
    assert_non_null(file);
    assert_non_null(fgets(pin, sizeof(pin), file));
    fclose(file);
    tls.pin_sha256 = pin;
    fake_idp_answer(idp, "keep", OK_ANSWER);
    run_ok(200);
    pin[0] = pin[0] == 'A' ? 'B' : 'A';
    run_fails(HTTP_UNTRUSTED, false);
}

static void
test_client_certificates(void **state)
{
    char key[4096] = "";
    FILE *file = fopen(fake_idp_file(idp, "client.key"), "r");

    (void)state;
    assert_non_null(file);
    assert_true(fread(key, 1, sizeof(key) - 1, file) > 0);
    fclose(file);
    order.url = fake_idp_url(idp, FAKE_MUTUAL, "/");
    run();
    assert_int_not_equal(got.failure, HTTP_ANSWERED);
    memcpy(&tls.client_cert, &(const char *){fake_idp_file(idp, "client.crt")},
           sizeof(tls.client_cert));
    order.client_key = key;
    fake_idp_answer(idp, "keep", OK_ANSWER);
    run_ok(200);
}

static void
on_never(void *context, const struct http_answer *answer)
{
    (void)context;
    (void)answer;
    fail_msg("called although cancelled");
}

static struct http_request *other;

/* A done() that starts one request and cancels another. */
static void
on_done_and_more(void *context, const struct http_answer *answer)
{
    (void)context;
    (void)answer;
    http_cancel(other);
    order.url = fake_idp_url(idp, FAKE_GOOD, "/second");
    assert_non_null(http_start(http, &order, on_done, NULL));
}

static void
test_cancelling(void **state)
{
    (void)state;
    http_cancel(NULL);
    http_cancel(http_start(http, &order, on_never, NULL));
    fake_idp_answer(idp, "silent", "");
    other = http_start(http, &order, on_never, NULL);
    while (fake_idp_requests(idp) < 1)
        event_base_loop(base, EVLOOP_NONBLOCK);
    fake_idp_answer(idp, "keep", OK_ANSWER);
    fake_idp_answer(idp, "keep", OK_ANSWER);
    memset(&got, 0, sizeof(got));
    assert_non_null(http_start(http, &order, on_done_and_more, NULL));
    while (!got.done)
        event_base_loop(base, EVLOOP_ONCE);
    assert_int_equal(got.status, 200);
    /* A reset leaves what is under way alone; http_free() cancels it. */
    fake_idp_answer(idp, "keep", OK_ANSWER);
    memset(&got, 0, sizeof(got));
    assert_non_null(http_start(http, &order, on_done, NULL));
    http_reset(http);
    while (!got.done)
        event_base_loop(base, EVLOOP_ONCE);
    assert_int_equal(got.status, 200);
    fake_idp_answer(idp, "silent", "");
    assert_non_null(http_start(http, &order, on_never, NULL));
    while (fake_idp_requests(idp) < 5)
        event_base_loop(base, EVLOOP_NONBLOCK);
}

#define HTTP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(test_a_get_is_these_bytes),
        HTTP_TEST(test_a_post_is_these_bytes),
        HTTP_TEST(test_long_bodies_need_no_continue),
        HTTP_TEST(test_methods_without_body),
        HTTP_TEST(test_headers_of_answers),
        HTTP_TEST(test_retry_after),
        HTTP_TEST(test_bodies_are_capped),
        HTTP_TEST(test_endless_interim_answers),
        HTTP_TEST(test_slow_answers_end),
        HTTP_TEST(test_broken_answers),
        HTTP_TEST(test_early_ends),
        HTTP_TEST(test_gzip_is_only_bytes),
        HTTP_TEST(test_redirects_stay_here),
        HTTP_TEST(test_cookies_are_not_kept),
        HTTP_TEST(test_the_environment_says_nothing),
        HTTP_TEST(test_other_schemes),
        HTTP_TEST(test_malformed_orders),
        HTTP_TEST(test_nobody_there),
        HTTP_TEST(test_who_is_trusted),
        HTTP_TEST(test_pins),
        HTTP_TEST(test_client_certificates),
        HTTP_TEST(test_cancelling),
    };
    int failed;

    idp = fake_idp_start();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    fake_idp_stop(idp);
    return failed;
}
