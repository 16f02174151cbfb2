/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snapshot: what NSS is told (wire/people.h): the snapshot and the misses.
 */
#ifndef SIGNIN_SNAPSHOT_H
#define SIGNIN_SNAPSHOT_H

#include "people_rules.h"

/*
 * Write all that is told of now, into path by rename; path may be another for
 * tests.  0 or negative errno (logged): the old one stays then.  One at a
 * time, here and below.
 *
 * Takes about 1.6 microseconds for each user and 0.2 for each membership: 160
 * ms for 100,000 users, 260 with five groups each (a 2 GHz machine), and while
 * it lasts 16 bytes of memory for each record and 12 for each membership.
 */
int snapshot_write(struct store *store, struct local_files *files,
                   const struct config *config, const char *path,
                   int64_t now_s);

/*
 * The same in slices, for the loop, which cannot wait so long.  All that is
 * passed must live until the end.
 */
struct snapshot;
int snapshot_begin(struct store *store, struct local_files *files,
                   const struct config *config, const char *path, int64_t now_s,
                   struct snapshot **ret_snapshot);
/*
 * Go on for about budget_ms (negative: to the end); the last slice, which
 * writes the hash tables, may take 30 ms more with 100,000 users.  1: there is
 * more to do.  Else the snapshot is freed, and it is 0: the file is in its
 * place; -EAGAIN: the store has changed since snapshot_begin(), begin anew; or
 * another negative errno (logged), and the old one stays.
 */
int snapshot_step(struct snapshot *snapshot, int64_t budget_ms);
/* Give up.  Accepts NULL. */
void snapshot_cancel(struct snapshot *snapshot);

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
