/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ids: which number a user or group gets.
 *
 * One space for users and groups: a user's private group has the user's
 * number.  Derived: the first 8 bytes, big-endian, of SHA-256 over
 *
 *   "signin id 1" NUL kind NUL issuer NUL subject      kind: "user", "group"
 *
 * modulo the length of id_range, plus its first number: the same on every
 * host.  With n ids of r numbers, n * n / (2 * r) collisions are to be
 * expected: 0.2 among 10,000 in the default range, 18.6 among 100,000.
 */
#ifndef SIGNIN_IDS_H
#define SIGNIN_IDS_H

#include "store.h"

struct local_files; /* people_rules.h */

/* The derived number, whatever it is.  0, or -EIO: no SHA-256. */
int ids_derive(const struct accounts_config *accounts,
               const struct identity *identity, uint32_t *ret_id);

/*
 * The number of an identity: what it was given before, else, as [accounts]
 * says, id.NAME, the directory's (attribute; 0: none), the derived one; and
 * remembers it for ever.  Never one that people_id_valid() refuses, that
 * stands in /etc/passwd or /etc/group, or that was ever another's.
 *
 * 0; -EEXIST: taken (logged with what to do); -ERANGE: cannot be anybody's
 * (logged); -ENODATA: id_source = attribute, and there is none (logged);
 * -ENOSPC: id_collision = next found none; -EIO: /etc/passwd or /etc/group
 * cannot be read; or the store's error.
 * name: for id.NAME and the log; NULL for none.
 */
int ids_give(struct store *store, struct local_files *files,
             const struct accounts_config *accounts,
             const struct identity *identity, const char *name,
             uint32_t attribute, uint32_t *ret_id);

#endif
