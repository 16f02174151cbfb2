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
 * nothing allowed is nobody.  An item is a name, or "id:" and an immutable id
 * (first_sign_in: the subject that signed in); a group's name counts as NSS
 * tells it (with group_prefix) and as the directory does.  *ret_rule (static)
 * says which rule decided, for the log.
 *
 * To allow, a name must be that of one group alone, and one that begins with
 * group_prefix is NSS's: whoever may name groups at the directory must not be
 * able to make one that is read as another.  To deny, every reading counts.
 *
 * Groups that are not known yet, and the subject of somebody who is new, are
 * neither in a rule nor out of it: LATER, if that can make a difference.
 */
enum access_decision access_decide(const struct config *config,
                                   const char *service,
                                   const struct directory_user *user,
                                   const char **ret_rule);

/*
 * After a LATER, when the sign-in has told subject and groups and nothing of
 * it is stored yet.  DENY is certain: somebody whom the rules do not want need
 * not be given a name and an id here.  ALLOW is not, since names of groups may
 * turn out to be ambiguous; LATER: out of memory.
 */
enum access_decision access_foresee(const struct config *config,
                                    const char *service,
                                    const struct directory_user *user,
                                    const struct provider_tokens *tokens,
                                    const char **ret_rule);

/* Does the directory want the user at all, whatever the rules say?  WIRE_OK,
 * WIRE_UNKNOWN_USER (NOBODY, or missing there) or WIRE_ACCOUNT_DISABLED. */
enum wire_result access_standing(const struct directory_user *user);

/* Is what is known of the user fresh enough for this service: reachable, or
 * not older than stale_ok; and the groups, if it has a rule about them? */
bool access_is_fresh(const struct config *config, const char *service,
                     const struct directory_user *user);

#endif
