/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry: what the six entry points do.  Each returns a PAM code; which, and
 * why, is in pam_signin(8).  open_session and close_session: session.h.
 */
#ifndef SIGNIN_PAM_ENTRY_H
#define SIGNIN_PAM_ENTRY_H

#include "call.h"

/* authenticate.c */
int authenticate_user(struct call *call);

/* account.c */
int account_check(struct call *call);

/* setcred.c */
int setcred_handle(struct call *call);

/* chauthtok.c */
int chauthtok_refuse(struct call *call);

#endif
