/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * files: the two directories of wire/enforce.h, as root may read them.
 */
#ifndef SIGNIN_ENFORCE_FILES_ROOM_H
#define SIGNIN_ENFORCE_FILES_ROOM_H

#include <stdbool.h>

#include "enforce.h"
#include "wire/enforce.h"

/* A file in the making is no older, in seconds. */
#define FILES_HALF_WRITTEN_S 5

/*
 * Open a directory of place->runtime, following no link.  It must belong to
 * owner, and nobody else may write to it.  A file descriptor, -ENOENT, -EPERM
 * or another negative errno.
 */
int files_open(const struct enforce_place *place, const char *name,
               uid_t owner);

/*
 * Read a regular file of that owner (or root's) that others cannot write, at
 * most ENFORCE_FILE_MAX bytes: its length, or -ENOENT, -EPERM, -EMSGSIZE or
 * another negative errno.  No link is followed, nothing is waited for.
 */
int files_read(int directory, const char *name, uid_t owner,
               char text[ENFORCE_FILE_MAX + 1]);

/* Who opened the session: 0, -ENOENT, or -EPROTO and others. */
int files_read_opening(int sessions, const char *id,
                       struct enforce_opening *ret_opening);

/* Is the process that opened the session still there? */
bool files_opener_lives(const struct enforce_opening *opening);

/* Is it the opener of another session as well? */
bool files_opener_shared(int sessions, const char *id,
                         const struct enforce_opening *opening);

#endif
