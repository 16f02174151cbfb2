/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store_private: what store*.c and snapshot.c share: the one connection, its
 * prepared statements, and the way a query is made.  Nobody else includes it.
 */
#ifndef SIGNIN_STORE_PRIVATE_H
#define SIGNIN_STORE_PRIVATE_H

#include <sqlite3.h>

#include "store.h"

/* Every statement there is (store_sql.c).  None is ever built from values. */
enum store_statement {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_SAVEPOINT,
    SQL_RELEASE,
    SQL_ROLLBACK_TO,
    SQL_ID_FIND,
    SQL_ID_OWNER,
    SQL_ID_ADD,
    SQL_ID_EACH_FROM,
    SQL_USER_BY_NAME,
    SQL_USER_BY_UID,
    SQL_USER_BY_SUBJECT,
    SQL_USER_EACH,
    SQL_NAME_TAKEN,
    SQL_USER_TOLD,
    SQL_USER_INSERT,
    SQL_USER_UPDATE,
    SQL_DETAILS_PUT,
    SQL_FORMER_ADD,
    SQL_FORMER_DROP,
    SQL_USERS_MISSING,
    SQL_USER_FORGET,
    SQL_GROUP_NUMBER,
    SQL_GROUP_BY_ID,
    SQL_GROUP_PUT,
    SQL_GROUP_EACH,
    SQL_GROUPS_OF,
    SQL_UID_OF,
    SQL_NUMBERS_OF,
    SQL_UIDS_OF,
    SQL_MEMBER_ADD,
    SQL_MEMBER_DROP,
    SQL_MEMBERS_OF,
    SQL_LIST_ONE,
    SQL_LIST_BEGIN,
    SQL_LIST_END_MEMBERS,
    SQL_LIST_END_GROUPS,
    SQL_LIST_TIME_SET,
    SQL_LIST_TIME,
    SQL_NAME_OF_GROUP,
    SQL_NAME_OF_USER,
    SQL_SNAPSHOT_USERS,
    SQL_SNAPSHOT_MEMBERS,
    SQL_SNAPSHOT_GROUPS,
    SQL_STATEMENTS
};
extern const char *const store_sql[SQL_STATEMENTS];

/* What a new file is made of; the texts stand in sqlite_schema word for word.
 */
#define STORE_APPLICATION 0x7369676e /* "sign": application_id */
#define STORE_VERSION     1          /* user_version */
#define STORE_OBJECTS     13
#define STORE_CACHE       "-1024" /* cache_size: pages worth so many KiB */
extern const char *const store_schema[STORE_OBJECTS];

struct store {
    sqlite3 *database;
    sqlite3_stmt *statements[SQL_STATEMENTS];
    char *path;          /* of users.db, without a symbolic link */
    bool in_transaction; /* store_begin() */
    unsigned savepoints; /* open ones */
    bool broken;         /* set aside: nothing is read or written any more */
    uint64_t version;
};

/*
 * One use of a statement.  Values are bound by reference: they live until the
 * query is done.  A mistake on the way is kept and returned by query_next().
 */
struct query {
    struct store *store;
    sqlite3_stmt *statement;
    bool own; /* the kept one was busy: this one is finalized */
    int status;
};
struct query query_start(struct store *store, enum store_statement which);
void query_text(struct query *query, int index, const char *text);
void query_number(struct query *query, int index, int64_t number);
/* 1: a row; 0: no more; negative errno, logged but for -EEXIST (a constraint).
 */
int query_next(struct query *query);
/* Run to the end; how many rows were changed, or negative errno. */
int query_change(struct query *query);
/* A column of the row; text is borrowed until the next call, NULL: none. */
char *query_column(const struct query *query, int column);
int64_t query_column_number(const struct query *query, int column);
void query_done(struct query *query);
#define cleanup_query __attribute__((cleanup(query_done)))

/*
 * All or nothing, inside a transaction or alone.  leave() returns status, or
 * why it could not be kept; what was done is undone unless that is 0 or more.
 */
int store_enter(struct store *store);
int store_leave(struct store *store, int status);

/* A code of SQLite as errno; sets the store aside if it says that the file is
 * damaged.  Logs. */
int store_failed(struct store *store, int code);

/* Rename the file and what belongs to it; report.  Never fails: if the file
 * cannot be renamed, that is reported. */
void store_set_aside(const char *path, const char *why);
/* Does a file that was set aside stand in the way?  Logged. */
bool store_is_set_aside(const char *path);

/* A new file, whole or not at all: made beside it, then renamed. */
int store_create(const char *path);
/* The connection's settings, as every use of the file needs them.  A code of
 * SQLite. */
int store_configure(sqlite3 *database);
/* Is the file what signind wrote?  0; -EUCLEAN, why in *ret_why (caller
 * frees); -EPROTONOSUPPORT (logged); -ENOMEM. */
int store_check(struct store *store, char **ret_why);

#endif
