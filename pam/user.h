/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * user: is the person named by PAM_USER one that signin may sign in?
 *
 * This is the module's own answer, whatever signind says: a sign-in at some
 * provider must never open root's account, a service's, or that of a local
 * person whom the administrator has not listed.
 */
#ifndef SIGNIN_PAM_USER_H
#define SIGNIN_PAM_USER_H

#include <stdbool.h>
#include <sys/types.h>

#include <security/pam_modules.h>

#include "options.h"
#include "wire/people.h"

#define USER_NO_UID ((uid_t)-1)
#define USER_NO_GID ((gid_t)-1)

enum user_standing {
    USER_UNCHECKED = 0,
    USER_OURS,
    /* not ours, for certain */
    USER_BAD_NAME,     /* people_name_valid() */
    USER_ABSENT,       /* no such account on this host */
    USER_LOW_UID,      /* below min_uid */
    USER_RESERVED_UID, /* people_id_valid() */
    USER_LOCAL,        /* in /etc/passwd and not in local_users= */
    USER_UID_TAKEN,    /* a local account has the same uid */
    /* nobody's whom we know, and nobody may let in */
    USER_BAD_GID, /* not local, and the group is: root, adm, sudo, ... */
    /* cannot be told: refuse wherever "not ours" would let somebody pass */
    USER_UNREADABLE, /* /etc/passwd */
    USER_BAD_OPTION, /* options.broken */
};

struct user {
    char name[PEOPLE_NAME_MAX + 1]; /* "" unless it fits the grammar */
    uid_t uid;                      /* USER_NO_UID: no such account */
    gid_t gid;                      /* the primary group; or USER_NO_GID */
    enum user_standing standing;
};

/*
 * Look the name up and judge it.  uid and gid are set for every account of
 * the host, also where standing says that it is not ours.  name may be NULL.
 */
void user_check(pam_handle_t *pamh, const struct options *options,
                const char *name, struct user *ret_user);

/* Is standing one of the two that cannot be told? */
bool user_is_undecided(const struct user *user);

/* Why a user is not ours, for the log; says what an administrator can do. */
const char *user_standing_text(enum user_standing standing);

#endif
