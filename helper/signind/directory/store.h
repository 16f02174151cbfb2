/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store: the durable records of users, groups and ids, in SQLite
 * (PEOPLE_STATE/users.db, 0600).  Never a token, never a password.
 *
 * ids       kind, issuer, subject -> id.  Append-only, by triggers too: an id
 *           once given is never given to another, whatever is forgotten.
 * users     what is known of a user; a name is bound to one subject until
 *           store_forget().  A user who is renamed keeps the uid, and the
 *           names he had before: files, sudoers and rules still name them, so
 *           nobody else may have one of them before an administrator has
 *           forgotten it.
 * groups, members   what directories and sign-ins said.
 *
 * One file holds all of it between transactions (a rollback journal, no
 * write-ahead log): copying users.db while signind is stopped, or sqlite3(1)
 * .backup at any time, is a backup.  What store_end() or a single change
 * returned 0 for survives a power loss.  A full disk is -EIO: -ENOSPC is
 * ids_give()'s word for a full range.
 *
 * CORRUPT: a file that SQLite or our own checks refuse is renamed to
 * users.db.corrupt and reported.  While that stands and users.db does not,
 * store_open() fails with -EUCLEAN, so that nobody is given new ids in
 * silence; NSS goes on with the snapshot.  The administrator restores a backup
 * as users.db, or removes the corrupt file to begin anew.
 */
#ifndef SIGNIN_STORE_H
#define SIGNIN_STORE_H

#include "person.h"
#include "signind/config/config.h"

struct store;

/*
 * path: of users.db; tests use another.  Every id is read and compared with
 * its index.  0; -EUCLEAN (see CORRUPT; later calls return it as well, when a
 * fault shows only then); -EPROTONOSUPPORT: written by a newer signind;
 * another negative errno.  All logged.
 */
int store_open(const char *path, struct store **ret_store);
void store_close(struct store *store); /* accepts NULL */

/* Many changes in one transaction.  Nesting is not supported.  end: false
 * rolls back.  0 or negative errno (logged). */
int store_begin(struct store *store);
int store_end(struct store *store, bool commit);

/* Grows whenever something changes that NSS may be told of: as long as it is
 * the same, the snapshot needs no rewriting (but for disabled_grace). */
uint64_t store_version(const struct store *store);

/* ---- ids -------------------------------------------------------------------
 */

struct identity {
    bool group;
    const char *issuer;
    const char *subject;
};
/* 0, -ENOENT, or another negative errno. */
int store_find_id(struct store *store, const struct identity *identity,
                  uint32_t *ret_id);
/* The owner of an id: 0 (caller frees both texts), -ENOENT, ... */
int store_find_owner(struct store *store, uint32_t id, bool *ret_group,
                     char **ret_issuer, char **ret_subject);
/* 0; -EEXIST: the id is another's, or the identity has another id. */
int store_add_id(struct store *store, const struct identity *identity,
                 uint32_t id);

/* ---- users -----------------------------------------------------------------
 */

/* One user of this host.  Owned strings; record_user_done().  Times are epoch
 * seconds. */
struct user_record {
    char *name;
    uint32_t uid, gid;
    char *directory, *issuer, *subject;
    char *gecos, *home, *shell; /* as NSS tells them: never NULL */
    bool enabled;               /* at the directory */
    int64_t first_seen_s;
    int64_t checked_at_s;  /* the directory last said what it says here */
    int64_t gone_since_s;  /* disabled or missing since; 0: neither */
    bool missing;          /* gone because the directory has no such user */
    char *sign_in_subject; /* bound at the first sign-in; NULL: none yet */
    char *origins;  /* lines "PROPERTY\tVALUE\tORIGIN", for `signin user` */
    char *ssh_keys; /* lines; NULL: none */
};
void store_user_done(struct user_record *user);

/* 0, -ENOENT, or another negative errno.  Forgotten users are not found. */
int store_user_by_name(struct store *store, const char *name,
                       struct user_record *ret_user);
int store_user_by_uid(struct store *store, uint32_t uid,
                      struct user_record *ret_user);
int store_user_by_subject(struct store *store, const char *issuer,
                          const char *subject, struct user_record *ret_user);

/* Each user in order of name; each() returns nonzero to stop, and that is
 * returned.  The record is each()'s to read only.  each() must not change the
 * store, here and below. */
int store_each_user(struct store *store,
                    int (*each)(void *context, const struct user_record *user),
                    void *context);

/*
 * Insert or replace the user with that issuer and subject, whose uid must be
 * what store_find_id() says.  0; -EEXIST: the name is bound to another subject;
 * -EINVAL: the uid is not that identity's, or the name is none (nothing
 * changed in either case).
 */
int store_put_user(struct store *store, const struct user_record *user);

/* Mark everybody of a directory who was not confirmed (checked_at_s) since
 * that time as missing from now on.  A time to come is of a clock that was set
 * back, and confirms nothing.  Returns how many, or negative errno. */
int store_mark_missing(struct store *store, const char *directory,
                       int64_t since_s, int64_t now_s);

/*
 * Is the name bound to another than that subject, who has it or had it before?
 * 1: yes; 0: no; or negative errno.
 */
int store_name_is_taken(struct store *store, const char *name,
                        const char *issuer, const char *subject);

/* Forget the person, never the id: the name is free for another subject, who
 * gets another id.  A name that somebody had before: that name alone is
 * forgotten.  0, -ENOENT, ... */
int store_forget(struct store *store, const char *name);

/* ---- groups ----------------------------------------------------------------
 */

/*
 * A group that somebody is in, or that its directory lists.  gid: its own, or
 * with local a group of this host's /etc/group.
 *
 * Whoever may name groups at a directory may take a name twice.  The groups of
 * one name are then ambiguous, all of them: none is told to NSS, none counts by
 * name to allow anything; their ids still do.  Groups that nobody is in any
 * longer do not count.
 */
struct group_record {
    char *name;   /* as NSS tells it, with group_prefix; NULL: never told */
    uint32_t gid; /* 0: none could be given; never told then */
    bool local;
    char *directory, *id, *plain_name; /* immutable id and the directory's own
                                          name for it (NULL: none) */
    bool ambiguous;                    /* read only: see above */
};
void store_group_done(struct group_record *group);

/* Insert or replace by directory and id. */
int store_put_group(struct store *store, const struct group_record *group);
/* 0, -ENOENT, ... */
int store_group_by_id(struct store *store, const char *directory,
                      const char *id, struct group_record *ret_group);
/* Each group that somebody is in or that its directory lists, in order of
 * NSS's name. */
int store_each_group(struct store *store,
                     int (*each)(void *context,
                                 const struct group_record *group),
                     void *context);

/* Set which groups (by directory and id) a user is in, from one origin
 * ("directory", "sign-in"); other origins' stay.  0; -ENOENT: no such user or
 * group (nothing changed). */
int store_set_membership(struct store *store, const char *issuer,
                         const char *subject, const char *origin,
                         const char *directory, const char *const *group_ids,
                         size_t count);
/* The groups a user is in, of all origins, each once. */
int
store_groups_of(struct store *store, const char *issuer, const char *subject,
                int (*each)(void *context, const struct group_record *group),
                void *context);
/* Set who is in a group that its directory lists (origin "list"), and that it
 * does; subjects that nobody is known by are left out. */
int store_set_members(struct store *store, const char *directory,
                      const char *id, const char *issuer,
                      const char *const *subjects, size_t count);
/*
 * A listing of a directory's groups begins, has ended and is complete: what
 * store_set_members() was not called for in between is listed no longer, and
 * who was in it by the list is in it no longer.  Without end, all stays.
 * started_s: when it began.
 */
int store_list_begin(struct store *store, const char *directory);
int store_list_end(struct store *store, const char *directory,
                   int64_t started_s);
/* When the last complete one began: 0, -ENOENT (there was none), ... */
int store_listed_at(struct store *store, const char *directory,
                    int64_t *ret_started_s);
/* The names of a group's members, in order. */
int store_members_of(struct store *store, const char *directory, const char *id,
                     int (*each)(void *context, const char *name),
                     void *context);

#endif
