/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * throttle: failed sign-ins are counted per user and per remote host, before
 * the provider is asked, so that guessing through this host cannot lock
 * accounts there.  An attempt counts from its start, so that many at once are
 * no way around it; it is given back unless the provider said "wrong".
 */
#ifndef SIGNIN_THROTTLE_H
#define SIGNIN_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

struct throttle;

struct throttle_limits {
    unsigned per_user, per_host; /* failures in a window; 0: no limit */
    unsigned window_s;
};

/* NULL: no memory. */
struct throttle *throttle_new(void);
void throttle_free(struct throttle *throttle);

/*
 * May this attempt go on?  Counts it if so.  rhost NULL or "": a local
 * terminal, counted per user alone.  now_s: any clock of seconds that does
 * not run backwards.  false: *ret_wait_s is when it may help to try again.
 */
bool throttle_enter(struct throttle *throttle,
                    const struct throttle_limits *limits, const char *user,
                    const char *rhost, int64_t now_s, unsigned *ret_wait_s);

/* The attempt has ended.  failed: the provider said that the credentials are
 * wrong; ok: it signed in, which forgets the user's failures. */
void throttle_leave(struct throttle *throttle, const char *user,
                    const char *rhost, bool failed, bool ok);

#endif
