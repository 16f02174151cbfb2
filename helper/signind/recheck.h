/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recheck: [provider] check_at_refresh = directory.  Beside each refresh of a
 * session the directory is asked whether the user still exists, is enabled
 * and is let in by the rules; if not, the session is refused.  A directory
 * that cannot be asked has said nothing.
 */
#ifndef SIGNIN_RECHECK_H
#define SIGNIN_RECHECK_H

#include "daemon.h"

/* Ask; one question per session is under way at most.  daemon: struct daemon
 * (session.h, struct session_table). */
void recheck_start(void *daemon, const struct session *session);

/* Forget all that is under way. */
void recheck_stop(struct daemon *daemon);

#endif
