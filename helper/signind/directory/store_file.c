/* SPDX-License-Identifier: BSD-2-Clause */
/* How a store's file begins, and how it is set aside. */
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

/* What SQLite keeps beside a file: it belongs to that very file. */
static const char *const store_companions[] = {"-journal", "-wal", "-shm"};
#define COMPANIONS (sizeof(store_companions) / sizeof(store_companions[0]))

static void
store_unlink_companions(const char *path)
{
    char name[PATH_MAX];

    for (size_t i = 0; i < COMPANIONS; i++)
        if (snprintf(name, sizeof(name), "%s%s", path, store_companions[i]) <
            (int)sizeof(name))
            unlink(name);
}

/* A rename counts only when its folder is on disk. */
static int
store_sync_folder(const char *path)
{
    char *copy cleanup_free = strdup(path);
    int folder cleanup_close = -1;

    if (copy == NULL)
        return -ENOMEM;
    folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder < 0 || fsync(folder) < 0 ? -errno : 0;
}

/* ---- a new file ---------------------------------------------------------- */

static int
store_write_schema(sqlite3 *database)
{
    char *numbers;
    int code = sqlite3_exec(database, "BEGIN", NULL, NULL, NULL);

    for (size_t i = 0; code == SQLITE_OK && i < STORE_OBJECTS; i++)
        code = sqlite3_exec(database, store_schema[i], NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return code;
    numbers = sqlite3_mprintf("PRAGMA application_id = %d;"
                              "PRAGMA user_version = %d; COMMIT",
                              STORE_APPLICATION, STORE_VERSION);
    if (numbers == NULL)
        return SQLITE_NOMEM;
    code = sqlite3_exec(database, numbers, NULL, NULL, NULL);
    sqlite3_free(numbers);
    return code;
}

static int
store_write_new(const char *path)
{
    sqlite3 *database = NULL;
    int file =
        open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int code, status;

    if (file < 0)
        return -errno;
    status = fchmod(file, 0600) < 0 ? -errno : 0;
    close(file);
    if (status < 0)
        return status;
    code = sqlite3_open_v2(path, &database,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW |
                               SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                           NULL);
    if (code == SQLITE_OK)
        code = store_configure(database);
    if (code == SQLITE_OK)
        code = store_write_schema(database);
    if (code != SQLITE_OK) {
        log_error("%s: %s", path, sqlite3_errstr(code));
        status = (code & 0xff) == SQLITE_FULL ? -ENOSPC : -EIO;
    }
    sqlite3_close(database);
    return status;
}

int
store_create(const char *path)
{
    char name[PATH_MAX];
    int status;

    if (snprintf(name, sizeof(name), "%s.new", path) >= (int)sizeof(name))
        return -ENAMETOOLONG;
    /* Of a signind that died; and a journal whose file is gone must not be
     * played back into the new one. */
    unlink(name);
    store_unlink_companions(name);
    store_unlink_companions(path);
    status = store_write_new(name);
    store_unlink_companions(name);
    if (status == 0 && rename(name, path) < 0)
        status = -errno;
    if (status == 0)
        status = store_sync_folder(path);
    if (status < 0)
        unlink(name);
    else
        log_notice("%s: begun, nobody is known yet", path);
    return status;
}

/* ---- a damaged file ------------------------------------------------------ */

bool
store_is_set_aside(const char *path)
{
    char name[PATH_MAX];
    struct stat entry;

    if (snprintf(name, sizeof(name), "%s.corrupt", path) >= (int)sizeof(name) ||
        lstat(name, &entry) < 0)
        return false;
    log_error("%s was found damaged and no backup is in its place: no external "
              "user can be looked up anew or sign in for the first time.  "
              "Restore a backup as %s, or remove %s to begin anew, then "
              "restart signind",
              name, path, name);
    return true;
}

/* Where it goes: an earlier one is not overwritten. */
static int
store_aside_name(const char *path, char *name, size_t size)
{
    struct stat entry;
    int length = snprintf(name, size, "%s.corrupt", path);

    for (int i = 2; length < (int)size && lstat(name, &entry) == 0; i++)
        length = snprintf(name, size, "%s.corrupt.%d", path, i);
    return length < (int)size ? 0 : -ENAMETOOLONG;
}

void
store_set_aside(const char *path, const char *why)
{
    char name[PATH_MAX], from[PATH_MAX + 16], to[PATH_MAX + 16];
    int status = store_aside_name(path, name, sizeof(name));

    if (status == 0 && rename(path, name) < 0)
        status = -errno;
    if (status < 0) {
        log_error("%s is damaged (%s) and cannot be renamed: %s.  Nobody is "
                  "looked up until it is replaced by a backup",
                  path, why == NULL ? "?" : why, strerror(-status));
        return;
    }
    for (size_t i = 0; i < COMPANIONS; i++) {
        snprintf(from, sizeof(from), "%s%s", path, store_companions[i]);
        snprintf(to, sizeof(to), "%s%s", name, store_companions[i]);
        if (rename(from, to) < 0 && errno != ENOENT)
            log_error("%s cannot be renamed: %s", from, strerror(errno));
    }
    store_sync_folder(path);
    log_error("%s is damaged (%s): it is now %s.  Users who are known keep "
              "their names and numbers, but nobody signs in until you restore "
              "a backup as %s, or remove %s to begin anew (names are bound "
              "anew then, and ids that id_collision = next gave may change), "
              "and restart signind",
              path, why == NULL ? "?" : why, name, path, name);
}
