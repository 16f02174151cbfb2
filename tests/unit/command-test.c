/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line, the exit statuses, and what writes text and JSON.
 */
#include "command-fake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "signin/command.h"
#include "signin/json.h"
#include "signin/text.h"

/* ---- the command line -----------------------------------------------------
 */

static void
usage_errors(void **state)
{
    static const char *const lines[][4] = {
        {NULL},
        {"toke"},
        {"--json"},
        {"token", "--json"},
        {"token", "x"},
        {"token", "-x"},
        {"token", "--min-valid"},
        {"token", "--min-valid", ""},
        {"token", "--min-valid="},
        {"token", "--min-valid", "-1"},
        {"token", "--min-valid", "+1"},
        {"token", "--min-valid", " 1"},
        {"token", "--min-valid", "1 "},
        {"token", "--min-valid", "1s"},
        {"token", "--min-valid", "0x10"},
        {"token", "--min-valid", "1.5"},
        {"token", "--min-valid", "31536001"},
        {"token", "--min-valid", "99999999999999999999999"},
        {"header", "--session"},
        {"get"},
        {"get", "a", "b"},
        {"status", "--session"},
        {"status", "--min-valid", "1"},
        {"refresh", "--json"},
        {"refresh", "now"},
        {"logout", "--json"},
        {"logout", "--session=yes"},
        {"sessions", "--session"},
        {"status", "--nonsense"},
        {"status", "--refresh"},
        {"users", "alice"},
        {"users", "--forget"},
        {"users", "--forget=alice", "--json"},
        {"users", "--forget=alice", "--refresh"},
        {"user"},
        {"user", "--json"},
        {"user", "alice", "bob"},
        {"user", "alice", "--refresh"},
        {"groups", "--refresh"},
        {"ssh-keys"},
        {"ssh-keys", "--json", "alice"},
        {"ssh-keys", "-x"},
        {"nonsense\n\x1b[31m"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        fake_reset(NULL);
        assert_int_equal(fake_run(lines[i][0], lines[i][1], lines[i][2], NULL),
                         STATUS_USAGE);
        assert_string_equal(fake.out, "");
        assert_complains();
        assert_int_equal(fake.calls, 0);
    }
}

static void
valid_seconds_are_taken(void **state)
{
    static const struct {
        const char *one, *two;
        uint64_t expected;
    } lines[] = {{"--min-valid", "31536000", 31536000},
                 {"--min-valid=7200", NULL, 7200},
                 {"--min-valid", "0007200", 7200}};
    uint64_t min_valid = 0;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        fake_reset(NULL);
        fake.result = WIRE_TOO_SHORT;
        assert_int_equal(fake_run("token", lines[i].one, lines[i].two, NULL),
                         STATUS_TOO_SHORT);
        assert_true(message_number(&fake.request, WIRE_MIN_VALID, &min_valid));
        assert_int_equal(min_valid, lines[i].expected);
    }
}

static void
help_and_version(void **state)
{
    static const char *const commands[] = {
        "token",    "header", "get",  "status", "refresh", "logout",
        "sessions", "users",  "user", "groups", "ssh-keys"};
    char pattern[16];

    (void)state;
    assert_int_equal(fake_run("--help", NULL), STATUS_OK);
    for (size_t i = 0; i < 11; i++) {
        snprintf(pattern, sizeof(pattern), "\n  %s", commands[i]);
        assert_non_null(strstr(fake.out, pattern));
        assert_int_equal(fake_run(commands[i], "--help", NULL), STATUS_OK);
        assert_string_equal(fake.err, "");
    }
    assert_int_equal(fake_run("--version", NULL), STATUS_OK);
    assert_memory_equal(fake.out, "signin ", 7);
    assert_string_equal(fake.err, "");
}

/* ---- output that cannot be written ----------------------------------------
 */

static enum status
run_with_stdout(int fd)
{
    char *argv[] = {(char[]){"signin"}, (char[]){"token"}, NULL};
    int saved = dup(STDOUT_FILENO);
    enum status status;

    fflush(stdout);
    if (fd >= 0)
        dup2(fd, STDOUT_FILENO);
    else
        close(STDOUT_FILENO);
    status = command_main(2, argv);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    return status;
}

static void
failed_output_is_a_failure(void **state)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    (void)state;
    assert_true(full >= 0);
    assert_int_equal(run_with_stdout(full), STATUS_FAILURE);
    assert_int_equal(run_with_stdout(-1), STATUS_FAILURE);
    close(full);
}

/* ---- exit statuses --------------------------------------------------------
 */

static void
every_result_has_a_verdict(void **state)
{
    static const struct {
        enum wire_result result;
        enum status status;
    } expected[] = {
        {WIRE_OK, STATUS_OK},
        {WIRE_NO_SESSION, STATUS_NO_SESSION},
        {WIRE_UNAVAILABLE, STATUS_EXPIRED},
        {WIRE_SLOW_DOWN, STATUS_EXPIRED},
        {WIRE_REFUSED, STATUS_REFUSED},
        {WIRE_ACCOUNT_DISABLED, STATUS_REFUSED},
        {WIRE_IDENTITY_MISMATCH, STATUS_REFUSED},
        {WIRE_BUSY, STATUS_UNREACHABLE},
        {WIRE_NOT_PERMITTED, STATUS_NOT_PERMITTED},
        {WIRE_TOO_SHORT, STATUS_TOO_SHORT},
        {WIRE_MISCONFIGURED, STATUS_FAILURE},
        {WIRE_INTERNAL, STATUS_FAILURE},
        {WIRE_RESULT_NONE, STATUS_FAILURE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_int_equal(verdict_of_result(expected[i].result).status,
                         expected[i].status);
    for (uint64_t result = 0; result < WIRE_RESULTS; result++) {
        struct verdict verdict = verdict_of_result(result);

        assert_non_null(verdict.sentence);
        /* Only success is success, and everything else has words. */
        assert_int_equal(verdict.status == STATUS_OK, result == WIRE_OK);
        assert_int_equal(strlen(verdict.sentence) > 0, result != WIRE_OK);
    }
    assert_int_equal(verdict_of_result(WIRE_RESULTS).status, STATUS_FAILURE);
    assert_int_equal(verdict_of_result(UINT64_MAX).status, STATUS_FAILURE);
}

static void
every_channel_error_has_a_verdict(void **state)
{
    static const struct {
        int error;
        enum status status;
    } expected[] = {
        {-ENOENT, STATUS_UNREACHABLE},     {-ECONNREFUSED, STATUS_UNREACHABLE},
        {-ETIMEDOUT, STATUS_UNREACHABLE},  {-EPIPE, STATUS_UNREACHABLE},
        {-ECONNRESET, STATUS_UNREACHABLE}, {-EAGAIN, STATUS_UNREACHABLE},
        {-EPERM, STATUS_UNREACHABLE},      {-EACCES, STATUS_NOT_PERMITTED},
        {-EPROTO, STATUS_FAILURE},         {-EPROTONOSUPPORT, STATUS_FAILURE},
        {-EMSGSIZE, STATUS_FAILURE},       {-ENOMEM, STATUS_UNREACHABLE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_int_equal(verdict_of_channel(expected[i].error).status,
                         expected[i].status);
}

/* ---- text -----------------------------------------------------------------
 */

static void
assert_text(const struct text *text, const char *expected)
{
    assert_false(text->failed);
    assert_int_equal(text->length, strlen(expected));
    assert_memory_equal(text->bytes, expected, text->length);
}

static void
hostile_text_is_cleaned(void **state)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"plain", "plain"},
        {"\x1b[31mred\r\n\t", "?[31mred???"},
        {"\x7f", "?"},
        {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x99\x82",
         "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x99\x82"},
        {"\xc2\x9b", "?"},            /* C1: CSI in one character */
        {"\xe2\x80\xae", "?"},        /* right-to-left override */
        {"\xc0\xaf", "??"},           /* overlong */
        {"\xe0\x80\xaf", "???"},      /* overlong */
        {"\xed\xa0\x80", "???"},      /* surrogate */
        {"\xf4\x90\x80\x80", "????"}, /* beyond Unicode */
        {"\xf5", "?"},
        {"\x80", "?"},
        {"a\xc3", "a?"},
        {"\xe2\x82", "??"}, /* cut short by the end */
        {"\xe2\x82x", "??x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cleanup_text struct text text = {0};

        text_add_clean(&text, cases[i].from);
        assert_text(&text, cases[i].to);
        assert_int_equal(text_count(cases[i].from), text_count(cases[i].to));
    }
}

static void
text_grows(void **state)
{
    cleanup_text struct text text = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        text_format(&text, "%04d ", i);
    assert_int_equal(text.length, 5000);
    assert_memory_equal(text.bytes, "0000 0001 ", 10);
    assert_memory_equal(text.bytes + 4995, "0999 ", 5);
    text_add_bytes(&text, "x", SIZE_MAX / 2);
    assert_true(text.failed);
    assert_int_equal(text_print(&text, STDOUT_FILENO), -ENOMEM);
}

static void
times_and_durations(void **state)
{
    static const struct {
        int64_t seconds;
        const char *expected;
    } durations[] = {{0, "0 s"},           {59, "59 s"},
                     {61, "1 min 01 s"},   {3599, "59 min 59 s"},
                     {3900, "1 h 05 min"}, {90000, "1 d 1 h"}};

    (void)state;
    for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
        cleanup_text struct text text = {0};

        text_add_duration(&text, durations[i].seconds);
        assert_text(&text, durations[i].expected);
    }
    for (int i = 0; i < 2; i++) {
        cleanup_text struct text text = {0};

        setenv("TZ", i == 0 ? "XST-5:30" : "UTC0", 1);
        tzset();
        text_add_time(&text, FAKE_NOW);
        assert_text(&text, i == 0 ? "2023-11-15T03:43:20+05:30"
                                  : "2023-11-14T22:13:20+00:00");
    }
    {
        cleanup_text struct text text = {0};

        text_add_time(&text, 0);
        text_add_time(&text, -5);
        text_add_time(&text, INT64_MAX);
        assert_text(&text, "unknownunknownunknown");
    }
}

/* ---- JSON -----------------------------------------------------------------
 */

static void
json_strings_are_escaped(void **state)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"", "\"\""},
        {"a\"b\\c/", "\"a\\\"b\\\\c/\""},
        {"\n\r\t\b\x01", "\"\\u000a\\u000d\\u0009\\u0008\\u0001\""},
        {"\x7f\xc2\x85", "\"\\u007f\\u0085\""},
        {"\xc3\xa4\xf0\x9f\x99\x82", "\"\xc3\xa4\xf0\x9f\x99\x82\""},
        {"\xff-\xed\xa0\x80",
         "\"\xef\xbf\xbd-\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {NULL, "null"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cleanup_text struct text text = {0};
        struct json json = {.out = &text};

        json_string(&json, cases[i].from);
        assert_text(&text, cases[i].to);
    }
}

static void
json_puts_commas(void **state)
{
    cleanup_text struct text text = {0};
    struct json json = {.out = &text};

    (void)state;
    json_open(&json, '[');
    json_open(&json, '{');
    json_key(&json, "a");
    json_number(&json, INT64_MIN);
    json_key(&json, "b");
    json_open(&json, '[');
    json_close(&json, ']');
    json_key(&json, "c");
    json_bool(&json, true);
    json_close(&json, '}');
    json_open(&json, '{');
    json_close(&json, '}');
    json_time(&json, 0);
    json_time(&json, 5);
    json_bool(&json, false);
    json_close(&json, ']');
    assert_text(&text, "[{\"a\":-9223372036854775808,\"b\":[],\"c\":true},"
                       "{},null,5,false]");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(usage_errors, fake_reset),
        cmocka_unit_test_setup(valid_seconds_are_taken, fake_reset),
        cmocka_unit_test_setup(help_and_version, fake_reset),
        cmocka_unit_test_setup(failed_output_is_a_failure, fake_reset),
        cmocka_unit_test(every_result_has_a_verdict),
        cmocka_unit_test(every_channel_error_has_a_verdict),
        cmocka_unit_test(hostile_text_is_cleaned),
        cmocka_unit_test(text_grows),
        cmocka_unit_test(times_and_durations),
        cmocka_unit_test(json_strings_are_escaped),
        cmocka_unit_test(json_puts_commas),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
