/* SPDX-License-Identifier: BSD-2-Clause */
/* REUSE: yes only if everything says so, and the provider at this moment. */
#include "ask-test.h"

#include <errno.h>

static char sudo[] = "sudo", idp[] = "idp";
static char alice[] = "alice", *alice_items[] = {alice, NULL};

static int
set_up(void **state)
{
    if (fixture_begin(state) != 0)
        return -1;
    fixture->config.access_count = 2;
    fixture->access[1] = (struct access_config){
        .service = sudo, .allow_all_users = true, .reuse_sign_in_s = 300};
    fixture->providers[0].requests[REQUEST_USERINFO].configured = true;
    return 0;
}

static void
ask(const char *service, const char *secret)
{
    fixture->journal[0] = '\0';
    fixture->verdict = WIRE_RESULT_NONE;
    fixture_ask(WIRE_REUSE, WIRE_SERVICE, service, WIRE_ID, ASK_ID, WIRE_SECRET,
                secret, 0);
}

/* Refused without asking anybody. */
static void
assert_no(const char *why)
{
    ask("sudo", ASK_SECRET);
    assert_int_not_equal(fixture->verdict, WIRE_RESULT_NONE);
    assert_int_not_equal(fixture->verdict, WIRE_OK);
    assert_string_equal(fixture->journal, "");
    assert_null(fixture->peer.work);
    assert_true(fixture_logged(why));
}

static void
test_success(void **state)
{
    (void)state;
    fixture_session(299);
    ask("sudo", ASK_SECRET);
    assert_string_equal(fixture->journal, "check");
    assert_int_equal(fixture->peer.state, PEER_WORKING);
    fixture_checked(WIRE_OK, false);
    assert_string_equal(fixture->journal, "check; check A0 at idp");
    fixture_told(WIRE_OK, NULL);
    assert_int_equal(fixture->verdict, WIRE_OK);
    assert_false(fixture->ticket);
    assert_null(fixture->peer.work);
    assert_true(fixture_logged("5 reuse of session 01234567 by alice (service "
                               "sudo): ok: reuse_sign_in of [access sudo]"));
}

static void
test_local_user(void **state)
{
    (void)state;
    fixture_be_local();
    fixture_session(10);
    ask("sudo-i", ASK_SECRET);
    assert_string_equal(fixture->journal, "check A0 at idp");
    fixture_told(WIRE_OK, NULL);
    assert_int_equal(fixture->verdict, WIRE_OK);
}

static void
test_the_rule_is_off(void **state)
{
    (void)state;
    fixture_session(10);
    ask("sshd", ASK_SECRET);
    assert_int_equal(fixture->verdict, WIRE_DENIED);
    assert_string_equal(fixture->journal, "");
    assert_string_equal(fixture->log, "");
    fixture->config.access_count = 0;
    ask("sudo", ASK_SECRET);
    assert_int_equal(fixture->verdict, WIRE_DENIED);
}

static void
test_not_that_recent(void **state)
{
    struct session *session;

    (void)state;
    session = fixture_session(302);
    assert_no("the sign-in is not recent");
    session->opened_at_s = session_now_s() + 60;
    assert_no("the sign-in is not recent");
}

static void
test_not_that_session(void **state)
{
    struct session *session;

    (void)state;
    assert_no("there is no such session");
    session = fixture_session(10);
    session->state = SESSION_CLOSING;
    assert_no("there is no such session");
    session->state = SESSION_PENDING;
    assert_no("there is no such session");
    session->state = SESSION_LIVE;
    session->health = HEALTH_REFUSED;
    assert_no("has refused the session");
    session->health = HEALTH_LIVE;
    session->offline = true;
    assert_no("it was signed in offline");
    session->offline = false;
    session->uid = 30005;
    assert_no("another user's");
    session->uid = ASK_UID;
    assert_int_equal(session_set(&session->user, "alicf"), 0);
    assert_no("another user's");
    assert_int_equal(session_set(&session->user, alice), 0);
    session->secret[31] = 'b';
    assert_no("not the session's secret");
    session->secret[0] = '\0';
    assert_no("not the session's secret");
}

static void
test_another_provider(void **state)
{
    (void)state;
    fixture_session(10);
    fixture_ask(WIRE_REUSE, WIRE_SERVICE, "sudo", WIRE_ID, ASK_ID, WIRE_SECRET,
                ASK_SECRET, WIRE_PROVIDER, "other", 0);
    assert_int_equal(fixture->verdict, WIRE_DENIED);
    assert_string_equal(fixture->journal, "");
}

static void
test_directory_and_rules(void **state)
{
    (void)state;
    fixture_session(10);
    ask("sudo", ASK_SECRET);
    fixture_checked(WIRE_ACCOUNT_DISABLED, false);
    assert_int_equal(fixture->verdict, WIRE_ACCOUNT_DISABLED);
    ask("sudo", ASK_SECRET);
    fixture_checked(WIRE_OK, true);
    assert_int_equal(fixture->verdict, WIRE_UNAVAILABLE);
    fixture->access[1].deny_users = (struct text_list){alice_items, 1};
    ask("sudo", ASK_SECRET);
    fixture_checked(WIRE_OK, false);
    assert_int_equal(fixture->verdict, WIRE_DENIED);
    assert_string_equal(fixture->journal, "check");
    fixture->user = (struct directory_user){0};
    ask("sudo", ASK_SECRET);
    assert_int_equal(fixture->verdict, WIRE_UNKNOWN_USER);
    fixture->find_error = -EUCLEAN;
    ask("sudo", ASK_SECRET);
    assert_int_equal(fixture->verdict, WIRE_INTERNAL);
}

static void
test_provider_says_no(void **state)
{
    static const enum wire_result results[] = {
        WIRE_REFUSED, WIRE_UNAVAILABLE, WIRE_SLOW_DOWN, WIRE_IDENTITY_MISMATCH,
        WIRE_MISCONFIGURED};

    (void)state;
    fixture_be_local();
    fixture_session(10);
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        ask("sudo", ASK_SECRET);
        fixture_told(results[i], NULL);
        assert_int_equal(fixture->verdict, results[i]);
    }
}

static void
test_things_change_meanwhile(void **state)
{
    struct session *session;

    (void)state;
    session = fixture_session(10);
    ask("sudo", ASK_SECRET);
    session->state = SESSION_CLOSING;
    fixture_checked(WIRE_OK, false);
    assert_int_equal(fixture->verdict, WIRE_NO_SESSION);
    assert_string_equal(fixture->journal, "check");
    session->state = SESSION_LIVE;
    ask("sudo", ASK_SECRET);
    fixture_checked(WIRE_OK, false);
    session->health = HEALTH_REFUSED;
    fixture_told(WIRE_OK, NULL);
    assert_int_equal(fixture->verdict, WIRE_NO_SESSION);
}

static void
test_one_refresh_where_nothing_can_be_asked(void **state)
{
    static const enum wire_result results[] = {WIRE_OK, WIRE_REFUSED,
                                               WIRE_UNAVAILABLE, WIRE_TOO_SHORT,
                                               WIRE_NO_SESSION};

    (void)state;
    fixture_be_local();
    fixture_session(10);
    fixture->providers[0].requests[REQUEST_USERINFO].configured = false;
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        ask("sudo", ASK_SECRET);
        assert_string_equal(fixture->journal, "renew");
        fixture_waited(results[i]);
        assert_int_equal(fixture->verdict, results[i]);
        assert_null(fixture->peer.work);
    }
    /* At once. */
    fixture->begin_wait = WIRE_REFUSED;
    ask("sudo", ASK_SECRET);
    assert_int_equal(fixture->verdict, WIRE_REFUSED);
}

static void
test_a_token_that_has_expired_is_renewed(void **state)
{
    struct session *session;

    (void)state;
    fixture_be_local();
    session = fixture_session(10);
    session->expires_at_s = session_now_s() - 1;
    ask("sudo", ASK_SECRET);
    assert_string_equal(fixture->journal, "renew");
    fixture_waited(WIRE_OK);
    assert_int_equal(fixture->verdict, WIRE_OK);
}

static void
test_too_late(void **state)
{
    (void)state;
    fixture_be_local();
    fixture_session(10);
    ask("sudo", ASK_SECRET);
    fixture_late();
    assert_int_equal(fixture->verdict, WIRE_UNAVAILABLE);
    assert_string_equal(fixture->journal, "check A0 at idp; cancel");
}

static void
test_peer_goes(void **state)
{
    (void)state;
    fixture_session(10);
    ask("sudo", ASK_SECRET);
    fixture_leave();
    assert_string_equal(fixture->journal, "check; no check");
    fixture_be_local();
    ask("sudo", ASK_SECRET);
    fixture_leave();
    assert_string_equal(fixture->journal, "check A0 at idp; cancel");
    fixture->providers[0].requests[REQUEST_USERINFO].configured = false;
    ask("sudo", ASK_SECRET);
    fixture_leave();
    assert_string_equal(fixture->journal, "renew; no renewal");
    fixture_late();
    assert_int_equal(fixture->verdict, WIRE_RESULT_NONE);
}

/* A provider that is known to be away is not waited for. */
static void
test_open_circuit(void **state)
{
    const struct provider_result away = {.result = WIRE_UNAVAILABLE,
                                         .why = "curl: no"};

    (void)state;
    fixture_be_local();
    fixture_session(10);
    for (int i = 0; i < 3; i++)
        circuit_note(&fixture->daemon.sessions, idp, &away);
    for (int i = 0; i < 6; i++) {
        ask("sudo", ASK_SECRET);
        if (fixture->told != NULL)
            fixture_leave();
    }
    assert_int_equal(fixture->verdict, WIRE_UNAVAILABLE);
    assert_string_equal(fixture->journal, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_success),
        TEST(test_local_user),
        TEST(test_the_rule_is_off),
        TEST(test_not_that_recent),
        TEST(test_not_that_session),
        TEST(test_another_provider),
        TEST(test_directory_and_rules),
        TEST(test_provider_says_no),
        TEST(test_things_change_meanwhile),
        TEST(test_one_refresh_where_nothing_can_be_asked),
        TEST(test_a_token_that_has_expired_is_renewed),
        TEST(test_too_late),
        TEST(test_peer_goes),
        TEST(test_open_circuit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
