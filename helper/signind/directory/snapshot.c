/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of a snapshot.  Beside the old one, under one fixed name: that of a
 * signind that died is written over, and nothing can pile up.  Not synced: all
 * of it can be made again from the store, is at every start, and readers take
 * nothing that is not whole; to wait for a disk here would hold up every
 * session's refresh.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "local_files.h"
#include "signind/log.h"
#include "snapshot_private.h"
#include "wire/channel.h"
#include "wire/people.h"

/* Rows between two looks at the clock: a fraction of a millisecond. */
#define ROWS 128

void
snapshot_cancel(struct snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    query_done(&snapshot->query);
    /* There is no other way to free what libcdb keeps. */
    if (snapshot->started)
        cdb_make_finish(&snapshot->cdb);
    if (snapshot->file >= 0) {
        close(snapshot->file);
        unlink(snapshot->new_path);
    }
    members_done(&snapshot->members);
    free(snapshot->directory_name);
    free(snapshot->path);
    free(snapshot->new_path);
    free(snapshot->text);
    free(snapshot);
    malloc_trim(0);
}

static int
snapshot_open(struct snapshot *snapshot, const char *path)
{
    snapshot->path = strdup(path);
    snapshot->text = malloc(PEOPLE_GROUP_MAX + 1);
    if (snapshot->path == NULL || snapshot->text == NULL ||
        asprintf(&snapshot->new_path, "%s.new", path) < 0)
        return -ENOMEM;
    if (unlink(snapshot->new_path) < 0 && errno != ENOENT)
        return -errno;
    snapshot->file =
        open(snapshot->new_path,
             O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (snapshot->file < 0 ||
        cdb_make_start(&snapshot->cdb, snapshot->file) < 0)
        return -errno;
    snapshot->started = true;
    return 0;
}

/* Everybody's to read when it is whole, whatever the umask. */
static int
snapshot_publish(struct snapshot *snapshot)
{
    errno = 0;
    snapshot->started = false;
    if (cdb_make_finish(&snapshot->cdb) < 0)
        return errno == 0 ? -EIO : -errno;
    if (fchmod(snapshot->file, 0644) < 0 ||
        rename(snapshot->new_path, snapshot->path) < 0)
        return -errno;
    close(snapshot->file);
    snapshot->file = -1;
    if (snapshot->left_out > 0)
        log_warning("%s: %zu users have values that cannot stand in passwd(5) "
                    "and are left out",
                    snapshot->path, snapshot->left_out);
    return 0;
}

static void
snapshot_failed(const char *path, int status)
{
    log_error("%s cannot be written: %s; NSS goes on with the old one", path,
              strerror(-status));
}

int
snapshot_begin(struct store *store, struct local_files *files,
               const struct config *config, const char *path, int64_t now_s,
               struct snapshot **ret_snapshot)
{
    struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
    int status = -ENOMEM;

    if (snapshot != NULL) {
        snapshot->store = store;
        snapshot->files = files;
        snapshot->config = config;
        snapshot->now_s = now_s;
        snapshot->file = -1;
        snapshot->version = store_version(store);
        status = snapshot_open(snapshot, path);
    }
    if (status == 0)
        status = snapshot_begin_content(snapshot);
    if (status < 0) {
        snapshot_failed(path, status);
        snapshot_cancel(snapshot);
        return status;
    }
    *ret_snapshot = snapshot;
    return 0;
}

int
snapshot_step(struct snapshot *snapshot, int64_t budget_ms)
{
    int64_t until_ms = budget_ms < 0 ? INT64_MAX : channel_now_ms() + budget_ms;
    int status;

    local_files_hold(snapshot->files);
    do {
        status =
            store_version(snapshot->store) == snapshot->version ? 1 : -EAGAIN;
        for (int i = 0; i < ROWS && status > 0; i++)
            status = snapshot_step_content(snapshot);
    } while (status > 0 && (budget_ms < 0 || channel_now_ms() < until_ms));
    local_files_release(snapshot->files);
    if (status > 0)
        return 1;
    if (status == 0)
        status = snapshot_publish(snapshot);
    if (status < 0 && status != -EAGAIN)
        snapshot_failed(snapshot->path, status);
    snapshot_cancel(snapshot);
    return status;
}

int
snapshot_write(struct store *store, struct local_files *files,
               const struct config *config, const char *path, int64_t now_s)
{
    struct snapshot *snapshot;
    int status = snapshot_begin(store, files, config, path, now_s, &snapshot);

    return status < 0 ? status : snapshot_step(snapshot, -1);
}
