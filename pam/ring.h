/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring: the session keyring (@s) of the process that opens a session.
 *
 * Keyrings follow the process, not the user: whoever runs with an @s that
 * links somebody's tokens can read them.  This file looks what is there and
 * makes a fresh @s where it must.
 */
#ifndef SIGNIN_PAM_RING_H
#define SIGNIN_PAM_RING_H

#include <stdbool.h>
#include <sys/types.h>

#include "keyring/keyring.h"

/* What @s links. */
struct ring_survey {
    bool strangers;              /* a session of another uid, or unreadable */
    bool others;                 /* a session with another id than asked for */
    bool own;                    /* the session with the id asked for */
    struct keyring_session mine; /* the first session of that uid; id "" */
};

/*
 * Look through @s for sessions: rings of root and the group gid, so that
 * nothing planted counts.  id: one to look for, or NULL.  Returns 0 (also
 * where this process has no usable @s, or no keyrings at all) or a negative
 * errno.
 */
int ring_survey(gid_t gid, uid_t uid, const char *id,
                struct ring_survey *ret_survey);

/*
 * Is @s a session keyring that belongs to uid alone: owned by it, and not the
 * "_uid_ses.N" which all processes of a user share that have none?
 */
bool ring_is_private(uid_t uid);

/*
 * Is @s that of some other person?  Tokens may be hung into it later, for
 * every process that has it.  Root's is not: nobody's tokens hang there.
 */
bool ring_is_foreign(uid_t uid);

/*
 * Join a fresh @s, owned by uid, and link that user's @u into it, as
 * pam_keyinit(8) does.  A user at its key quota gets one owned by root, which
 * it can use all the same.  uid and gid -1: as the caller.  The ids of other
 * threads are not touched, nor do they get the new @s.
 *
 * Returns 0, a negative errno, or -ENOTRECOVERABLE: the caller's real ids
 * could not be put back, and the host must not go on.
 */
int ring_join(uid_t uid, gid_t gid);

/* The same, with a fresh @s that is root's and costs uid nothing: each link in
 * it counts against whoever owns it. */
int ring_join_as_root(uid_t uid, gid_t gid);

#endif
