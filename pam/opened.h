/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * opened: root's own word, for `signind --enforce`, on which process opened a
 * session (wire/enforce.h).  Nobody is kept out for want of it.
 */
#ifndef SIGNIN_PAM_OPENED_H
#define SIGNIN_PAM_OPENED_H

#include "call.h"

/* [euid 0] Write down that this process has opened session id.  Failures are
 * logged. */
void opened_write(const struct call *call, const char *id);

/* [euid 0] It is closed. */
void opened_remove(const struct call *call, const char *id);

#endif
