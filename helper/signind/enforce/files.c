/* SPDX-License-Identifier: BSD-2-Clause */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "keyring/keyring.h"
#include "processes.h"
#include "signind/log.h"
#include "wire/memory.h"

int
files_open(const struct enforce_place *place, const char *name, uid_t owner)
{
    char path[512];
    struct stat status;
    int fd;

    if (snprintf(path, sizeof(path), "%s/%s", place->runtime, name) >=
        (int)sizeof(path))
        return -ENAMETOOLONG;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ELOOP || errno == ENOTDIR ? -EPERM : -errno;
    if (fstat(fd, &status) != 0 || status.st_uid != owner ||
        (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        close(fd);
        return -EPERM;
    }
    return fd;
}

int
files_read(int directory, const char *name, uid_t owner,
           char text[ENFORCE_FILE_MAX + 1])
{
    struct stat status;
    cleanup_close int fd =
        openat(directory, name,
               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t length;

    if (fd < 0)
        return errno == ELOOP ? -EPERM : -errno;
    if (fstat(fd, &status) != 0)
        return -errno;
    if (!S_ISREG(status.st_mode) ||
        (status.st_uid != owner && status.st_uid != 0) ||
        (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return -EPERM;
    if (status.st_size > ENFORCE_FILE_MAX)
        return -EMSGSIZE;
    length = read(fd, text, ENFORCE_FILE_MAX + 1);
    if (length < 0)
        return -errno;
    return length > ENFORCE_FILE_MAX ? -EMSGSIZE : (int)length;
}

int
files_read_opening(int sessions, const char *id,
                   struct enforce_opening *ret_opening)
{
    char text[ENFORCE_FILE_MAX + 1];
    int length = files_read(sessions, id, 0, text);

    if (length < 0)
        return length;
    return enforce_parse_opening(text, (size_t)length, ret_opening);
}

bool
files_opener_lives(const struct enforce_opening *opening)
{
    struct process process;
    int error = process_read(opening->pid, &process);

    /* What cannot be read is not known to have gone. */
    return error == 0 ? process.start == opening->start && !process.ended
                      : error != -ESRCH;
}

/* ---- all sessions ---------------------------------------------------------
 */

static DIR *
files_list(int directory)
{
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);

    if (list == NULL && copy >= 0)
        close(copy);
    return list;
}

bool
files_opener_shared(int sessions, const char *id,
                    const struct enforce_opening *opening)
{
    DIR *list = files_list(sessions);
    const struct dirent *entry;
    bool shared = list == NULL; /* in doubt, it is */

    while (!shared && (entry = readdir(list)) != NULL) {
        struct enforce_opening other;

        shared = keyring_id_valid(entry->d_name) &&
                 strcmp(entry->d_name, id) != 0 &&
                 files_read_opening(sessions, entry->d_name, &other) == 0 &&
                 other.pid == opening->pid && other.start == opening->start;
    }
    if (list != NULL)
        closedir(list);
    return shared;
}

/* What a login that was killed while it wrote has left: ".ID". */
static void
files_sweep_half_written(int directory, const char *name)
{
    struct stat status;

    if (name[0] == '.' && keyring_id_valid(name + 1) &&
        fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        time(NULL) - status.st_mtime >= FILES_HALF_WRITTEN_S)
        unlinkat(directory, name, 0);
}

void
enforce_sweep(int directory)
{
    DIR *list = files_list(directory);
    const struct dirent *entry;

    while (list != NULL && (entry = readdir(list)) != NULL) {
        struct enforce_opening opening;
        int error;

        if (!keyring_id_valid(entry->d_name)) {
            files_sweep_half_written(directory, entry->d_name);
            continue;
        }
        error = files_read_opening(directory, entry->d_name, &opening);
        if (error == -EPROTO || error == -EMSGSIZE)
            log_warning("the file of session %.8s cannot be understood: "
                        "removed",
                        entry->d_name);
        else if (error != 0 || files_opener_lives(&opening))
            continue;
        if (unlinkat(directory, entry->d_name, 0) != 0 && errno != ENOENT)
            log_warning("the file of session %.8s cannot be removed: %s",
                        entry->d_name, strerror(errno));
    }
    if (list != NULL)
        closedir(list);
}

void
enforce_sweep_sessions(void)
{
    const struct enforce_place place = {.runtime = CHANNEL_DIRECTORY};
    cleanup_close int sessions = files_open(&place, ENFORCE_SESSIONS_NAME, 0);

    if (sessions >= 0)
        enforce_sweep(sessions);
}
