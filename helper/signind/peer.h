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
#include "door.h"
#include "outbox.h"
#include "wire/wire.h"

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
    struct door *door; /* it came in by */
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
    /* What else a handler has begun and will answer, or NULL: work_gone(work)
     * is called if the peer goes before.  peer_verdict() forgets it. */
    void *work;
    void (*work_gone)(void *work);
    /* A list that is being sent. */
    struct outbox *outbox;
    struct event *writable;
};

/* Somebody has come in.  NULL: no memory, and the caller closes fd. */
struct peer *peer_new(struct door *door, int fd,
                      const struct ucred *credentials);

/* Send an answer.  A peer that cannot take it at once is dropped by the event
 * loop; nothing to handle. */
void peer_answer(struct peer *peer, const struct message *answer);

/* Send VERDICT, and be ready for the next conversation.  ticket, text: or
 * NULL.  retry_after_s: 0 none. */
void peer_verdict(struct peer *peer, enum wire_result result,
                  const char *ticket, const char *text, unsigned retry_after_s);

/* Send VERDICT about a sign-in whose K (0: none) signind goes on with. */
void peer_verdict_on(struct peer *peer, enum wire_result result,
                     key_serial_t keep, unsigned retry_after_s);

/*
 * Send all of outbox, which is taken over, then VERDICT.  error: of making the
 * list; not 0 (or outbox NULL): nothing is sent but WIRE_INTERNAL.  A peer that
 * does not read for a while is dropped.
 */
void peer_send_list(struct peer *peer, struct outbox *outbox, int error);

/* Set the state and the time the peer has for its next request. */
void peer_enter(struct peer *peer, enum peer_state state);

/* Close and free; what it had begun is undone (wire.h, "CONVERSATIONS"). */
void peer_drop(struct peer *peer);

#endif
