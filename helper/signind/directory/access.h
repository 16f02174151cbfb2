/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * access: the rules of [access] and [access SERVICE].
 */
#ifndef SIGNIN_ACCESS_H
#define SIGNIN_ACCESS_H

#include "directory.h"

enum access_decision {
    ACCESS_DENY = 0,
    ACCESS_ALLOW,
    ACCESS_LATER /* depends on groups that only the sign-in will tell */
};

/*
 * First match: deny_users, deny_groups, then allow_users, allow_groups;
 * nothing allowed is nobody.  An item is a name, or "id:" and an immutable id;
 * a group's name counts as NSS tells it (with group_prefix) and as the
 * directory does, but only while it is the name of one group alone.  *ret_rule
 * (static or borrowed from config) says which rule decided, for the log.
 */
enum access_decision access_decide(const struct config *config,
                                   const char *service,
                                   const struct directory_user *user,
                                   const char **ret_rule);

/* Is what is known of the user fresh enough for this service: reachable, or
 * not older than stale_ok? */
bool access_is_fresh(const struct config *config, const char *service,
                     const struct directory_user *user);

#endif
