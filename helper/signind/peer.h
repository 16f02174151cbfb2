/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer: one connection, from accept to close.
 */
#ifndef SIGNIN_PEER_H
#define SIGNIN_PEER_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "daemon.h"
#include "wire/wire.h"

/* Bits, for the table in policy.c. */
enum peer_socket { PEER_SOCKET_NONE = 0, PEER_PAM = 1, PEER_PUBLIC = 2 };

/* Where the conversation stands.  Bits too. */
enum peer_state {
    PEER_STATE_NONE = 0,
    PEER_FRESH = 1,   /* may ask anything that begins a conversation */
    PEER_BEGUN = 2,   /* after BEGIN */
    PEER_WORKING = 4, /* its request is under way; it may only wait */
    PEER_CLAIMED = 8  /* after CLAIM */
};

struct peer {
    TAILQ_ENTRY(peer) link;
    struct daemon *daemon;
    enum peer_socket socket;
    enum peer_state state;
    struct ucred credentials; /* SO_PEERCRED */
    int fd;
    struct event *event, *deadline;
    /* BEGIN, CLAIM: the session this is about */
    char id[WIRE_ID_LENGTH + 1];
    key_serial_t shard;
    struct sign_in *sign_in;
    /* REFRESH, RENEW */
    struct session_waiter waiter;
    bool waiting;
    /* SESSIONS: what is still to be told */
    struct event *writable;
    char (*list)[WIRE_ID_LENGTH + 1];
    size_t list_count, list_next;
    /* END_ALL: looks whether all is done, until then */
    struct event *ending;
    int64_t ending_until_ms; /* channel_now_ms() */
};

/* Begin to serve a listening socket.  0 or -ENOMEM. */
int peer_listen(struct daemon *daemon, enum peer_socket socket, int fd,
                struct event **ret_event);

/* Send an answer.  A peer that cannot take it at once is dropped by the event
 * loop; nothing to handle. */
void peer_answer(struct peer *peer, const struct message *answer);

/* Send VERDICT, and be ready for the next conversation.  ticket, text: or
 * NULL.  retry_after_s: 0 none. */
void peer_verdict(struct peer *peer, enum wire_result result,
                  const char *ticket, const char *text, unsigned retry_after_s);

/* Set the state and the time the peer has for its next request. */
void peer_enter(struct peer *peer, enum peer_state state);

/* Close and free; what it had begun is undone (wire.h, "CONVERSATIONS"). */
void peer_drop(struct peer *peer);

#endif
