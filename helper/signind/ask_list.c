/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SESSIONS: the list for `signin sessions`.
 */
#include "log.h"
#include "policy.h"

struct listing {
    struct outbox *outbox;
    int error;
};

static void
list_one(struct session *session, void *context)
{
    struct listing *listing = context;
    struct message entry;

    if (session->keys.keep == 0 || listing->error != 0)
        return;
    message_init(&entry, WIRE_SESSION);
    message_put_text(&entry, WIRE_ID, session->keys.id);
    message_put_text(&entry, WIRE_USER, session->user);
    message_put_number(&entry, WIRE_UID, session->uid);
    message_put_text(&entry, WIRE_PROVIDER, session->provider);
    message_put_text(&entry, WIRE_STATE, session_state_name(session));
    message_put_number(&entry, WIRE_OPENED_AT, (uint64_t)session->opened_at_s);
    message_put_number(&entry, WIRE_EXPIRES_AT,
                       (uint64_t)session->expires_at_s);
    message_put_number(&entry, WIRE_OPENER, (uint64_t)session->opener);
    message_put_text(&entry, WIRE_SERVICE, session->service);
    message_put_text(&entry, WIRE_TTY, session->tty);
    message_put_text(&entry, WIRE_RHOST, session->rhost);
    listing->error = outbox_add(listing->outbox, &entry);
    message_done(&entry);
}

void
ask_sessions(struct peer *peer, const struct message *request)
{
    struct listing listing = {.outbox = outbox_new()};

    (void)request;
    if (listing.outbox != NULL)
        session_each(&peer->daemon->sessions, list_one, &listing);
    peer_send_list(peer, listing.outbox, listing.error);
}
