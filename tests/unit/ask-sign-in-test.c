/* SPDX-License-Identifier: BSD-2-Clause */
/* AUTHENTICATE and ACCOUNT: who is asked, in which order, and what decides. */
#include "ask-test.h"

#include <errno.h>

static char staff[] = "staff", guests[] = "guests", g1[] = "g1";
static char staff_only[] = "staff", *staff_items[] = {staff_only, NULL};
static char guests_only[] = "guests", *guest_items[] = {guests_only, NULL};
static char alice[] = "alice", *alice_items[] = {alice, NULL};

static void
allow_staff(void)
{
    fixture->access[0].allow_all_users = false;
    fixture->access[0].allow_groups = (struct text_list){staff_items, 1};
}

static void
sign_in(void)
{
    fixture_ask(WIRE_AUTHENTICATE, 0);
}

static void
account(void)
{
    fixture_ask(WIRE_ACCOUNT, 0);
}

static struct provider_group claim[] = {{staff, staff}};
static struct provider_tokens claims = {
    .groups = claim, .group_count = 1, .groups_known = true};

/* ---- local users ----------------------------------------------------------
 */

static void
test_local_user(void **state)
{
    (void)state;
    fixture_be_local();
    sign_in();
    assert_string_equal(fixture->journal, "sign in at idp");
    assert_int_equal(fixture->peer.state, PEER_WORKING);
    fixture_told(WIRE_OK, NULL);
    assert_int_equal(fixture->verdict, WIRE_OK);
    assert_true(fixture->ticket);
    assert_string_equal(fixture->journal, "sign in at idp; signed in; begin");
    assert_true(fixture_logged("6 sign-in of alice (service sshd, host local, "
                               "provider idp): ok: allow_users of [access]: "
                               "as told"));
    assert_int_equal(fixture->daemon.sign_ins_in_flight, 0);
}

static void
test_local_user_at_another_provider(void **state)
{
    (void)state;
    fixture_be_local();
    fixture_ask(WIRE_AUTHENTICATE, WIRE_PROVIDER, "other", 0);
    assert_string_equal(fixture->journal, "sign in at other");
}

static void
test_wrong_password(void **state)
{
    (void)state;
    fixture_be_local();
    for (int i = 0; i < 2; i++) {
        sign_in();
        fixture_told(WIRE_WRONG_CREDENTIALS, NULL);
        assert_int_equal(fixture->verdict, WIRE_WRONG_CREDENTIALS);
        assert_false(fixture->ticket);
        fixture->verdict = WIRE_RESULT_NONE;
    }
    fixture->journal[0] = '\0';
    sign_in();
    assert_int_equal(fixture->verdict, WIRE_THROTTLED);
    assert_int_not_equal(fixture->retry_after_s, 0);
    assert_string_equal(fixture->journal, "");
}

static void
test_local_user_is_denied(void **state)
{
    (void)state;
    fixture_be_local();
    allow_staff();
    sign_in();
    assert_int_equal(fixture->verdict, WIRE_DENIED);
    assert_string_equal(fixture->journal, "");
    assert_true(fixture_logged("denied: neither allow_users nor allow_groups "
                               "of [access]: the provider was not asked"));
}

/* ---- a directory's people -------------------------------------------------
 */

static void
test_nobody(void **state)
{
    (void)state;
    fixture->user = (struct directory_user){0};
    sign_in();
    assert_int_equal(fixture->verdict, WIRE_UNKNOWN_USER);
    assert_string_equal(fixture->journal, "");
    fixture->verdict = WIRE_RESULT_NONE;
    fixture->find_error = -EUCLEAN;
    sign_in();
    assert_int_equal(fixture->verdict, WIRE_INTERNAL);
    assert_string_equal(fixture->journal, "");
}

static void
test_directory_then_provider(void **state)
{
    (void)state;
    sign_in();
    assert_string_equal(fixture->journal, "check");
    fixture_checked(WIRE_OK, false);
    assert_string_equal(fixture->journal, "check; sign in at idp");
    claims.subject = alice;
    fixture_told(WIRE_OK, &claims);
    claims.subject = NULL;
    assert_int_equal(fixture->verdict, WIRE_OK);
    assert_string_equal(fixture->journal,
                        "check; sign in at idp; signed in; begin");
    assert_string_equal(fixture->subject, "alice");
    assert_string_equal(fixture->claims, "staff ");
}

static void
test_claims_that_are_not_there(void **state)
{
    struct provider_tokens tokens = {0};

    (void)state;
    sign_in();
    fixture_checked(WIRE_OK, false);
    fixture_told(WIRE_OK, &tokens);
    assert_false(fixture->claims_known);
    assert_string_equal(fixture->subject, "(none)");
    fixture->verdict = WIRE_RESULT_NONE;
    /* An empty list is one. */
    tokens.groups_known = true;
    sign_in();
    fixture_checked(WIRE_OK, false);
    fixture_told(WIRE_OK, &tokens);
    assert_true(fixture->claims_known);
}

static void
test_disabled(void **state)
{
    static const enum wire_result results[] = {
        WIRE_ACCOUNT_DISABLED, WIRE_UNKNOWN_USER, WIRE_INTERNAL};

    (void)state;
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        fixture->journal[0] = '\0';
        fixture->verdict = WIRE_RESULT_NONE;
        sign_in();
        fixture_checked(results[i], false);
        assert_int_equal(fixture->verdict, results[i]);
        assert_string_equal(fixture->journal, "check");
    }
}

static void
test_directory_out_of_reach(void **state)
{
    (void)state;
    sign_in();
    fixture_checked(WIRE_OK, true);
    assert_int_equal(fixture->verdict, WIRE_UNAVAILABLE);
    assert_string_equal(fixture->journal, "check");
    assert_true(fixture_logged("unavailable: stale_ok of [access]: curl: no"));
    fixture->verdict = WIRE_RESULT_NONE;
    fixture->access[0].stale_ok_s = 6000;
    sign_in();
    fixture_checked(WIRE_OK, true);
    assert_string_equal(fixture->journal, "check; check; sign in at idp");
}

static void
test_directory_that_takes_too_long(void **state)
{
    (void)state;
    fixture->access[0].stale_ok_s = 6000;
    sign_in();
    fixture_late();
    assert_string_equal(fixture->journal, "check; no check; sign in at idp");
    fixture_told(WIRE_WRONG_CREDENTIALS, NULL);
    fixture->verdict = WIRE_RESULT_NONE;
    fixture->journal[0] = '\0';
    fixture->access[0].stale_ok_s = 0;
    sign_in();
    fixture_late();
    assert_int_equal(fixture->verdict, WIRE_UNAVAILABLE);
    assert_true(fixture_logged("takes too long"));
    /* What is stored holds even then. */
    fixture->verdict = WIRE_RESULT_NONE;
    fixture->access[0].stale_ok_s = 6000;
    fixture->user.record.gone_since_s = 1;
    account();
    fixture_late();
    assert_int_equal(fixture->verdict, WIRE_ACCOUNT_DISABLED);
    fixture->verdict = WIRE_RESULT_NONE;
    fixture->user.record.missing = true;
    account();
    fixture_late();
    assert_int_equal(fixture->verdict, WIRE_UNKNOWN_USER);
}

static void
test_another_provider_than_the_directorys(void **state)
{
    (void)state;
    fixture_ask(WIRE_AUTHENTICATE, WIRE_PROVIDER, "other", 0);
    assert_int_equal(fixture->verdict, WIRE_MISCONFIGURED);
    assert_string_equal(fixture->journal, "");
    assert_true(fixture_logged("provider=other must not name another"));
    fixture->verdict = WIRE_RESULT_NONE;
    fixture_ask(WIRE_AUTHENTICATE, WIRE_PROVIDER, "idp", 0);
    assert_string_equal(fixture->journal, "check");
}

static void
test_denied_by_groups(void **state)
{
    (void)state;
    allow_staff();
    sign_in();
    fixture_checked(WIRE_OK, false);
    assert_int_equal(fixture->verdict, WIRE_DENIED);
    assert_string_equal(fixture->journal, "check");
    fixture->verdict = WIRE_RESULT_NONE;
    fixture_join(g1, staff);
    sign_in();
    fixture_checked(WIRE_OK, false);
    assert_string_equal(fixture->journal, "check; check; sign in at idp");
    assert_int_equal(fixture->verdict, WIRE_RESULT_NONE);
}

/* While the directory was asked, the name became one of another. */
static void
test_another_directory_by_now(void **state)
{
    static char other[] = "other";
    struct directory_config elsewhere;

    (void)state;
    sign_in();
    elsewhere = fixture->directory;
    elsewhere.provider = other;
    fixture->user.config = &elsewhere;
    fixture_checked(WIRE_OK, false);
    assert_int_equal(fixture->verdict, WIRE_UNAVAILABLE);
    assert_string_equal(fixture->journal, "check");
    assert_true(fixture_logged("another directory's or provider's by now"));
}

/* Refused after the provider has said yes: its tokens are revoked. */
static void
test_not_the_one_who_is_known(void **state)
{
    static const enum wire_result results[] = {
        WIRE_IDENTITY_MISMATCH, WIRE_UNKNOWN_USER, WIRE_ACCOUNT_DISABLED,
        WIRE_INTERNAL};

    (void)state;
    fixture_be_new();
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        fixture->journal[0] = '\0';
        fixture->verdict = WIRE_RESULT_NONE;
        fixture->signed_in = results[i];
        sign_in();
        fixture_told(WIRE_OK, NULL);
        assert_int_equal(fixture->verdict, results[i]);
        assert_false(fixture->ticket);
        assert_string_equal(fixture->journal,
                            "sign in at idp; signed in; revoke alice of idp");
    }
}

static void
test_refused_tokens_stay_in_their_keys(void **state)
{
    (void)state;
    fixture->discard_in = true;
    fixture_be_new();
    fixture->signed_in = WIRE_UNKNOWN_USER;
    sign_in();
    fixture_told(WIRE_OK, NULL);
    assert_int_equal(fixture->verdict, WIRE_UNKNOWN_USER);
    assert_int_equal(fixture->kept, 702);
    assert_false(fixture->ticket);
    assert_string_equal(fixture->journal, "sign in at idp; signed in; "
                                          "revoke alice of idp in 702");
    /* The same when nobody waits for the answer any more. */
    fixture->journal[0] = '\0';
    fixture->kept = 0;
    sign_in();
    fixture_leave();
    fixture_told(WIRE_OK, NULL);
    assert_string_equal(fixture->journal,
                        "sign in at idp; revoke alice of idp in 702");
    assert_int_equal(fixture->kept, 0);
}

static void
test_keys_that_cannot_be_written(void **state)
{
    (void)state;
    fixture_be_local();
    fixture->begin_error = -EDQUOT;
    sign_in();
    fixture_told(WIRE_OK, NULL);
    assert_int_equal(fixture->verdict, WIRE_NO_KEYS);
    assert_string_equal(
        fixture->journal,
        "sign in at idp; signed in; begin; revoke alice of idp");
}

/* ---- what only the sign-in tells ------------------------------------------
 */

static struct source groups_source;

static void
test_groups_of_the_sign_in(void **state)
{
    (void)state;
    fixture_be_new();
    allow_staff();
    fixture->providers[0].identity_groups = &groups_source;
    fixture->join_claims = true;
    sign_in();
    assert_string_equal(fixture->journal, "sign in at idp");
    fixture_told(WIRE_OK, &claims);
    assert_int_equal(fixture->verdict, WIRE_OK);
    assert_true(fixture_logged("ok: allow_groups of [access]"));
}

/* Somebody whom nobody wants gets no name and no uid here. */
static void
test_denied_by_the_sign_in(void **state)
{
    (void)state;
    fixture_be_new();
    allow_staff();
    fixture->access[0].deny_groups = (struct text_list){guest_items, 1};
    fixture->providers[0].identity_groups = &groups_source;
    claim[0] = (struct provider_group){guests, guests};
    sign_in();
    fixture_told(WIRE_OK, &claims);
    claim[0] = (struct provider_group){staff, staff};
    assert_int_equal(fixture->verdict, WIRE_DENIED);
    assert_false(fixture->ticket);
    assert_string_equal(fixture->journal,
                        "sign in at idp; revoke alice of idp");
    assert_true(fixture_logged("denied: deny_groups of [access]: as told"));
}

/* Providers leave the claim out when there are too many groups. */
static void
test_denied_where_the_claims_say_nothing(void **state)
{
    struct provider_tokens tokens = {0};

    (void)state;
    fixture_be_new();
    fixture->access[0].allow_all_users = true;
    fixture->access[0].deny_groups = (struct text_list){guest_items, 1};
    fixture->providers[0].identity_groups = &groups_source;
    sign_in();
    fixture_told(WIRE_OK, &tokens);
    assert_int_equal(fixture->verdict, WIRE_DENIED);
    assert_string_equal(fixture->journal,
                        "sign in at idp; revoke alice of idp");
    fixture->verdict = WIRE_RESULT_NONE;
    tokens.groups_known = true;
    sign_in();
    fixture_told(WIRE_OK, &tokens);
    assert_int_equal(fixture->verdict, WIRE_OK);
}

/* The store knows another group of that name. */
static void
test_denied_by_what_became_of_the_claims(void **state)
{
    (void)state;
    fixture_be_new();
    allow_staff();
    fixture->providers[0].identity_groups = &groups_source;
    fixture_join(g1, staff);
    fixture->groups[0].ambiguous = true;
    fixture->user.group_count = 0;
    sign_in();
    fixture->user.group_count = 1;
    fixture_told(WIRE_OK, &claims);
    assert_int_equal(fixture->verdict, WIRE_DENIED);
    assert_string_equal(fixture->journal,
                        "sign in at idp; signed in; revoke alice of idp");
}

/* Groups of the last sign-in are no groups of this one. */
static void
test_old_groups_wait_for_new_ones(void **state)
{
    (void)state;
    fixture->directory.type = DIRECTORY_FIRST_SIGN_IN;
    fixture->access[0].deny_groups = (struct text_list){guest_items, 1};
    fixture->providers[0].identity_groups = &groups_source;
    fixture_join(g1, guests);
    sign_in();
    assert_string_equal(fixture->journal, "sign in at idp");
    /* ... but they are those of an ACCOUNT. */
    account();
    assert_int_equal(fixture->verdict, WIRE_DENIED);
}

/* ---- the peer goes --------------------------------------------------------
 */

static void
test_peer_goes_while_the_directory_is_asked(void **state)
{
    (void)state;
    sign_in();
    fixture_leave();
    assert_string_equal(fixture->journal, "check; forget 702; no check");
    assert_int_equal(fixture->daemon.sign_ins_in_flight, 0);
    assert_int_equal(fixture->verdict, WIRE_RESULT_NONE);
    /* The attempt was given back. */
    for (int i = 0; i < 3; i++) {
        sign_in();
        fixture_leave();
    }
    assert_int_equal(fixture->verdict, WIRE_RESULT_NONE);
}

static void
test_peer_goes_while_the_provider_is_asked(void **state)
{
    (void)state;
    fixture_be_new();
    sign_in();
    fixture_leave();
    assert_string_equal(fixture->journal, "sign in at idp");
    fixture_told(WIRE_OK, NULL);
    /* Nobody has signed in: nothing is bound. */
    assert_string_equal(fixture->journal,
                        "sign in at idp; revoke alice of idp; forget 702");
    assert_int_equal(fixture->verdict, WIRE_RESULT_NONE);
}

static void
test_signind_stops(void **state)
{
    (void)state;
    sign_in();
    ask_sign_in_stop(&fixture->daemon);
    assert_string_equal(fixture->journal, "check; no check");
    assert_null(fixture->peer.sign_in);
}

static void
test_too_many_at_once(void **state)
{
    (void)state;
    fixture_be_local();
    fixture->config.sign_ins_in_flight = 1;
    sign_in();
    sign_in();
    assert_int_equal(fixture->verdict, WIRE_BUSY);
    assert_int_equal(fixture->daemon.sign_ins_in_flight, 1);
}

/* The host shuts down while somebody signs in: what comes of it ends, too. */
static void
test_end_of_all_waits_for_sign_ins(void **state)
{
    struct message request;

    (void)state;
    fixture->config.shutdown_revoke_timeout_ms = 60000;
    fixture->daemon.sign_ins_in_flight = 1;
    message_init(&request, WIRE_END_ALL);
    ask_end_all(&fixture->peer, &request);
    event_base_loop(fixture->daemon.base, EVLOOP_ONCE);
    assert_int_equal(fixture->verdict, WIRE_RESULT_NONE);
    fixture_session(1);
    fixture->daemon.sign_ins_in_flight = 0;
    while (fixture->verdict == WIRE_RESULT_NONE)
        event_base_loop(fixture->daemon.base, EVLOOP_ONCE);
    assert_null(session_find(&fixture->daemon.sessions, ASK_ID));
    assert_int_equal(fixture->verdict, WIRE_OK);
}

/* ---- ACCOUNT --------------------------------------------------------------
 */

static void
test_account_of_a_local_user(void **state)
{
    (void)state;
    fixture_be_local();
    account();
    assert_int_equal(fixture->verdict, WIRE_OK);
    assert_string_equal(fixture->journal, "");
    assert_true(fixture_logged(
        "6 account alice (service sshd): ok: allow_users of [access]"));
    fixture->verdict = WIRE_RESULT_NONE;
    fixture->access[0].deny_users = (struct text_list){alice_items, 1};
    account();
    assert_int_equal(fixture->verdict, WIRE_DENIED);
    assert_true(fixture_logged("denied: deny_users of [access]"));
}

static void
test_account_asks_the_directory(void **state)
{
    (void)state;
    allow_staff();
    fixture_join(g1, staff);
    account();
    assert_int_equal(fixture->peer.state, PEER_WORKING);
    fixture_checked(WIRE_OK, false);
    assert_int_equal(fixture->verdict, WIRE_OK);
    assert_null(fixture->peer.work);
    fixture->verdict = WIRE_RESULT_NONE;
    account();
    fixture_checked(WIRE_ACCOUNT_DISABLED, false);
    assert_int_equal(fixture->verdict, WIRE_ACCOUNT_DISABLED);
    fixture->verdict = WIRE_RESULT_NONE;
    account();
    fixture_checked(WIRE_INTERNAL, false);
    assert_int_equal(fixture->verdict, WIRE_INTERNAL);
    fixture->verdict = WIRE_RESULT_NONE;
    account();
    fixture_checked(WIRE_OK, true);
    assert_int_equal(fixture->verdict, WIRE_UNAVAILABLE);
    fixture->verdict = WIRE_RESULT_NONE;
    fixture->user.group_count = 0;
    account();
    fixture_checked(WIRE_OK, false);
    assert_int_equal(fixture->verdict, WIRE_DENIED);
}

static void
test_account_of_somebody_new(void **state)
{
    (void)state;
    fixture_be_new();
    account();
    assert_int_equal(fixture->verdict, WIRE_UNKNOWN_USER);
    assert_true(fixture_logged("has never signed in here"));
    fixture->verdict = WIRE_RESULT_NONE;
    fixture->user = (struct directory_user){0};
    account();
    assert_int_equal(fixture->verdict, WIRE_UNKNOWN_USER);
}

static void
test_account_of_groups_to_come(void **state)
{
    (void)state;
    allow_staff();
    fixture->user.groups_known = false;
    account();
    fixture_checked(WIRE_OK, false);
    assert_int_equal(fixture->verdict, WIRE_DENIED);
    /* A key must not let somebody in whom deny_groups may mean. */
    fixture->verdict = WIRE_RESULT_NONE;
    fixture->access[0].allow_all_users = true;
    fixture->access[0].deny_groups = (struct text_list){guest_items, 1};
    account();
    fixture_checked(WIRE_OK, false);
    assert_int_equal(fixture->verdict, WIRE_DENIED);
    assert_true(fixture_logged("groups that only a sign-in tells"));
    fixture->verdict = WIRE_RESULT_NONE;
    fixture->access[0].deny_groups.count = 0;
    account();
    fixture_checked(WIRE_OK, false);
    assert_int_equal(fixture->verdict, WIRE_OK);
}

static void
test_account_of_another_user(void **state)
{
    (void)state;
    fixture->peer.credentials.uid = 30005;
    account();
    assert_int_equal(fixture->verdict, WIRE_NOT_PERMITTED);
    fixture->verdict = WIRE_RESULT_NONE;
    fixture->peer.credentials.uid = ASK_UID;
    account();
    assert_string_equal(fixture->journal, "check");
}

static void
test_account_whose_peer_goes(void **state)
{
    (void)state;
    account();
    fixture_leave();
    assert_string_equal(fixture->journal, "check; no check");
    fixture_late();
    assert_int_equal(fixture->verdict, WIRE_RESULT_NONE);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_local_user),
        TEST(test_local_user_at_another_provider),
        TEST(test_wrong_password),
        TEST(test_local_user_is_denied),
        TEST(test_nobody),
        TEST(test_directory_then_provider),
        TEST(test_claims_that_are_not_there),
        TEST(test_disabled),
        TEST(test_directory_out_of_reach),
        TEST(test_directory_that_takes_too_long),
        TEST(test_another_provider_than_the_directorys),
        TEST(test_denied_by_groups),
        TEST(test_another_directory_by_now),
        TEST(test_not_the_one_who_is_known),
        TEST(test_refused_tokens_stay_in_their_keys),
        TEST(test_keys_that_cannot_be_written),
        TEST(test_groups_of_the_sign_in),
        TEST(test_denied_by_the_sign_in),
        TEST(test_denied_where_the_claims_say_nothing),
        TEST(test_denied_by_what_became_of_the_claims),
        TEST(test_old_groups_wait_for_new_ones),
        TEST(test_peer_goes_while_the_directory_is_asked),
        TEST(test_peer_goes_while_the_provider_is_asked),
        TEST(test_signind_stops),
        TEST(test_too_many_at_once),
        TEST(test_end_of_all_waits_for_sign_ins),
        TEST(test_account_of_a_local_user),
        TEST(test_account_asks_the_directory),
        TEST(test_account_of_somebody_new),
        TEST(test_account_of_groups_to_come),
        TEST(test_account_of_another_user),
        TEST(test_account_whose_peer_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
