/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ask_sign_in: one AUTHENTICATE or VERIFY under way: who it is, then the
 * directory, then the provider, then the rules for what has been told.
 */
#ifndef SIGNIN_ASK_SIGN_IN_H
#define SIGNIN_ASK_SIGN_IN_H

#include "ask_user.h"
#include "peer.h"

struct sign_in {
    LIST_ENTRY(sign_in) link;
    struct daemon *daemon;
    struct peer *peer;           /* NULL: it has gone */
    const struct config *config; /* one for the whole decision */
    struct user_check *check;    /* first the directory is asked, */
    struct secret password;      /* ... meanwhile this waits, */
    struct provider_call *call;  /* ... then the provider */
    const struct provider_config *provider;
    struct directory_user user;
    bool entered; /* the throttle counts it */
    bool later;   /* the rules wait for what the sign-in tells */
    char rule[ASK_USER_RULE_MAX]; /* that decided, or "" */
    struct session who;           /* the describing members only */
    char id[WIRE_ID_LENGTH + 1];
    key_serial_t keep; /* 0: nobody will claim */
};

/* ---- ask_sign_in.c ---- */
/* The throttle counts it no longer, unless the provider said "wrong". */
void sign_in_leave(struct sign_in *sign_in, bool failed, bool ok);
void sign_in_forget_keep(const struct sign_in *sign_in);
/* Cancels what is under way, answers nobody. */
void sign_in_free(struct sign_in *sign_in);
/* One line per decision.  why: or "". */
void sign_in_log(const struct sign_in *sign_in, enum wire_result result,
                 const char *why);

/* ---- ask_signed_in.c ---- */
/* The provider has answered: provider.h. */
provider_done sign_in_done;

#endif
