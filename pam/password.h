/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * password: get it from the person or from an earlier module.
 */
#ifndef SIGNIN_PAM_PASSWORD_H
#define SIGNIN_PAM_PASSWORD_H

#include <stdbool.h>

#include "call.h"

/*
 * Get what was typed: what an earlier module asked for; else, unless
 * use_first_pass is set, ask for it with prompt=.  libpam keeps it for the
 * modules behind (PAM_AUTHTOK) and wipes it in pam_end(3).
 *
 * Returns PAM_SUCCESS, or what libpam says; PAM_INCOMPLETE: an event-driven
 * host will call again.
 */
int password_ask(const struct call *call, const char **ret_password);

/*
 * password_ask(), and only a password that may be sent to signind: not empty,
 * no longer than WIRE_TEXT_MAX, not sshd's placeholder, and PAM_USER is still
 * the same.  Otherwise PAM_AUTH_ERR, logged.
 */
int password_get(const struct call *call, const char **ret_password);

/*
 * Is this what sshd puts in place of a password for users that it refuses by
 * itself: "\b\n\r\177INCORRECT", repeated and cut to the length of what was
 * typed?  (OpenSSH, auth-pam.c, since 7.3.)
 */
bool password_is_placeholder(const char *password);

#endif
