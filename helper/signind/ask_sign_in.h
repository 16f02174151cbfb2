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
    struct peer *peer;             /* NULL: it has gone */
    const struct config *config;   /* one for the whole decision */
    struct user_check *check;      /* first the directory is asked, */
    struct secret password;        /* ... meanwhile this waits, */
    struct provider_call *call;    /* ... then the provider, */
    struct offline_check *offline; /* ... and if nobody is there, this host */
    char why[256];                 /* nobody is there, for the log */
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

/* What do the rules say before the provider has said who is in which group? */
enum wire_result sign_in_judge(struct sign_in *sign_in);
/* Is the name still one of a directory whose people are this provider's? */
bool sign_in_is_chosen(const struct sign_in *sign_in);

/* ---- ask_signed_in.c ---- */
/* The provider has answered: provider.h. */
provider_done sign_in_done;
/* The provider has accepted the password: may the user in? */
enum wire_result sign_in_accept(struct sign_in *sign_in,
                                const struct provider_tokens *tokens);

/* ---- ask_sign_in_offline.c ---- */
/* Nobody is at the provider: this host decides, if it may.  false: it may
 * not, and nothing has been done. */
bool sign_in_try_offline(struct sign_in *sign_in,
                         const struct provider_result *result);
/* What came of an online sign-in, the directory's word included: remember,
 * doubt or forget the password, in the background.  tokens, password: or
 * NULL. */
void sign_in_learn(const struct sign_in *sign_in, enum wire_result result,
                   const char *password, const struct provider_tokens *tokens);
/* session_table's refused. */
void sign_in_refused(void *context, const struct session *session,
                     enum wire_result result);

/* ---- ask_sign_in_late.c: session_table's late_begin, late_accept ---- */
bool sign_in_late_begin(void *context, struct session *session);
enum wire_result sign_in_late_accept(void *context, struct session *session,
                                     const struct provider_result *result,
                                     const struct provider_tokens *tokens);
void sign_in_late_stop(struct daemon *daemon);

#endif
