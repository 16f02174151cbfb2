/* SPDX-License-Identifier: BSD-2-Clause */
/* close_session and setcred(DELETE), with signind and without. */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#define TICKET  "30001:" FAKE_TICKET
#define CLAIMED "unset ticket; open pam; CLAIM 10000; open keep"
#define PLACED  CLAIMED "; make ring; PLACED 10000"

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
open_session(const char *options)
{
    return fake_call(FAKE_OPEN, 0, options);
}

static int
close_session(void)
{
    return fake_call(FAKE_CLOSE, 0, NULL);
}

static void
place(void)
{
    fake_set_env(TICKET);
    fake_answer_claimed(WIRE_NO_KEYRING_DENY);
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(), PLACED);
    assert_true(fake_answers_used());
}

/* ---- closing
 * -------------------------------------------------------------------- */

static void
test_close(void **state)
{
    (void)state;
    place();
    fake_forget_journal();
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(close_session(), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "open pam; CLOSE 3000");
    assert_string_equal(fake_request_text(0, WIRE_ID), FAKE_ID);
    fake_forget_journal();
    assert_int_equal(close_session(), PAM_SUCCESS);
    assert_int_equal(fake_call(FAKE_SETCRED, (int)PAM_DELETE_CRED, NULL),
                     PAM_SUCCESS);
    assert_string_equal(fake_journal(), "");
}

static void
test_close_by_setcred(void **state)
{
    (void)state;
    place();
    fake_forget_journal();
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(fake_call(FAKE_SETCRED, (int)PAM_DELETE_CRED, NULL),
                     PAM_SUCCESS);
    assert_string_equal(fake_journal(), "open pam; CLOSE 3000");
    fake_forget_journal();
    assert_int_equal(close_session(), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "");
}

static void
test_close_of_a_session_that_has_gone(void **state)
{
    (void)state;
    place();
    fake_forget_journal();
    fake_answer_verdict(WIRE_NO_SESSION);
    fake.check_error = -EKEYREVOKED;
    assert_int_equal(close_session(), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "open pam; CLOSE 3000; open keep");
    assert_string_equal(fake_log(), "");
    /* signind does not know it, but its ring is there. */
    fake_reset();
    place();
    fake_forget_journal();
    fake_answer_verdict(WIRE_NO_SESSION);
    assert_int_equal(close_session(), PAM_SUCCESS);
    assert_string_equal(fake_journal(),
                        "open pam; CLOSE 3000; open keep; end 703 704");
}

static void
test_close_without_opening(void **state)
{
    (void)state;
    assert_int_equal(close_session(), PAM_SUCCESS);
    fake.user = "root";
    assert_int_equal(close_session(), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "");
}

static void
test_close_in_a_forked_copy(void **state)
{
    (void)state;
    place();
    fake_forget_journal();
    fake.pid = 4712;
    assert_int_equal(close_session(), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "");
    fake.pid = 4711;
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(close_session(), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "open pam; CLOSE 3000");
}

static void
test_close_without_signind(void **state)
{
    (void)state;
    /* It does not listen; it does not answer; it cannot. */
    for (int how = 0; how < 3; how++) {
        fake_reset();
        place();
        fake_forget_journal();
        if (how == 0)
            fake.open_error = -ECONNREFUSED;
        if (how == 2)
            fake_answer_verdict(WIRE_INTERNAL);
        assert_int_equal(close_session(), PAM_SUCCESS);
        assert_string_equal(fake_journal(),
                            how == 0
                                ? "open pam; open keep; end 703 704"
                                : "open pam; CLOSE 3000; open keep; end 703 "
                                  "704");
        assert_non_null(strstr(fake_log(), "ended without signind"));
    }
}

static void
test_close_without_signind_and_keep(void **state)
{
    static const struct {
        int open_keep_error;
        const char *keep_id;
    } cases[] = {{-ENOKEY, FAKE_ID}, {0, FAKE_OTHER}};

    (void)state;
    /* K is gone or another's: what was remembered is still checked. */
    for (size_t i = 0; i < 2; i++) {
        fake_reset();
        place();
        fake_forget_journal();
        fake.open_error = -ENOENT;
        fake.open_keep_error = cases[i].open_keep_error;
        fake.keep_id = cases[i].keep_id;
        assert_int_equal(close_session(), PAM_SUCCESS);
        assert_string_equal(fake_journal(), "open pam; open keep; end 703 704");
    }
}

static void
test_close_never_touches_a_key_that_is_not_ours(void **state)
{
    (void)state;
    place();
    fake_forget_journal();
    fake.open_error = -ENOENT;
    fake.check_error = -EPERM;
    assert_int_equal(close_session(), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "open pam; open keep");
    assert_memory_equal(strchr(fake_log(), '\n') + 1, "3 ", 2);
}

static void
test_end_of_the_handle_frees_memory_only(void **state)
{
    (void)state;
    place();
    fake_forget_journal();
    fake_end();
    assert_string_equal(fake_journal(), "");
    assert_false(fake_has_data());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_close),
        TEST(test_close_by_setcred),
        TEST(test_close_of_a_session_that_has_gone),
        TEST(test_close_without_opening),
        TEST(test_close_in_a_forked_copy),
        TEST(test_close_without_signind),
        TEST(test_close_without_signind_and_keep),
        TEST(test_close_never_touches_a_key_that_is_not_ours),
        TEST(test_end_of_the_handle_frees_memory_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
