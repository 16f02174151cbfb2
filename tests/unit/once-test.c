/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http: a request leaves this host once, and no answer is taken for the
 * answer to something else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "fake-idp.h"
#include "signind/http.h"

#define ANSWER(body) "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" body

static struct fake_idp *idp;
static struct event_base *base;
static struct http *http;
static struct tls_config tls;
static struct http_order order;

struct outcome {
    bool done, sent;
    enum http_failure failure;
    char body[64];
};

static void
on_done(void *context, const struct http_answer *answer)
{
    struct outcome *got = context;

    assert_false(got->done);
    got->done = true;
    got->sent = answer->sent;
    got->failure = answer->failure;
    snprintf(got->body, sizeof(got->body), "%s", answer->body);
}

static struct outcome
run(const char *method)
{
    struct outcome got = {0};

    order.method = method;
    order.body = strcmp(method, "GET") == 0 ? NULL : "grant=1";
    order.body_length = order.body == NULL ? 0 : strlen(order.body);
    assert_non_null(http_start(http, &order, on_done, &got));
    while (!got.done)
        event_base_loop(base, EVLOOP_ONCE);
    return got;
}

static void
run_ok(const char *method, const char *body)
{
    struct outcome got = run(method);

    assert_int_equal(got.failure, HTTP_ANSWERED);
    assert_string_equal(got.body, body);
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
        .url = fake_idp_url(idp, FAKE_GOOD, "/"),
        .tls = &tls,
        .connect_timeout_ms = 5000,
        .timeout_ms = 20000,
        .max_answer = 1024,
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

static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

/* The server takes the request and goes, in each way it can. */
static void
test_a_request_is_sent_once(void **state)
{
    static const struct {
        const char *mode, *answer;
        enum http_failure failure;
    } ways[] = {
        {"abort", "", HTTP_UNREACHABLE},
        {"close", "", HTTP_UNREACHABLE},
        {"abort", "HTTP/1.1 200 OK\r\nContent-Len", HTTP_UNREACHABLE},
        {"close", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfi",
         HTTP_UNREACHABLE},
        {"close", "HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n",
         HTTP_ANSWERED},
        {"close", "HTTP/1.1 421 Misdirected\r\nContent-Length: 0\r\n\r\n",
         HTTP_ANSWERED},
        {"close", "HTTP/1.1 417 Expect\r\nContent-Length: 0\r\n\r\n",
         HTTP_ANSWERED},
        {"keep",
         "HTTP/1.1 401 Say who\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
         "WWW-Authenticate: Digest realm=\"x\", nonce=\"y\", qop=\"auth\"\r\n"
         "Content-Length: 0\r\n\r\n",
         HTTP_ANSWERED},
    };

    (void)state;
    order.basic_user = "id";
    order.basic_password = "secret";
    for (size_t m = 0; m < sizeof(methods) / sizeof(methods[0]); m++) {
        for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
            struct outcome got;

            fake_idp_reset(idp);
            /* Connections that curl could take lie ready. */
            fake_idp_answer(idp, "keep", ANSWER("ready"));
            run_ok("GET", "ready");
            fake_idp_answer(idp, "keep", ANSWER("first"));
            run_ok(methods[m], "first");
            fake_idp_answer(idp, ways[i].mode, ways[i].answer);
            fake_idp_answer(idp, "keep", ANSWER("again"));
            got = run(methods[m]);
            if (got.failure != ways[i].failure || fake_idp_requests(idp) != 3)
                fail_msg("%s, way %zu: failure %d after %u requests",
                         methods[m], i, (int)got.failure,
                         fake_idp_requests(idp));
            assert_true(got.sent);
        }
    }
}

/* ... and each comes alone. */
static void
test_a_connection_carries_one_request(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        fake_idp_answer(idp, "keep", ANSWER("there"));
        run_ok(i % 2 == 0 ? "GET" : "POST", "there");
        for (unsigned other = 0; other < i; other++)
            assert_int_not_equal(fake_idp_connection(idp, other),
                                 fake_idp_connection(idp, i));
    }
}

/* HTTP/2 has refusals that curl answers with the same request again. */
static void
test_http_2_is_not_offered(void **state)
{
    (void)state;
    order.url = fake_idp_url(idp, FAKE_HTTP2, "/");
    for (size_t m = 0; m < sizeof(methods) / sizeof(methods[0]); m++) {
        fake_idp_answer(idp, "keep", ANSWER("first"));
        run_ok(methods[m], "first");
    }
}

/* A proxy that answers twice, at once or late: the next answer is the next
 * request's own. */
static void
test_answers_are_not_mixed_up(void **state)
{
    unsigned repeats = fake_idp_repeats(idp);

    (void)state;
    fake_idp_answer(idp, "twice", ANSWER("alice"));
    run_ok("GET", "alice");
    fake_idp_answer(idp, "keep", ANSWER("bobby"));
    run_ok("GET", "bobby");

    fake_idp_answer(idp, "again", ANSWER("alice"));
    run_ok("GET", "alice");
    while (fake_idp_repeats(idp) == repeats)
        event_base_loop(base, EVLOOP_NONBLOCK);
    fake_idp_answer(idp, "keep", ANSWER("bobby"));
    run_ok("GET", "bobby");
    fake_idp_answer(idp, "keep", ANSWER("carol"));
    run_ok("GET", "carol");
}

#define ONCE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ONCE_TEST(test_a_request_is_sent_once),
        ONCE_TEST(test_a_connection_carries_one_request),
        ONCE_TEST(test_http_2_is_not_offered),
        ONCE_TEST(test_answers_are_not_mixed_up),
    };
    int failed;

    idp = fake_idp_start();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    fake_idp_stop(idp);
    return failed;
}
