/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a check's password comes from, and that no trace tells a secret.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signind/check/ask.h"
#include "signind/provider/trace.h"
#include "wire/wire.h"

/* Make standard input a pipe that holds these bytes and then ends. */
static void
feed(const char *bytes, size_t length)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, length), length);
    close(ends[1]);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
}

static void
expect_password(const char *bytes, size_t length, int result,
                const char *expected)
{
    struct secret password = {0};

    feed(bytes, length);
    assert_int_equal(ask_password("not shown: ", &password), result);
    if (expected == NULL)
        assert_null(password.text);
    else
        assert_string_equal(password.text, expected);
    secret_done(&password);
}

static void
one_line_of_a_pipe(void **state)
{
    char rest[8] = "";

    (void)state;
    expect_password("abc\nrest", 8, 0, "abc");
    assert_int_equal(read(STDIN_FILENO, rest, sizeof(rest)), 4);
    assert_memory_equal(rest, "rest", 4);
    expect_password("abc", 3, 0, "abc");
    expect_password(" a \t\n", 5, 0, " a \t");
    expect_password("a\r\n", 3, 0, "a\r");
}

static void
no_password(void **state)
{
    (void)state;
    expect_password("", 0, -ENODATA, NULL);
    expect_password("\nabc\n", 5, -ENODATA, NULL);
    expect_password("a\0b\n", 4, -EINVAL, NULL);
}

static void
longest_password(void **state)
{
    char line[WIRE_TEXT_MAX + 3];

    (void)state;
    memset(line, 'x', sizeof(line));
    line[WIRE_TEXT_MAX] = '\0';
    feed("", 0);
    {
        char with_newline[WIRE_TEXT_MAX + 1];

        memcpy(with_newline, line, WIRE_TEXT_MAX);
        with_newline[WIRE_TEXT_MAX] = '\n';
        expect_password(with_newline, sizeof(with_newline), 0, line);
    }
    memset(line, 'x', sizeof(line));
    line[WIRE_TEXT_MAX + 1] = '\n';
    expect_password(line, WIRE_TEXT_MAX + 2, -EMSGSIZE, NULL);
}

/* ---- the trace ------------------------------------------------------------
 */

static char told[2048];

static void
listen_in(void *context, const char *step, const char *detail)
{
    size_t used = strlen(told);

    assert_ptr_equal(context, told);
    snprintf(told + used, sizeof(told) - used, "%s: %s\n", step, detail);
}

static void
done(void *context, const struct provider_result *result,
     struct provider_tokens *tokens)
{
    (void)context;
    (void)result;
    (void)tokens;
}

static void
a_name_is_told_and_a_secret_is_not(void **state)
{
    struct event_base *base = event_base_new();
    struct http *http = http_new(base);
    struct provider_context context = {
        .http = http, .host_name = "h", .trace_context = told};
    const struct provider_config provider = {0};
    struct source source = {.text = (char[]){"/name"}};
    struct provider_call *call =
        call_new(&context, &provider, REQUEST_SIGN_IN, "alice", done, NULL);

    (void)state;
    assert_non_null(call);
    assert_true(call_set_secret(&call->password, "sesame"));
    /* Nobody listens. */
    trace_name(call, "user", &source, "alice");
    trace_say(&context, "x", "y");
    trace_say(NULL, "x", "y");
    assert_string_equal(told, "");

    context.trace = listen_in;
    trace_name(call, "user", &source, "alice");
    trace_name(call, "user", &source, "SeSame");
    trace_name(call, "user", &source, "ses%61me");
    trace_name(call, "user", &source, "a\n\x1b");
    trace_name(call, "user", &source, "eyJhIjoxfQ.eyJhIjoxfQ.c2ln");
    trace_say(&context, "x\n", "%s %d", "\xff", 1);
    assert_string_equal(
        told, "user: /name = \"alice\"\n"
              "user: /name = (its words are withheld: a secret is in them)\n"
              "user: /name = (its words are withheld: a secret is in them)\n"
              "user: /name = \"a\\x0a\\x1b\"\n"
              "user: /name, a JWT of 26 bytes, not a name\n"
              "x\n: \\xff 1\n");
    call_free(call);
    http_free(http);
    event_base_free(base);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_of_a_pipe),
        cmocka_unit_test(no_password),
        cmocka_unit_test(longest_password),
        cmocka_unit_test(a_name_is_told_and_a_secret_is_not),
    };

    return cmocka_run_group_tests_name("check-ask", tests, NULL, NULL);
}
