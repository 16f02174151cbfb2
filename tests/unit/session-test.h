/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A session table on real keys (needs root), and a provider that answers when
 * and what the test says (-Wl,--wrap of provider_refresh and others).
 */
#ifndef SIGNIN_SESSION_TEST_H
#define SIGNIN_SESSION_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "signind/session/session.h"

#define TEST_GROUP 977777
#define TEST_USER  "alice"

/* The request the session under test has sent. */
struct fake_call {
    enum request_kind kind;
    unsigned count; /* of all requests so far */
    char access_token[64], refresh_token[64];
    char revoked[512]; /* all that was asked to be revoked: "R0 A0 " */
    provider_done *done;
    provider_received *received;
    void *context;
    bool waiting;
};
extern struct fake_call fake;

/* Tokens have come, and more is asked about them. */
void fake_receive(const char *access_token, const char *refresh_token);
/* Answer the request under way. */
void fake_answer(enum wire_result result, const char *access_token,
                 const char *refresh_token, int64_t lifetime_s);
void fake_fail(enum wire_result result, bool sent, unsigned retry_after_s);

struct fixture {
    char machine_id[KEYRING_ID_LENGTH + 1];
    struct session_table table;
    struct config config;
    struct provider_config provider;
};

int fixture_begin(void **state);
int fixture_end(void **state);
/* Skips the test when not root. */
struct fixture *fixture_need(void **state);
/* As a restart does: forget all, and read the kernel again. */
void fixture_restart(struct fixture *fixture);

/* Sign in with tokens "A0" and "R0" that live so long; not claimed yet. */
struct session *fixture_pending(struct fixture *fixture, int64_t lifetime_s);
/* The same, opened by this process: S is in its session keyring. */
struct session *fixture_live(struct fixture *fixture, int64_t lifetime_s);
/* The same, opened a while ago: a token that was just made is not renewed. */
struct session *fixture_aged(struct fixture *fixture, int64_t lifetime_s);
/* A copy of the keys, which outlives the session. */
struct keyring_session fixture_keys(const struct session *session);

/* What a key holds, as text; "" if it cannot be read. */
const char *fixture_read(key_serial_t key);
/* The token that is found from inside the session; "" if there is none. */
const char *fixture_session_token(void);
/* A field of a record, or "". */
const char *fixture_field(key_serial_t key, const char *name);

/* A waiter that remembers what it was told. */
struct test_waiter {
    struct session_waiter waiter;
    enum wire_result told;
};
void fixture_wait(struct session *session, struct test_waiter *waiter,
                  int64_t min_valid_s, bool force);

#endif
