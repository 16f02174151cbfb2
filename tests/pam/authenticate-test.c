/* SPDX-License-Identifier: BSD-2-Clause */
/* authenticate: success, the password, and whose it is. */
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
test_success(void **state)
{
    (void)state;
    answer_success();
    assert_int_equal(authenticate("provider=corp"), PAM_SUCCESS);
    assert_string_equal(fake_journal(),
                        BEGUN "; AUTHENTICATE 75000; set ticket");
    assert_string_equal(fake_env(), "30001:" FAKE_TICKET);
    assert_true(fake_answers_used());
    assert_string_equal(fake_request_text(1, WIRE_USER), "alice");
    assert_int_equal(fake_request_number(1, WIRE_UID), FAKE_UID);
    assert_string_equal(fake_request_text(1, WIRE_PASSWORD), "correct horse");
    assert_string_equal(fake_request_text(1, WIRE_SERVICE), "sshd");
    assert_string_equal(fake_request_text(1, WIRE_RHOST), "192.0.2.7");
    assert_string_equal(fake_request_text(1, WIRE_TTY), "ssh");
    assert_string_equal(fake_request_text(1, WIRE_PROVIDER), "corp");
    assert_int_equal(fake_request_number(1, WIRE_KEEP), FAKE_KEEP);
    assert_string_equal(fake_told(), "");
    assert_int_equal(fake_delay_us(), 2000000);
    assert_string_equal(fake_log(), "6 user alice, rhost 192.0.2.7: sign-in "
                                    "for sshd: ok (allowed)\n");
}

/* ---- the password
 * ---------------------------------------------------------------- */

static void
test_prompt(void **state)
{
    (void)state;
    answer_success();
    assert_int_equal(authenticate("prompt=Corp password: "), PAM_SUCCESS);
    assert_memory_equal(fake_journal(), "ask Corp password: ; open", 25);
}

static void
test_password_of_an_earlier_module(void **state)
{
    static const char *const options[] = {NULL, "try_first_pass",
                                          "use_first_pass"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        fake_reset();
        answer_success();
        fake.authtok = "typed before";
        assert_int_equal(authenticate(options[i]), PAM_SUCCESS);
        assert_memory_equal(fake_journal(), "open pam", 8);
        assert_string_equal(fake_request_text(1, WIRE_PASSWORD),
                            "typed before");
    }
}

static void
test_use_first_pass_never_asks(void **state)
{
    (void)state;
    assert_int_equal(authenticate("use_first_pass"), PAM_AUTH_ERR);
    assert_string_equal(fake_journal(), "");
    assert_non_null(strstr(fake_log(), "no earlier module"));
    fake_reset();
    answer_success();
    assert_int_equal(authenticate("try_first_pass"), PAM_SUCCESS);
    assert_memory_equal(fake_journal(), ASKED, strlen(ASKED));
}

static void
test_passwords_that_never_leave(void **state)
{
    static char longest[4200];
    static const char *const passwords[] = {
        "",
        "\b",
        "\b\n\r\177INCORR",
        "\b\n\r\177INCORRECT",
        "\b\n\r\177INCORRECT\b\n\r\177INCORRECT\b",
        longest,
    };

    (void)state;
    memset(longest, 'a', 4096);
    for (size_t i = 0; i < sizeof(passwords) / sizeof(passwords[0]); i++) {
        fake_reset();
        fake.typed = passwords[i];
        assert_int_equal(authenticate(NULL), PAM_AUTH_ERR);
        assert_string_equal(fake_journal(), ASKED);
        assert_non_null(strstr(fake_log(), "not sent"));
        assert_string_equal(fake_told(), "");
        assert_int_equal(
            fake_call(FAKE_AUTHENTICATE, PAM_DISALLOW_NULL_AUTHTOK, NULL),
            PAM_AUTH_ERR);
    }
}

static void
test_passwords_that_do(void **state)
{
    static char longest[4096];
    static const char *const passwords[] = {"INCORRECT", "\b\n\r\177INCORRECT!",
                                            " ", "\xc3\xa4\"\\{{user}}",
                                            longest};

    (void)state;
    memset(longest, 'a', 4095);
    for (size_t i = 0; i < sizeof(passwords) / sizeof(passwords[0]); i++) {
        fake_reset();
        answer_success();
        fake.typed = passwords[i];
        assert_int_equal(authenticate(NULL), PAM_SUCCESS);
        assert_string_equal(fake_request_text(1, WIRE_PASSWORD), passwords[i]);
        fake.typed = NULL;
    }
}

static void
test_empty_password_of_an_earlier_module(void **state)
{
    (void)state;
    fake.authtok = "";
    assert_int_equal(authenticate("use_first_pass"), PAM_AUTH_ERR);
    assert_string_equal(fake_journal(), "");
}

static void
test_changed_user(void **state)
{
    (void)state;
    fake.user_afterwards = "bob";
    assert_int_equal(authenticate(NULL), PAM_AUTH_ERR);
    assert_string_equal(fake_journal(), ASKED);
    assert_non_null(strstr(fake_log(), "PAM_USER was changed"));
}

static void
test_conversation_fails(void **state)
{
    (void)state;
    fake.typed = NULL;
    assert_int_equal(authenticate(NULL), PAM_CONV_ERR);
    assert_string_equal(fake_journal(), ASKED);
    fake.conversation = PAM_CONV_AGAIN;
    assert_int_equal(authenticate(NULL), PAM_INCOMPLETE);
    fake.user_conversation = PAM_CONV_AGAIN;
    assert_int_equal(authenticate(NULL), PAM_INCOMPLETE);
    fake.user_conversation = PAM_CONV_ERR;
    assert_int_equal(authenticate(NULL), PAM_CONV_ERR);
}

static void
test_name_is_asked_for(void **state)
{
    (void)state;
    fake.user = NULL;
    fake.asked_user = "alice";
    answer_success();
    assert_int_equal(authenticate(NULL), PAM_SUCCESS);
    assert_memory_equal(fake_journal(), "ask user; ", 10);
}

/* ---- who
 * ------------------------------------------------------------------------ */

static void
test_not_ours(void **state)
{
    static const struct {
        const char *name;
        bool asked;
    } cases[] = {
        {"root", false},  {"low", false},   {"nobody", false},
        {"local", false}, {"twin", false},  {"nosuch", true},
        {"folded", true}, {"A b\nc", true}, {"rooted", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_reset();
        fake.user = cases[i].name;
        assert_int_equal(authenticate(NULL), PAM_USER_UNKNOWN);
        /* No other module knows these names: ask, as for any other. */
        assert_string_equal(fake_journal(), cases[i].asked ? ASKED : "");
        assert_string_equal(fake_told(), "");
        assert_int_equal(fake_delay_us(), 2000000);
        assert_null(strstr(fake_log(), "A b"));
        assert_memory_equal(fake_log(), "5 user ", 7);
    }
}

static void
test_unknown_name_and_no_conversation(void **state)
{
    (void)state;
    fake.user = "nosuch";
    fake.typed = NULL;
    assert_int_equal(authenticate(NULL), PAM_USER_UNKNOWN);
    fake.conversation = PAM_CONV_AGAIN;
    assert_int_equal(authenticate(NULL), PAM_INCOMPLETE);
    fake.conversation = PAM_SUCCESS;
    fake_forget_journal();
    assert_int_equal(authenticate("use_first_pass"), PAM_USER_UNKNOWN);
    assert_string_equal(fake_journal(), "");
}

static void
test_local_users(void **state)
{
    (void)state;
    fake.user = "local";
    answer_success();
    assert_int_equal(authenticate("local_users=other,local"), PAM_SUCCESS);
    assert_int_equal(fake_request_number(1, WIRE_UID), 1500);
    assert_string_equal(fake_env(), "1500:" FAKE_TICKET);
}

static void
test_undecided(void **state)
{
    (void)state;
    fake.passwd = NULL;
    assert_int_equal(authenticate(NULL), PAM_USER_UNKNOWN);
    fake_reset();
    assert_int_equal(authenticate("min_uid=x"), PAM_USER_UNKNOWN);
    assert_string_equal(fake_journal(), "");
}

static void
test_host_that_is_not_root(void **state)
{
    (void)state;
    fake.ruid = fake.euid = FAKE_UID;
    fake.service = "swaylock";
    fake.rhost = fake.tty = NULL;
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(authenticate(NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(), ASKED "; open public; VERIFY 75000");
    assert_string_equal(fake_request_text(0, WIRE_PASSWORD), "correct horse");
    assert_null(fake_env());
    fake_reset();
    fake.ruid = fake.euid = FAKE_UID;
    fake_answer_verdict(WIRE_WRONG_CREDENTIALS);
    assert_int_equal(authenticate(NULL), PAM_AUTH_ERR);
    fake_reset();
    fake.ruid = fake.euid = 30005;
    assert_int_equal(authenticate(NULL), PAM_CRED_INSUFFICIENT);
    assert_string_equal(fake_journal(), "");
}

static void
test_setuid_host(void **state)
{
    (void)state;
    fake.ruid = 30005; /* bob runs su */
    answer_success();
    assert_int_equal(authenticate(NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(),
                        BEGUN "; AUTHENTICATE 75000; set ticket");
}

static void
test_items_are_cleaned(void **state)
{
    char rhost[400];

    (void)state;
    memset(rhost, 'h', sizeof(rhost) - 1);
    rhost[sizeof(rhost) - 1] = '\0';
    memcpy(rhost, "evil\nhost \033[2J\xff", 15);
    fake.rhost = rhost;
    answer_success();
    assert_int_equal(authenticate(NULL), PAM_SUCCESS);
    assert_memory_equal(fake_request_text(1, WIRE_RHOST), "evil?host??[2J?h",
                        16);
    assert_int_equal(strlen(fake_request_text(1, WIRE_RHOST)), 255);
    assert_null(strstr(fake_log(), "evil\n"));
}

static void
test_debug(void **state)
{
    (void)state;
    answer_success();
    assert_int_equal(authenticate("debug"), PAM_SUCCESS);
    assert_non_null(strstr(fake_log(), "7 user alice, rhost 192.0.2.7: "
                                       "authenticate returns 0"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_success),
        TEST(test_prompt),
        TEST(test_password_of_an_earlier_module),
        TEST(test_use_first_pass_never_asks),
        TEST(test_passwords_that_never_leave),
        TEST(test_passwords_that_do),
        TEST(test_empty_password_of_an_earlier_module),
        TEST(test_changed_user),
        TEST(test_conversation_fails),
        TEST(test_name_is_asked_for),
        TEST(test_not_ours),
        TEST(test_unknown_name_and_no_conversation),
        TEST(test_local_users),
        TEST(test_undecided),
        TEST(test_host_that_is_not_root),
        TEST(test_setuid_host),
        TEST(test_items_are_cleaned),
        TEST(test_debug),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
