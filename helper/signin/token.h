/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * token: the session's access token, as the kernel has it and as long as it
 * is asked to live.
 */
#ifndef SIGNIN_TOKEN_H
#define SIGNIN_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "signin/find.h"

/* A token as read from its key.  Starts as {0}, ends in token_done(), which
 * wipes it. */
struct token {
    size_t length; /* 0: none */
    char *bytes;
};

void token_done(struct token *token);

/*
 * Read the token of a session.  False if there is none that is valid: expired
 * (the kernel's word, whatever the record says), parked by signind, collected
 * or not yet there.  What *ret_token held is wiped first.
 */
bool token_read(const struct session *session, struct token *ret_token);

/*
 * How long a token should live that is asked for without --min-valid, in
 * seconds: 10, but no more than a tenth of lifetime_s (0: unknown).
 */
int64_t token_default_min_valid(int64_t lifetime_s);

/*
 * Will a token that expires then be valid for min_valid_s more seconds?  Of an
 * unknown expiry (0) the kernel's word that it is there now is enough.
 */
bool token_lasts(int64_t expires_at_s, int64_t now_s, int64_t min_valid_s);

#define cleanup_token __attribute__((cleanup(token_done)))

#endif
