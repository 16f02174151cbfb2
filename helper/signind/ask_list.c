/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SESSIONS: the list for `signin sessions`.  Thousands of entries do not fit
 * a socket's buffer: they go out as the reader takes them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "policy.h"

static void
list_collect(struct session *session, void *context)
{
    struct peer *peer = context;

    if (session->keys.keep != 0)
        strcpy(peer->list[peer->list_count++], session->keys.id);
}

static void
list_fill(struct message *entry, const struct session *session)
{
    message_init(entry, WIRE_SESSION);
    message_put_text(entry, WIRE_ID, session->keys.id);
    message_put_text(entry, WIRE_USER, session->user);
    message_put_number(entry, WIRE_UID, session->uid);
    message_put_text(entry, WIRE_PROVIDER, session->provider);
    message_put_text(entry, WIRE_STATE, session_state_name(session));
    message_put_number(entry, WIRE_OPENED_AT, (uint64_t)session->opened_at_s);
    message_put_number(entry, WIRE_EXPIRES_AT, (uint64_t)session->expires_at_s);
    message_put_number(entry, WIRE_OPENER, (uint64_t)session->opener);
    message_put_text(entry, WIRE_SERVICE, session->service);
    message_put_text(entry, WIRE_TTY, session->tty);
    message_put_text(entry, WIRE_RHOST, session->rhost);
}

/* Send entries until the socket is full.  true: all have been sent. */
static bool
list_send(struct peer *peer)
{
    struct message entry;

    while (peer->list_next < peer->list_count) {
        const struct session *session =
            session_find(&peer->daemon->sessions, peer->list[peer->list_next]);
        ssize_t sent = 0;

        if (session != NULL) {
            list_fill(&entry, session);
            sent = send(peer->fd, entry.data, entry.length,
                        MSG_NOSIGNAL | MSG_DONTWAIT);
            message_done(&entry);
        }
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            return false;
        if (sent < 0) {
            /* The read event drops it. */
            shutdown(peer->fd, SHUT_RDWR);
            return false;
        }
        peer->list_next++;
    }
    return true;
}

static void
list_writable(evutil_socket_t fd, short what, void *context)
{
    struct peer *peer = context;

    (void)fd;
    (void)what;
    if (!list_send(peer))
        return;
    event_free(peer->writable);
    peer->writable = NULL;
    free(peer->list);
    peer->list = NULL;
    peer_verdict(peer, WIRE_OK, NULL, NULL, 0);
}

void
ask_sessions(struct peer *peer, const struct message *request)
{
    struct session_table *sessions = &peer->daemon->sessions;

    (void)request;
    peer->list_count = peer->list_next = 0;
    peer->list = calloc(sessions->count + 1, sizeof(*peer->list));
    peer->writable = event_new(peer->daemon->base, peer->fd,
                               EV_WRITE | EV_PERSIST, list_writable, peer);
    if (peer->list == NULL || peer->writable == NULL ||
        event_add(peer->writable, NULL) != 0) {
        peer_drop(peer);
        return;
    }
    session_each(sessions, list_collect, peer);
    peer_enter(peer, PEER_WORKING);
}
