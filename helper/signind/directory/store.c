/* SPDX-License-Identifier: BSD-2-Clause */
#include "store_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "signind/log.h"

/* ---- errors -------------------------------------------------------------- */

/* The extended code says more only here. */
static int
store_errno(int code)
{
    if (code == SQLITE_IOERR_NOMEM)
        return -ENOMEM;
    if (code == SQLITE_IOERR_CORRUPTFS)
        return -EUCLEAN;
    switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return -EUCLEAN;
    case SQLITE_CONSTRAINT:
        return -EEXIST;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
        return -EACCES;
    case SQLITE_TOOBIG:
        return -E2BIG;
    /* A full disk, too: ENOSPC is ids_give()'s word for a full range. */
    default:
        return -EIO;
    }
}

int
store_failed(struct store *store, int code)
{
    int status = store_errno(code);

    if (status == -EEXIST)
        return status;
    if (status != -EUCLEAN) {
        log_error("%s: %s", store->path, sqlite3_errmsg(store->database));
    } else if (!store->broken) {
        store->broken = true;
        /* While the journal still has the name that SQLite knows it by. */
        sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL);
        store_set_aside(store->path, sqlite3_errstr(code));
    }
    return status;
}

/* ---- queries ------------------------------------------------------------- */

/* SQLite undoes a whole transaction by itself when the disk is full.  What
 * follows must not be kept one by one, as if it were a change of its own. */
static bool
transaction_is_lost(const struct store *store)
{
    return (store->in_transaction || store->savepoints > 0) &&
           sqlite3_get_autocommit(store->database) != 0;
}

struct query
query_start(struct store *store, enum store_statement which)
{
    struct query query = {.store = store};
    sqlite3_stmt **kept = &store->statements[which];
    int code = SQLITE_OK;

    if (store->broken) {
        query.status = -EUCLEAN;
        return query;
    }
    if (transaction_is_lost(store)) {
        query.status = -EIO;
        return query;
    }
    /* A busy one belongs to a loop that called us from within. */
    query.own = *kept != NULL && sqlite3_stmt_busy(*kept) != 0;
    if (query.own)
        kept = &query.statement;
    if (*kept == NULL)
        code = sqlite3_prepare_v3(store->database, store_sql[which], -1,
                                  query.own ? 0 : SQLITE_PREPARE_PERSISTENT,
                                  kept, NULL);
    if (code != SQLITE_OK)
        query.status = store_failed(store, code);
    query.statement = *kept;
    return query;
}

static void
query_bound(struct query *query, int code)
{
    if (code != SQLITE_OK && query->status == 0)
        query->status = store_failed(query->store, code);
}

void
query_text(struct query *query, int index, const char *text)
{
    if (query->status == 0)
        query_bound(query, sqlite3_bind_text(query->statement, index, text, -1,
                                             SQLITE_STATIC));
}

void
query_number(struct query *query, int index, int64_t number)
{
    if (query->status == 0)
        query_bound(query, sqlite3_bind_int64(query->statement, index, number));
}

int
query_next(struct query *query)
{
    int code;

    if (query->status != 0)
        return query->status;
    code = sqlite3_step(query->statement);
    if (code == SQLITE_ROW)
        return 1;
    if (code == SQLITE_DONE)
        return 0;
    /* Another query of the same store may have found it damaged meanwhile. */
    query->status =
        query->store->broken ? -EUCLEAN : store_failed(query->store, code);
    return query->status;
}

int
query_change(struct query *query)
{
    int status = query_next(query);

    return status == 0 ? sqlite3_changes(query->store->database) : status;
}

char *
query_column(const struct query *query, int column)
{
    /* Borrowed and never written to; records have no const members. */
    return (char *)(uintptr_t)sqlite3_column_text(query->statement, column);
}

int64_t
query_column_number(const struct query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

void
query_done(struct query *query)
{
    if (query->statement == NULL)
        return;
    if (query->own) {
        sqlite3_finalize(query->statement);
    } else {
        sqlite3_reset(query->statement);
        sqlite3_clear_bindings(query->statement);
    }
    query->statement = NULL;
}

/* ---- transactions -------------------------------------------------------- */

static int
store_run(struct store *store, enum store_statement which)
{
    struct query query cleanup_query = query_start(store, which);

    return query_next(&query);
}

int
store_begin(struct store *store)
{
    int status = store->in_transaction ? -EINVAL : store_run(store, SQL_BEGIN);

    if (status == 0)
        store->in_transaction = true;
    return status;
}

int
store_end(struct store *store, bool commit)
{
    bool lost = transaction_is_lost(store);
    int status = 0;

    if (!store->in_transaction)
        return -EINVAL;
    if (lost && commit && !store->broken) {
        log_error("%s: nothing of these changes was kept", store->path);
        status = -EIO;
    } else if (!lost) {
        status = store_run(store, commit ? SQL_COMMIT : SQL_ROLLBACK);
    }
    if (status < 0 && !store->broken)
        sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL);
    store->in_transaction = false;
    /* Who compares versions must learn that all is as it was before. */
    if (!commit || status < 0)
        store->version++;
    return store->broken ? -EUCLEAN : status;
}

int
store_enter(struct store *store)
{
    int status = store_run(store, SQL_SAVEPOINT);

    if (status == 0)
        store->savepoints++;
    return status;
}

int
store_leave(struct store *store, int status)
{
    int released;

    if (status < 0 && store_run(store, SQL_ROLLBACK_TO) < 0) {
        store->savepoints--;
        return status;
    }
    released = store_run(store, SQL_RELEASE);
    store->savepoints--;
    if (released < 0 && store->savepoints == 0 && !store->in_transaction &&
        !store->broken && sqlite3_get_autocommit(store->database) == 0)
        store_run(store, SQL_ROLLBACK);
    return status < 0 ? status : released < 0 ? released : status;
}

uint64_t
store_version(const struct store *store)
{
    return store->version;
}

/* ---- the end ------------------------------------------------------------- */

void
store_close(struct store *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < SQL_STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->database);
    free(store->path);
    free(store);
}
