/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reader.h"
#include "wire/memory.h"

/* The checks are made on the open file: no name is looked up twice. */
static int
file_check(struct reader *reader, const char *path, int fd, size_t *ret_size)
{
    struct stat st;

    if (fstat(fd, &st) < 0) {
        int r = -errno;

        reader_complain(reader, path, 0, "cannot be examined: %s",
                        strerror(-r));
        return r;
    }
    if (!S_ISREG(st.st_mode)) {
        reader_complain(reader, path, 0,
                        "is not a regular file: put a text file there");
        return -EINVAL;
    }
    if (st.st_uid != 0 && st.st_uid != reader->paths->owner) {
        reader_complain(reader, path, 0,
                        "belongs to uid %u, who could change who may sign "
                        "in: chown root:root it",
                        st.st_uid);
        return -EPERM;
    }
    if (st.st_mode & (S_IWGRP | S_IWOTH)) {
        reader_complain(reader, path, 0,
                        "is writable by others (mode %04o): chmod 0644 it",
                        (unsigned)st.st_mode & 07777U);
        return -EPERM;
    }
    if (st.st_size > CONFIG_FILE_MAX) {
        reader_complain(reader, path, 0,
                        "is longer than %d bytes: move parts of it to "
                        "signin.conf.d",
                        CONFIG_FILE_MAX);
        return -EFBIG;
    }
    *ret_size = (size_t)st.st_size;
    return 0;
}

int
file_read(struct reader *reader, const char *path, char **ret_text,
          size_t *ret_length)
{
    cleanup_close int fd = -1;
    cleanup_free char *text = NULL;
    size_t size = 0, length = 0;
    int r;

    /* Not blocked by a FIFO; no terminal becomes ours. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        r = -errno;
        if (r != -ENOENT)
            reader_complain(reader, path, 0, "cannot be opened: %s",
                            strerror(-r));
        return r;
    }
    r = file_check(reader, path, fd, &size);
    if (r < 0)
        return r;
    text = malloc(size + 1);
    if (text == NULL) {
        reader_complain(reader, path, 0, "out of memory");
        return -ENOMEM;
    }
    while (length < size) {
        ssize_t got = read(fd, text + length, size - length);

        if (got == 0)
            break; /* it was cut since */
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            r = -errno;
            reader_complain(reader, path, 0, "cannot be read: %s",
                            strerror(-r));
            return r;
        }
        length += (size_t)got;
    }
    text[length] = '\0';
    *ret_text = text;
    *ret_length = length;
    text = NULL;
    return 0;
}
