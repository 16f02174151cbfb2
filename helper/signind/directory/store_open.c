/* SPDX-License-Identifier: BSD-2-Clause */
#include "store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signind/log.h"
#include "wire/memory.h"

/* How long a change waits for somebody who reads the file (sqlite3(1) .backup
 * reads in short steps); it is the daemon's loop that waits. */
#define BUSY_MS 500
/* Nothing we store is longer; a damaged file must not make us ask for more. */
#define LENGTH_MAX 1048576

/*
 * The path without a symbolic link in its folders, which the administrator may
 * have made; SQLite then refuses one at the end.
 */
static int
store_real_path(const char *path, char **ret_path)
{
    char *copy cleanup_free = strdup(path);
    char *folder cleanup_free = NULL;
    const char *name = strrchr(path, '/');

    if (copy == NULL)
        return -ENOMEM;
    name = name == NULL ? path : name + 1;
    folder = realpath(dirname(copy), NULL);
    if (folder == NULL)
        return -errno;
    return asprintf(ret_path, "%s/%s", folder, name) < 0 ? -ENOMEM : 0;
}

int
store_configure(sqlite3 *database)
{
    /* What a file says of itself is not believed: no functions and views of
     * its schema are run, and our own triggers and references are. */
    static const struct {
        int option, value;
    } options[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},   {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_FKEY, 1}, {SQLITE_DBCONFIG_ENABLE_TRIGGER, 1},
        {SQLITE_DBCONFIG_ENABLE_VIEW, 0}, {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},
    };
    int code = SQLITE_OK;

    for (size_t i = 0;
         code == SQLITE_OK && i < sizeof(options) / sizeof(options[0]); i++)
        code = sqlite3_db_config(database, options[i].option, options[i].value,
                                 NULL);
    if (code != SQLITE_OK)
        return code;
    sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(database, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
    sqlite3_busy_timeout(database, BUSY_MS);
    /*
     * A journal that is truncated and synced at the end: what is committed
     * stays so when the power goes, all of it is in one file, and nothing is
     * mapped into memory that a full disk could take away (WAL's index is).
     */
    return sqlite3_exec(database,
                        "PRAGMA journal_mode = TRUNCATE;"
                        "PRAGMA synchronous = FULL;"
                        "PRAGMA mmap_size = 0;"
                        "PRAGMA temp_store = MEMORY;"
                        "PRAGMA cell_size_check = ON;"
                        "PRAGMA recursive_triggers = ON;"
                        "PRAGMA cache_size = " STORE_CACHE,
                        NULL, NULL, NULL);
}

/* Open the file, with the mode it must have.  -EUCLEAN: not one of ours. */
static int
store_check_file(const char *path)
{
    int file cleanup_close =
        open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat entry;

    if (file < 0 || fstat(file, &entry) < 0)
        return -errno;
    if (!S_ISREG(entry.st_mode)) {
        log_error("%s is not a regular file", path);
        return -EINVAL;
    }
    if (entry.st_uid != geteuid() && entry.st_uid != 0) {
        log_error("%s belongs to uid %u: neither signind's nor root's", path,
                  entry.st_uid);
        return -EPERM;
    }
    if ((entry.st_mode & 07077) != 0) {
        log_warning("%s had mode %o: made it 600", path, entry.st_mode & 07777);
        if (fchmod(file, 0600) < 0)
            return -errno;
    }
    /* It is born with a schema in it: an empty one was cut off. */
    return entry.st_size == 0 ? -EUCLEAN : 0;
}

static int
store_connect(struct store *store)
{
    int code = sqlite3_open_v2(
        store->path, &store->database,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX |
            SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE,
        NULL);

    if (code == SQLITE_OK)
        code = store_configure(store->database);
    if (code != SQLITE_OK)
        return store_failed(store, code);
    if (sqlite3_db_readonly(store->database, "main") != 0) {
        log_error("%s cannot be written to", store->path);
        return -EROFS;
    }
    return 0;
}

/* The file exists: open it, or set it aside. */
static int
store_open_file(struct store *store)
{
    char *why cleanup_free = NULL;
    int status = store_check_file(store->path);

    if (status == -EUCLEAN) {
        store->broken = true;
        store_set_aside(store->path, "it is empty");
    }
    if (status == 0)
        status = store_connect(store);
    if (status == 0)
        status = store_check(store, &why);
    if (status == -EUCLEAN && !store->broken) {
        store->broken = true;
        store_set_aside(store->path, why);
    }
    return status;
}

int
store_open(const char *path, struct store **ret_store)
{
    struct store *store = calloc(1, sizeof(*store));
    int status = store == NULL ? -ENOMEM : store_real_path(path, &store->path);
    struct stat entry;

    if (status < 0) {
        log_error("%s: %s", path, strerror(-status));
        store_close(store);
        return status;
    }
    if (lstat(store->path, &entry) < 0 && errno == ENOENT)
        status = store_is_set_aside(store->path) ? -EUCLEAN
                                                 : store_create(store->path);
    if (status == 0)
        status = store_open_file(store);
    if (status < 0) {
        if (status != -EUCLEAN)
            log_error("%s cannot be used: %s", store->path, strerror(-status));
        store_close(store);
        return status;
    }
    *ret_store = store;
    return 0;
}
