/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file: opening what signind leaves for us, and believing none of it.
 *
 * Nothing here waits, follows a symbolic link, maps a file or keeps a
 * descriptor; descriptors are close-on-exec and never 0, 1 or 2.
 */
#ifndef SIGNIN_NSS_FILE_H
#define SIGNIN_NSS_FILE_H

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * Whose PEOPLE_DIRECTORY is: root's or _signin's.  The module cannot ask for
 * the uid of _signin, it would be asking itself; who may make that directory
 * is root, or signind whom root gave the one above it.  0, -EBADMSG (others
 * may write to it, or it is no directory) or the errno of lstat(2).
 */
int file_owner(uid_t *ret_owner);

/*
 * Open a regular file of owner or root that group and others may not write
 * to.  0, -EBADMSG (it is not like that) or the errno of open(2).  On success
 * the caller closes *ret_fd.
 */
int file_open(const char *path, uid_t owner, int *ret_fd,
              struct stat *ret_status);

/* Read exactly length bytes.  0, -EBADMSG (the file ends before) or errno. */
int file_read(int fd, void *to, size_t length, uint64_t position);

#endif
