/* SPDX-License-Identifier: BSD-2-Clause */
/* open_session: a ticket becomes a session, once. */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#define TICKET  "30001:" FAKE_TICKET
#define CLAIMED "unset ticket; open pam; CLAIM 10000; open keep"
#define PLACED  CLAIMED "; make ring; PLACED 10000"
#define FRESH                                                                  \
    "as 30001; join fresh; as 0; as 30001; "                                   \
    "link user keyring of 30001; as 0"

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

/* The ring of somebody's session in @s, at place n. */
static void
hang_ring(size_t n, const char *id, key_serial_t ring, int64_t uid)
{
    fake.rings[n] = (struct keyring_session){
        .ring = ring, .session = FAKE_RECORD + (key_serial_t)n};
    snprintf(fake.rings[n].id, sizeof(fake.rings[n].id), "%s", id);
    fake.ring_uids[n] = uid;
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

/* ---- placing ---------------------------------------------------------------
 */

static void
test_place(void **state)
{
    (void)state;
    place();
    assert_null(fake_env());
    assert_true(fake_has_data());
    assert_string_equal(fake_request_text(0, WIRE_TICKET), FAKE_TICKET);
    assert_string_equal(fake_request_text(0, WIRE_USER), "alice");
    assert_int_equal(fake_request_number(0, WIRE_UID), FAKE_UID);
    assert_int_equal(fake_request_number(0, WIRE_START_TIME), 987654);
    assert_int_equal(fake_request_number(1, WIRE_RING), FAKE_RING);
    assert_non_null(strstr(fake_log(), "session 01234567 opened for sshd"));
    assert_null(strstr(fake_log(), FAKE_ID));
}

static void
test_place_makes_a_private_ring(void **state)
{
    static const char *const unfit[] = {
        "keyring;30001;65534;1f3f0000;_uid_ses.30001",
        "keyring;0;0;3f030000;_ses",
        "keyring;30001x;30005;3f030000;_ses",
        "user;30001;30002;3f030000;_ses",
        NULL,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++) {
        fake_reset();
        fake.session_keyring = unfit[i];
        fake_set_env(TICKET);
        fake_answer_claimed(WIRE_NO_KEYRING_DENY);
        fake_answer_verdict(WIRE_OK);
        assert_int_equal(open_session(NULL), PAM_SUCCESS);
        assert_string_equal(fake_journal(),
                            CLAIMED "; " FRESH "; make ring; PLACED 10000");
        assert_int_equal(fake.ruid, 0);
        assert_int_equal(fake.rgid, 0);
    }
}

/* A setuid host: hers it is, but it may be the one she calls su in, which
 * other processes have. */
static void
test_place_apart_from_the_caller(void **state)
{
    (void)state;
    fake.ruid = FAKE_UID;
    fake_set_env(TICKET);
    fake_answer_claimed(WIRE_NO_KEYRING_DENY);
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(fake_call(FAKE_SETCRED, PAM_ESTABLISH_CRED, NULL),
                     PAM_SUCCESS);
    assert_string_equal(fake_journal(), "");
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_non_null(strstr(fake_journal(), "join fresh"));
    assert_int_equal(fake.ruid, FAKE_UID);
}

static void
test_place_apart_from_another_session_of_the_user(void **state)
{
    (void)state;
    /* su alice, typed by alice: her @s, but not this session's. */
    hang_ring(0, FAKE_OTHER, FAKE_OLD_RING, FAKE_UID);
    fake_set_env(TICKET);
    fake_answer_claimed(WIRE_NO_KEYRING_DENY);
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(),
                        CLAIMED "; " FRESH "; make ring; PLACED 10000");
}

static void
test_place_for_a_user_at_the_quota(void **state)
{
    (void)state;
    fake.session_keyring = NULL;
    fake.join_errors[0] = EDQUOT;
    fake_set_env(TICKET);
    fake_answer_claimed(WIRE_NO_KEYRING_DENY);
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_string_equal(
        fake_journal(),
        CLAIMED "; as 30001; join fresh; as 0; join fresh; as 30001; link user "
                "keyring of 30001; as 0; make ring; PLACED 10000");
}

static void
test_no_ticket(void **state)
{
    (void)state;
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "");
    assert_false(fake_has_data());
}

static void
test_claim_is_refused(void **state)
{
    (void)state;
    for (int result = WIRE_WRONG_CREDENTIALS; result < WIRE_RESULTS; result++) {
        fake_reset();
        fake_set_env(TICKET);
        fake_answer_verdict((enum wire_result)result);
        assert_int_equal(open_session(NULL), PAM_SYSTEM_ERR);
        assert_string_equal(fake_journal(),
                            "unset ticket; open pam; CLAIM 10000");
        /* Nor does a second try open a session without tokens. */
        fake_forget_journal();
        assert_int_equal(open_session(NULL), PAM_SYSTEM_ERR);
        assert_int_equal(fake_call(FAKE_SETCRED, PAM_ESTABLISH_CRED, NULL),
                         PAM_CRED_ERR);
        assert_string_equal(fake_journal(), "");
        assert_int_equal(close_session(), PAM_SUCCESS);
    }
}

static void
test_claim_breaks(void **state)
{
    (void)state;
    fake_set_env(TICKET);
    fake.open_error = -ENOENT;
    assert_int_equal(open_session(NULL), PAM_SYSTEM_ERR);
    assert_string_equal(fake_journal(), "unset ticket; open pam");
    assert_non_null(strstr(fake_log(), "not running"));
    fake_reset();
    fake_set_env(TICKET);
    assert_int_equal(open_session(NULL), PAM_SYSTEM_ERR);
    fake_reset();
    fake_set_env(TICKET);
    fake_answer_verdict(WIRE_OK); /* OK, but no keys */
    assert_int_equal(open_session(NULL), PAM_SYSTEM_ERR);
    fake_reset();
    fake_set_env(TICKET);
    fake.no_keep = true;
    fake_answer_claimed(WIRE_NO_KEYRING_ALLOW);
    assert_int_equal(open_session(NULL), PAM_SYSTEM_ERR);
    fake_reset();
    fake_set_env(TICKET);
    fake_answer_bytes("\0\1\0\16\0\10", 6);
    assert_int_equal(open_session(NULL), PAM_SYSTEM_ERR);
    assert_null(fake_env());
}

static void
test_start_time_cannot_be_read(void **state)
{
    static const char *const texts[] = {NULL, "4711 (a) S 1 2\n", "nonsense",
                                        "4711 (a"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        fake_reset();
        fake.stat = texts[i];
        fake_set_env(TICKET);
        fake_answer_verdict(WIRE_OK);
        assert_int_equal(open_session(NULL), PAM_SYSTEM_ERR);
        assert_string_equal(fake_journal(),
                            "unset ticket; open pam; ABANDON 3000");
    }
}

/* What stops a placement before signind is told, and what is left then. */
static void
stop_placing(int step)
{
    switch (step) {
    case 0:
        fake.open_keep_error = -EPERM;
        break;
    case 1:
        fake.keep_id = FAKE_OTHER;
        break;
    case 2:
        fake.mend_error = -EDQUOT;
        break;
    case 3:
        fake.make_ring_error = -EDQUOT;
        break;
    case 4:
        fake.session_keyring = NULL;
        fake.join_errors[0] = fake.join_errors[1] = EDQUOT;
        break;
    case 5:
        fake.group_has_member = true;
        break;
    default:
        fake.session_keyring = NULL;
        fake.join_errors[0] = ENOSYS;
        break;
    }
}

static void
test_keys_cannot_be_placed(void **state)
{
    (void)state;
    for (int step = 0; step <= 6; step++) {
        for (int allow = 0; allow <= 1; allow++) {
            fake_reset();
            stop_placing(step);
            fake_set_env(TICKET);
            fake_answer_claimed(allow == 1 ? WIRE_NO_KEYRING_ALLOW
                                           : WIRE_NO_KEYRING_DENY);
            assert_int_equal(open_session(NULL),
                             allow == 1 ? PAM_SUCCESS : PAM_SYSTEM_ERR);
            /* PLACED never goes out: signind revokes the tokens. */
            assert_null(fake_request(1));
            assert_null(fake_env());
            assert_int_equal(strstr(fake_log(), "without a token") != NULL,
                             allow);
            assert_int_equal(close_session(), PAM_SUCCESS);
            assert_null(fake_request(1));
        }
    }
}

/* The user's quota has no room for a link in the user's own @s. */
static void
test_ring_of_a_user_without_room(void **state)
{
    (void)state;
    fake.make_ring_error = -EDQUOT;
    fake.make_ring_once = true;
    fake_set_env(TICKET);
    fake_answer_claimed(WIRE_NO_KEYRING_DENY);
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_non_null(strstr(fake_journal(), "join fresh"));
    assert_non_null(fake_request(1));
}

static void
test_ids_that_cannot_be_put_back(void **state)
{
    (void)state;
    fake.session_keyring = NULL;
    fake.stuck_ids = true;
    fake_set_env(TICKET);
    fake_answer_claimed(WIRE_NO_KEYRING_ALLOW);
    assert_int_equal(open_session(NULL), PAM_SYSTEM_ERR);
}

static void
test_placed_is_refused(void **state)
{
    static const struct {
        enum wire_result result;
        enum wire_no_keyring on_no_keyring;
        int code;
    } cases[] = {
        {WIRE_NO_KEYS, WIRE_NO_KEYRING_DENY, PAM_SYSTEM_ERR},
        {WIRE_NO_KEYS, WIRE_NO_KEYRING_ALLOW, PAM_SUCCESS},
        {WIRE_INTERNAL, WIRE_NO_KEYRING_ALLOW, PAM_SYSTEM_ERR},
        {WIRE_NO_SESSION, WIRE_NO_KEYRING_DENY, PAM_SYSTEM_ERR},
        {WIRE_RESULT_NONE, WIRE_NO_KEYRING_ALLOW, PAM_SYSTEM_ERR},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_reset();
        fake_set_env(TICKET);
        fake_answer_claimed(cases[i].on_no_keyring);
        if (cases[i].result == WIRE_RESULT_NONE)
            fake_answer_error(-ECONNRESET);
        else
            fake_answer_verdict(cases[i].result);
        assert_int_equal(open_session(NULL), cases[i].code);
        assert_string_equal(fake_journal(), PLACED "; unlink 703; end 703 704");
    }
}

static void
test_no_memory_for_the_session(void **state)
{
    (void)state;
    fake_set_env(TICKET);
    fake.set_data_code = PAM_BUF_ERR;
    fake_answer_claimed(WIRE_NO_KEYRING_DENY);
    fake_answer_verdict(WIRE_OK);
    assert_int_equal(open_session(NULL), PAM_SYSTEM_ERR);
    assert_string_equal(fake_journal(), PLACED "; end 703 704");
}

/* ---- once is enough
 * ----------------------------------------------------------- */

static void
test_placing_twice(void **state)
{
    (void)state;
    place();
    fake_forget_journal();
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_int_equal(fake_call(FAKE_SETCRED, PAM_ESTABLISH_CRED, NULL),
                     PAM_SUCCESS);
    fake.pid = 4712; /* the child of sshd */
    assert_int_equal(fake_call(FAKE_SETCRED, PAM_ESTABLISH_CRED, NULL),
                     PAM_SUCCESS);
    assert_string_equal(fake_journal(), "");
}

static void
test_linking_again(void **state)
{
    (void)state;
    place();
    fake_forget_journal();
    /* A pam_keyinit later in the stack has joined a fresh @s. */
    memset(fake.rings, 0, sizeof(fake.rings));
    assert_int_equal(fake_call(FAKE_SETCRED, PAM_ESTABLISH_CRED, NULL),
                     PAM_SUCCESS);
    assert_string_equal(fake_journal(), "link 703");
    fake_forget_journal();
    /* Never into one that other processes share. */
    fake.session_keyring = "keyring;30001;65534;1f3f0000;_uid_ses.30001";
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "");
    assert_non_null(strstr(fake_log(), "before pam_signin.so"));
    fake_forget_journal();
    fake.session_keyring = "keyring;30001;30002;3f030000;_ses";
    hang_ring(0, FAKE_OTHER, FAKE_OLD_RING, FAKE_UID);
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "");
    /* @s may be full: the session goes on as it is. */
    memset(fake.rings, 0, sizeof(fake.rings));
    fake_forget_journal();
    fake.link_error = EDQUOT;
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_non_null(strstr(fake_log(), "Disk quota exceeded"));
    fake.link_error = 0;
    /* Nor a ring that is not ours any more. */
    memset(fake.rings, 0, sizeof(fake.rings));
    fake.check_error = -EKEYREVOKED;
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_place),
        TEST(test_place_makes_a_private_ring),
        TEST(test_place_apart_from_the_caller),
        TEST(test_place_apart_from_another_session_of_the_user),
        TEST(test_place_for_a_user_at_the_quota),
        TEST(test_no_ticket),
        TEST(test_claim_is_refused),
        TEST(test_claim_breaks),
        TEST(test_start_time_cannot_be_read),
        TEST(test_keys_cannot_be_placed),
        TEST(test_ring_of_a_user_without_room),
        TEST(test_ids_that_cannot_be_put_back),
        TEST(test_placed_is_refused),
        TEST(test_no_memory_for_the_session),
        TEST(test_placing_twice),
        TEST(test_linking_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
