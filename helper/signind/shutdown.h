/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shutdown: `signind --revoke-all`, which the unit signind-shutdown.service
 * runs when the host goes down.  A unit of its own, because SIGTERM to signind
 * cannot tell a shutdown from a restart.
 */
#ifndef SIGNIN_SHUTDOWN_H
#define SIGNIN_SHUTDOWN_H

/* [root] Ask the running signind to end every session, and wait.  Returns an
 * exit status (logged). */
int shutdown_revoke_all(void);

#endif
