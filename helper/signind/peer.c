/* SPDX-License-Identifier: BSD-2-Clause */
#include "peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "policy.h"
#include "wire/memory.h"

/* How long a peer may take for its next request, in seconds. */
#define PEER_DEADLINE_S 10
/* The NSS module has its one request ready when it connects. */
#define PEER_NSS_DEADLINE_S 1

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
    if (peer->work != NULL)
        peer->work_gone(peer->work);
    peer->work = NULL;
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
    peer->door->peers--;
    if (peer->event != NULL)
        event_free(peer->event);
    if (peer->deadline != NULL)
        event_free(peer->deadline);
    if (peer->writable != NULL)
        event_free(peer->writable);
    outbox_free(peer->outbox);
    close(peer->fd);
    free(peer);
}

/* Begin the time anew that the peer has for what is expected of it. */
static void
peer_set_deadline(struct peer *peer)
{
    const struct timeval after = {.tv_sec = peer->socket == PEER_NSS
                                                ? PEER_NSS_DEADLINE_S
                                                : PEER_DEADLINE_S};

    event_add(peer->deadline, &after);
}

void
peer_enter(struct peer *peer, enum peer_state state)
{
    peer->state = state;
    /* What is under way has deadlines of its own. */
    if (state == PEER_WORKING)
        event_del(peer->deadline);
    else
        peer_set_deadline(peer);
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
    peer->work = NULL;
    peer_enter(peer, PEER_FRESH);
    peer_tell(peer, result, ticket, text, retry_after_s);
}

void
peer_verdict_on(struct peer *peer, enum wire_result result, key_serial_t keep,
                unsigned retry_after_s)
{
    struct message answer;

    message_init(&answer, WIRE_VERDICT);
    message_put_number(&answer, WIRE_RESULT, (uint64_t)result);
    message_put_number(&answer, WIRE_KEEP, (uint64_t)keep);
    if (retry_after_s != 0)
        message_put_number(&answer, WIRE_RETRY_AFTER, retry_after_s);
    peer->work = NULL;
    peer_enter(peer, PEER_FRESH);
    peer_answer(peer, &answer);
    message_done(&answer);
}

static void
peer_writable(evutil_socket_t fd, short what, void *context)
{
    struct peer *peer = context;
    int sent = outbox_send(peer->outbox, fd);

    (void)what;
    if (sent < 0) {
        /* The read event drops it. */
        shutdown(fd, SHUT_RDWR);
        event_del(peer->writable);
        return;
    }
    peer_set_deadline(peer);
    if (sent == 0)
        return;
    event_free(peer->writable);
    peer->writable = NULL;
    outbox_free(peer->outbox);
    peer->outbox = NULL;
    peer_verdict(peer, WIRE_OK, NULL, NULL, 0);
}

void
peer_send_list(struct peer *peer, struct outbox *outbox, int error)
{
    peer->outbox = outbox;
    peer->work = NULL;
    if (outbox != NULL && error == 0)
        peer->writable = event_new(peer->daemon->base, peer->fd,
                                   EV_WRITE | EV_PERSIST, peer_writable, peer);
    if (peer->writable == NULL || event_add(peer->writable, NULL) != 0) {
        log_error("cannot list: %s", strerror(error == 0 ? ENOMEM : -error));
        if (peer->writable != NULL)
            event_free(peer->writable);
        peer->writable = NULL;
        outbox_free(outbox);
        peer->outbox = NULL;
        peer_verdict(peer, WIRE_INTERNAL, NULL, NULL, 0);
        return;
    }
    peer_enter(peer, PEER_WORKING);
    peer_set_deadline(peer);
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

struct peer *
peer_new(struct door *door, int fd, const struct ucred *credentials)
{
    struct daemon *daemon = door->daemon;
    struct peer *peer = calloc(1, sizeof(*peer));

    if (peer == NULL)
        return NULL;
    peer->event =
        event_new(daemon->base, fd, EV_READ | EV_PERSIST, peer_readable, peer);
    peer->deadline = evtimer_new(daemon->base, peer_late, peer);
    if (peer->event == NULL || peer->deadline == NULL ||
        event_add(peer->event, NULL) != 0) {
        if (peer->event != NULL)
            event_free(peer->event);
        if (peer->deadline != NULL)
            event_free(peer->deadline);
        free(peer);
        return NULL;
    }
    peer->daemon = daemon;
    peer->door = door;
    peer->socket = door->socket;
    peer->credentials = *credentials;
    peer->fd = fd;
    TAILQ_INSERT_TAIL(&daemon->peers, peer, link);
    door->peers++;
    peer_enter(peer, PEER_FRESH);
    return peer;
}
