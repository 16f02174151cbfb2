/* SPDX-License-Identifier: BSD-2-Clause */
#include "door.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "peer.h"

/* Connections served at once, at each door: in all, and for one uid but
 * root's.  A flooder must leave room for everybody else. */
#define PEERS_MAX     2048
#define PEERS_PER_UID 128
/* Accepted in one go, before the loop turns to the others. */
#define ACCEPT_BURST 32
/* How long all doors rest when the process is out of descriptors, in
 * seconds. */
#define REST_S 1

static bool
door_is_crowded(const struct door *door, uid_t uid)
{
    const struct peer *peer;
    unsigned count = 0;

    if (uid == 0)
        return false;
    if (door->peers >= PEERS_MAX)
        return true;
    TAILQ_FOREACH(peer, &door->daemon->peers, link)
    {
        if (peer->door == door && peer->credentials.uid == uid &&
            ++count >= PEERS_PER_UID)
            return true;
    }
    return false;
}

static void
door_let_in(struct door *door, int fd)
{
    struct ucred credentials = {.uid = (uid_t)-1};
    socklen_t length = sizeof(credentials);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0 ||
        door_is_crowded(door, credentials.uid) ||
        peer_new(door, fd, &credentials) == NULL)
        close(fd);
}

static void
door_again(evutil_socket_t fd, short what, void *context)
{
    struct daemon *daemon = context;

    (void)fd;
    (void)what;
    for (size_t i = 0; i < DOORS; i++) {
        if (daemon->doors[i].event != NULL)
            event_add(daemon->doors[i].event, NULL);
    }
}

/* Out of descriptors: the connection stays in the queue, and an event loop
 * that asked for it again at once would do nothing else. */
static void
door_rest(struct daemon *daemon)
{
    const struct timeval pause = {.tv_sec = REST_S};

    if (event_base_once(daemon->base, -1, EV_TIMEOUT, door_again, daemon,
                        &pause) != 0)
        return;
    log_error("cannot accept connections: %s; raise LimitNOFILE",
              strerror(errno));
    for (size_t i = 0; i < DOORS; i++) {
        if (daemon->doors[i].event != NULL)
            event_del(daemon->doors[i].event);
    }
}

static void
door_knock(evutil_socket_t listener, short what, void *context)
{
    struct door *door = context;

    (void)what;
    for (int i = 0; i < ACCEPT_BURST; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            door_let_in(door, fd);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE)
            door_rest(door->daemon);
        if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}

int
door_open(struct door *door, struct daemon *daemon, enum peer_socket socket,
          int fd)
{
    door->daemon = daemon;
    door->socket = socket;
    door->fd = fd;
    door->event =
        event_new(daemon->base, fd, EV_READ | EV_PERSIST, door_knock, door);
    /* Root's door is served first, however crowded the others are. */
    if (door->event == NULL ||
        event_priority_set(door->event, socket == PEER_PAM ? 0 : 1) != 0 ||
        event_add(door->event, NULL) != 0)
        return -ENOMEM;
    return 0;
}

void
door_shut(struct door *door)
{
    if (door->event != NULL)
        event_free(door->event);
    door->event = NULL;
}
