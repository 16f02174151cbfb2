/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * local_groups: the groups of this host that external users may be in.  Root
 * says so in PEOPLE_LOCAL_GROUPS; no snapshot and no signind can.
 */
#ifndef SIGNIN_NSS_LOCAL_GROUPS_H
#define SIGNIN_NSS_LOCAL_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "wire/people.h"

/* Begin with all zeros.  The file is read when a gid is first asked for. */
struct local_groups {
    bool read;
    size_t count;
    gid_t gids[PEOPLE_LOCAL_GROUPS_MAX];
};

/*
 * May an external user have this gid: is it an external one, or does it stand
 * in the list?  Without a list of root's none does.
 */
bool local_groups_allow(struct local_groups *groups, gid_t gid);

#endif
