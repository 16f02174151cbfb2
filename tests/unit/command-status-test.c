/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signin status, logout, sessions.
 */
#include "command-fake.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "wire/channel.h"

static void
assert_says(const char *words)
{
    if (strstr(fake.out, words) == NULL)
        fail_msg("\"%s\" is not in:\n%s", words, fake.out);
}

static void
assert_no_secrets(void)
{
    assert_null(strstr(fake.out, "token-one"));
    assert_null(strstr(fake.out, FAKE_SECRET));
    assert_null(strstr(fake.out, FAKE_ID));
}

/* ---- status ---------------------------------------------------------------
 */

static void
live_session(void **state)
{
    (void)state;
    fake_set_record(3599, 3600, "state=live\nrefreshed_at=1699999999\n");
    assert_int_equal(fake_run("status", NULL), STATUS_OK);
    assert_string_equal(
        fake.out,
        "user        alice\n"
        "provider    corp\n"
        "subject     24828976\n"
        "session     01234567\n"
        "signed in   2023-11-14T22:12:20+00:00\n"
        "token       valid until 2023-11-14T23:13:19+00:00 (59 min 59 s "
        "left)\n"
        "refreshed   2023-11-14T22:13:19+00:00\n"
        "state       live\n");
    assert_string_equal(fake.err, "");
    assert_no_secrets();
    assert_int_equal(fake.calls, 0);
}

static void
troubled_sessions(void **state)
{
    (void)state;
    fake_set_record(60, 3600, "state=unavailable\nstate_since=1699999000\n");
    assert_int_equal(fake_run("status", NULL), STATUS_OK);
    assert_says("provider unreachable since 2023-11-14T21:56:40+00:00; "
                "signind keeps trying");
    assert_says("refreshed   not yet");

    fake_set_record(60, 3600, "state=refused\nstate_since=1699999000\n");
    assert_int_equal(fake_run("status", NULL), STATUS_REFUSED);
    assert_says("refused by the provider since 2023-11-14T21:56:40+00:00; "
                "sign in again");
    assert_complains();

    fake_set_record(0, 0, "state=unavailable\noffline=waiting\n");
    fake_set_key(FAKE_TOKEN, "-", 0);
    assert_int_equal(fake_run("status", NULL), STATUS_EXPIRED);
    assert_says("signed in offline; tokens come when provider corp answers\n");
    assert_complains();
    fake_set_record(0, 0, "state=unavailable\noffline=lost\n");
    assert_int_equal(fake_run("status", NULL), STATUS_REFUSED);
    assert_says("signed in offline; sign in again for tokens\n");
    assert_complains();

    fake_set_record(-60, 3600, "state=unavailable\n");
    fake_set_key(FAKE_TOKEN, NULL, -EKEYEXPIRED);
    assert_int_equal(fake_run("status", NULL), STATUS_EXPIRED);
    assert_says("expired at 2023-11-14T22:12:20+00:00");
    assert_complains();

    fake_set_key(FAKE_TOKEN, "-", 0);
    fake_set_record(0, 0, "state=live\n");
    assert_int_equal(fake_run("status", NULL), STATUS_EXPIRED);
    assert_says("token       none\n");

    fake_set_key(FAKE_TOKEN, "token-one", 0);
    assert_int_equal(fake_run("status", NULL), STATUS_OK);
    assert_says("valid; the provider did not say until when");

    fake.ring_count = 0;
    assert_int_equal(fake_run("status", "--json", NULL), STATUS_NO_SESSION);
    assert_string_equal(fake.out, "");
}

static void
hostile_values_do_not_reach_the_terminal(void **state)
{
    fake_set_key(FAKE_RECORD,
                 "v=1\nid=" FAKE_ID "\nuid=1000\nuser=a\x1b[2J\\n\"b\n"
                 "provider=p\\\\\n",
                 0);
    (void)state;
    assert_int_equal(fake_run("status", NULL), STATUS_OK);
    assert_says("user        a?[2J?\"b\n");
    assert_says("subject     unknown\n");
    assert_int_equal(fake_run("status", "--json", NULL), STATUS_OK);
    assert_says("\"user\":\"a\\u001b[2J\\u000a\\\"b\"");
    assert_says("\"provider\":\"p\\\\\"");
    assert_says("\"subject\":null");
}

static void
status_for_programs(void **state)
{
    (void)state;
    fake_set_record(60, 3600,
                    "state=unavailable\nstate_since=1699999000\n"
                    "keep.token_type=bearer\nkeep.id_token=x\n");
    assert_int_equal(fake_run("status", "--json", NULL), STATUS_OK);
    assert_string_equal(
        fake.out,
        "{\"session\":\"01234567\",\"user\":\"alice\",\"uid\":1000,"
        "\"provider\":\"corp\",\"subject\":\"24828976\","
        "\"opened_at\":1699999940,\"refreshed_at\":null,"
        "\"token_valid\":true,\"expires_at\":1700000060,\"lifetime\":3600,"
        "\"state\":\"unavailable\",\"state_since\":1699999000,"
        "\"state_reason\":null,\"offline\":null,"
        "\"kept\":[\"token_type\",\"id_token\"]}\n");
    assert_string_equal(fake.err, "");
}

/* ---- logout ---------------------------------------------------------------
 */

static void
logout_tells_signind(void **state)
{
    (void)state;
    assert_int_equal(fake_run("logout", NULL), STATUS_OK);
    assert_string_equal(fake.out, "");
    assert_string_equal(fake.err, "");
    assert_string_equal(fake.path, CHANNEL_PUBLIC);
    assert_int_equal(fake.request.type, WIRE_LOGOUT);
    assert_string_equal(message_text(&fake.request, WIRE_ID), FAKE_ID);
    assert_string_equal(message_text(&fake.request, WIRE_SECRET), FAKE_SECRET);
    assert_int_equal(fake.killed, 0);
}

static void
logout_hangs_up(void **state)
{
    (void)state;
    assert_int_equal(fake_run("logout", "--session", NULL), STATUS_OK);
    assert_int_equal(fake.killed, 4711);
    assert_int_equal(fake.killed_with, SIGHUP);

    fake.kill_error = ESRCH; /* it has just ended by itself */
    assert_int_equal(fake_run("logout", "--session", NULL), STATUS_OK);
    fake.kill_error = EPERM; /* after su: the leader is another user's */
    assert_int_equal(fake_run("logout", "--session", NULL),
                     STATUS_NOT_PERMITTED);
    assert_complains();
}

static void
logout_spares_some(void **state)
{
    (void)state;
    fake.leader = getpid();
    assert_int_equal(fake_run("logout", "--session", NULL), STATUS_OK);
    assert_int_equal(fake.killed, 0);
    for (pid_t leader = -1; leader <= 1; leader++) {
        fake.leader = leader;
        assert_int_equal(fake_run("logout", "--session", NULL), STATUS_FAILURE);
        assert_complains();
        assert_int_equal(fake.killed, 0);
    }
    /* Not logged out: not hung up. */
    fake.leader = 4711;
    fake.open_error = -ENOENT;
    assert_int_equal(fake_run("logout", "--session", NULL), STATUS_UNREACHABLE);
    assert_complains();
    fake.ring_count = 0;
    assert_int_equal(fake_run("logout", "--session", NULL), STATUS_NO_SESSION);
    assert_int_equal(fake.killed, 0);
}

/* ---- sessions -------------------------------------------------------------
 */

static struct message *
add_session(const char *id, const char *user, const char *state)
{
    struct message *message = &fake.sessions[fake.session_count++];

    message_init(message, WIRE_SESSION);
    assert_int_equal(message_put_text(message, WIRE_ID, id), 0);
    assert_int_equal(message_put_text(message, WIRE_USER, user), 0);
    assert_int_equal(message_put_number(message, WIRE_UID, 1000), 0);
    assert_int_equal(message_put_text(message, WIRE_PROVIDER, "corp"), 0);
    assert_int_equal(message_put_text(message, WIRE_STATE, state), 0);
    return message;
}

static void
two_sessions(void)
{
    struct message *full = add_session(FAKE_ID, "alice", "live");

    fake.euid = 0;
    message_put_text(full, WIRE_SERVICE, "sshd");
    message_put_text(full, WIRE_RHOST, "192.0.2.7");
    message_put_text(full, WIRE_TTY, "ssh");
    message_put_number(full, WIRE_OPENED_AT, FAKE_NOW);
    message_put_number(full, WIRE_EXPIRES_AT, FAKE_NOW + 60);
    message_put_number(full, WIRE_OPENER, 321);
    add_session(FAKE_SECRET, "b\x1b\xc3\xb6", "re\"fused");
}

static void
sessions_for_people(void **state)
{
    (void)state;
    two_sessions();
    assert_int_equal(fake_run("sessions", NULL), STATUS_OK);
    assert_string_equal(
        fake.out,
        "SESSION   USER   UID   PROVIDER  SERVICE  FROM       OPENED          "
        "           EXPIRES                    OPENER  STATE\n"
        "01234567  alice  1000  corp      sshd     192.0.2.7  "
        "2023-11-14T22:13:20+00:00  2023-11-14T22:14:20+00:00  321     live\n"
        "fedcba98  b?\xc3\xb6    1000  corp      -        -          unknown "
        "                   unknown                    0       re\"fused\n");
    assert_string_equal(fake.path, CHANNEL_PAM);
    assert_int_equal(fake.request.type, WIRE_SESSIONS);
}

static void
sessions_for_programs(void **state)
{
    (void)state;
    two_sessions();
    assert_int_equal(fake_run("sessions", "--json", NULL), STATUS_OK);
    assert_string_equal(
        fake.out,
        "[{\"session\":\"01234567\",\"uid\":1000,\"user\":\"alice\","
        "\"provider\":\"corp\",\"service\":\"sshd\","
        "\"rhost\":\"192.0.2.7\",\"tty\":\"ssh\",\"state\":\"live\","
        "\"opened_at\":1700000000,\"expires_at\":1700000060,"
        "\"opener\":321},"
        "{\"session\":\"fedcba98\",\"uid\":1000,"
        "\"user\":\"b\\u001b\xc3\xb6\",\"provider\":\"corp\","
        "\"service\":null,\"rhost\":null,\"tty\":null,"
        "\"state\":\"re\\\"fused\",\"opened_at\":null,\"expires_at\":null,"
        "\"opener\":null}]\n");
}

static void
no_sessions(void **state)
{
    (void)state;
    fake.euid = 0;
    assert_int_equal(fake_run("sessions", "--json", NULL), STATUS_OK);
    assert_string_equal(fake.out, "[]\n");
    assert_int_equal(fake_run("sessions", NULL), STATUS_OK);
    assert_memory_equal(fake.out, "SESSION ", 8);
}

static void
sessions_are_not_for_everybody(void **state)
{
    (void)state;
    two_sessions();
    fake.euid = FAKE_UID;
    assert_int_equal(fake_run("sessions", NULL), STATUS_NOT_PERMITTED);
    assert_complains();
    assert_int_equal(fake.calls, 0);

    /* A list that ends in "no" is not shown as if it were all. */
    fake.euid = 0;
    fake.result = WIRE_INTERNAL;
    assert_int_equal(fake_run("sessions", NULL), STATUS_FAILURE);
    assert_string_equal(fake.out, "");
    assert_complains();
    fake.open_error = -ECONNREFUSED;
    assert_int_equal(fake_run("sessions", "--json", NULL), STATUS_UNREACHABLE);
    assert_string_equal(fake.out, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(live_session, fake_reset),
        cmocka_unit_test_setup(troubled_sessions, fake_reset),
        cmocka_unit_test_setup(hostile_values_do_not_reach_the_terminal,
                               fake_reset),
        cmocka_unit_test_setup(status_for_programs, fake_reset),
        cmocka_unit_test_setup(logout_tells_signind, fake_reset),
        cmocka_unit_test_setup(logout_hangs_up, fake_reset),
        cmocka_unit_test_setup(logout_spares_some, fake_reset),
        cmocka_unit_test_setup(sessions_for_people, fake_reset),
        cmocka_unit_test_setup(sessions_for_programs, fake_reset),
        cmocka_unit_test_setup(no_sessions, fake_reset),
        cmocka_unit_test_setup(sessions_are_not_for_everybody, fake_reset),
    };

    setenv("TZ", "UTC0", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
