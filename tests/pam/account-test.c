/* SPDX-License-Identifier: BSD-2-Clause */
/* acct_mgmt, setcred and chauthtok. */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#define TICKET "30001:" FAKE_TICKET

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
account(const char *options)
{
    return fake_call(FAKE_ACCOUNT, 0, options);
}

static int
setcred(unsigned flags)
{
    return fake_call(FAKE_SETCRED, (int)flags, NULL);
}

/* ---- acct_mgmt
 * ------------------------------------------------------------------ */

static void
test_account_results(void **state)
{
    static const int codes[WIRE_RESULTS] = {
        [WIRE_OK] = PAM_SUCCESS,
        [WIRE_WRONG_CREDENTIALS] = PAM_PERM_DENIED,
        [WIRE_ACCOUNT_DISABLED] = PAM_ACCT_EXPIRED,
        [WIRE_NEED_SECOND_FACTOR] = PAM_PERM_DENIED,
        [WIRE_MUST_CHANGE_PASSWORD] = PAM_PERM_DENIED,
        [WIRE_SLOW_DOWN] = PAM_AUTHINFO_UNAVAIL,
        [WIRE_THROTTLED] = PAM_PERM_DENIED,
        [WIRE_MISCONFIGURED] = PAM_AUTHINFO_UNAVAIL,
        [WIRE_UNAVAILABLE] = PAM_AUTHINFO_UNAVAIL,
        [WIRE_IDENTITY_MISMATCH] = PAM_PERM_DENIED,
        [WIRE_UNKNOWN_USER] = PAM_PERM_DENIED,
        [WIRE_DENIED] = PAM_PERM_DENIED,
        [WIRE_NO_SESSION] = PAM_AUTHINFO_UNAVAIL,
        [WIRE_REFUSED] = PAM_PERM_DENIED,
        [WIRE_TOO_SHORT] = PAM_AUTHINFO_UNAVAIL,
        [WIRE_NO_KEYS] = PAM_AUTHINFO_UNAVAIL,
        [WIRE_BAD_REQUEST] = PAM_AUTHINFO_UNAVAIL,
        [WIRE_NOT_PERMITTED] = PAM_AUTHINFO_UNAVAIL,
        [WIRE_BUSY] = PAM_AUTHINFO_UNAVAIL,
        [WIRE_INTERNAL] = PAM_AUTHINFO_UNAVAIL,
    };

    (void)state;
    for (int result = WIRE_OK; result < WIRE_RESULTS; result++) {
        fake_reset();
        fake_answer_verdict((enum wire_result)result);
        assert_int_equal(account("provider=corp"), codes[result]);
        assert_string_equal(fake_journal(), "open pam; ACCOUNT 10000");
        assert_string_equal(fake_request_text(0, WIRE_USER), "alice");
        assert_int_equal(fake_request_number(0, WIRE_UID), FAKE_UID);
        assert_string_equal(fake_request_text(0, WIRE_SERVICE), "sshd");
        assert_string_equal(fake_request_text(0, WIRE_PROVIDER), "corp");
        assert_non_null(
            strstr(fake_log(), wire_result_name((enum wire_result)result)));
    }
}

static void
test_account_fails_closed(void **state)
{
    (void)state;
    fake.open_error = -ENOENT;
    assert_int_equal(account(NULL), PAM_AUTHINFO_UNAVAIL);
    fake_reset();
    assert_int_equal(account(NULL), PAM_AUTHINFO_UNAVAIL);
    fake_reset();
    fake_answer_place(WIRE_NO_KEYRING_DENY);
    assert_int_equal(account(NULL), PAM_AUTHINFO_UNAVAIL);
    fake_reset();
    fake_answer_bytes("\0\1\0\20\0\24", 6);
    assert_int_equal(account(NULL), PAM_AUTHINFO_UNAVAIL);
}

static void
test_account_not_ours(void **state)
{
    static const char *const users[] = {"root", "low",    "local", "nobody",
                                        "twin", "nosuch", "Upper"};

    (void)state;
    for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
        fake_reset();
        fake.user = users[i];
        assert_int_equal(account(NULL), PAM_IGNORE);
        assert_string_equal(fake_journal(), "");
        assert_string_equal(fake_log(), "");
    }
    fake_reset();
    fake.user = NULL;
    assert_int_equal(account(NULL), PAM_IGNORE);
}

/* CVE-2025-5689: a session of the group root, with a public key. */
static void
test_account_of_a_bad_group(void **state)
{
    (void)state;
    fake.user = "rooted";
    assert_int_equal(account(NULL), PAM_PERM_DENIED);
    assert_string_equal(fake_journal(), "");
    assert_non_null(strstr(fake_log(), "primary group"));
}

static void
test_account_undecided(void **state)
{
    (void)state;
    fake.passwd = NULL;
    assert_int_equal(account(NULL), PAM_AUTHINFO_UNAVAIL);
    fake_reset();
    assert_int_equal(account("min_uid=lots"), PAM_AUTHINFO_UNAVAIL);
    fake_reset();
    fake.user = "root";
    assert_int_equal(account("min_uid=lots"), PAM_IGNORE);
}

static void
test_account_in_a_host_that_is_not_root(void **state)
{
    (void)state;
    fake.ruid = fake.euid = FAKE_UID;
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(account(NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "open public; ACCOUNT 10000");
    fake_forget_journal();
    fake_answer_verdict(WIRE_DENIED);
    assert_int_equal(account(NULL), PAM_PERM_DENIED);
    fake_forget_journal();
    fake.ruid = fake.euid = 30005;
    assert_int_equal(account(NULL), PAM_AUTHINFO_UNAVAIL);
    fake.euid = FAKE_UID;
    assert_int_equal(account(NULL), PAM_AUTHINFO_UNAVAIL);
    assert_string_equal(fake_journal(), "");
}

/* ---- setcred(ESTABLISH, DELETE)
 * --------------------------------------------------- */

static void
test_establish_with_nothing_to_do(void **state)
{
    (void)state;
    assert_int_equal(setcred(PAM_ESTABLISH_CRED), PAM_SUCCESS);
    assert_int_equal(setcred(0), PAM_SUCCESS);
    assert_int_equal(setcred(PAM_ESTABLISH_CRED | PAM_SILENT), PAM_SUCCESS);
    fake.user = "root";
    fake_set_env(TICKET);
    assert_int_equal(setcred(PAM_ESTABLISH_CRED), PAM_SUCCESS);
    fake.user = "alice";
    assert_int_equal(fake_call(FAKE_SETCRED, PAM_ESTABLISH_CRED, "no_session"),
                     PAM_SUCCESS);
    fake.group_missing = true;
    assert_int_equal(setcred(PAM_ESTABLISH_CRED), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "");
    assert_string_equal(fake_env(), TICKET);
}

static void
test_establish_waits_for_a_private_ring(void **state)
{
    (void)state;
    fake_set_env(TICKET);
    fake.session_keyring = "keyring;0;65534;1f3f0000;_uid_ses.0";
    assert_int_equal(setcred(PAM_ESTABLISH_CRED), PAM_SUCCESS);
    fake.session_keyring = NULL;
    assert_int_equal(setcred(PAM_ESTABLISH_CRED), PAM_SUCCESS);
    fake.session_keyring = "keyring;30001;30002;3f030000;_ses";
    fake.rings[0] = (struct keyring_session){
        .id = FAKE_OTHER, .ring = FAKE_OLD_RING, .session = FAKE_RECORD};
    fake.ring_uids[0] = FAKE_UID;
    assert_int_equal(setcred(PAM_ESTABLISH_CRED), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "");
    assert_string_equal(fake_env(), TICKET);
}

static void
test_establish_places(void **state)
{
    (void)state;
    fake_set_env(TICKET);
    fake_answer_claimed(WIRE_NO_KEYRING_DENY);
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(setcred(PAM_ESTABLISH_CRED), PAM_SUCCESS);
    assert_string_equal(fake_journal(),
                        "unset ticket; open pam; CLAIM 10000; open keep; make "
                        "ring; PLACED 10000");
    fake_forget_journal();
    assert_int_equal(fake_call(FAKE_OPEN, 0, NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "");
}

static void
test_establish_that_fails_keeps_the_session_closed(void **state)
{
    (void)state;
    fake_set_env(TICKET);
    fake_answer_verdict(WIRE_NO_SESSION);
    assert_int_equal(setcred(PAM_ESTABLISH_CRED), PAM_CRED_ERR);
    assert_int_equal(fake_call(FAKE_OPEN, 0, NULL), PAM_SYSTEM_ERR);
}

static void
test_delete_gives_up_an_unused_ticket(void **state)
{
    (void)state;
    fake_set_env(TICKET);
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(setcred(PAM_DELETE_CRED), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "unset ticket; open pam; ABANDON 3000");
    fake_forget_journal();
    assert_int_equal(setcred(PAM_DELETE_CRED), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "");
    fake_set_env("x");
    assert_int_equal(setcred(PAM_DELETE_CRED), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "unset ticket");
    fake_forget_journal();
    fake.euid = fake.ruid = FAKE_UID;
    fake_set_env(TICKET);
    assert_int_equal(setcred(PAM_DELETE_CRED), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "unset ticket");
}

/* ---- setcred(REFRESH)
 * -------------------------------------------------------------- */

static void
hang_own_ring(void)
{
    fake.rings[0] = (struct keyring_session){
        .id = FAKE_OTHER, .ring = FAKE_OLD_RING, .session = FAKE_RECORD};
    fake.ring_uids[0] = 30005;
    fake.rings[1] = (struct keyring_session){
        .id = FAKE_ID, .ring = FAKE_RING, .session = FAKE_RECORD + 1};
    fake.ring_uids[1] = FAKE_UID;
}

static void
test_renew_as_root(void **state)
{
    static const unsigned flags[] = {PAM_REFRESH_CRED, PAM_REINITIALIZE_CRED};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        fake_reset();
        hang_own_ring();
        fake_answer_verdict(WIRE_OK);
        assert_int_equal(setcred(flags[i]), PAM_SUCCESS);
        assert_string_equal(fake_journal(), "open pam; RENEW 5000");
        assert_string_equal(fake_request_text(0, WIRE_ID), FAKE_ID);
    }
}

static void
test_renew_as_the_user(void **state)
{
    (void)state;
    fake.ruid = fake.euid = FAKE_UID;
    hang_own_ring();
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(setcred(PAM_REFRESH_CRED), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "open public; REFRESH 5000");
    assert_string_equal(fake_request_text(0, WIRE_ID), FAKE_ID);
    assert_string_equal(fake_request_text(0, WIRE_SECRET), FAKE_SECRET);
    assert_int_equal(fake_request_number(0, WIRE_FORCE), 1);
}

static void
test_renew_never_denies(void **state)
{
    (void)state;
    hang_own_ring();
    fake_answer_verdict(WIRE_REFUSED);
    assert_int_equal(setcred(PAM_REFRESH_CRED), PAM_SUCCESS);
    assert_non_null(strstr(fake_log(), "refused"));
    fake_reset();
    hang_own_ring();
    fake.open_error = -ENOENT;
    assert_int_equal(setcred(PAM_REFRESH_CRED), PAM_SUCCESS);
    assert_non_null(strstr(fake_log(), "not running"));
    fake_reset();
    hang_own_ring();
    fake.walk_error = -EACCES;
    assert_int_equal(setcred(PAM_REFRESH_CRED), PAM_SUCCESS);
}

static void
test_renew_with_nothing_to_do(void **state)
{
    (void)state;
    assert_int_equal(setcred(PAM_REFRESH_CRED), PAM_SUCCESS);
    fake.user = "root";
    hang_own_ring();
    assert_int_equal(setcred(PAM_REFRESH_CRED), PAM_SUCCESS);
    /* sudo, su: the ring is the caller's. */
    fake.user = "alice";
    fake.ruid = FAKE_UID;
    assert_int_equal(setcred(PAM_REFRESH_CRED), PAM_SUCCESS);
    fake.ruid = 0;
    fake_set_env(TICKET);
    assert_int_equal(setcred(PAM_REINITIALIZE_CRED), PAM_SUCCESS);
    fake_set_env("");
    assert_int_equal(fake_call(FAKE_SETCRED, PAM_REFRESH_CRED, "no_session"),
                     PAM_SUCCESS);
    fake.group_missing = true;
    assert_int_equal(setcred(PAM_REFRESH_CRED), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "");
}

static void
test_renew_by_the_opener(void **state)
{
    (void)state;
    fake_set_env(TICKET);
    fake_answer_claimed(WIRE_NO_KEYRING_DENY);
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(fake_call(FAKE_OPEN, 0, NULL), PAM_SUCCESS);
    fake_forget_journal();
    assert_int_equal(setcred(PAM_REINITIALIZE_CRED), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "");
}

/* ---- chauthtok
 * ------------------------------------------------------------------- */

static void
test_password_change(void **state)
{
    (void)state;
    assert_int_equal(fake_call(FAKE_CHAUTHTOK, (int)PAM_PRELIM_CHECK, NULL),
                     PAM_AUTHTOK_ERR);
    assert_non_null(strstr(fake_told(), "kept by your sign-in provider"));
    assert_int_equal(fake_call(FAKE_CHAUTHTOK, (int)PAM_UPDATE_AUTHTOK, NULL),
                     PAM_AUTHTOK_ERR);
    /* Said once. */
    assert_ptr_equal(strchr(fake_told(), '\n'), strrchr(fake_told(), '\n'));
}

static void
test_password_change_silent(void **state)
{
    (void)state;
    assert_int_equal(
        fake_call(FAKE_CHAUTHTOK, (int)(PAM_PRELIM_CHECK | PAM_SILENT), NULL),
        PAM_AUTHTOK_ERR);
    assert_string_equal(fake_told(), "");
}

static void
test_password_change_of_others(void **state)
{
    (void)state;
    fake.user = "local";
    assert_int_equal(fake_call(FAKE_CHAUTHTOK, (int)PAM_PRELIM_CHECK, NULL),
                     PAM_IGNORE);
    fake.user = "alice";
    assert_int_equal(
        fake_call(FAKE_CHAUTHTOK,
                  (int)(PAM_PRELIM_CHECK | PAM_CHANGE_EXPIRED_AUTHTOK), NULL),
        PAM_IGNORE);
    assert_string_equal(fake_told(), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_account_results),
        TEST(test_account_fails_closed),
        TEST(test_account_not_ours),
        TEST(test_account_of_a_bad_group),
        TEST(test_account_undecided),
        TEST(test_account_in_a_host_that_is_not_root),
        TEST(test_establish_with_nothing_to_do),
        TEST(test_establish_waits_for_a_private_ring),
        TEST(test_establish_places),
        TEST(test_establish_that_fails_keeps_the_session_closed),
        TEST(test_delete_gives_up_an_unused_ticket),
        TEST(test_renew_as_root),
        TEST(test_renew_as_the_user),
        TEST(test_renew_never_denies),
        TEST(test_renew_with_nothing_to_do),
        TEST(test_renew_by_the_opener),
        TEST(test_password_change),
        TEST(test_password_change_silent),
        TEST(test_password_change_of_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
