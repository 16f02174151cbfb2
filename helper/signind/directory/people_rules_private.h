/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * people_rules_private: what people_rules*.c share.
 */
#ifndef SIGNIN_PEOPLE_RULES_PRIVATE_H
#define SIGNIN_PEOPLE_RULES_PRIVATE_H

#include <stdio.h>

#include "local_files.h"
#include "people_rules.h"

/* Whom, and by which rules. */
struct taking {
    struct store *store;
    struct local_files *files;
    const struct config *config;
    const struct directory_config *directory;
    const char *issuer;
};

/* ---- people_rules_values.c: a person's values as this host has them --------
 */

/*
 * Fill name, gecos, home, shell, ssh_keys and origins of a record whose ids
 * are known.  id_origin: where they are from.  The record owns them.  0,
 * -EINVAL (no home can be made: logged) or -ENOMEM.
 */
int people_fill_values(const struct taking *taking, const struct person *person,
                       const char *id_origin, struct user_record *user);

/* Why no home or shell may be this, or that it may (NULL). */
const char *people_path_mistake(const char *path);

/* ---- people_rules_groups.c -------------------------------------------------
 */

/* Store the groups and that the user is in them, by that origin. */
int people_take_groups(const struct taking *taking, const char *subject,
                       const char *origin, const struct person_group *groups,
                       size_t count);

/* Is a name that of a group that NSS may be told of, of a user?  1, 0, or
 * negative errno. */
int people_name_is_group(struct store *store, const char *name);
int people_name_is_user(struct store *store, const char *name);

#endif
