/* SPDX-License-Identifier: BSD-2-Clause */
/* What each result of signind makes of a sign-in, and what is said. */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#define ASKED "ask Password: "
#define BEGUN ASKED "; open pam; BEGIN 10000; make keep in 701"

static int
set_up(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

static int
tear_down(void **state)
{
    bool clean = fake_log_is_clean();

    (void)state;
    fake_end();
    return clean ? 0 : -1;
}

static int
authenticate(const char *options)
{
    return fake_call(FAKE_AUTHENTICATE, 0, options);
}

/* ---- every result -----------------------------------------------------------
 */

static const struct {
    enum wire_result result;
    int code;
    const char *remote, *local; /* a piece of what is said; NULL = nothing */
} results[] = {
    {WIRE_WRONG_CREDENTIALS, PAM_AUTH_ERR, NULL, NULL},
    {WIRE_ACCOUNT_DISABLED, PAM_AUTH_ERR, NULL, NULL},
    {WIRE_NEED_SECOND_FACTOR, PAM_AUTH_ERR, "second factor", "second factor"},
    {WIRE_MUST_CHANGE_PASSWORD, PAM_AUTH_ERR, "Change your", "Change your"},
    {WIRE_SLOW_DOWN, PAM_AUTHINFO_UNAVAIL, NULL, "too often"},
    {WIRE_THROTTLED, PAM_AUTH_ERR, NULL, "Too many"},
    {WIRE_MISCONFIGURED, PAM_AUTHINFO_UNAVAIL, "administrator",
     "administrator"},
    {WIRE_UNAVAILABLE, PAM_AUTHINFO_UNAVAIL, "cannot be reached",
     "cannot be reached"},
    {WIRE_IDENTITY_MISMATCH, PAM_AUTH_ERR, NULL, NULL},
    {WIRE_UNKNOWN_USER, PAM_USER_UNKNOWN, NULL, NULL},
    {WIRE_DENIED, PAM_AUTH_ERR, NULL, NULL},
    {WIRE_NO_SESSION, PAM_AUTHINFO_UNAVAIL, NULL, NULL},
    {WIRE_REFUSED, PAM_AUTH_ERR, NULL, "has ended your session"},
    {WIRE_TOO_SHORT, PAM_AUTHINFO_UNAVAIL, NULL, NULL},
    {WIRE_NO_KEYS, PAM_AUTHINFO_UNAVAIL, "administrator", "administrator"},
    {WIRE_BAD_REQUEST, PAM_AUTHINFO_UNAVAIL, "administrator", "administrator"},
    {WIRE_NOT_PERMITTED, PAM_AUTHINFO_UNAVAIL, "administrator",
     "administrator"},
    {WIRE_BUSY, PAM_AUTHINFO_UNAVAIL, NULL, "cannot be reached"},
    {WIRE_INTERNAL, PAM_AUTHINFO_UNAVAIL, "administrator", "administrator"},
};

#define RESULTS (sizeof(results) / sizeof(results[0]))

static void
check_told(const char *piece)
{
    if (piece == NULL) {
        assert_string_equal(fake_told(), "");
    } else {
        assert_memory_equal(fake_told(), "error ", 6);
        assert_non_null(strstr(fake_told(), piece));
    }
}

static void
test_every_refusal(void **state)
{
    (void)state;
    assert_int_equal(RESULTS, WIRE_RESULTS - 2);
    for (size_t i = 0; i < RESULTS; i++) {
        fake_reset();
        fake_answer_place(WIRE_NO_KEYRING_DENY);
        fake_answer_verdict(results[i].result);
        assert_int_equal(authenticate(NULL), results[i].code);
        /* What pam made for nothing is taken apart, and no ticket is left. */
        assert_string_equal(fake_journal(),
                            BEGUN "; AUTHENTICATE 75000; forget 702 in 701");
        assert_null(fake_env());
        check_told(results[i].remote);
        assert_non_null(
            strstr(fake_log(), wire_result_name(results[i].result)));
    }
}

static void
test_keys_that_signind_goes_on_with(void **state)
{
    static const struct {
        enum wire_result result;
        int code;
        key_serial_t kept;
        const char *end;
    } kept[] = {
        {WIRE_IDENTITY_MISMATCH, PAM_AUTH_ERR, FAKE_KEEP, ""},
        {WIRE_OK, PAM_SUCCESS, FAKE_KEEP, ""},
        /* Another's are no reason to leave ours behind. */
        {WIRE_DENIED, PAM_AUTH_ERR, FAKE_KEEP + 1, "; forget 702 in 701"},
        {WIRE_OK, PAM_SUCCESS, FAKE_KEEP + 1, "; forget 702 in 701"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        struct message *answer;
        char expected[128];

        fake_reset();
        fake_answer_place(WIRE_NO_KEYRING_ALLOW);
        answer = fake_answer(WIRE_VERDICT);
        message_put_number(answer, WIRE_RESULT, kept[i].result);
        message_put_number(answer, WIRE_KEEP, (uint64_t)kept[i].kept);
        assert_int_equal(authenticate(NULL), kept[i].code);
        snprintf(expected, sizeof(expected), BEGUN "; AUTHENTICATE 75000%s",
                 kept[i].end);
        assert_string_equal(fake_journal(), expected);
        assert_null(fake_env());
    }
}

static void
test_every_refusal_locally(void **state)
{
    (void)state;
    for (size_t i = 0; i < RESULTS; i++) {
        fake_reset();
        fake.rhost = NULL;
        fake.service = "login";
        fake_answer_place(WIRE_NO_KEYRING_DENY);
        fake_answer_verdict(results[i].result);
        assert_int_equal(authenticate(NULL), results[i].code);
        check_told(results[i].local);
        assert_null(fake_request_text(1, WIRE_PROVIDER));
    }
}

static void
test_every_refusal_of_begin(void **state)
{
    (void)state;
    for (size_t i = 0; i < RESULTS; i++) {
        fake_reset();
        fake_answer_verdict(results[i].result);
        assert_int_equal(authenticate(NULL), results[i].code);
        assert_string_equal(fake_journal(), ASKED "; open pam; BEGIN 10000");
        assert_null(fake_env());
    }
}

static void
test_silent(void **state)
{
    (void)state;
    fake_answer_verdict(WIRE_UNAVAILABLE);
    assert_int_equal(fake_call(FAKE_AUTHENTICATE, (int)PAM_SILENT, NULL),
                     PAM_AUTHINFO_UNAVAIL);
    assert_string_equal(fake_told(), "");
}

static void
test_retry_after_is_said(void **state)
{
    struct message *verdict;

    (void)state;
    fake.rhost = NULL;
    fake_answer_place(WIRE_NO_KEYRING_DENY);
    verdict = fake_answer(WIRE_VERDICT);
    message_put_number(verdict, WIRE_RESULT, WIRE_THROTTLED);
    message_put_number(verdict, WIRE_RETRY_AFTER, 42);
    assert_int_equal(authenticate(NULL), PAM_AUTH_ERR);
    assert_string_equal(fake_told(),
                        "error Too many failed sign-ins. Try again in 42 "
                        "seconds.\n");
}

static void
answer_with_message(enum wire_result result, const char *text)
{
    struct message *verdict;

    fake_answer_place(WIRE_NO_KEYRING_DENY);
    verdict = fake_answer(WIRE_VERDICT);
    message_put_number(verdict, WIRE_RESULT, result);
    message_put_text(verdict, WIRE_TICKET,
                     result == WIRE_OK ? FAKE_TICKET : NULL);
    message_put_text(verdict, WIRE_MESSAGE, text);
}

static void
test_provider_message(void **state)
{
    (void)state;
    answer_with_message(WIRE_OK, "Your password expires in 3 days");
    assert_int_equal(authenticate(NULL), PAM_SUCCESS);
    assert_string_equal(fake_told(), "info Your password expires in 3 days\n");
    /* Before the provider knows whom it talks to, its words are not shown. */
    fake_reset();
    answer_with_message(WIRE_WRONG_CREDENTIALS, "no such user: alice");
    assert_int_equal(authenticate(NULL), PAM_AUTH_ERR);
    assert_string_equal(fake_told(), "");
    fake_reset();
    answer_with_message(WIRE_UNAVAILABLE, "no such user: alice");
    assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
    assert_null(strstr(fake_told(), "alice"));
}

static void
test_provider_message_cannot_drive_a_terminal(void **state)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"\033[2Jx\a\r\ny\x7f", "error  [2Jx   y \n"},
        {"\xc2\x9b"
         "2J",
         "error  2J\n"},
        {"\x9b"
         "2J",
         "error ?2J\n"},
        {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x91",
         "error gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x91\n"},
        {"\xc0\x9b", "error ??\n"},
        {"\xe0\x82\x9b", "error ???\n"},
        {"\xed\xa0\x80", "error ???\n"},
        {"\xf4\x90\x80\x80", "error ????\n"},
        {"\xf0\x8f\x80\x80", "error ????\n"},
        {"cut\xe2\x82", "error cut??\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_reset();
        answer_with_message(WIRE_MUST_CHANGE_PASSWORD, cases[i].from);
        assert_int_equal(authenticate(NULL), PAM_AUTH_ERR);
        assert_string_equal(fake_told(), cases[i].to);
    }
}

static void
test_provider_message_is_cut_between_characters(void **state)
{
    char text[1001], expected[600] = "error ";

    (void)state;
    for (size_t i = 0; i < 500; i++)
        memcpy(text + 2 * i, "\xc3\xbc", 2);
    text[1000] = '\0';
    answer_with_message(WIRE_MUST_CHANGE_PASSWORD, text);
    assert_int_equal(authenticate(NULL), PAM_AUTH_ERR);
    memcpy(expected + 6, text, 510);
    memcpy(expected + 516, "\n", 2);
    assert_string_equal(fake_told(), expected);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_every_refusal),
        TEST(test_keys_that_signind_goes_on_with),
        TEST(test_every_refusal_locally),
        TEST(test_every_refusal_of_begin),
        TEST(test_silent),
        TEST(test_retry_after_is_said),
        TEST(test_provider_message),
        TEST(test_provider_message_cannot_drive_a_terminal),
        TEST(test_provider_message_is_cut_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
