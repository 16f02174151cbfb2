/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * directory: who exists.  Local accounts that the administrator listed
 * ([accounts] local_users), and the people of the configured directories:
 * what is stored of them, how it is kept fresh, and what NSS is told.
 *
 * Without a working store (store.h, CORRUPT) local users are as always, and
 * external ones may not sign in (WIRE_INTERNAL, logged); NSS goes on with the
 * snapshot that is there.
 */
#ifndef SIGNIN_DIRECTORY_H
#define SIGNIN_DIRECTORY_H

#include <stdbool.h>
#include <sys/types.h>

#include "fetch.h"
#include "people_rules.h"
#include "signind/config/config.h"
#include "wire/wire.h"

/* ---- local.c ---------------------------------------------------------------
 */

/* people_name_valid() and people_id_valid(), by their older names. */
bool directory_name_valid(const char *name);
bool directory_uid_valid(uid_t uid);

/*
 * Is name a local user that may sign in at a provider on this host, with
 * exactly the uid that the module was given (another NSS source may have
 * answered)?
 */
bool directory_knows(const struct config *config, const char *name, uid_t uid);

/* ---- the people ------------------------------------------------------------
 */

struct directory; /* one per process */

/*
 * Open the store, write the snapshot and the misses, begin to refresh.
 * context and config are borrowed, as daemon.h keeps them.  Never fails for a
 * store that cannot be used (logged); NULL: out of memory.
 */
struct directory *directory_open(const struct provider_context *context,
                                 const struct config *config);
/* After a reload: what is under way by the old configuration is cancelled. */
void directory_reload(struct directory *directory,
                      const struct provider_context *context,
                      const struct config *config);
void directory_close(struct directory *directory); /* accepts NULL */

enum directory_kind {
    DIRECTORY_NOBODY = 0,
    DIRECTORY_LOCAL, /* an account of /etc/passwd, listed in local_users */
    DIRECTORY_KNOWN, /* of a directory, in the store */
    DIRECTORY_NEW    /* may sign in here for the first time (first_sign_in) */
};

/* Somebody who wants in.  directory_user_done(). */
struct directory_user {
    enum directory_kind kind;
    const struct directory_config *config; /* NULL with LOCAL and NOBODY */
    struct user_record record;             /* LOCAL, NEW: name and uid alone */
    struct group_record *groups;           /* what is known of them */
    size_t group_count;
    bool groups_known; /* false: they come with the sign-in, and there has been
                          none.  A sign-in brings new ones: who decides before
                          it, at a provider with identity.groups, must not
                          take these for known */
    bool groups_not_listed; /* they come with the directory's list alone, and it
                               has not told this user's yet */
    int64_t groups_age_s;   /* where they do, since that list; else 0 */
    int64_t age_s;    /* since the directory confirmed it; 0 with LOCAL, NEW
                         and first_sign_in; INT64_MAX: the clock was set */
    bool unreachable; /* directory_check(): it could not be asked just now */
};
void directory_user_done(struct directory_user *user);

/*
 * What is known now of the user of that name, without asking anybody.
 * NOBODY: unknown, or not with exactly that uid.  0 or negative errno
 * (logged): cannot be told.
 */
int directory_find(struct directory *directory, const char *name, uid_t uid,
                   struct directory_user *ret_user);

/*
 * The same, asking the directory first if what is known is older than
 * refresh_every (or than half a minute, with now or if the user is gone).
 * done() is called once, from the event loop, with WIRE_OK and the user (NOBODY
 * or missing at the directory: WIRE_UNKNOWN_USER, disabled there:
 * WIRE_ACCOUNT_DISABLED, with the user), or WIRE_INTERNAL and NULL.  done() may
 * move the user away (copy and zero it); what is left is released after it.
 * why: why the directory could not be asked, "" otherwise.  A directory that
 * cannot be reached is WIRE_OK with unreachable set: the caller's stale_ok
 * decides.  NULL: out of memory.
 */
struct directory_check;
typedef void directory_check_done(void *context, enum wire_result result,
                                  struct directory_user *user, const char *why);
struct directory_check *directory_check(struct directory *directory,
                                        const char *name, uid_t uid, bool now,
                                        directory_check_done *done,
                                        void *context);
void directory_check_cancel(struct directory_check *check); /* accepts NULL */

/*
 * The provider has accepted the user's password: bind name, subject and uid,
 * take the groups of the claims (NULL, 0: the provider names none), tell NSS.
 * subject: what the sign-in names, or NULL.  When it returns WIRE_OK the
 * snapshot holds the user, and *user is filled anew.  Else
 * WIRE_IDENTITY_MISMATCH (another subject than before, or than the
 * directory's, or none where there was one), WIRE_UNKNOWN_USER (no id could be
 * given, or it is not the one that NSS told), WIRE_ACCOUNT_DISABLED (meanwhile)
 * or WIRE_INTERNAL; all logged.  LOCAL users: WIRE_OK, nothing is done.
 */
enum wire_result directory_signed_in(struct directory *directory,
                                     struct directory_user *user,
                                     const char *subject,
                                     const struct person_group *claims,
                                     size_t claim_count);

/* ---- NSS and administrators ------------------------------------------------
 */

/*
 * The nss socket's LOOKUP, from memory and the store alone: 0 and the entry
 * (people.h) in text of PEOPLE_USER_MAX + 1 bytes, or -ENOENT; then a lookup
 * at the directories may have begun, and the name stands among the misses.
 * login_service: root's, and one of the programs that people log in with.
 * uid: who asks; lookups are limited for each but root.
 */
int directory_lookup(struct directory *directory, const char *name, uid_t uid,
                     bool login_service, char *text);

/* NULL: it cannot be used. */
struct store *directory_store(struct directory *directory);
struct local_files *directory_local_files(struct directory *directory);

/* Ask all directories anew; done() once, from the loop: WIRE_OK, or the first
 * failure with its words (one line).  Calls share one refresh.  false: out of
 * memory. */
bool directory_refresh(struct directory *directory,
                       void (*done)(void *context, enum wire_result result,
                                    const char *why),
                       void *context);
/* Forget a call of directory_refresh(). */
void directory_refresh_forget(struct directory *directory, void *context);

/* Forget a user, never the id (store_forget), and tell NSS. */
int directory_forget(struct directory *directory, const char *name);

#endif
