/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is asked about a session once its user has signed in.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "fault.h"
#include "log.h"
#include "policy.h"
#include "wire/memory.h"

void
ask_claim(struct peer *peer, const struct message *request)
{
    struct daemon *daemon = peer->daemon;
    const char *ticket = message_text(request, WIRE_TICKET);
    const char *user = message_text(request, WIRE_USER);
    struct session *session = session_find_ticket(&daemon->sessions, ticket);
    struct message answer;
    uint64_t uid = 0, start = 0;

    message_number(request, WIRE_UID, &uid);
    message_number(request, WIRE_START_TIME, &start);
    if (session == NULL || strcmp(session->user, user) != 0 ||
        session->uid != uid) {
        log_notice("no session for the ticket that pid %d showed for %s%s",
                   (int)peer->credentials.pid, user,
                   session == NULL ? "" : ": it is another user's");
        if (session != NULL)
            session_close(session, "another user showed its ticket");
        peer_verdict(peer, WIRE_NO_SESSION, NULL, NULL, 0);
        return;
    }
    fault_point("claim.begin");
    session->state = SESSION_CLAIMED;
    session->opener = peer->credentials.pid;
    session->opener_start = start;
    strcpy(peer->id, session->keys.id);
    message_init(&answer, WIRE_CLAIMED);
    message_put_text(&answer, WIRE_ID, session->keys.id);
    message_put_number(&answer, WIRE_KEEP, (uint64_t)session->keys.keep);
    message_put_number(&answer, WIRE_ON_NO_KEYRING,
                       daemon->config->on_no_keyring_allow
                           ? WIRE_NO_KEYRING_ALLOW
                           : WIRE_NO_KEYRING_DENY);
    peer_enter(peer, PEER_CLAIMED);
    peer_answer(peer, &answer);
    message_done(&answer);
    fault_point("claim.answered");
}

/* Let the session live, if there is somebody who will end it. */
static enum wire_result
placed_live(struct session *session, key_serial_t ring)
{
    int error = session_watch_opener(session);
    enum wire_result result;

    if (error == -ESRCH) {
        session_close(session, "the process that opened it has ended");
        return WIRE_NO_SESSION;
    }
    if (error != 0)
        log_warning("session %.8s of %s: cannot watch process %d (%s): "
                    "it must close the session itself",
                    session->keys.id, session->user, (int)session->opener,
                    strerror(-error));
    result = session_live(session, ring);
    if (result == WIRE_OK)
        log_info("session %.8s of %s is open (service %s, pid %d)",
                 session->keys.id, session->user, session->service,
                 (int)session->opener);
    return result;
}

void
ask_placed(struct peer *peer, const struct message *request)
{
    struct session *session = session_find(&peer->daemon->sessions, peer->id);
    enum wire_result result = WIRE_NO_SESSION;
    uint64_t ring = 0;

    message_number(request, WIRE_RING, &ring);
    if (session != NULL && session->state == SESSION_CLAIMED)
        result = placed_live(session, (key_serial_t)ring);
    peer_verdict(peer, result, NULL, NULL, 0);
    fault_point("live.told");
}

void
ask_abandon(struct peer *peer, const struct message *request)
{
    struct session *session = session_find_ticket(
        &peer->daemon->sessions, message_text(request, WIRE_TICKET));

    if (session != NULL)
        session_close(session, "the session that opened is somebody else's");
    peer_verdict(peer, session == NULL ? WIRE_NO_SESSION : WIRE_OK, NULL, NULL,
                 0);
}

void
ask_close(struct peer *peer, const struct message *request)
{
    struct session *session =
        session_find(&peer->daemon->sessions, message_text(request, WIRE_ID));

    if (session != NULL)
        session_close(session, "closed");
    peer_verdict(peer, session == NULL ? WIRE_NO_SESSION : WIRE_OK, NULL, NULL,
                 0);
}

static void
ask_waited(struct session_waiter *waiter, enum wire_result result)
{
    struct peer *peer =
        (struct peer *)(void *)((char *)waiter - offsetof(struct peer, waiter));

    peer->waiting = false;
    peer_verdict(peer, result, NULL, NULL, 0);
}

static void
ask_wait(struct peer *peer, struct session *session, uint64_t min_valid_s,
         bool force)
{
    /* Ten years: more than any token lives. */
    const uint64_t limit = (uint64_t)10 * 366 * 86400;

    strcpy(peer->id, session->keys.id);
    peer->waiter.done = ask_waited;
    peer->waiter.min_valid_s =
        (int64_t)(min_valid_s > limit ? limit : min_valid_s);
    peer->waiting = true;
    peer_enter(peer, PEER_WORKING);
    session_wait(session, &peer->waiter, force);
}

void
ask_renew(struct peer *peer, const struct message *request)
{
    struct session *session =
        session_find(&peer->daemon->sessions, message_text(request, WIRE_ID));

    if (session == NULL || session->state != SESSION_LIVE)
        peer_verdict(peer, WIRE_NO_SESSION, NULL, NULL, 0);
    else
        ask_wait(peer, session, 0, true);
}

/* The session of id, if the peer is inside it: it can read the hand-out
 * secret, and is of the session's uid. */
static struct session *
ask_own_session(struct peer *peer, const struct message *request)
{
    struct session *session =
        session_find(&peer->daemon->sessions, message_text(request, WIRE_ID));

    if (session == NULL || session->state != SESSION_LIVE)
        return NULL;
    if (!session_has_secret(session, message_text(request, WIRE_SECRET)) ||
        peer->credentials.uid != session->uid) {
        log_notice("uid %u (pid %d) asked for session %.8s of %s without "
                   "being in it",
                   peer->credentials.uid, (int)peer->credentials.pid,
                   session->keys.id, session->user);
        return NULL;
    }
    return session;
}

void
ask_refresh(struct peer *peer, const struct message *request)
{
    struct session *session = ask_own_session(peer, request);
    uint64_t min_valid_s = 0, force = 0;

    message_number(request, WIRE_MIN_VALID, &min_valid_s);
    message_number(request, WIRE_FORCE, &force);
    if (session == NULL)
        peer_verdict(peer, WIRE_NO_SESSION, NULL, NULL, 0);
    else
        ask_wait(peer, session, min_valid_s, force == 1);
}

void
ask_logout(struct peer *peer, const struct message *request)
{
    struct session *session = ask_own_session(peer, request);

    if (session != NULL)
        session_close(session, "the user signed out");
    peer_verdict(peer, session == NULL ? WIRE_NO_SESSION : WIRE_OK, NULL, NULL,
                 0);
}
