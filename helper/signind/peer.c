/* SPDX-License-Identifier: BSD-2-Clause */
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "policy.h"
#include "wire/memory.h"

/* How long a peer may take for its next request, in seconds. */
#define PEER_DEADLINE_S 10
/* Connections served at once: in all, and for one uid but root's.  A flooder
 * must leave room for everybody else. */
#define PEERS_MAX     2048
#define PEERS_PER_UID 128
/* Accepted in one go, before the loop turns to the others. */
#define ACCEPT_BURST 32

static void
peer_unlink_work(struct peer *peer)
{
    struct session_table *sessions = &peer->daemon->sessions;
    struct session *session;

    if (peer->waiting) {
        session = session_find(sessions, peer->id);
        if (session != NULL)
            session_unwait(session, &peer->waiter);
        peer->waiting = false;
    }
    if (peer->sign_in != NULL)
        ask_sign_in_gone(peer->sign_in);
    peer->sign_in = NULL;
    if (peer->state == PEER_CLAIMED) {
        session = session_find(sessions, peer->id);
        if (session != NULL && session->state == SESSION_CLAIMED)
            session_close(session, "its opener went away half-way");
    }
}

void
peer_drop(struct peer *peer)
{
    peer_unlink_work(peer);
    TAILQ_REMOVE(&peer->daemon->peers, peer, link);
    peer->daemon->peer_count--;
    if (peer->event != NULL)
        event_free(peer->event);
    if (peer->deadline != NULL)
        event_free(peer->deadline);
    if (peer->writable != NULL)
        event_free(peer->writable);
    if (peer->ending != NULL)
        event_free(peer->ending);
    close(peer->fd);
    free(peer->list);
    free(peer);
}

void
peer_enter(struct peer *peer, enum peer_state state)
{
    const struct timeval after = {.tv_sec = PEER_DEADLINE_S};

    peer->state = state;
    /* What is under way has deadlines of its own. */
    if (state == PEER_WORKING)
        event_del(peer->deadline);
    else
        event_add(peer->deadline, &after);
}

void
peer_answer(struct peer *peer, const struct message *answer)
{
    ssize_t sent;

    if (message_check(answer) != 0) {
        log_error("answer %s is incomplete: not sent",
                  wire_type_name(answer->type));
        shutdown(peer->fd, SHUT_RDWR);
        return;
    }
    do {
        sent = send(peer->fd, answer->data, answer->length,
                    MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    /* The read event then finds the end and drops it. */
    if (sent < 0)
        shutdown(peer->fd, SHUT_RDWR);
}

static void
peer_tell(struct peer *peer, enum wire_result result, const char *ticket,
          const char *text, unsigned retry_after_s)
{
    struct message answer;

    message_init(&answer, WIRE_VERDICT);
    message_put_number(&answer, WIRE_RESULT, (uint64_t)result);
    message_put_text(&answer, WIRE_TICKET, ticket);
    message_put_text(&answer, WIRE_MESSAGE, text);
    if (retry_after_s != 0)
        message_put_number(&answer, WIRE_RETRY_AFTER, retry_after_s);
    peer_answer(peer, &answer);
    message_done(&answer);
}

void
peer_verdict(struct peer *peer, enum wire_result result, const char *ticket,
             const char *text, unsigned retry_after_s)
{
    peer_enter(peer, PEER_FRESH);
    peer_tell(peer, result, ticket, text, retry_after_s);
}

/*
 * What may not be asked, or not now, ends the connection at once: messages
 * that wait behind it in the socket must find neither a state that the work
 * under way does not know of nor the work itself.
 */
static void
peer_request(struct peer *peer, const struct message *request)
{
    enum wire_result refused = WIRE_BAD_REQUEST;
    policy_handler *handler = policy_find(peer, request->type, &refused);

    if (handler == NULL) {
        log_notice("refused %s from pid %d uid %u: %s",
                   wire_type_name(request->type), (int)peer->credentials.pid,
                   peer->credentials.uid, wire_result_name(refused));
        peer_tell(peer, refused, NULL, NULL, 0);
        peer_drop(peer);
        return;
    }
    handler(peer, request);
}

static void
peer_readable(evutil_socket_t fd, short what, void *context)
{
    struct peer *peer = context;
    struct message request;
    unsigned char packet[WIRE_MESSAGE_MAX + 1];
    ssize_t length = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);
    int error;

    (void)what;
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (length <= 0) {
        peer_drop(peer);
        return;
    }
    error = message_decode(&request, packet, (size_t)length);
    explicit_bzero(packet, (size_t)length);
    if (error == 0)
        error = message_check(&request);
    if (error != 0) {
        log_notice("malformed message from pid %d uid %u: %s",
                   (int)peer->credentials.pid, peer->credentials.uid,
                   strerror(-error));
        peer_drop(peer);
    } else {
        peer_request(peer, &request);
    }
    message_done(&request);
}

static void
peer_late(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    peer_drop(context);
}

static bool
peer_over_limit(const struct daemon *daemon, uid_t uid)
{
    const struct peer *peer;
    unsigned count = 0;

    if (uid == 0)
        return false;
    if (daemon->peer_count >= PEERS_MAX)
        return true;
    TAILQ_FOREACH(peer, &daemon->peers, link)
    {
        if (peer->credentials.uid == uid && ++count >= PEERS_PER_UID)
            return true;
    }
    return false;
}

static void
peer_new(struct daemon *daemon, enum peer_socket socket, int fd)
{
    struct ucred credentials = {.uid = (uid_t)-1};
    socklen_t length = sizeof(credentials);
    struct peer *peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0 ||
        peer_over_limit(daemon, credentials.uid) ||
        (peer = calloc(1, sizeof(*peer))) == NULL) {
        close(fd);
        return;
    }
    peer->daemon = daemon;
    peer->socket = socket;
    peer->credentials = credentials;
    peer->fd = fd;
    TAILQ_INSERT_TAIL(&daemon->peers, peer, link);
    daemon->peer_count++;
    peer->event =
        event_new(daemon->base, fd, EV_READ | EV_PERSIST, peer_readable, peer);
    peer->deadline = evtimer_new(daemon->base, peer_late, peer);
    if (peer->event == NULL || peer->deadline == NULL ||
        event_add(peer->event, NULL) != 0) {
        peer_drop(peer);
        return;
    }
    peer_enter(peer, PEER_FRESH);
}

/* Out of descriptors: the connection stays in the queue, and an event loop
 * that asked for it again at once would do nothing else. */
static void
peer_accept_again(evutil_socket_t fd, short what, void *context)
{
    struct daemon *daemon = context;

    (void)fd;
    (void)what;
    event_add(daemon->pam_event, NULL);
    event_add(daemon->public_event, NULL);
}

static void
peer_accept_later(struct daemon *daemon)
{
    const struct timeval pause = {.tv_sec = 1};

    if (event_base_once(daemon->base, -1, EV_TIMEOUT, peer_accept_again, daemon,
                        &pause) != 0)
        return;
    log_error("cannot accept connections: %s; raise LimitNOFILE",
              strerror(errno));
    event_del(daemon->pam_event);
    event_del(daemon->public_event);
}

static void
peer_accept(struct daemon *daemon, enum peer_socket socket, int listener)
{
    for (int i = 0; i < ACCEPT_BURST; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            peer_new(daemon, socket, fd);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE)
            peer_accept_later(daemon);
        if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}

static void
peer_accept_pam(evutil_socket_t fd, short what, void *context)
{
    (void)what;
    peer_accept(context, PEER_PAM, fd);
}

static void
peer_accept_public(evutil_socket_t fd, short what, void *context)
{
    (void)what;
    peer_accept(context, PEER_PUBLIC, fd);
}

int
peer_listen(struct daemon *daemon, enum peer_socket socket, int fd,
            struct event **ret_event)
{
    struct event *event = event_new(
        daemon->base, fd, EV_READ | EV_PERSIST,
        socket == PEER_PAM ? peer_accept_pam : peer_accept_public, daemon);

    /* Root's door is served first, however crowded the other is. */
    if (event == NULL ||
        event_priority_set(event, socket == PEER_PAM ? 0 : 1) != 0 ||
        event_add(event, NULL) != 0) {
        if (event != NULL)
            event_free(event);
        return -ENOMEM;
    }
    *ret_event = event;
    return 0;
}
