/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session: open_session and close_session, and what setcred shares with them.
 *
 * What this handle has opened is remembered as PAM data; its cleanup frees
 * memory and does nothing else, because hosts copy handles with fork(2).
 */
#ifndef SIGNIN_PAM_SESSION_H
#define SIGNIN_PAM_SESSION_H

#include <stdbool.h>

#include "call.h"

enum session_moment {
    SESSION_AT_NONE = 0,
    SESSION_AT_SETCRED, /* only into an @s that is private already */
    SESSION_AT_OPEN,    /* make a fresh @s if need be */
};

/*
 * Bring the session's tokens into @s, once: with a ticket of this user, claim
 * it; if this handle has done so, see that @s still links the ring.  Without a
 * ticket: nothing.  Returns PAM_SUCCESS or PAM_SYSTEM_ERR, and that again on
 * every further call: a failed session does not become one without tokens.
 */
int session_place(struct call *call, enum session_moment moment);

/* Has this handle placed a session, or failed to? */
bool session_known(const struct call *call);

/* pam_sm_open_session: isolation, then session_place(). */
int session_open(struct call *call);

/*
 * pam_sm_close_session, and setcred(DELETE): end what this process opened
 * with this handle.  Always PAM_SUCCESS.
 */
int session_close(struct call *call);

#endif
