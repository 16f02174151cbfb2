/* SPDX-License-Identifier: BSD-2-Clause */
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"

#define MS_PER_S  1000
#define NS_PER_MS 1000000

int64_t
channel_now_ms(void)
{
    struct timespec now;

    /* Cannot fail: Linux has had CLOCK_BOOTTIME since 2.6.39. */
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

/*
 * The host may run with 0, 1 or 2 closed, and its next write to "stderr" must
 * not land in our socket.  Closes fd on failure.
 */
static int
move_above_stdio(int fd)
{
    int moved, r = 0;

    if (fd > STDERR_FILENO)
        return fd;
    moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (moved < 0)
        r = -errno;
    close(fd);
    return moved < 0 ? r : moved;
}

static int
check_peer(int fd, uid_t daemon_uid)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
        return -errno;
    if (length != sizeof(peer))
        return -EPERM;
    return peer.uid == 0 || peer.uid == daemon_uid ? 0 : -EPERM;
}

int
channel_open(const char *path, uid_t daemon_uid, int *ret_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    cleanup_close int fd = -1;
    int r;

    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    fd = move_above_stdio(fd);
    if (fd < 0)
        return fd;
    while (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        if (errno != EINTR)
            return -errno;
    r = check_peer(fd, daemon_uid);
    if (r < 0)
        return r;
    *ret_fd = fd;
    fd = -1;
    return 0;
}

/*
 * Wait until fd has one of these events, or an error that the next call on
 * it will tell.  Signals do not extend the time.
 */
static int
wait_for(int fd, short events, int64_t deadline_ms)
{
    struct pollfd poller = {.fd = fd, .events = events};

    for (;;) {
        int64_t left_ms = deadline_ms - channel_now_ms();
        int n;

        if (left_ms < 0)
            left_ms = 0;
        if (left_ms > INT_MAX)
            left_ms = INT_MAX;
        n = poll(&poller, 1, (int)left_ms);
        if (n > 0)
            return (poller.revents & POLLNVAL) != 0 ? -EBADF : 0;
        if (n == 0 && deadline_ms <= channel_now_ms())
            return -ETIMEDOUT;
        if (n < 0 && errno != EINTR)
            return -errno;
    }
}

int
channel_send(int fd, const struct message *message, int64_t deadline_ms)
{
    int r = message_check(message);

    if (r < 0)
        return r;
    for (;;) {
        /* A packet goes as a whole or not at all. */
        if (send(fd, message->data, message->length,
                 MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            return 0;
        if (errno == EINTR)
            continue;
        if (errno == EPIPE || errno == ECONNRESET)
            return -EPIPE;
        if (errno != EAGAIN)
            return -errno;
        r = wait_for(fd, POLLOUT, deadline_ms);
        if (r < 0)
            return r;
    }
}

/*
 * Receive a packet into buffer.  Returns its length, which is more than size
 * if it did not fit (message_decode() refuses that), or a negative errno.
 */
static ssize_t
receive_packet(int fd, void *buffer, size_t size, int64_t deadline_ms)
{
    bool reset = false;

    for (;;) {
        ssize_t n = recv(fd, buffer, size, MSG_TRUNC | MSG_DONTWAIT);
        int r;

        if (n > 0)
            return n;
        if (n == 0)
            return -ECONNRESET;
        if (errno == EINTR)
            continue;
        if (errno == ECONNRESET && !reset) {
            /* signind answered, and closed before it read all we sent
             * (BUSY).  The kernel tells the reset first, once, and then
             * delivers what was answered. */
            reset = true;
            continue;
        }
        if (errno != EAGAIN)
            return -errno;
        r = wait_for(fd, POLLIN, deadline_ms);
        if (r < 0)
            return r;
    }
}

int
channel_receive(int fd, struct message *ret_message, int64_t deadline_ms)
{
    ssize_t length = receive_packet(fd, ret_message->data,
                                    sizeof(ret_message->data), deadline_ms);

    if (length < 0) {
        message_done(ret_message);
        return (int)length;
    }
    return message_decode(ret_message, ret_message->data, (size_t)length);
}

int
channel_call(int fd, const struct message *request, struct message *ret_answer,
             int64_t deadline_ms)
{
    int sent = channel_send(fd, request, deadline_ms);
    int received;

    if (sent < 0 && sent != -EPIPE) {
        message_done(ret_answer);
        return sent;
    }
    /* A signind that closed without listening may have said why. */
    received = channel_receive(fd, ret_answer, deadline_ms);
    return received < 0 && sent < 0 ? sent : received;
}
