/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http: when nobody was there, and when that must not be said.  Real sockets:
 * what the other end does is one row of a table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake-idp.h"
#include "signind/http.h"

static struct fake_idp *idp;
static struct event_base *base;
static struct http *http;

/* ---- the other end --------------------------------------------------------
 */

enum peer_mode {
    PEER_NONE,  /* nobody listens */
    PEER_FULL,  /* a queue that takes nobody: the first packet is dropped */
    PEER_MUTE,  /* takes the connection, and says nothing */
    PEER_CLOSE, /* closes it */
    PEER_RESET, /* resets it */
    PEER_SAY    /* says something, then nothing */
};

struct peer {
    enum peer_mode mode;
    const char *words;
    size_t length;
    int listener, fillers[8], held;
    unsigned port;
    pthread_t thread;
};

static void *
peer_run(void *context)
{
    struct peer *peer = context;
    const struct linger reset = {1, 0};
    int fd = accept(peer->listener, NULL, NULL);

    if (fd < 0)
        return NULL;
    if (peer->mode == PEER_RESET)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    if (peer->mode == PEER_SAY &&
        write(fd, peer->words, peer->length) != (ssize_t)peer->length)
        abort();
    if (peer->mode == PEER_CLOSE || peer->mode == PEER_RESET)
        close(fd);
    else
        peer->held = fd;
    return NULL;
}

static void
peer_start(struct peer *peer)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);

    peer->held = -1;
    for (size_t i = 0; i < 8; i++)
        peer->fillers[i] = -1;
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        bind(peer->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(
        getsockname(peer->listener, (struct sockaddr *)&address, &length), 0);
    peer->port = ntohs(address.sin_port);
    if (peer->mode == PEER_NONE)
        return;
    assert_int_equal(listen(peer->listener, peer->mode == PEER_FULL ? 0 : 8),
                     0);
    for (size_t i = 0; peer->mode == PEER_FULL && i < 8; i++) {
        peer->fillers[i] =
            socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        connect(peer->fillers[i], (struct sockaddr *)&address, sizeof(address));
    }
    if (peer->mode != PEER_FULL)
        assert_int_equal(pthread_create(&peer->thread, NULL, peer_run, peer),
                         0);
}

static void
peer_stop(struct peer *peer)
{
    shutdown(peer->listener, SHUT_RDWR);
    if (peer->mode != PEER_NONE && peer->mode != PEER_FULL)
        pthread_join(peer->thread, NULL);
    close(peer->listener);
    if (peer->held >= 0)
        close(peer->held);
    for (size_t i = 0; i < 8; i++)
        if (peer->fillers[i] >= 0)
            close(peer->fillers[i]);
}

/* ---- one request ----------------------------------------------------------
 */

static struct {
    bool done, unreachable;
    enum http_failure failure;
    unsigned status;
    char reason[256];
} got;

static void
on_done(void *context, const struct http_answer *answer)
{
    (void)context;
    got.done = true;
    got.unreachable = answer->unreachable;
    got.failure = answer->failure;
    got.status = answer->status;
    snprintf(got.reason, sizeof(got.reason), "%s", answer->reason);
}

static void
ask(const char *url, const char *proxy)
{
    struct tls_config tls = {.allow_http_loopback = true};
    const struct http_order order = {
        .method = "POST",
        .url = url,
        .body = "a=b",
        .body_length = 3,
        .content_type = "application/x-www-form-urlencoded",
        .tls = &tls,
        .connect_timeout_ms = 400,
        .timeout_ms = 400,
        .max_answer = 1024,
    };

    memcpy(&tls.ca_file, &(const char *){fake_idp_file(idp, "ca.crt")},
           sizeof(tls.ca_file));
    memcpy(&tls.proxy, &proxy, sizeof(tls.proxy));
    memset(&got, 0, sizeof(got));
    if (http_start(http, &order, on_done, NULL) == NULL)
        return;
    while (!got.done)
        event_base_loop(base, EVLOOP_ONCE);
}

static void
expect(const char *what, bool unreachable)
{
    if (got.unreachable != unreachable)
        fail_msg("%s: %s (failure %d, status %u: %s)", what,
                 got.unreachable ? "nobody there" : "somebody there",
                 (int)got.failure, got.status, got.reason);
}

/* ---- tables ---------------------------------------------------------------
 */

#define SAYS(text) PEER_SAY, text, sizeof(text) - 1
/* The beginning of a TLS record, and of a server's greeting in it. */
#define HALF_HELLO "\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03"
#define ALERT      "\x15\x03\x03\x00\x02\x02\x28"

static const struct {
    const char *what, *scheme;
    enum peer_mode mode;
    const char *words;
    size_t length;
    bool unreachable;
} rows[] = {
    {"refused", "https", PEER_NONE, "", 0, true},
    {"dropped", "https", PEER_FULL, "", 0, true},
    {"mute", "https", PEER_MUTE, "", 0, true},
    {"closed", "https", PEER_CLOSE, "", 0, false},
    {"reset", "https", PEER_RESET, "", 0, false},
    {"one byte", "https", SAYS("\x16"), false},
    {"half a greeting", "https", SAYS(HALF_HELLO), false},
    {"an alert", "https", SAYS(ALERT), false},
    {"no TLS", "https", SAYS("HTTP/1.1 200 OK\r\n\r\n"), false},
    {"plain, refused", "http", PEER_NONE, "", 0, true},
    {"plain, mute", "http", PEER_MUTE, "", 0, true},
    {"plain, closed", "http", PEER_CLOSE, "", 0, false},
    {"plain, reset", "http", PEER_RESET, "", 0, false},
    {"plain, one byte", "http", SAYS("H"), false},
    {"plain, half a status", "http", SAYS("HTTP/1.1 20"), false},
    {"plain, no HTTP", "http", SAYS("220 smtp\r\n\r\n"), false},
    {"plain, an interim answer", "http", SAYS("HTTP/1.1 100 Continue\r\n\r\n"),
     false},
    {"plain, half a body", "http",
     SAYS("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), false},
    {"plain, 503", "http", SAYS("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"),
     false},
};

static void
test_what_the_other_end_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct peer peer = {.mode = rows[i].mode,
                            .words = rows[i].words,
                            .length = rows[i].length};
        char url[64];

        peer_start(&peer);
        snprintf(url, sizeof(url), "%s://127.0.0.1:%u/", rows[i].scheme,
                 peer.port);
        ask(url, NULL);
        peer_stop(&peer);
        expect(rows[i].what, rows[i].unreachable);
    }
}

/* The same of a proxy: it is as good as the provider. */
static const struct {
    const char *what;
    enum peer_mode mode;
    const char *words;
    size_t length;
    bool unreachable;
} proxies[] = {
    {"proxy refused", PEER_NONE, "", 0, true},
    {"proxy mute", PEER_MUTE, "", 0, true},
    {"proxy closed", PEER_CLOSE, "", 0, false},
    {"proxy reset", PEER_RESET, "", 0, false},
    {"proxy 502", SAYS("HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n"), false},
    {"proxy 407", SAYS("HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n"), false},
    {"proxy connects, then mute", SAYS("HTTP/1.1 200 OK\r\n\r\n"), false},
    {"proxy one byte", SAYS("H"), false},
};

static void
test_what_a_proxy_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++) {
        struct peer peer = {.mode = proxies[i].mode,
                            .words = proxies[i].words,
                            .length = proxies[i].length};
        char proxy[64];

        peer_start(&peer);
        snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", peer.port);
        ask("https://127.0.0.1:1/", proxy);
        peer_stop(&peer);
        expect(proxies[i].what, proxies[i].unreachable);
    }
}

static void
test_names(void **state)
{
    (void)state;
    ask("https://no-such-host.invalid/", NULL);
    expect("no such name", true);
    ask("https://127.0.0.1:1/", "http://no-such-host.invalid:1");
    expect("no such proxy", true);
    /* A link-local address without its link: our mistake, not its absence. */
    ask("https://[fe80::1]:1/", NULL);
    expect("an address that cannot be asked", false);
    ask("ftp://127.0.0.1:1/", NULL);
    expect("no https", false);
}

/* Over real TLS: the answer may be anything. */
static const struct {
    const char *what;
    enum fake_port port;
    const char *mode, *answer;
} answers[] = {
    {"untrusted", FAKE_UNTRUSTED, "keep", "HTTP/1.1 200 OK\r\n\r\n"},
    {"wrong name", FAKE_WRONG_NAME, "keep", "HTTP/1.1 200 OK\r\n\r\n"},
    {"wants a certificate", FAKE_MUTUAL, "keep", "HTTP/1.1 200 OK\r\n\r\n"},
    {"no answer at all", FAKE_GOOD, "silent", ""},
    {"half a head", FAKE_GOOD, "silent", "HTTP/1.1 200 OK\r\nConte"},
    {"half a body", FAKE_GOOD, "silent",
     "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"},
    {"closed", FAKE_GOOD, "close", ""},
    {"torn off", FAKE_GOOD, "abort", ""},
    {"torn off in the body", FAKE_GOOD, "abort",
     "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"},
    {"endless", FAKE_GOOD, "endless", "HTTP/1.1 200 OK\r\n\r\n"},
    {"503", FAKE_GOOD, "keep", "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"},
    {"429", FAKE_GOOD, "keep", "HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n"},
    {"401", FAKE_GOOD, "keep", "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"},
    {"200", FAKE_GOOD, "keep", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
};

static void
test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        fake_idp_reset(idp);
        fake_idp_answer(idp, answers[i].mode, answers[i].answer);
        ask(fake_idp_url(idp, answers[i].port, "/"), NULL);
        assert_true(got.done);
        expect(answers[i].what, false);
    }
}

/* That we have no socket left says nothing about the provider. */
static void
test_our_own_shortage(void **state)
{
    struct rlimit before, few;
    int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)state;
    ask("https://127.0.0.1:1/", NULL);
    expect("refused", true);
    getrlimit(RLIMIT_NOFILE, &before);
    /* From none left to plenty: wherever it runs out. */
    for (int more = 0; more < 8; more++) {
        few = before;
        few.rlim_cur = (rlim_t)(lowest + more);
        setrlimit(RLIMIT_NOFILE, &few);
        ask("https://127.0.0.1:1/", NULL);
        setrlimit(RLIMIT_NOFILE, &before);
        if (got.done && got.failure == HTTP_ANSWERED)
            fail_msg("an answer from nowhere");
        if (more == 0)
            expect("no descriptor left", false);
        /* Nor that the resolver has none. */
        few.rlim_cur = (rlim_t)(lowest + more);
        setrlimit(RLIMIT_NOFILE, &few);
        ask("https://no-such-host.invalid/", NULL);
        setrlimit(RLIMIT_NOFILE, &before);
        if (more == 0)
            expect("no descriptor left for a name", false);
    }
    close(lowest);
}

static int
setup(void **state)
{
    (void)state;
    base = event_base_new();
    http = http_new(base);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_the_other_end_does),
        TEST(test_what_a_proxy_does),
        TEST(test_names),
        TEST(test_answers),
        TEST(test_our_own_shortage),
    };
    int failed;

    idp = fake_idp_start();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    fake_idp_stop(idp);
    return failed;
}
