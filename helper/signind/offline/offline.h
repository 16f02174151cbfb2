/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * offline: verifiers of passwords, for when the provider is away ([offline]
 * cached_sign_in = yes).  The only code that touches one: who may include this
 * header is held by tests/tools/check-includes.
 *
 * One file per user in OFFLINE_STATE, of _signin alone: a slow salted hash
 * (yescrypt, crypt(5)), who it is of, when the provider last accepted that
 * password, and how many wrong ones have been tried since.  All hashing and
 * all writing is done by one thread, in the order of the requests; the event
 * loop never waits for either.  A thread and not a child process: it holds no
 * copy of the daemon's other secrets, in memory that is not locked, and leaves
 * nobody to be waited for.
 *
 * Without cached_sign_in there is no thread, no file and no directory.
 */
#ifndef SIGNIN_OFFLINE_H
#define SIGNIN_OFFLINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define OFFLINE_STATE LOCALSTATEDIR "/lib/signin/offline"

/* Checks that wait for their turn, at most; a check takes about a quarter of a
 * second.  And background work. */
#define OFFLINE_CHECKS_MAX 24
#define OFFLINE_QUEUE_MAX  64

struct event_base;
struct offline; /* one per process */

struct offline_limits {
    bool enabled;
    unsigned valid_for_s; /* since the last online success */
    unsigned attempts;    /* wrong ones since then; 1 or more */
};

/* Whose verifier.  Everything must be as it was at the online success. */
struct offline_user {
    const char *name;
    uid_t uid;
    const char *provider;
    const char *issuer;  /* where the provider is: its sign-in URL */
    const char *subject; /* that the user is bound to; NULL: no matter */
};

enum offline_result {
    OFFLINE_NONE = 0,  /* there is no verifier that counts */
    OFFLINE_ACCEPTED,  /* the password is the one the provider accepted */
    OFFLINE_WRONG,     /* it is not; that has been counted */
    OFFLINE_EXHAUSTED, /* too many wrong ones: not even looked at */
    OFFLINE_EXPIRED,   /* too old, or a clock that cannot tell */
    OFFLINE_FAILED     /* it cannot be told: no memory, a full queue, a disk */
};

/*
 * folder: OFFLINE_STATE, or a test's.  Without limits->enabled all verifiers
 * that are there are deleted, and that is logged.  NULL: no memory.
 */
struct offline *offline_open(struct event_base *base, const char *folder,
                             const struct offline_limits *limits);

/* After a reload.  Checks under way when it is switched off are answered
 * OFFLINE_FAILED before this returns. */
void offline_set_limits(struct offline *offline,
                        const struct offline_limits *limits);

/* Ends the thread: what is to be deleted is, what is to be written mostly is.
 * Checks end without an answer.  Accepts NULL. */
void offline_close(struct offline *offline);

/*
 * Is it the password that the provider last accepted?  done() is called once,
 * from the event loop; why: for the log, never a secret.  NULL: it cannot be
 * told (switched off, a full queue, no memory); done() is not called.
 */
struct offline_check;
typedef void offline_done(void *context, enum offline_result result,
                          const char *why);
struct offline_check *offline_check(struct offline *offline,
                                    const struct offline_user *user,
                                    const char *password, offline_done *done,
                                    void *context);
/* done() is not called.  A wrong password counts all the same.  Accepts
 * NULL. */
void offline_cancel(struct offline_check *check);

/* The provider has just accepted the password: remember it, instead of the
 * one before. */
void offline_remember(struct offline *offline, const struct offline_user *user,
                      const char *password);
/* The provider says that this password is wrong: if it is the one that is
 * remembered, it has been changed there, and is forgotten. */
void offline_doubt(struct offline *offline, uid_t uid, const char *password);
/* The user, or all that were ever remembered under a name. */
void offline_forget(struct offline *offline, uid_t uid);
void offline_forget_name(struct offline *offline, const char *name);

#endif
