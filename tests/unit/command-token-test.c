/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signin token, header, get, refresh: when the key is enough, when signind is
 * asked, and what its answers come to.
 */
#include "command-fake.h"

#include <errno.h>
#include <string.h>

#include "signin/token.h"
#include "wire/channel.h"

/* signind renews: another token, for another hour. */
static bool
renew(const struct message *request)
{
    (void)request;
    fake_set_key(FAKE_TOKEN, "token-two", 0);
    fake_set_record(3600, 3600, "state=live\n");
    return true;
}

/* signind made new keys: the old one had been collected. */
static bool
renew_elsewhere(const struct message *request)
{
    renew(request);
    fake_set_key(FAKE_TOKEN, NULL, -ENOKEY);
    fake_set_key(77, "token-three", 0);
    fake.rings[0].access_token = 77;
    return true;
}

static bool
renew_shortly(const struct message *request)
{
    renew(request);
    fake_set_record(60, 60, "");
    return true;
}

static bool
end_meanwhile(const struct message *request)
{
    (void)request;
    fake.ring_count = 0;
    return true;
}

static bool
take_long(const struct message *request)
{
    (void)request;
    fake.now += 30;
    fake_set_key(FAKE_TOKEN, NULL, -EKEYEXPIRED);
    return true;
}

static uint64_t
asked(enum wire_field field)
{
    uint64_t number = UINT64_MAX;

    message_number(&fake.request, field, &number);
    return number;
}

static void
assert_prints(enum status status, const char *out)
{
    assert_int_equal(status, STATUS_OK);
    assert_string_equal(fake.out, out);
    assert_string_equal(fake.err, "");
}

static void
assert_fails(enum status status, enum status expected)
{
    assert_int_equal(status, expected);
    assert_string_equal(fake.out, "");
    assert_complains();
    assert_null(strstr(fake.err, "token-"));
}

/* ---- the rule -------------------------------------------------------------
 */

static void
default_is_a_tenth_up_to_ten(void **state)
{
    (void)state;
    assert_int_equal(token_default_min_valid(0), 10);
    assert_int_equal(token_default_min_valid(5), 0);
    assert_int_equal(token_default_min_valid(20), 2);
    assert_int_equal(token_default_min_valid(99), 9);
    assert_int_equal(token_default_min_valid(100), 10);
    assert_int_equal(token_default_min_valid(86400), 10);
}

static void
lasting(void **state)
{
    (void)state;
    assert_true(token_lasts(0, 1000, 99999));
    assert_true(token_lasts(1010, 1000, 10));
    assert_false(token_lasts(1009, 1000, 10));
    assert_false(token_lasts(1000, 1000, 0));
    assert_true(token_lasts(1001, 1000, 0));
    assert_false(token_lasts(1, INT64_MAX, 0));
    assert_false(token_lasts(INT64_MAX, INT64_MAX, 0));
}

/* ---- token ----------------------------------------------------------------
 */

static void
fresh_needs_nobody(void **state)
{
    (void)state;
    assert_prints(fake_run("token", NULL), "token-one\n");
    assert_prints(fake_run("token", "--min-valid", "3600", NULL),
                  "token-one\n");
    fake_set_record(0, 0, ""); /* unknown expiry: the kernel's word */
    assert_prints(fake_run("token", NULL), "token-one\n");
    assert_prints(fake_run("token", "--min-valid", "99", NULL), "token-one\n");
    fake_set_record(3, 20, ""); /* 3 s left of 20: more than a tenth */
    assert_prints(fake_run("token", NULL), "token-one\n");
    assert_int_equal(fake.calls, 0);
}

static void
asking_proves_the_session(void **state)
{
    (void)state;
    fake_set_record(5, 3600, "");
    fake.on_request = renew;
    assert_prints(fake_run("token", NULL), "token-two\n");
    assert_int_equal(fake.calls, 1);
    assert_string_equal(fake.path, CHANNEL_PUBLIC);
    assert_int_equal(fake.daemon_uid, 980);
    assert_int_equal(fake.request.type, WIRE_REFRESH);
    assert_string_equal(message_text(&fake.request, WIRE_ID), FAKE_ID);
    assert_string_equal(message_text(&fake.request, WIRE_SECRET), FAKE_SECRET);
    assert_int_equal(asked(WIRE_MIN_VALID), 10);
    assert_int_equal(asked(WIRE_FORCE), UINT64_MAX); /* not there */
}

static void
whatever_is_no_token_is_renewed(void **state)
{
    static const struct {
        const char *payload;
        int error;
    } keys[] = {{"-", 0},
                {"", 0},
                {NULL, -EKEYEXPIRED},
                {NULL, -ENOKEY},
                {NULL, -EKEYREVOKED}};

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        fake_reset(NULL);
        fake.on_request = renew;
        fake_set_key(FAKE_TOKEN, keys[i].payload, keys[i].error);
        assert_prints(fake_run("token", NULL), "token-two\n");
        assert_int_equal(fake.calls, 1);
    }
    fake_reset(NULL);
    fake.rings[0].access_token = 0;
    fake.on_request = renew_elsewhere;
    assert_prints(fake_run("token", NULL), "token-three\n");

    /* The kernel still has it, the clock says otherwise. */
    fake_reset(NULL);
    fake_set_record(-5, 3600, "");
    fake.on_request = renew;
    assert_prints(fake_run("token", NULL), "token-two\n");
}

static void
keys_are_looked_for_again(void **state)
{
    (void)state;
    fake_set_record(5, 3600, "");
    fake.on_request = renew_elsewhere;
    assert_prints(fake_run("token", NULL), "token-three\n");

    fake_reset(NULL);
    fake_set_record(5, 3600, "");
    fake.on_request = end_meanwhile;
    assert_fails(fake_run("token", NULL), STATUS_NO_SESSION);

    fake_reset(NULL);
    fake_set_key(FAKE_TOKEN, "-", 0); /* renewed, they say, and is not */
    assert_fails(fake_run("token", NULL), STATUS_EXPIRED);
}

static void
too_short_a_life(void **state)
{
    (void)state;
    fake.on_request = renew_shortly;
    assert_fails(fake_run("token", "--min-valid", "7200", NULL),
                 STATUS_TOO_SHORT);
    fake_reset(NULL);
    fake.on_request = NULL;
    fake.result = WIRE_TOO_SHORT;
    assert_fails(fake_run("token", "--min-valid", "7200", NULL),
                 STATUS_TOO_SHORT);
    /* Nobody asked for seconds: what came is valid. */
    fake_reset(NULL);
    fake_set_record(5, 3600, "");
    assert_prints(fake_run("token", NULL), "token-one\n");
    assert_int_equal(fake.calls, 1);
}

static void
valid_is_enough_if_no_more_was_asked(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        fake_reset(NULL);
        fake_set_record(5, 3600, "");
        if (i == 0)
            fake.open_error = -ECONNREFUSED;
        else if (i == 1)
            fake.call_error = -ETIMEDOUT;
        else
            fake.result = WIRE_UNAVAILABLE;
        assert_prints(fake_run("token", NULL), "token-one\n");
        assert_int_equal(fake.calls, i == 0 ? 0 : 1);
        assert_fails(fake_run("token", "--min-valid", "10", NULL),
                     i == 2 ? STATUS_EXPIRED : STATUS_UNREACHABLE);
        /* Even what the default would have been, if it was asked for. */
        assert_prints(fake_run("token", "--min-valid", "5", NULL),
                      "token-one\n");
    }
    /* It expired while signind was asked. */
    fake_reset(NULL);
    fake_set_record(5, 3600, "");
    fake.on_request = take_long;
    fake.result = WIRE_UNAVAILABLE;
    assert_fails(fake_run("token", NULL), STATUS_EXPIRED);
}

static void
expired_and_not_renewed(void **state)
{
    static const struct {
        enum wire_result result;
        int open_error;
        enum status expected;
    } cases[] = {{WIRE_UNAVAILABLE, 0, STATUS_EXPIRED},
                 {WIRE_REFUSED, 0, STATUS_REFUSED},
                 {WIRE_NO_SESSION, 0, STATUS_NO_SESSION},
                 {WIRE_NOT_PERMITTED, 0, STATUS_NOT_PERMITTED},
                 {WIRE_INTERNAL, 0, STATUS_FAILURE},
                 {WIRE_OK, -ENOENT, STATUS_UNREACHABLE},
                 {WIRE_OK, -EPERM, STATUS_UNREACHABLE}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_reset(NULL);
        fake_set_key(FAKE_TOKEN, NULL, -EKEYEXPIRED);
        fake_set_record(-5, 3600, "");
        fake.result = cases[i].result;
        fake.open_error = cases[i].open_error;
        assert_fails(fake_run("token", NULL), cases[i].expected);
        assert_null(strstr(fake.err, FAKE_SECRET));
    }
    fake.open_error = 0;
    fake.result = WIRE_UNAVAILABLE;
    fake.retry_after = 42;
    assert_fails(fake_run("token", NULL), STATUS_EXPIRED);
    assert_non_null(strstr(fake.err, "42 s"));
}

static void
signed_in_offline(void **state)
{
    static const struct {
        const char *record;
        enum wire_result result;
        enum status expected;
        const char *words;
    } cases[] = {{"offline=waiting\n", WIRE_UNAVAILABLE, STATUS_EXPIRED,
                  "signed in offline; tokens come when provider corp answers"},
                 {"offline=waiting\n", WIRE_SLOW_DOWN, STATUS_EXPIRED,
                  "signed in offline; tokens come when provider corp answers"},
                 {"offline=lost\n", WIRE_REFUSED, STATUS_REFUSED,
                  "sign in again for tokens"},
                 {"offline=waiting\n", WIRE_NO_SESSION, STATUS_NO_SESSION,
                  "signind does not know"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_reset(NULL);
        fake_set_key(FAKE_TOKEN, "-", 0);
        fake_set_record(0, 0, cases[i].record);
        fake.result = cases[i].result;
        assert_fails(fake_run("token", NULL), cases[i].expected);
        assert_non_null(strstr(fake.err, cases[i].words));
        assert_fails(fake_run("refresh", NULL), cases[i].expected);
        assert_non_null(strstr(fake.err, cases[i].words));
    }
}

static void
nobody_is_trusted_as_daemon_without_a_user(void **state)
{
    (void)state;
    fake_set_record(5, 3600, "");
    fake.no_user = true;
    fake.on_request = renew;
    assert_prints(fake_run("token", NULL), "token-two\n");
    assert_int_equal(fake.daemon_uid, (uid_t)-1);
}

static void
damaged_record(void **state)
{
    (void)state;
    fake_set_key(FAKE_TOKEN, NULL, -EKEYEXPIRED);
    fake_set_key(FAKE_RECORD, "v=1\nid=" FAKE_ID "\nuid=1000\n", 0);
    assert_fails(fake_run("token", NULL), STATUS_FAILURE);
    fake_set_key(FAKE_RECORD, "v=1\nid=" FAKE_ID "\nuid=1000\nsecret=x\n", 0);
    assert_fails(fake_run("token", NULL), STATUS_FAILURE);
    assert_int_equal(fake.calls, 0);
}

/* ---- header ---------------------------------------------------------------
 */

static void
header_is_bound(void **state)
{
    static const struct {
        const char *line, *expected;
    } cases[] = {
        {"", "Authorization: Bearer token-one\n"},
        {"authorization=Bearer {{access_token}}\n",
         "Authorization: Bearer token-one\n"},
        {"authorization=JWT {{access_token}}\n",
         "Authorization: JWT token-one\n"},
        {"authorization=A {{access_token}}, b={{access_token}}.\n",
         "Authorization: A token-one, b=token-one.\n"},
        {"authorization={{access_token}}\n", "Authorization: token-one\n"},
        {"authorization=a{b}c} {{access_token}}\n",
         "Authorization: a{b}c} token-one\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_set_record(3600, 3600, cases[i].line);
        assert_prints(fake_run("header", NULL), cases[i].expected);
    }
    /* A token is never read as a template. */
    fake_set_key(FAKE_TOKEN, "{{access_token}}", 0);
    assert_prints(fake_run("header", NULL),
                  "Authorization: a{b}c} {{access_token}}\n");
}

static void
header_refuses_what_makes_none(void **state)
{
    static const char *const lines[] = {
        "authorization=Bearer {{refresh_token}}\n",
        "authorization=Bearer {{access_token\n",
        "authorization=Bearer {{access_token}}\\nCookie: x\n",
        "authorization=Bearer\t{{access_token}}\n"};
    static const char *const tokens[] = {"a\nb", "a\rb", "a\tb", "a\x7f",
                                         "\x01"};

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        fake_set_record(3600, 3600, lines[i]);
        assert_fails(fake_run("header", NULL), STATUS_FAILURE);
    }
    fake_reset(NULL);
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        fake_set_key(FAKE_TOKEN, tokens[i], 0);
        assert_fails(fake_run("header", NULL), STATUS_FAILURE);
    }
}

static void
header_renews_as_token_does(void **state)
{
    (void)state;
    fake_set_record(59, 3600, "");
    fake.on_request = renew;
    assert_prints(fake_run("header", "--min-valid", "60", NULL),
                  "Authorization: Bearer token-two\n");
    assert_int_equal(asked(WIRE_MIN_VALID), 60);
}

/* ---- get, refresh ---------------------------------------------------------
 */

static void
kept_fields(void **state)
{
    (void)state;
    fake_set_record(3600, 3600, "keep.token_type=bearer\nkeep.note=a\\nb\n");
    assert_prints(fake_run("get", "token_type", NULL), "bearer\n");
    assert_prints(fake_run("get", "note", NULL), "a\nb\n");
    /* Only kept fields: the hand-out secret is not one. */
    assert_fails(fake_run("get", "secret", NULL), STATUS_FAILURE);
    assert_non_null(strstr(fake.err, "token_type, note"));
    assert_null(strstr(fake.err, FAKE_SECRET));
    assert_fails(fake_run("get", "", NULL), STATUS_FAILURE);
    assert_fails(fake_run("get",
                          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                          NULL),
                 STATUS_FAILURE);
    fake_set_record(3600, 3600, "");
    assert_fails(fake_run("get", "token_type", NULL), STATUS_FAILURE);
    assert_non_null(strstr(fake.err, "none"));
    assert_int_equal(fake.calls, 0);
}

static void
refresh_forces(void **state)
{
    (void)state;
    assert_prints(fake_run("refresh", NULL), "");
    assert_int_equal(fake.request.type, WIRE_REFRESH);
    assert_int_equal(asked(WIRE_FORCE), 1);
    fake.result = WIRE_REFUSED;
    assert_fails(fake_run("refresh", NULL), STATUS_REFUSED);
    fake.open_error = -ENOENT;
    assert_fails(fake_run("refresh", NULL), STATUS_UNREACHABLE);
    fake.ring_count = 0;
    assert_fails(fake_run("refresh", NULL), STATUS_NO_SESSION);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_is_a_tenth_up_to_ten),
        cmocka_unit_test(lasting),
        cmocka_unit_test_setup(fresh_needs_nobody, fake_reset),
        cmocka_unit_test_setup(asking_proves_the_session, fake_reset),
        cmocka_unit_test_setup(whatever_is_no_token_is_renewed, fake_reset),
        cmocka_unit_test_setup(keys_are_looked_for_again, fake_reset),
        cmocka_unit_test_setup(too_short_a_life, fake_reset),
        cmocka_unit_test_setup(valid_is_enough_if_no_more_was_asked,
                               fake_reset),
        cmocka_unit_test_setup(expired_and_not_renewed, fake_reset),
        cmocka_unit_test_setup(signed_in_offline, fake_reset),
        cmocka_unit_test_setup(nobody_is_trusted_as_daemon_without_a_user,
                               fake_reset),
        cmocka_unit_test_setup(damaged_record, fake_reset),
        cmocka_unit_test_setup(header_is_bound, fake_reset),
        cmocka_unit_test_setup(header_refuses_what_makes_none, fake_reset),
        cmocka_unit_test_setup(header_renews_as_token_does, fake_reset),
        cmocka_unit_test_setup(kept_fields, fake_reset),
        cmocka_unit_test_setup(refresh_forces, fake_reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
