/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * user: passwd entries.
 *
 * Everything an entry points to is in the caller's buffer: the line of the
 * snapshot, cut up in place, and "*" for the password.  "*" and not "x": there
 * is no shadow entry, and pam_unix, sent by an "x" to look for one, takes its
 * absence for an expired or broken account; "*" is no password's hash.
 *
 * All return 0 or a negative errno (call.h); *ret_entry is untouched then.
 */
#ifndef SIGNIN_NSS_USER_H
#define SIGNIN_NSS_USER_H

#include <pwd.h>
#include <stddef.h>

#include "snapshot.h"

/* What a user entry takes in a buffer beside its own bytes: its NUL, "*". */
#define USER_EXTRA (1 + sizeof("*"))

/* By name: from the snapshot, else from signind, if it may be asked. */
int user_by_name(const char *name, struct passwd *ret_entry, char *buffer,
                 size_t size);
/* By number: from the snapshot alone. */
int user_by_uid(uid_t uid, struct passwd *ret_entry, char *buffer, size_t size);

/* The user of a record, who must have that name, unless it is NULL. */
int user_from_record(const struct snapshot *snapshot,
                     const struct snapshot_record *record, const char *name,
                     struct passwd *ret_entry, char *buffer, size_t size);

/*
 * The user of a line of length bytes at the beginning of a buffer that has
 * USER_EXTRA bytes more; the same check of the name.
 */
int user_from_line(char *buffer, size_t length, const char *name,
                   struct passwd *ret_entry);

#endif
