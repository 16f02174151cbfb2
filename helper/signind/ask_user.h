/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ask_user: who is it that a peer asks about, and may they?  What AUTHENTICATE,
 * ACCOUNT and REUSE have in common.
 */
#ifndef SIGNIN_ASK_USER_H
#define SIGNIN_ASK_USER_H

#include "daemon.h"
#include "directory/access.h"

/*
 * A directory may keep a login waiting so long, in milliseconds; then stale_ok
 * decides as if it could not be reached.  Shorter than what the module waits
 * for an ACCOUNT (pam/daemon.h), and with [provider] sign_in_timeout shorter
 * than what it waits for a sign-in.
 */
#define ASK_USER_WITHIN_MS 6000

/* directory_find(): WIRE_OK and *ret_user, WIRE_UNKNOWN_USER or
 * WIRE_INTERNAL.  *ret_user needs directory_user_done() in every case. */
enum wire_result ask_user_find(struct daemon *daemon, const char *name,
                               uid_t uid, struct directory_user *ret_user);

/* Is there a directory that must be asked about the user from time to time? */
bool ask_user_has_directory(const struct directory_user *user);

/*
 * directory_check() that ends within ASK_USER_WITHIN_MS.  done() is called
 * once, from the event loop, and takes the user over (empty with
 * WIRE_INTERNAL); why: for the log, or "".  NULL: out of memory.
 */
struct user_check;
typedef void user_check_done(void *context, enum wire_result result,
                             struct directory_user *user, const char *why);
struct user_check *user_check_start(struct daemon *daemon, const char *name,
                                    uid_t uid, user_check_done *done,
                                    void *context);
void user_check_cancel(struct user_check *check); /* accepts NULL */

/*
 * Is what is known fresh enough, and what do the rules say?  WIRE_OK,
 * WIRE_UNAVAILABLE or WIRE_DENIED, and what decided, for the log.  ret_later:
 * the rules wait for what a sign-in will tell (WIRE_OK then); NULL: no sign-in
 * is to come, and whom the rules cannot tell yet they do not want.
 */
#define ASK_USER_RULE_MAX 128
enum wire_result ask_user_judge(const struct config *config,
                                const char *service,
                                const struct directory_user *user,
                                bool *ret_later,
                                char ret_rule[ASK_USER_RULE_MAX]);

/* "RULE of [access SERVICE]" for the log. */
void ask_user_name_rule(const struct config *config, const char *service,
                        const char *rule, char ret_rule[ASK_USER_RULE_MAX]);

#endif
