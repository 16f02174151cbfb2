/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * group: group entries, always of external groups: a local group is `files`'
 * own, whatever the snapshot says.
 *
 * Everything an entry points to is in the caller's buffer: the line of the
 * snapshot, cut up in place, "*" for the password (as user.h), and behind it,
 * aligned, the pointers to the members.
 *
 * All return 0 or a negative errno (call.h); *ret_entry is untouched then.
 */
#ifndef SIGNIN_NSS_GROUP_H
#define SIGNIN_NSS_GROUP_H

#include <grp.h>
#include <stddef.h>

#include "snapshot.h"

int group_by_name(const char *name, struct group *ret_entry, char *buffer,
                  size_t size);
int group_by_gid(gid_t gid, struct group *ret_entry, char *buffer, size_t size);

/* The group of a record, which must have that name, unless it is NULL. */
int group_from_record(const struct snapshot *snapshot,
                      const struct snapshot_record *record, const char *name,
                      struct group *ret_entry, char *buffer, size_t size);

#endif
