/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snapshot: what NSS is told (wire/people.h): the snapshot and the misses.
 */
#ifndef SIGNIN_SNAPSHOT_H
#define SIGNIN_SNAPSHOT_H

#include "people_rules.h"

/*
 * Write all that is told of now, into path by rename; path may be another for
 * tests.  0 or negative errno (logged): the old one stays then.
 */
int snapshot_write(struct store *store, struct local_files *files,
                   const struct config *config, const char *path,
                   int64_t now_s);

/* A user's entry as NSS is told it.  0 or -EINVAL. */
int snapshot_entry(const struct user_record *user, char *text);

struct misses;
/* A new, empty table.  for_root: flag bit 0 of people.h.  NULL: logged. */
struct misses *misses_new(const char *path, bool for_root);
void misses_free(struct misses *misses);
/* Remember for so many seconds (at most PEOPLE_MISS_MAX_S) that a name is
 * missing; forget that it is. */
void misses_add(struct misses *misses, const char *name, unsigned seconds);
void misses_remove(struct misses *misses, const char *name);

#endif
