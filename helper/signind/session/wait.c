/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who waits for a token that is fresh enough.
 */
#include "session.h"

#include <errno.h>

/* A request to renew (unlock, `signin refresh`) is no reason to ask a
 * provider more often than this. */
#define FORCED_EVERY_S 2

/* Answer one, who is in no list (any more) and may free itself. */
static void
answer_one(const struct session *session, struct session_waiter *waiter,
           enum wire_result result)
{
    /* The token is as fresh as the provider makes them. */
    if (result == WIRE_OK && session->expires_at_s != 0 &&
        session->expires_at_s - session_now_s() < waiter->min_valid_s)
        result = WIRE_TOO_SHORT;
    waiter->done(waiter, result);
}

void
session_answer(struct session *session, enum wire_result result)
{
    struct session_waiter *waiter;

    while ((waiter = TAILQ_FIRST(&session->waiters)) != NULL) {
        TAILQ_REMOVE(&session->waiters, waiter, link);
        answer_one(session, waiter, result);
    }
}

void
session_wait(struct session *session, struct session_waiter *waiter, bool force)
{
    int64_t now = session_now_s();
    int64_t wanted = waiter->min_valid_s < 1 ? 1 : waiter->min_valid_s;
    bool fresh = !session->parked && (session->expires_at_s == 0 ||
                                      session->expires_at_s - now >= wanted);
    int64_t age = now - session->refreshed_at_s;
    /* A negative age is a clock that was set back. */
    bool just_made =
        !session->parked && age >= 0 && age < FORCED_EVERY_S &&
        (session->expires_at_s == 0 || age <= session->lifetime_s / 10);
    enum wire_result result = WIRE_OK;

    if (session->state != SESSION_LIVE) {
        result = WIRE_NO_SESSION;
    } else if (session->keys.keep != 0 &&
               keyring_exists(session->keys.access_token) == -ENOKEY) {
        /* Destroyed: there is nothing that a new token could be put into. */
        result = WIRE_NO_KEYS;
    } else if ((force || !fresh) && (session->call != NULL || !just_made)) {
        if (session->call == NULL)
            result = session_refresh(session, true);
        if (result == WIRE_OK) {
            TAILQ_INSERT_TAIL(&session->waiters, waiter, link);
            return;
        }
        session_schedule(session);
    }
    /* Whoever waits for a refresh under way goes on waiting. */
    answer_one(session, waiter, result);
}

void
session_unwait(struct session *session, struct session_waiter *waiter)
{
    TAILQ_REMOVE(&session->waiters, waiter, link);
}
