/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A signind with one peer, whose directory, provider and sessions answer when
 * and what the test says (-Wl,--wrap).  What happens is written to a journal,
 * one word or phrase each, separated by "; ".
 */
#ifndef SIGNIN_ASK_TEST_H
#define SIGNIN_ASK_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "signind/ask_user.h"
#include "signind/peer.h"
#include "signind/policy.h"

#define ASK_UID    30001
#define ASK_ID     "0123456789abcdef0123456789abcdef"
#define ASK_SECRET "5555666677778888999900001111aaaa"
#define ASK_TICKET "aaaabbbbccccddddeeeeffff00001111"

struct fixture {
    struct daemon daemon;
    struct config config;
    struct access_config access[2];
    struct provider_config providers[2];
    struct directory_config directory;
    struct peer peer;
    /* what directory_find() says */
    int find_error;
    struct directory_user user;
    struct group_record groups[2];
    /* directory_check(), provider_sign_in(), provider_check() and
     * session_wait() under way */
    directory_check_done *checked;
    void *check_context;
    provider_done *told;
    void *told_context;
    struct session_waiter *waiter;
    enum wire_result begin_wait; /* what session_wait() says at once; or NONE */
    /* what directory_signed_in() says, and heard */
    enum wire_result signed_in;
    char subject[64];
    char claims[128];
    bool claims_known;
    bool join_claims; /* the user has these groups then */
    int begin_error;  /* of session_begin() */
    bool discard_in;  /* what session_discard_in() says */
    struct session session;
    /* the answer */
    enum wire_result verdict;
    bool ticket;
    key_serial_t kept;
    unsigned retry_after_s;
    char journal[1024];
    char log[4096];
};

extern struct fixture *fixture;

/* alice, of the directory "corp", whose people sign in at "idp"; root asks. */
int fixture_begin(void **state);
int fixture_end(void **state);
void fixture_note(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
void fixture_be_local(void);
void fixture_be_new(void);
/* In a group, from now on. */
void fixture_join(char *id, char *name);

/* Send a request; more: pairs of a text field and its value, up to 0. */
void fixture_ask(enum wire_type type, ...);
/* Answer what is under way. */
void fixture_checked(enum wire_result result, bool unreachable);
void fixture_told(enum wire_result result, struct provider_tokens *tokens);
void fixture_waited(enum wire_result result);
/* Let timers of the loop run out. */
void fixture_late(void);
/* The peer goes. */
void fixture_leave(void);
/* A live session of alice's, opened so many seconds ago. */
struct session *fixture_session(int64_t age_s);
bool fixture_logged(const char *text);

#endif
