/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listing: getpwent(3) and getgrent(3), if the snapshot says "enumerate".
 *
 * Where an enumeration stands is the process's, by the interface itself
 * (setpwent() and getpwent_r() share it, and glibc calls them under a lock of
 * its own): a number for each of the two, and the only writable data of this
 * module.  Each is one atomic word, so that even a caller without glibc's lock
 * sees a whole one, and a fork(2) in between can leave none locked.
 *
 * No descriptor is kept.  Every call opens the snapshot anew; has it been
 * replaced since the first call, positions mean nothing any more, and the
 * enumeration ends there.
 */
#ifndef SIGNIN_NSS_LISTING_H
#define SIGNIN_NSS_LISTING_H

#include <grp.h>
#include <pwd.h>
#include <stddef.h>

enum listing {
    LISTING_USERS = 0,
    LISTING_GROUPS,
    LISTINGS /* how many there are */
};

/* Begin anew. */
void listing_rewind(enum listing listing);

/* The next one.  0, -ENOENT at the end, or another of call.h; after -ERANGE
 * the same one comes next. */
int listing_next_user(struct passwd *ret_entry, char *buffer, size_t size);
int listing_next_group(struct group *ret_entry, char *buffer, size_t size);

#endif
