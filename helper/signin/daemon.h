/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon: what the command asks of signind.
 */
#ifndef SIGNIN_DAEMON_H
#define SIGNIN_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "signin/find.h"
#include "signin/verdict.h"
#include "wire/wire.h"

/* What signind said, or that it could not be asked. */
struct answer {
    enum status status;
    uint64_t result;       /* enum wire_result; NONE: it was not asked */
    const char *sentence;  /* static */
    int64_t retry_after_s; /* 0: it did not say */
    /* What signind itself had to say; "": nothing.  Not to be trusted by a
     * terminal. */
    char message[WIRE_SHORT_TEXT_MAX + 1];
};

/*
 * Ask for a token that is valid for min_valid_s more seconds; with force, for
 * a new one whatever the present one is.  Waits for the refresh, at most 70 s.
 */
struct answer daemon_refresh(const struct session *session, int64_t min_valid_s,
                             bool force);

/* End the session: its keys are gone when this returns STATUS_OK. */
struct answer daemon_logout(const struct session *session);

/* Call each() for every session of this host.  Root only. */
struct answer daemon_sessions(void (*each)(const struct message *session,
                                           void *context),
                              void *context);

/*
 * Ask about the people of the directories: USERS, GROUPS, SHOW_USER or KEYS,
 * and call each() for every ITEM; or REFRESH_USERS or FORGET.  user: of
 * SHOW_USER, FORGET and KEYS, otherwise NULL.  KEYS is for everybody, the
 * others are for root only.  Waits as long as signind keeps talking; 5 s in
 * all for KEYS, up to 10 minutes for REFRESH_USERS.  each() may have been
 * called although the answer is no.
 */
struct answer daemon_people(enum wire_type type, const char *user,
                            void (*each)(const struct message *item,
                                         void *context),
                            void *context);

/*
 * A session that was signed in offline has no tokens yet: say so on stderr,
 * and whether they will come.  STATUS_EXPIRED: when the provider answers;
 * STATUS_REFUSED: not without another sign-in; STATUS_OK: it is no such
 * session, and nothing has been said.
 */
enum status daemon_complain_offline(const struct session *session);

/* Say on stderr why the answer was no, and return its status. */
enum status daemon_complain(const struct answer *answer);

#endif
