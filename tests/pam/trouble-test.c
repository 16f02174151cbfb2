/* SPDX-License-Identifier: BSD-2-Clause */
/* authenticate: a talk that breaks, and keys that cannot be made. */
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

static void
answer_success(void)
{
    struct message *verdict;

    fake_answer_place(WIRE_NO_KEYRING_DENY);
    verdict = fake_answer(WIRE_VERDICT);
    message_put_number(verdict, WIRE_RESULT, WIRE_OK);
    message_put_text(verdict, WIRE_TICKET, FAKE_TICKET);
}

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

/* ---- the talk breaks
 * ---------------------------------------------------------- */

static void
test_signind_is_not_there(void **state)
{
    static const struct {
        int error;
        const char *reason;
    } cases[] = {
        {-ENOENT, "not running"},   {-ECONNREFUSED, "not running"},
        {-EACCES, "may not use"},   {-EAGAIN, "busy"},
        {-EPERM, "somebody else"},  {-EMFILE, "Too many open files"},
        {-100000, "unknown error"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_reset();
        fake.open_error = cases[i].error;
        assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
        assert_string_equal(fake_journal(), ASKED "; open pam");
        assert_non_null(strstr(fake_log(), cases[i].reason));
        check_told("administrator");
    }
}

static void
test_begin_breaks(void **state)
{
    (void)state;
    assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
    assert_string_equal(fake_journal(), ASKED "; open pam; BEGIN 10000");
    assert_non_null(strstr(fake_log(), "not answered in time"));
    fake_reset();
    fake_answer_error(-ECONNRESET);
    assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
    assert_non_null(strstr(fake_log(), "closed the connection"));
    fake_reset();
    fake_refuse_request(-ETIMEDOUT);
    assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
}

static void
test_authenticate_breaks(void **state)
{
    (void)state;
    /* signind has the request: K is its to clear up. */
    fake_answer_place(WIRE_NO_KEYRING_DENY);
    assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
    assert_string_equal(fake_journal(), BEGUN "; AUTHENTICATE 75000");
    assert_null(fake_env());
    fake_reset();
    fake_answer_place(WIRE_NO_KEYRING_DENY);
    fake_answer_error(-ECONNRESET);
    assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
    assert_string_equal(fake_journal(), BEGUN "; AUTHENTICATE 75000");
    /* It never got it: K is ours. */
    fake_reset();
    fake_answer_place(WIRE_NO_KEYRING_DENY);
    fake_refuse_request(-EPIPE);
    fake_answer_error(-ECONNRESET);
    assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
    assert_string_equal(fake_journal(), BEGUN "; forget 702 in 701");
}

static void
test_signind_closed_but_said_why(void **state)
{
    (void)state;
    fake_refuse_request(-EPIPE);
    fake_answer_verdict(WIRE_BUSY);
    assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
    assert_non_null(strstr(fake_log(), "busy"));
}

static void
test_answers_of_the_wrong_kind(void **state)
{
    (void)state;
    /* OK instead of a place is nothing. */
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
    assert_string_equal(fake_journal(), ASKED "; open pam; BEGIN 10000");
    assert_non_null(strstr(fake_log(), "do not understand each other"));
    fake_reset();
    fake_answer_claimed(WIRE_NO_KEYRING_ALLOW);
    assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
    fake_reset();
    fake_answer_place(WIRE_NO_KEYRING_DENY);
    fake_answer_place(WIRE_NO_KEYRING_DENY);
    assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
    assert_null(fake_env());
}

static void
test_truncated_and_foreign_bytes(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
    } cases[] = {
        {"", 1},
        {"\0\1\0", 3},
        {"\0\1\0\20", 4}, /* VERDICT without a result */
        {"\0\2\0\20", 4}, /* another version */
        {"\0\1\0\20\0\23\0\10\0\0\0\0\0\0", 14},
        {"\0\1\377\377", 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_reset();
        fake_answer_place(WIRE_NO_KEYRING_DENY);
        fake_answer_bytes(cases[i].bytes, cases[i].length);
        assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
        assert_null(fake_env());
        assert_non_null(strstr(fake_log(), "do not understand each other"));
    }
}

static void
test_success_without_a_ticket_is_none(void **state)
{
    (void)state;
    fake_answer_place(WIRE_NO_KEYRING_DENY);
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
    assert_null(fake_env());
    assert_non_null(strstr(fake_log(), "without a ticket"));
    /* Only if the administrator lets people in when keys have no room. */
    fake_reset();
    fake_answer_place(WIRE_NO_KEYRING_ALLOW);
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(authenticate(NULL), PAM_SUCCESS);
    assert_null(fake_env());
    assert_non_null(strstr(fake_log(), "on_no_keyring = allow"));
    assert_non_null(strstr(fake_journal(), "forget 702"));
}

static void
test_ticket_that_finds_no_room_is_given_up(void **state)
{
    (void)state;
    answer_success();
    fake_answer_verdict(WIRE_OK);
    fake.putenv_code = PAM_BUF_ERR;
    assert_int_equal(authenticate(NULL), PAM_BUF_ERR);
    assert_string_equal(fake_journal(), BEGUN "; AUTHENTICATE 75000; open pam; "
                                              "ABANDON 3000");
    assert_string_equal(fake_request_text(2, WIRE_TICKET), FAKE_TICKET);
}

static void
test_ticket_of_an_earlier_attempt_is_given_up(void **state)
{
    (void)state;
    fake_set_env("30001:" FAKE_TICKET);
    fake_answer_verdict(WIRE_OK); /* to ABANDON */
    fake_answer_place(WIRE_NO_KEYRING_DENY);
    fake_answer_verdict(WIRE_WRONG_CREDENTIALS);
    assert_int_equal(authenticate(NULL), PAM_AUTH_ERR);
    assert_null(fake_env());
    assert_int_equal(fake_request(0)->type, WIRE_ABANDON);
}

/* ---- keys
 * --------------------------------------------------------------------- */

static void
test_group_that_is_not_closed(void **state)
{
    (void)state;
    /* Even with on_no_keyring = allow. */
    fake_answer_place(WIRE_NO_KEYRING_ALLOW);
    fake.group_has_member = true;
    assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
    assert_non_null(strstr(fake_log(), "has members"));
    fake_reset();
    fake_answer_place(WIRE_NO_KEYRING_ALLOW);
    fake.group_gid = 998;
    assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
    assert_non_null(strstr(fake_log(), "not the one that signind has"));
    fake_reset();
    fake_answer_place(WIRE_NO_KEYRING_ALLOW);
    fake.group_missing = true;
    assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
    assert_non_null(strstr(fake_log(), "does not exist"));
    assert_string_equal(fake_journal(), ASKED "; open pam; BEGIN 10000");
}

static void
test_forged_shard(void **state)
{
    static const char *const names[] = {"signin:shard:64", "signin:shard:-1",
                                        "signin:shard:", ("signin:" FAKE_ID),
                                        "anything"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        fake_reset();
        fake_answer_place(WIRE_NO_KEYRING_DENY);
        fake.shard_name = names[i];
        assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
        assert_string_equal(fake_journal(), ASKED "; open pam; BEGIN 10000");
        assert_non_null(strstr(fake_log(), "not what signind said it is"));
    }
}

static void
test_no_shard_at_hand(void **state)
{
    (void)state;
    fake.no_keep = true;
    fake_answer_place(WIRE_NO_KEYRING_DENY);
    assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
    assert_string_equal(fake_journal(), ASKED "; open pam; BEGIN 10000");
    fake_reset();
    fake.no_keep = true;
    fake_answer_place(WIRE_NO_KEYRING_ALLOW);
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(authenticate(NULL), PAM_SUCCESS);
    assert_null(fake_env());
}

static void
test_option_that_does_not_fit_a_message(void **state)
{
    char option[1200] = "provider=";

    (void)state;
    memset(option + 9, 'p', 1100);
    fake_answer_place(WIRE_NO_KEYRING_DENY);
    assert_int_equal(authenticate(option), PAM_AUTHINFO_UNAVAIL);
    assert_string_equal(fake_journal(), BEGUN "; forget 702 in 701");
}

static void
test_the_first_and_last_shard_will_do(void **state)
{
    (void)state;
    fake.shard_name = "signin:shard:0";
    answer_success();
    assert_int_equal(authenticate(NULL), PAM_SUCCESS);
    fake_reset();
    fake.shard_name = "signin:shard:63";
    answer_success();
    assert_int_equal(authenticate(NULL), PAM_SUCCESS);
}

static void
test_no_keys_denied(void **state)
{
    static const int errors[] = {-EDQUOT, -ENOSYS, -EPERM, -ENOMEM};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        fake_reset();
        fake_answer_place(WIRE_NO_KEYRING_DENY);
        fake.make_keep_error = errors[i];
        assert_int_equal(authenticate(NULL), PAM_AUTHINFO_UNAVAIL);
        assert_string_equal(fake_journal(), BEGUN);
        check_told("administrator");
        if (errors[i] == -EDQUOT) {
            assert_non_null(strstr(fake_log(), "/proc/key-users"));
            assert_non_null(strstr(fake_log(), "kernel.keys.root_maxkeys"));
        }
    }
}

static void
test_no_keys_allowed(void **state)
{
    (void)state;
    fake_answer_place(WIRE_NO_KEYRING_ALLOW);
    fake_answer_verdict(WIRE_OK);
    fake.make_keep_error = -EDQUOT;
    assert_int_equal(authenticate(NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(), BEGUN "; AUTHENTICATE 75000");
    assert_int_equal(fake_request_number(1, WIRE_KEEP), -1);
    assert_null(fake_env());
    assert_non_null(strstr(fake_log(), "without a token"));
    /* No shard at hand is the same. */
    fake_reset();
    fake_answer_place(WIRE_NO_KEYRING_ALLOW);
    fake_answer_verdict(WIRE_WRONG_CREDENTIALS);
    fake.check_error = -ENOKEY;
    assert_int_equal(authenticate(NULL), PAM_AUTH_ERR);
    assert_string_equal(fake_journal(),
                        ASKED "; open pam; BEGIN 10000; AUTHENTICATE 75000");
}

static void
test_no_session(void **state)
{
    (void)state;
    answer_success();
    assert_int_equal(authenticate("no_session"), PAM_SUCCESS);
    assert_string_equal(fake_journal(),
                        ASKED "; open pam; BEGIN 10000; AUTHENTICATE 75000");
    assert_int_equal(fake_request_number(1, WIRE_KEEP), -1);
    assert_null(fake_env());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_signind_is_not_there),
        TEST(test_begin_breaks),
        TEST(test_authenticate_breaks),
        TEST(test_signind_closed_but_said_why),
        TEST(test_answers_of_the_wrong_kind),
        TEST(test_truncated_and_foreign_bytes),
        TEST(test_success_without_a_ticket_is_none),
        TEST(test_ticket_that_finds_no_room_is_given_up),
        TEST(test_ticket_of_an_earlier_attempt_is_given_up),
        TEST(test_group_that_is_not_closed),
        TEST(test_forged_shard),
        TEST(test_no_shard_at_hand),
        TEST(test_option_that_does_not_fit_a_message),
        TEST(test_the_first_and_last_shard_will_do),
        TEST(test_no_keys_denied),
        TEST(test_no_keys_allowed),
        TEST(test_no_session),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
