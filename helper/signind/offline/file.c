/* SPDX-License-Identifier: BSD-2-Clause */
#include "offline_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "4294967295.new" fits. */
#define FILE_NAME_MAX 24

static void
file_name(char name[FILE_NAME_MAX], uid_t uid, const char *suffix)
{
    snprintf(name, FILE_NAME_MAX, "%u%s", (unsigned)uid, suffix);
}

/* All of it; -EFBIG: it is longer than any that we write. */
static ssize_t
file_read_all(int file, char *text, size_t size)
{
    size_t length = 0;
    ssize_t got;

    while (length < size) {
        got = read(file, text + length, size - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            return (ssize_t)length;
        length += (size_t)got;
    }
    return -EFBIG;
}

int
offline_file_read(int folder, uid_t uid, struct offline_record *ret_record)
{
    char name[FILE_NAME_MAX], text[OFFLINE_FILE_MAX + 1];
    struct offline_record record;
    struct stat status;
    cleanup_close int file = -1;
    ssize_t length = -EPROTO;
    int error;

    file_name(name, uid, "");
    file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return errno == ENOENT || errno == ENOMEM || errno == EMFILE ||
                       errno == ENFILE || errno == EIO || errno == EACCES
                   ? -errno
                   : -EPROTO;
    /* Of nobody else, read by nobody else, under no second name. */
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_uid == geteuid() && (status.st_mode & 077) == 0 &&
        status.st_nlink == 1)
        length = file_read_all(file, text, sizeof(text));
    if (length == -EIO || length == -ENOMEM)
        return (int)length;
    error = length < 0 ? -EPROTO
                       : offline_record_parse(&record, text, (size_t)length);
    if (error == 0 && record.uid != uid)
        error = -EPROTO;
    if (error == 0)
        *ret_record = record;
    explicit_bzero(text, sizeof(text));
    explicit_bzero(&record, sizeof(record));
    return error;
}

static int
file_write_all(int file, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t wrote = write(file, text, length);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return wrote < 0 ? -errno : -EIO;
        text += wrote;
        length -= (size_t)wrote;
    }
    return fsync(file) != 0 ? -errno : 0;
}

int
offline_file_write(int folder, const struct offline_record *record)
{
    char name[FILE_NAME_MAX], new_name[FILE_NAME_MAX];
    char text[OFFLINE_FILE_MAX + 1];
    size_t length = offline_record_format(record, text);
    cleanup_close int file = -1;
    int error = 0;

    if (length == 0 || length > OFFLINE_FILE_MAX)
        return -EFBIG;
    file_name(name, record->uid, "");
    file_name(new_name, record->uid, ".new");
    /* Of a signind that died. */
    if (unlinkat(folder, new_name, 0) != 0 && errno != ENOENT)
        error = -errno;
    if (error == 0) {
        file =
            openat(folder, new_name,
                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        error = file < 0 ? -errno : file_write_all(file, text, length);
    }
    if (error == 0 && renameat(folder, new_name, folder, name) != 0)
        error = -errno;
    if (error == 0 && fsync(folder) != 0)
        error = -errno;
    if (error != 0)
        unlinkat(folder, new_name, 0);
    explicit_bzero(text, sizeof(text));
    return error;
}

int
offline_file_delete(int folder, uid_t uid)
{
    char name[FILE_NAME_MAX];
    int error = 0;

    file_name(name, uid, ".new");
    unlinkat(folder, name, 0);
    file_name(name, uid, "");
    if (unlinkat(folder, name, 0) != 0)
        error = errno == ENOENT ? 0 : -errno;
    else if (fsync(folder) != 0)
        error = -errno;
    return error;
}
