/* SPDX-License-Identifier: BSD-2-Clause */
/* Is a store's file what signind wrote, all of it? */
#include "store_private.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "signind/log.h"

static int
store_pragma(struct store *store, const char *text, int64_t *ret_number)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->database, text, -1, &statement, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *ret_number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW ? 0 : store_failed(store, code);
}

/* Does the schema consist of our texts and nothing else?  A trigger that is
 * missing would let ids go. */
static int
store_check_schema(struct store *store, bool *ret_ours)
{
    sqlite3_stmt *statement = NULL;
    size_t count = 0, known = 0;
    int code = sqlite3_prepare_v2(
        store->database, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL",
        -1, &statement, NULL);

    while (code == SQLITE_OK &&
           (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);

        count++;
        for (size_t i = 0; i < STORE_OBJECTS; i++)
            known += text != NULL && strcmp(text, store_schema[i]) == 0;
        code = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    if (code != SQLITE_DONE)
        return store_failed(store, code);
    *ret_ours = count == STORE_OBJECTS && known == STORE_OBJECTS;
    return 0;
}

/* The first complaint of a query whose every row is one, "ok" excepted. */
static int
store_complaint(struct store *store, const char *text, char **ret_why)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->database, text, -1, &statement, NULL);
    const char *why = NULL;
    int status = 0;

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        why = (const char *)sqlite3_column_text(statement, 0);
    if (why != NULL && strcmp(why, "ok") != 0) {
        *ret_why = strdup(why);
        status = -EUCLEAN;
    } else if (code != SQLITE_ROW && code != SQLITE_DONE) {
        status = store_failed(store, code);
    }
    sqlite3_finalize(statement);
    return status;
}

/*
 * All of the file as a tree; and ids and users, on which it rests who is who,
 * entry by entry against their indexes, which hold the same once more.  The
 * rest is said anew by directories.
 */
static int
store_check_content(struct store *store, char **ret_why)
{
    static const char *const checks[] = {
        "PRAGMA main.quick_check(1)",
        "PRAGMA main.integrity_check(ids)",
        "PRAGMA main.integrity_check(users)",
        "SELECT 'the id of ' || u.name || ' is another''s' FROM users u "
        "LEFT JOIN ids i ON i.id = u.uid WHERE i.kind IS NOT 'user' OR "
        "i.issuer IS NOT u.issuer OR i.subject IS NOT u.subject LIMIT 1",
    };
    int status = 0;

    /* Tables and indexes are in different orders: with room for both no page
     * is read a hundred times. */
    sqlite3_exec(store->database, "PRAGMA cache_size = -16384", NULL, NULL,
                 NULL);
    for (size_t i = 0; status == 0 && i < sizeof(checks) / sizeof(checks[0]);
         i++)
        status = store_complaint(store, checks[i], ret_why);
    sqlite3_exec(store->database, "PRAGMA cache_size = " STORE_CACHE, NULL,
                 NULL, NULL);
    sqlite3_db_release_memory(store->database);
    malloc_trim(0);
    return status;
}

int
store_check(struct store *store, char **ret_why)
{
    int64_t application = 0, version = 0;
    bool ours = false;
    int status =
        store_pragma(store, "PRAGMA main.application_id", &application);

    if (status == 0)
        status = store_pragma(store, "PRAGMA main.user_version", &version);
    if (status == 0 && application == STORE_APPLICATION &&
        version > STORE_VERSION) {
        log_error("%s was written by a newer signind (format %lld, this one "
                  "knows %d): install that one again, or put back the copy "
                  "that was made before the upgrade",
                  store->path, (long long)version, STORE_VERSION);
        return -EPROTONOSUPPORT;
    }
    if (status == 0)
        status = store_check_schema(store, &ours);
    if (status == 0 && (application != STORE_APPLICATION ||
                        version != STORE_VERSION || !ours)) {
        *ret_why = strdup("it is not a database of signind");
        return -EUCLEAN;
    }
    return status == 0 ? store_check_content(store, ret_why) : status;
}
