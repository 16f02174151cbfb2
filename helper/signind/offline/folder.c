/* SPDX-License-Identifier: BSD-2-Clause */
#include "offline_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
offline_folder_open(const char *path, bool make)
{
    struct stat status;
    int folder, error;

    if (make && mkdir(path, 0700) != 0 && errno != EEXIST)
        return -errno;
    folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return -errno;
    error = fstat(folder, &status) != 0 ? -errno : 0;
    if (error == 0 &&
        (status.st_uid != geteuid() || (status.st_mode & 077) != 0))
        error = -EPERM;
    if (error != 0) {
        close(folder);
        return error;
    }
    return folder;
}

/* The uid that a file's name is; false: it is no verifier's. */
static bool
folder_uid(const char *name, uid_t *ret_uid)
{
    char again[16];
    unsigned long number;
    char *end;

    if (name[0] < '0' || name[0] > '9' || strlen(name) > 10)
        return false;
    number = strtoul(name, &end, 10);
    if (*end != '\0' || number >= UINT32_MAX)
        return false;
    snprintf(again, sizeof(again), "%lu", number);
    *ret_uid = (uid_t)number;
    return strcmp(name, again) == 0;
}

/* Is this entry to go?  A file that cannot be read now may be one that can be
 * later. */
static bool
folder_must_go(int folder, const char *name, offline_unwanted *unwanted,
               const void *context)
{
    struct offline_record record = {0};
    uid_t uid = 0;
    bool go;
    int error;

    if (unwanted == NULL || !folder_uid(name, &uid))
        return true;
    error = offline_file_read(folder, uid, &record);
    go = error == -EPROTO || (error == 0 && unwanted(&record, context));
    explicit_bzero(&record, sizeof(record));
    return go;
}

/* unwanted NULL: all of them. */
static int
folder_delete(int folder, offline_unwanted *unwanted, const void *context)
{
    /* A position of its own: fds that are copies share theirs. */
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = again < 0 ? NULL : fdopendir(again);
    const struct dirent *entry;
    int count = 0, error = 0;

    if (entries == NULL) {
        error = -errno;
        if (again >= 0)
            close(again);
        return error;
    }
    while ((entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 ||
            strcmp(entry->d_name, "..") == 0 ||
            !folder_must_go(folder, entry->d_name, unwanted, context))
            continue;
        if (unlinkat(folder, entry->d_name, 0) == 0)
            count++;
        else if (errno != ENOENT)
            error = -errno;
    }
    closedir(entries);
    if (count > 0 && fsync(folder) != 0)
        error = -errno;
    return error != 0 ? error : count;
}

int
offline_folder_sweep(int folder, offline_unwanted *unwanted,
                     const void *context)
{
    return folder_delete(folder, unwanted, context);
}

int
offline_folder_purge(const char *path)
{
    int folder = offline_folder_open(path, false), count;

    if (folder == -ENOENT)
        return 0;
    if (folder < 0)
        return folder;
    count = folder_delete(folder, NULL, NULL);
    close(folder);
    if (count >= 0)
        rmdir(path);
    return count;
}
