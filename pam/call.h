/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call: one call of one entry point, and how the module logs.
 *
 * The module keeps nothing between calls but what libpam carries: the PAM
 * environment (ticket.h) and PAM data (session.h).
 */
#ifndef SIGNIN_PAM_CALL_H
#define SIGNIN_PAM_CALL_H

#include <stdbool.h>

#include <security/pam_modules.h>

#include "options.h"
#include "user.h"

#define CALL_ITEM_MAX 255 /* bytes of a PAM item that are used */

struct call {
    pam_handle_t *pamh;
    unsigned flags; /* as libpam gave them, PAM_SILENT and others */
    struct options options;
    /* From the host, printable ASCII only; "" = not set. */
    char service[CALL_ITEM_MAX + 1];
    char rhost[CALL_ITEM_MAX + 1];
    char tty[CALL_ITEM_MAX + 1];
    struct user user; /* after call_find_user() or call_ask_user() */
};

/* Fill *call.  Nothing to free. */
void call_begin(struct call *call, pam_handle_t *pamh, int flags, int argc,
                const char **argv);

/* Trace the return code (option debug) and return it. */
int call_end(const struct call *call, const char *entry, int code);

/* Set call->user from PAM_USER as it stands. */
void call_find_user(struct call *call);

/*
 * The same, but let libpam ask for a name where the host has set none.
 * Returns PAM_SUCCESS, or the code to leave with.
 */
int call_ask_user(struct call *call);

/* Is PAM_USER still what it was at entry?  A conversation may change it. */
bool call_user_unchanged(const struct call *call);

/*
 * One line to syslog: "user NAME, rhost HOST: ...".  LOG_DEBUG lines appear
 * only with the option debug.  Never pass a secret, nor text that a stranger
 * wrote and nobody has checked.
 */
void call_log(const struct call *call, int priority, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Say something to the person, unless the host asked for PAM_SILENT.
 * style: PAM_TEXT_INFO or PAM_ERROR_MSG.
 */
void call_tell(const struct call *call, int style, const char *text);

#endif
