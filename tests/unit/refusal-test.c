/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A refused session: its tokens go, and on_refusal is asked for, once,
 * whatever happens in between.
 */
#include "session-test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/enforce.h"

struct refusal {
    struct fixture *fixture; /* first: what fixture_need() gives */
    char runtime[32];
    unsigned asked;
};

static struct refusal refusal;

static void
count_asked(void *context)
{
    (*(unsigned *)context)++;
}

/* The table is new after each fixture_restart(). */
static void
connect_table(void)
{
    refusal.fixture->table.runtime = refusal.runtime;
    refusal.fixture->table.enforce = count_asked;
    refusal.fixture->table.enforce_context = &refusal.asked;
}

static int
set_up(void **state)
{
    char path[64];

    memset(&refusal, 0, sizeof(refusal));
    if (fixture_begin(state) != 0 || *state == NULL)
        return 0;
    refusal.fixture = *state;
    strcpy(refusal.runtime, "refusal-test-XXXXXX");
    assert_non_null(mkdtemp(refusal.runtime));
    snprintf(path, sizeof(path), "%s/requests", refusal.runtime);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/locked", refusal.runtime);
    assert_int_equal(mkdir(path, 0700), 0);
    connect_table();
    return 0;
}

static int
tear_down(void **state)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf refusal-test-*");
    return fixture_end(state) != 0 || system(command) != 0;
}

/* The request for a session, or "". */
static const char *
asked_for(const char *id)
{
    static char text[ENFORCE_FILE_MAX + 1];
    char path[128];
    size_t length = 0;
    FILE *file;

    snprintf(path, sizeof(path), "%s/requests/%s", refusal.runtime, id);
    file = fopen(path, "re");
    if (file != NULL) {
        length = fread(text, 1, sizeof(text) - 1, file);
        fclose(file);
    }
    text[length] = '\0';
    return text;
}

static void
forget_request(const char *id)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/requests/%s", refusal.runtime, id);
    unlink(path);
}

static void
refuse_refresh(struct session *session, enum wire_result result)
{
    assert_int_equal(session_refresh(session, true), WIRE_OK);
    fake_answer(result, NULL, NULL, 0);
}

#define REQUEST(action, reason)                                                \
    "signin request 1\naction " action "\nprovider test\nreason " reason "\n"

/* K has what is to be revoked until it is. */
static void
check_tokens_end(const struct keyring_session *keys)
{
    assert_string_equal(fixture_read(keys->access_token), "-");
    while (fake.waiting) {
        assert_string_not_equal(
            fixture_field(keys->private_key, "refresh_token"), "");
        assert_string_not_equal(
            fixture_field(keys->private_key, "coming_token"), "");
        fake_answer(WIRE_OK, NULL, NULL, 0);
    }
    assert_string_equal(fixture_field(keys->private_key, "refresh_token"), "");
    assert_string_equal(fixture_field(keys->private_key, "coming_token"), "");
}

static void
test_each_refusal_is_asked_for(void **state)
{
    static const struct {
        enum wire_result result;
        const char *request;
    } refusals[] = {
        {WIRE_REFUSED, REQUEST("notify", "the provider does not renew it")},
        {WIRE_ACCOUNT_DISABLED, REQUEST("notify", "your account is disabled")},
        {WIRE_IDENTITY_MISMATCH, REQUEST("notify", "it is not yours any more")},
        {WIRE_MUST_CHANGE_PASSWORD,
         REQUEST("notify", "you must change your password")},
    };
    struct fixture *fixture = fixture_need(state);

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct session *session = fixture_aged(fixture, 300);
        struct keyring_session keys = fixture_keys(session);

        refuse_refresh(session, refusals[i].result);
        assert_int_equal(session->health, HEALTH_REFUSED);
        assert_string_equal(asked_for(session->keys.id), refusals[i].request);
        assert_int_equal(refusal.asked, i + 1);
        assert_string_equal(fixture_field(keys.session, "state"), "refused");
        assert_non_null(strstr(refusals[i].request,
                               fixture_field(keys.session, "state_reason")));
        assert_string_equal(fixture_field(keys.private_key, "enforced"), "1");
        check_tokens_end(&keys);
    }
}

static void
test_what_is_no_refusal(void **state)
{
    static const enum wire_result results[] = {
        WIRE_UNAVAILABLE, WIRE_SLOW_DOWN, WIRE_MISCONFIGURED, WIRE_INTERNAL};
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 300);

    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        pace_forget(&fixture->table);
        circuit_forget(&fixture->table);
        refuse_refresh(session, results[i]);
        assert_int_not_equal(session->health, HEALTH_REFUSED);
        assert_string_equal(asked_for(session->keys.id), "");
    }
    assert_int_equal(refusal.asked, 0);
}

static void
test_once(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 300);
    char id[KEYRING_ID_LENGTH + 1];

    fixture->config.on_refusal = ON_REFUSAL_TERMINATE;
    strcpy(id, session->keys.id);
    refuse_refresh(session, WIRE_REFUSED);
    assert_non_null(strstr(asked_for(id), "action terminate\n"));
    forget_request(id);
    session_due(session);
    fixture_restart(fixture);
    connect_table();
    session_due(session_find(&fixture->table, id));
    assert_string_equal(asked_for(id), "");
    assert_int_equal(refusal.asked, 1);
    assert_string_equal(session_find(&fixture->table, id)->reason,
                        "the provider does not renew it");
}

/* The directory was not there, or signind died in between: as long as it has
 * not been asked for, it is due. */
static void
test_asked_for_later(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 300);
    char id[KEYRING_ID_LENGTH + 1], path[64];

    strcpy(id, session->keys.id);
    snprintf(path, sizeof(path), "%s/requests", refusal.runtime);
    assert_int_equal(rmdir(path), 0);
    refuse_refresh(session, WIRE_ACCOUNT_DISABLED);
    assert_false(session->enforced);
    session_due(session);
    assert_int_equal(refusal.asked, 0);
    fixture_restart(fixture);
    connect_table();
    assert_int_equal(mkdir(path, 0700), 0);
    session = session_find(&fixture->table, id);
    assert_non_null(session);
    assert_false(session->enforced);
    session_due(session);
    assert_string_equal(asked_for(id),
                        REQUEST("notify", "your account is disabled"));
    assert_int_equal(refusal.asked, 1);
}

/* What the answer brings has to be known, or nobody could revoke it. */
static void
test_directory_during_a_refresh(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 300);
    unsigned count;

    assert_int_equal(session_refresh(session, true), WIRE_OK);
    session_refuse(session, WIRE_UNKNOWN_USER, "test");
    assert_string_equal(asked_for(session->keys.id), "");
    count = fake.count;
    fake_answer(WIRE_OK, "A1", "R1", 300);
    assert_string_equal(asked_for(session->keys.id),
                        REQUEST("notify", "your account is gone"));
    assert_string_equal(fixture_session_token(), "");
    /* And the token that it replaced, which the session has had. */
    assert_int_equal(fake.count, count + 2);
    assert_string_equal(fake.revoked, "A0 R1 ");
}

/* signind dies before its provider has heard of it. */
static void
test_death_before_the_revocation(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_live(fixture, 300);
    struct keyring_session keys = fixture_keys(session);

    session_refuse(session, WIRE_DENIED, "test");
    fixture_restart(fixture);
    connect_table();
    memset(fake.revoked, 0, sizeof(fake.revoked));
    fixture_restart(fixture);
    connect_table();
    assert_string_equal(fixture_session_token(), "");
    check_tokens_end(&keys);
    assert_string_equal(fake.revoked, "R0 A0 ");
    assert_int_equal(fixture->table.count, 1);
    session = session_find(&fixture->table, keys.id);
    session_close(session, "test");
    assert_false(fake.waiting);
    assert_int_equal(fixture->table.count, 0);
}

static void
test_directory_between_refreshes(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_live(fixture, 300);

    session_refuse(session, WIRE_DENIED, "test");
    assert_string_equal(
        asked_for(session->keys.id),
        REQUEST("notify", "you may not use this host any more"));
    assert_string_equal(fixture_session_token(), "");
    assert_string_equal(fake.refresh_token, "R0");
    /* Once more is nothing. */
    forget_request(session->keys.id);
    session_refuse(session, WIRE_DENIED, "test");
    assert_string_equal(asked_for(session->keys.id), "");
}

static void
test_lock(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 300);

    fixture->config.on_refusal = ON_REFUSAL_LOCK;
    assert_false(session_user_locked(&fixture->table, TEST_USER));
    refuse_refresh(session, WIRE_REFUSED);
    assert_non_null(strstr(asked_for(session->keys.id), "action lock\n"));
    assert_true(session_user_locked(&fixture->table, TEST_USER));
    assert_false(session_user_locked(&fixture->table, "bob"));
    assert_false(session_user_locked(&fixture->table, "../requests"));
    /* It outlives a restart, and the session. */
    session_close(session, "test");
    fixture_restart(fixture);
    connect_table();
    assert_true(session_user_locked(&fixture->table, TEST_USER));
    session_unlock_user(&fixture->table, TEST_USER);
    assert_false(session_user_locked(&fixture->table, TEST_USER));
    session_unlock_user(&fixture->table, TEST_USER);
}

static void
test_root_is_told_of_dead_openers(void **state)
{
    struct fixture *fixture = fixture_need(state);

    session_enforce_sweep(&fixture->table);
    assert_int_equal(refusal.asked, 0);
    fixture->table.openers_died = true;
    session_enforce_sweep(&fixture->table);
    assert_int_equal(refusal.asked, 1);
    assert_string_equal(asked_for(ENFORCE_SWEEP_NAME), "sweep\n");
    session_enforce_sweep(&fixture->table);
    assert_int_equal(refusal.asked, 1);
}

/* Without a place for it nobody is locked out, and the action is still due. */
static void
test_lock_that_cannot_be(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_aged(fixture, 300);
    char path[64];

    fixture->config.on_refusal = ON_REFUSAL_LOCK;
    snprintf(path, sizeof(path), "%s/locked", refusal.runtime);
    assert_int_equal(rmdir(path), 0);
    refuse_refresh(session, WIRE_REFUSED);
    assert_false(session->enforced);
    assert_string_equal(asked_for(session->keys.id), "");
    assert_false(session_user_locked(&fixture->table, TEST_USER));
}

int
main(void)
{
#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_each_refusal_is_asked_for),
        TEST(test_what_is_no_refusal),
        TEST(test_once),
        TEST(test_asked_for_later),
        TEST(test_directory_during_a_refresh),
        TEST(test_death_before_the_revocation),
        TEST(test_directory_between_refreshes),
        TEST(test_lock),
        TEST(test_root_is_told_of_dead_openers),
        TEST(test_lock_that_cannot_be),
    };

    return cmocka_run_group_tests_name("refusal", tests, NULL, NULL);
}
