/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * people_rules: what a directory says becomes what this host says: ids, home,
 * shell, names of groups; and what may never be (local names and numbers,
 * another subject under a known name).
 */
#ifndef SIGNIN_PEOPLE_RULES_H
#define SIGNIN_PEOPLE_RULES_H

#include "ids.h"

/* What a host's own files say, read anew when they change. */
struct local_files;
struct local_files *local_files_new(void);
void local_files_free(struct local_files *files);
bool local_files_has_user(struct local_files *files, const char *name);
bool local_files_has_group(struct local_files *files, const char *name);
bool local_files_has_id(struct local_files *files, uint32_t id);
/* Is name, or id, in one of them?  An account or group that root made since
 * takes both from a directory's user. */
bool local_files_has_any(struct local_files *files, const char *name,
                         uint32_t id);
bool local_files_has_shell(struct local_files *files, const char *path);
/* PEOPLE_LOCAL_GROUPS, as root wrote it.  The gid of a name, or -ENOENT. */
int local_files_allowed_group(struct local_files *files, const char *name,
                              uint32_t *ret_gid);

/*
 * Take a person into the store: find or give the id, apply home, shell and
 * name rules, groups; note origins.  now_s: epoch seconds.
 *
 * 0: *ret_user (if not NULL) is what is stored now.  -EPERM: a local account
 * has that name; -EEXIST: the name is another subject's, or the id is taken;
 * or what ids_give() says (-EIO among it).  All are logged, once a line, with
 * what to do.
 */
int people_take(struct store *store, struct local_files *files,
                const struct config *config,
                const struct directory_config *directory,
                const struct person *person, int64_t now_s,
                struct user_record *ret_user);

/* A group with its members, found by subject; who is not known is left out.
 * Between store_list_begin() and store_list_end().  0 or as above. */
int people_take_team(struct store *store, struct local_files *files,
                     const struct config *config,
                     const struct directory_config *directory,
                     const struct person_team *team);

/* The groups that a sign-in's claims name (origin "sign-in"). */
int people_take_claims(struct store *store, struct local_files *files,
                       const struct config *config,
                       const struct directory_config *directory,
                       const struct user_record *user,
                       const struct person_group *groups, size_t count);

/* Is this person still told to NSS: not gone longer than disabled_grace?
 * directory: NULL if it is no longer configured (told, and may not sign in). */
bool people_is_told(const struct directory_config *directory,
                    const struct user_record *user, int64_t now_s);

#endif
