/* SPDX-License-Identifier: BSD-2-Clause */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "wire/memory.h"
#include "wire/people.h"

static bool
writable_by_others(const struct stat *status)
{
    return (status->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

int
file_owner(uid_t *ret_owner)
{
    struct stat status;

    /* By name, and the files in it by their names: who could put another
     * directory there in between could put it there before. */
    if (lstat(PEOPLE_DIRECTORY, &status) < 0)
        return errno == ENOENT ? -ENODATA : -errno;
    if (!S_ISDIR(status.st_mode) || writable_by_others(&status))
        return -EBADMSG;
    *ret_owner = status.st_uid;
    return 0;
}

/* The host may run with 0, 1 or 2 closed, and then write to "stderr". */
static int
open_above_stdio(const char *path)
{
    int fd, moved, r = 0;

    do
        fd = open(path,
                  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return errno == ENOENT ? -ENODATA : -errno;
    if (fd > STDERR_FILENO)
        return fd;
    moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (moved < 0)
        r = -errno;
    close(fd);
    return moved < 0 ? r : moved;
}

int
file_open(const char *path, uid_t owner, int *ret_fd, struct stat *ret_status)
{
    cleanup_close int fd = open_above_stdio(path);
    struct stat status;

    if (fd < 0)
        return fd;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode) || writable_by_others(&status) ||
        (status.st_uid != 0 && status.st_uid != owner))
        return -EBADMSG;
    *ret_status = status;
    *ret_fd = fd;
    fd = -1;
    return 0;
}

int
file_read(int fd, void *to, size_t length, uint64_t position)
{
    char *at = to;

    while (length > 0) {
        ssize_t n = pread(fd, at, length, (off_t)position);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return -EBADMSG;
        at += n;
        position += (uint64_t)n;
        length -= (size_t)n;
    }
    return 0;
}
