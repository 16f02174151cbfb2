/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * membership: the groups that a process of a user is in (initgroups(3)).
 */
#ifndef SIGNIN_NSS_MEMBERSHIP_H
#define SIGNIN_NSS_MEMBERSHIP_H

#include <sys/types.h>

#include "local_groups.h"

/*
 * glibc's list, which goes from one service of nsswitch.conf to the next: it
 * holds *start gids, has room for *size, and comes from malloc(3).  A limit
 * above 0 is how long it may get at all.
 */
struct membership {
    long *start, *size;
    gid_t **groups;
    long limit;
    gid_t primary; /* in the list already */
    struct local_groups local;
};

/*
 * Append the groups of the user of that name, all or none of them.  Gids that
 * an external user may not have (local_groups.h) are left out; a list that is
 * full at its limit is a success.  0 or a negative errno (call.h), -ENOENT for
 * a user without such groups.
 */
int membership_of_name(const char *name, struct membership *list);

#endif
