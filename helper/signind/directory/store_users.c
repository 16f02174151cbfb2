/* SPDX-License-Identifier: BSD-2-Clause */
#include "store_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/people.h"

void
store_user_done(struct user_record *user)
{
    free(user->name);
    free(user->directory);
    free(user->issuer);
    free(user->subject);
    free(user->gecos);
    free(user->home);
    free(user->shell);
    free(user->sign_in_subject);
    free(user->origins);
    free(user->ssh_keys);
    *user = (struct user_record){0};
}

/* ---- reading ------------------------------------------------------------- */

/* A row of USER_COLUMNS; the texts are SQLite's. */
static int
user_borrow(const struct query *query, struct user_record *ret_user)
{
    struct user_record user = {
        .name = query_column(query, 0),
        .uid = (uint32_t)query_column_number(query, 1),
        .gid = (uint32_t)query_column_number(query, 2),
        .directory = query_column(query, 3),
        .issuer = query_column(query, 4),
        .subject = query_column(query, 5),
        .gecos = query_column(query, 6),
        .home = query_column(query, 7),
        .shell = query_column(query, 8),
        .enabled = query_column_number(query, 9) != 0,
        .first_seen_s = query_column_number(query, 10),
        .checked_at_s = query_column_number(query, 11),
        .gone_since_s = query_column_number(query, 12),
        .missing = query_column_number(query, 13) != 0,
        .sign_in_subject = query_column(query, 14),
        .origins = query_column(query, 15),
        .ssh_keys = query_column(query, 16),
    };

    /* NOT NULL columns are NULL only when memory is out. */
    if (user.name == NULL || user.directory == NULL || user.issuer == NULL ||
        user.subject == NULL || user.gecos == NULL || user.home == NULL ||
        user.shell == NULL)
        return -ENOMEM;
    *ret_user = user;
    return 0;
}

/* Make what is borrowed one's own. */
static int
user_own(struct user_record *user)
{
    char **texts[] = {&user->name,    &user->directory,       &user->issuer,
                      &user->subject, &user->gecos,           &user->home,
                      &user->shell,   &user->sign_in_subject, &user->origins,
                      &user->ssh_keys};
    bool failed = false;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (*texts[i] == NULL)
            continue;
        /* After a failure the rest is still SQLite's, not ours to free. */
        *texts[i] = failed ? NULL : strdup(*texts[i]);
        failed = failed || *texts[i] == NULL;
    }
    if (failed)
        store_user_done(user);
    return failed ? -ENOMEM : 0;
}

static int
user_read_one(struct query *query, struct user_record *ret_user)
{
    struct user_record user;
    int status = query_next(query);

    if (status <= 0)
        return status == 0 ? -ENOENT : status;
    status = user_borrow(query, &user);
    if (status == 0)
        status = user_own(&user);
    if (status == 0)
        *ret_user = user;
    return status;
}

int
store_user_by_name(struct store *store, const char *name,
                   struct user_record *ret_user)
{
    struct query query cleanup_query = query_start(store, SQL_USER_BY_NAME);

    query_text(&query, 1, name);
    return user_read_one(&query, ret_user);
}

int
store_user_by_uid(struct store *store, uint32_t uid,
                  struct user_record *ret_user)
{
    struct query query cleanup_query = query_start(store, SQL_USER_BY_UID);

    query_number(&query, 1, uid);
    return user_read_one(&query, ret_user);
}

int
store_user_by_subject(struct store *store, const char *issuer,
                      const char *subject, struct user_record *ret_user)
{
    struct query query cleanup_query = query_start(store, SQL_USER_BY_SUBJECT);

    query_text(&query, 1, issuer);
    query_text(&query, 2, subject);
    return user_read_one(&query, ret_user);
}

int
store_each_user(struct store *store,
                int (*each)(void *context, const struct user_record *user),
                void *context)
{
    struct query query cleanup_query = query_start(store, SQL_USER_EACH);
    int status;

    while ((status = query_next(&query)) > 0) {
        struct user_record user;

        status = user_borrow(&query, &user);
        if (status == 0)
            status = each(context, &user);
        if (status != 0)
            return status;
    }
    return status;
}

int
store_name_is_taken(struct store *store, const char *name, const char *issuer,
                    const char *subject)
{
    struct query query cleanup_query = query_start(store, SQL_NAME_TAKEN);

    query_text(&query, 1, name);
    query_text(&query, 2, issuer);
    query_text(&query, 3, subject);
    return query_next(&query);
}

/* ---- writing ------------------------------------------------------------- */

static int
user_write(struct store *store, enum store_statement which,
           const struct user_record *user)
{
    struct query query cleanup_query = query_start(store, which);

    query_text(&query, 1, user->name);
    query_number(&query, 2, user->uid);
    query_number(&query, 3, user->gid);
    query_text(&query, 4, user->directory);
    query_text(&query, 5, user->issuer);
    query_text(&query, 6, user->subject);
    query_text(&query, 7, user->gecos);
    query_text(&query, 8, user->home);
    query_text(&query, 9, user->shell);
    query_number(&query, 10, user->enabled);
    query_number(&query, 11, user->first_seen_s);
    query_number(&query, 12, user->checked_at_s);
    query_number(&query, 13, user->gone_since_s);
    query_number(&query, 14, user->missing);
    query_text(&query, 15, user->sign_in_subject);
    return query_change(&query);
}

static int
user_write_details(struct store *store, const struct user_record *user)
{
    struct query query cleanup_query = query_start(store, SQL_DETAILS_PUT);

    query_number(&query, 1, user->uid);
    query_text(&query, 2, user->origins);
    query_text(&query, 3, user->ssh_keys);
    return query_change(&query);
}

/* The name that a user had stays his, and the new one is no former one. */
static int
user_keep_name(struct store *store, uint32_t uid, const char *former,
               const char *name)
{
    struct query add cleanup_query = query_start(store, SQL_FORMER_ADD);
    struct query drop cleanup_query = query_start(store, SQL_FORMER_DROP);
    int status;

    query_text(&drop, 1, name);
    status = query_change(&drop);
    if (status < 0)
        return status;
    query_text(&add, 1, former);
    query_number(&add, 2, uid);
    return query_change(&add);
}

/*
 * Is the user there?  1 or 0; *ret_same: what NSS is told does not change.  A
 * name that changes is kept as a former one.
 */
static int
user_compare(struct store *store, const struct user_record *user,
             bool *ret_same)
{
    struct query query cleanup_query = query_start(store, SQL_USER_TOLD);
    const char *name;
    int status;

    query_number(&query, 1, user->uid);
    query_text(&query, 2, user->name);
    query_number(&query, 3, user->gid);
    query_text(&query, 4, user->directory);
    query_text(&query, 5, user->gecos);
    query_text(&query, 6, user->home);
    query_text(&query, 7, user->shell);
    query_number(&query, 8, user->gone_since_s);
    status = query_next(&query);
    if (status <= 0)
        return status;
    *ret_same = query_column_number(&query, 1) != 0;
    name = query_column(&query, 0);
    if (name == NULL)
        return -ENOMEM;
    if (strcmp(name, user->name) != 0)
        status = user_keep_name(store, user->uid, name, user->name);
    return status < 0 ? status : 1;
}

static int
user_put(struct store *store, const struct user_record *user)
{
    struct identity identity = {.issuer = user->issuer,
                                .subject = user->subject};
    bool same = false;
    uint32_t uid = 0;
    int status = store_find_id(store, &identity, &uid);

    if (status == -ENOENT || (status == 0 && uid != user->uid))
        return -EINVAL;
    if (status == 0)
        status =
            store_name_is_taken(store, user->name, user->issuer, user->subject);
    if (status != 0)
        return status > 0 ? -EEXIST : status;
    status = user_compare(store, user, &same);
    if (status < 0)
        return status;
    status =
        user_write(store, status > 0 ? SQL_USER_UPDATE : SQL_USER_INSERT, user);
    if (status >= 0)
        status = user_write_details(store, user);
    if (status >= 0 && !same)
        store->version++;
    return status < 0 ? status : 0;
}

int
store_put_user(struct store *store, const struct user_record *user)
{
    int status;

    if (!people_name_valid(user->name))
        return -EINVAL;
    status = store_enter(store);
    if (status < 0)
        return status;
    return store_leave(store, user_put(store, user));
}

int
store_mark_missing(struct store *store, const char *directory, int64_t since_s,
                   int64_t now_s)
{
    struct query query cleanup_query = query_start(store, SQL_USERS_MISSING);
    int status;

    query_text(&query, 1, directory);
    query_number(&query, 2, since_s);
    query_number(&query, 3, now_s);
    status = query_change(&query);
    if (status > 0)
        store->version++;
    return status;
}

int
store_forget(struct store *store, const char *name)
{
    struct query user cleanup_query = query_start(store, SQL_USER_FORGET);
    struct query former cleanup_query = query_start(store, SQL_FORMER_DROP);
    int status;

    query_text(&user, 1, name);
    status = query_change(&user);
    if (status == 0) {
        query_text(&former, 1, name);
        status = query_change(&former);
    }
    if (status > 0)
        store->version++;
    return status == 0 ? -ENOENT : status < 0 ? status : 0;
}
