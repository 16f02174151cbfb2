/* SPDX-License-Identifier: BSD-2-Clause */
/* open_session: another user's session in @s, another user's ticket. */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#define TICKET "30001:" FAKE_TICKET
#define FRESH_FOR(uid)                                                         \
    "as " uid "; join fresh; as 0; as " uid "; link user keyring of " uid      \
    "; as 0"
#define FRESH FRESH_FOR("30001")

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

/* The ring of somebody's session in @s, at place n. */
static void
hang_ring(size_t n, const char *id, key_serial_t ring, int64_t uid)
{
    fake.rings[n] = (struct keyring_session){
        .ring = ring, .session = FAKE_RECORD + (key_serial_t)n};
    snprintf(fake.rings[n].id, sizeof(fake.rings[n].id), "%s", id);
    fake.ring_uids[n] = uid;
}

/* ---- tickets ------------------------------------------------------ */

static void
test_ticket_for_somebody_else(void **state)
{
    static const struct {
        const char *user, *options, *isolation;
    } cases[] = {
        {"root", NULL, ""},                      /* sudo */
        {"bob", NULL, FRESH_FOR("30005") "; "},  /* sudo -u bob */
        {"local", NULL, FRESH_FOR("1500") "; "}, /* not listed */
        {"nosuch", NULL,                         /* gone */
         "join fresh; link user keyring of 0; "},
        {"alice", "no_session", ""},    /* session line says so */
        {"alice", "min_uid=40000", ""}, /* not ours here */
    };
    char expected[256];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_reset();
        fake.user = cases[i].user;
        fake_set_env(TICKET);
        fake_answer_verdict(WIRE_OK);
        assert_int_equal(open_session(cases[i].options), PAM_SUCCESS);
        snprintf(expected, sizeof(expected),
                 "%sunset ticket; open pam; ABANDON 3000", cases[i].isolation);
        assert_string_equal(fake_journal(), expected);
        assert_string_equal(fake_request_text(0, WIRE_TICKET), FAKE_TICKET);
        assert_null(fake_env());
        assert_false(fake_has_data());
    }
}

static void
test_giving_up_needs_no_signind(void **state)
{
    (void)state;
    fake.user = "root";
    fake.open_error = -ECONNREFUSED;
    fake_set_env(TICKET);
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_null(fake_env());
}

static void
test_ticket_that_is_none(void **state)
{
    static const char *const wrong[] = {
        FAKE_TICKET,
        ":" FAKE_TICKET,
        "30001:",
        "x",
        "30001:" FAKE_TICKET "0",
        "30001:AAAABBBBCCCCDDDDEEEEFFFF00001111",
        "-1:" FAKE_TICKET,
        "4294967297:" FAKE_TICKET,
        " 30001:" FAKE_TICKET,
        "30001 " FAKE_TICKET};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        fake_reset();
        fake_set_env(wrong[i]);
        assert_int_equal(open_session(NULL), PAM_SYSTEM_ERR);
        assert_string_equal(fake_journal(), "unset ticket");
        assert_null(fake_env());
        assert_non_null(strstr(fake_log(), "not one of ours"));
    }
}

static void
test_ticket_in_a_host_that_is_not_root(void **state)
{
    (void)state;
    fake.ruid = fake.euid = FAKE_UID;
    fake_set_env(TICKET);
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "unset ticket");
}

/* ---- isolation
 * ----------------------------------------------------------------- */

static void
test_isolation(void **state)
{
    static const struct {
        const char *user;
        int64_t owner;
        const char *journal;
    } cases[] = {
        {"alice", FAKE_UID, ""},
        {"root", FAKE_UID, ""},
        {"bob", FAKE_UID,
         "as 30005; join fresh; as 0; as 30005; link user keyring of 30005; "
         "as 0"},
        {"local", FAKE_UID,
         "as 1500; join fresh; as 0; as 1500; link user keyring of 1500; "
         "as 0"},
        {"Upper", FAKE_UID,
         "as 30006; join fresh; as 0; as 30006; link user keyring of 30006; "
         "as 0"},
        {"nosuch", FAKE_UID, "join fresh; link user keyring of 0"},
        {"alice", -1, FRESH}, /* no uid in the record */
        {"alice", 0, FRESH},
        {"alice", (int64_t)FAKE_UID + 4294967296, FRESH},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_reset();
        fake.user = cases[i].user;
        hang_ring(0, FAKE_OTHER, FAKE_OLD_RING, cases[i].owner);
        assert_int_equal(open_session(NULL), PAM_SUCCESS);
        assert_string_equal(fake_journal(), cases[i].journal);
    }
}

static void
test_isolation_looks_at_every_ring(void **state)
{
    (void)state;
    hang_ring(0, FAKE_ID, FAKE_RING, FAKE_UID);
    hang_ring(1, FAKE_OTHER, FAKE_OLD_RING, 30005);
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(), FRESH);
}

static void
test_isolation_in_doubt(void **state)
{
    (void)state;
    hang_ring(0, FAKE_OTHER, FAKE_OLD_RING, FAKE_UID);
    fake.record_error = -EKEYREVOKED;
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(), FRESH);
    fake_reset();
    fake.walk_error = -EACCES;
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(), FRESH);
    fake_reset();
    fake.session_keyring_error = EACCES;
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(), FRESH);
}

/* There is no session in it yet, but its owner may hang one there later. */
static void
test_isolation_from_the_keyring_of_somebody_else(void **state)
{
    (void)state;
    fake.user = "bob";
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(), FRESH_FOR("30005"));
    fake_reset();
    fake.user = "bob";
    fake.group_missing = true;
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(), FRESH_FOR("30005"));
    fake_reset();
    fake.user = "bob";
    fake.session_keyring = "keyring;0;0;3f030000;_ses";
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "");
}

static void
test_isolation_without_keyrings(void **state)
{
    static const int none[] = {ENOSYS, EPERM, ENOKEY, EKEYREVOKED, EKEYEXPIRED};

    (void)state;
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        fake_reset();
        fake.session_keyring_error = none[i];
        assert_int_equal(open_session(NULL), PAM_SUCCESS);
        assert_string_equal(fake_journal(), "");
    }
    fake_reset();
    fake.walk_error = -EKEYREVOKED;
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    fake_reset();
    fake.group_missing = true;
    assert_int_equal(open_session(NULL), PAM_SUCCESS);
    assert_string_equal(fake_journal(), "");
}

static void
test_isolation_fails_closed(void **state)
{
    (void)state;
    fake.user = "bob";
    hang_ring(0, FAKE_OTHER, FAKE_OLD_RING, FAKE_UID);
    fake.join_errors[0] = fake.join_errors[1] = EDQUOT;
    /* sudo goes on after PAM_SYSTEM_ERR. */
    assert_int_equal(open_session(NULL), PAM_SYSTEM_ERR);
    assert_non_null(strstr(fake_log(), "session refused"));
    /* And stays closed. */
    memset(fake.rings, 0, sizeof(fake.rings));
    assert_int_equal(fake_call(FAKE_SETCRED, PAM_ESTABLISH_CRED, NULL),
                     PAM_CRED_ERR);
    fake_reset();
    fake.user = "bob";
    hang_ring(0, FAKE_OTHER, FAKE_OLD_RING, FAKE_UID);
    fake.stuck_ids = true;
    assert_int_equal(open_session(NULL), PAM_SYSTEM_ERR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ticket_for_somebody_else),
        TEST(test_giving_up_needs_no_signind),
        TEST(test_ticket_that_is_none),
        TEST(test_ticket_in_a_host_that_is_not_root),
        TEST(test_isolation),
        TEST(test_isolation_looks_at_every_ring),
        TEST(test_isolation_in_doubt),
        TEST(test_isolation_from_the_keyring_of_somebody_else),
        TEST(test_isolation_without_keyrings),
        TEST(test_isolation_fails_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
