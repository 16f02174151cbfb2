/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ticket: carries one sign-in from authenticate to open_session.
 *
 * In the PAM environment, because that alone comes back from the child in
 * which sshd authenticates.  "SIGNIN_TICKET=<uid>:<ticket>": signind binds
 * the ticket to user and uid; the uid stands here only so that the module
 * can tell a ticket of somebody else (sudo) from one that has expired.
 */
#ifndef SIGNIN_PAM_TICKET_H
#define SIGNIN_PAM_TICKET_H

#include <stdbool.h>

#include "call.h"
#include "daemon.h"

struct ticket {
    uid_t uid;
    char text[WIRE_ID_LENGTH + 1]; /* secret; "" = malformed */
};

/* Wipe. */
void ticket_done(struct ticket *ticket);

#define cleanup_ticket __attribute__((cleanup(ticket_done)))

/* Is there one in the PAM environment, of whatever shape? */
bool ticket_present(const struct call *call);

/*
 * Take the ticket out of the PAM environment: whatever becomes of it, the
 * user's shell must not inherit it.  False if there is none.
 */
bool ticket_take(const struct call *call, struct ticket *ret_ticket);

/*
 * Put one of call->user there: PAM_SUCCESS.  Otherwise it is given up, and
 * what pam_putenv(3) said is returned.
 */
int ticket_give(const struct call *call, const char *text);

/* Tell signind that nobody will claim it: its tokens are revoked. */
void ticket_abandon(const struct call *call, const struct ticket *ticket);

#endif
