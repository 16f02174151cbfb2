/* SPDX-License-Identifier: BSD-2-Clause */
#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "wire/channel.h"
#include "wire/memory.h"

#define LISTEN_FIRST_FD 3
#define LOCK_FILE       CHANNEL_DIRECTORY "/lock"
#define NSS_LOCK_FILE   CHANNEL_NSS_DIRECTORY "/lock"

/* Is fd a listening AF_UNIX SOCK_SEQPACKET socket?  Then make it ours. */
static bool
listen_adopt(int fd)
{
    int type = 0, listening = 0;
    socklen_t length = sizeof(int);
    struct sockaddr_un address;
    socklen_t address_length = sizeof(address);

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
           type == SOCK_SEQPACKET &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) ==
               0 &&
           listening != 0 &&
           getsockname(fd, (struct sockaddr *)&address, &address_length) == 0 &&
           address.sun_family == AF_UNIX &&
           fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
           fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

int
listen_inherit(struct listen_sockets *ret_sockets)
{
    const char *pid = secure_getenv("LISTEN_PID");
    const char *count = secure_getenv("LISTEN_FDS");
    const char *names = secure_getenv("LISTEN_FDNAMES");
    struct listen_sockets found = {-1, -1};
    char copy[64];
    char *rest = copy, *name;
    int fd = LISTEN_FIRST_FD;

    if (pid == NULL || count == NULL || atol(pid) != (long)getpid())
        return -ENOENT;
    if (names == NULL || strlen(names) >= sizeof(copy) || atoi(count) != 2) {
        log_error("the service manager must hand over two sockets, named pam "
                  "and public");
        return -EINVAL;
    }
    strcpy(copy, names);
    while ((name = strsep(&rest, ":")) != NULL && fd < LISTEN_FIRST_FD + 2) {
        if (listen_adopt(fd) && strcmp(name, "pam") == 0)
            found.pam = fd;
        else if (listen_adopt(fd) && strcmp(name, "public") == 0)
            found.public = fd;
        fd++;
    }
    if (found.pam < 0 || found.public < 0) {
        log_error("the sockets from the service manager must be pam and "
                  "public, both ListenSequentialPacket=");
        return -EINVAL;
    }
    *ret_sockets = found;
    return 0;
}

/* One signind at a time: the lock goes with the process, so a stale socket
 * can be told from a live one. */
static int
listen_lock(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0) {
        int error = -errno;

        log_error("cannot open %s: %s", path, strerror(errno));
        return error;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        log_error("another signind is running");
        close(fd);
        return -EADDRINUSE;
    }
    /* Left open on purpose: held until this process ends. */
    return 0;
}

static int
listen_one(const char *path, mode_t mode)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd, error;

    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    unlink(path);
    /* Closed to all until the mode is right. */
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        chmod(path, mode) != 0 || listen(fd, SOMAXCONN) != 0) {
        error = -errno;
        close(fd);
        return error;
    }
    return fd;
}

int
listen_make(struct listen_sockets *ret_sockets)
{
    int error = listen_lock(LOCK_FILE);
    mode_t mask;

    if (error != 0)
        return error;
    mask = umask(0177);
    ret_sockets->pam = listen_one(CHANNEL_PAM, 0600);
    ret_sockets->public = listen_one(CHANNEL_PUBLIC, 0666);
    umask(mask);
    if (ret_sockets->pam < 0 || ret_sockets->public < 0) {
        error = ret_sockets->pam < 0 ? ret_sockets->pam : ret_sockets->public;
        log_error("cannot listen in %s: %s", CHANNEL_DIRECTORY,
                  strerror(-error));
        return error;
    }
    return 0;
}

int
listen_make_nss(void)
{
    int fd = listen_lock(NSS_LOCK_FILE);
    mode_t mask;

    if (fd != 0)
        return fd;
    mask = umask(0177);
    fd = listen_one(CHANNEL_NSS, 0666);
    umask(mask);
    if (fd < 0)
        log_error("cannot listen on %s: %s; run signind --prepare as root",
                  CHANNEL_NSS, strerror(-fd));
    return fd;
}
