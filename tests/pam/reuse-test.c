/* SPDX-License-Identifier: BSD-2-Clause */
/* authenticate without a password: reuse_sign_in. */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#define REUSED "open pam; REUSE 10000"
#define ASKED  "ask Password: "

/* alice runs sudo inside her session. */
static int
set_up(void **state)
{
    (void)state;
    fake_reset();
    fake.service = "sudo";
    fake.ruid = FAKE_UID;
    fake.rings[0] = (struct keyring_session){
        .id = FAKE_OTHER, .ring = FAKE_OLD_RING, .session = FAKE_RECORD};
    fake.ring_uids[0] = FAKE_UID;
    fake.ring_users[0] = "alice";
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

/* The person hangs up when asked for the password. */
static void
assert_asked(const char *options, const char *before)
{
    char expected[128];

    fake.typed = NULL;
    fake_forget_journal();
    assert_int_equal(authenticate(options), PAM_CONV_ERR);
    snprintf(expected, sizeof(expected), "%s%s%s", before,
             before[0] == '\0' ? "" : "; ", ASKED);
    assert_string_equal(fake_journal(), expected);
}

static void
test_success(void **state)
{
    (void)state;
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(authenticate("provider=corp"), PAM_SUCCESS);
    assert_string_equal(fake_journal(), REUSED);
    assert_string_equal(fake_request_text(0, WIRE_USER), "alice");
    assert_int_equal(fake_request_number(0, WIRE_UID), FAKE_UID);
    assert_string_equal(fake_request_text(0, WIRE_SERVICE), "sudo");
    assert_string_equal(fake_request_text(0, WIRE_ID), FAKE_OTHER);
    assert_string_equal(fake_request_text(0, WIRE_SECRET), FAKE_SECRET);
    assert_string_equal(fake_request_text(0, WIRE_PROVIDER), "corp");
    assert_null(fake_env());
    assert_non_null(strstr(fake_log(), "without a password"));
}

static void
test_every_other_answer_asks(void **state)
{
    for (int result = WIRE_OK + 1; result < WIRE_RESULTS; result++) {
        set_up(state);
        fake_answer_verdict((enum wire_result)result);
        assert_asked(NULL, REUSED);
        assert_string_equal(fake_log(), "");
        assert_string_equal(fake_told(), "");
    }
}

static void
test_signind_that_cannot_be_asked(void **state)
{
    assert_asked(NULL, REUSED); /* no answer */
    set_up(state);
    fake_answer_place(WIRE_NO_KEYRING_DENY);
    assert_asked(NULL, REUSED);
    set_up(state);
    fake_answer_error(-ECONNRESET);
    assert_asked(NULL, REUSED);
    set_up(state);
    fake.open_error = -ENOENT;
    assert_asked(NULL, "open pam");
    assert_string_equal(fake_log(), "");
}

static void
test_no_session_no_question(void **state)
{
    memset(fake.rings, 0, sizeof(fake.rings));
    assert_asked(NULL, "");
    set_up(state);
    fake.walk_error = -EACCES;
    assert_asked(NULL, "");
    set_up(state);
    fake.group_missing = true;
    assert_asked(NULL, "");
    set_up(state);
    fake.group_has_member = true;
    assert_asked(NULL, "");
}

static void
test_sessions_of_others(void **state)
{
    fake.ring_uids[0] = 30005;
    assert_asked(NULL, "");
    /* alice's own, beside a stranger's */
    set_up(state);
    fake.rings[1] = (struct keyring_session){
        .id = FAKE_ID, .ring = FAKE_RING, .session = FAKE_RECORD + 1};
    fake.ring_uids[1] = 30005;
    assert_asked(NULL, "");
    /* one uid, two names */
    set_up(state);
    fake.ring_users[0] = "alina";
    assert_asked(NULL, "");
    set_up(state);
    fake.ring_users[0] = NULL;
    assert_asked(NULL, "");
    set_up(state);
    fake.record_error = -EKEYREVOKED;
    assert_asked(NULL, "");
}

static void
test_hosts_that_serve_strangers(void **state)
{
    fake.ruid = 0; /* sshd, started from alice's root shell */
    assert_asked(NULL, "");
    set_up(state);
    fake.ruid = 30005; /* bob has come by alice's keyring and runs su */
    assert_asked(NULL, "");
    set_up(state);
    fake.euid = FAKE_UID; /* a screen locker */
    assert_asked(NULL, "");
}

static void
test_a_password_that_is_there_is_used(void **state)
{
    fake.authtok = "wrong horse";
    fake_answer_place(WIRE_NO_KEYRING_DENY);
    fake_answer_verdict(WIRE_WRONG_CREDENTIALS);
    assert_int_equal(authenticate(NULL), PAM_AUTH_ERR);
    assert_null(strstr(fake_journal(), "REUSE"));
    set_up(state);
    assert_int_equal(authenticate("use_first_pass"), PAM_AUTH_ERR);
    assert_string_equal(fake_journal(), "");
}

static void
test_debug(void **state)
{
    (void)state;
    fake_answer_verdict(WIRE_REFUSED);
    fake.typed = NULL;
    assert_int_equal(authenticate("debug"), PAM_CONV_ERR);
    assert_non_null(strstr(fake_log(), "7 user alice"));
    assert_non_null(strstr(fake_log(), "reuse of session fedcba98: refused"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_success),
        TEST(test_every_other_answer_asks),
        TEST(test_signind_that_cannot_be_asked),
        TEST(test_no_session_no_question),
        TEST(test_sessions_of_others),
        TEST(test_hosts_that_serve_strangers),
        TEST(test_a_password_that_is_there_is_used),
        TEST(test_debug),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
