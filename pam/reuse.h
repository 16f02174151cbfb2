/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reuse: do without a password because the session that asks began with a
 * sign-in a moment ago ([access SERVICE] reuse_sign_in of signin.conf(5)).
 */
#ifndef SIGNIN_PAM_REUSE_H
#define SIGNIN_PAM_REUSE_H

#include <stdbool.h>

#include "call.h"

/*
 * [before any prompt] Has signind allowed it?  False in every doubt, and then
 * nothing has happened: the person is asked for the password.
 *
 * Only for a user who runs a set-user-ID program (sudo, su) from inside a
 * session of the user's own.  A daemon that runs as root may have come by
 * somebody's session keyring, for instance when it was started from a root
 * shell, and serves strangers.
 */
bool reuse_sign_in(const struct call *call);

#endif
