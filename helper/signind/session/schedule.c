/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a session needs us next.
 */

#include "session.h"

#include "signind/jitter.h"

/* The least time between two planned refreshes, however short tokens live. */
#define PLANNED_EVERY_MS 1000

/* When to renew the present token: a share of its life, moved by up to 5 % of
 * it so that sessions which began together do not stay together. */
static int64_t
schedule_planned_ms(const struct session *session)
{
    const struct config *config = session->table->config;
    int64_t life_ms = (session->expires_at_s == 0 ? config->unknown_lifetime_s
                                                  : session->lifetime_s) *
                      1000;
    int64_t jitter = life_ms / 20 > INT32_MAX ? INT32_MAX : life_ms / 20;
    int64_t planned;

    planned = session->refreshed_at_s * 1000 +
              life_ms * config->refresh_at_percent / 100 -
              jitter_below((unsigned)jitter + 1);
    return planned < session->refreshed_at_s * 1000 + PLANNED_EVERY_MS
               ? session->refreshed_at_s * 1000 + PLANNED_EVERY_MS
               : planned;
}

bool
session_can_renew(const struct session *session)
{
    if (session->health == HEALTH_REFUSED)
        return false;
    return session->offline ? session_is_late(session) : session->renewable;
}

/* The moment this session needs us next; 0: never. */
static int64_t
schedule_next_ms(const struct session *session)
{
    int64_t next = 0;

    if (session->state == SESSION_PENDING || session->state == SESSION_CLAIMED)
        return session->ticket_until_s * 1000;
    if (session->state == SESSION_CLOSING)
        return session->call == NULL ? session->refresh_at_ms : 0;
    if (session->call == NULL && session_can_renew(session))
        next = session->refresh_at_ms;
    if (session->expires_at_s != 0 && !session->parked &&
        (next == 0 || session->expires_at_s * 1000 < next))
        next = session->expires_at_s * 1000;
    return next;
}

void
session_arm(struct session *session)
{
    int64_t next = schedule_next_ms(session);
    int64_t wait = next - session_now_ms();
    struct timeval after;

    event_del(session->timer);
    if (next == 0)
        return;
    if (wait < 0)
        wait = 0;
    after.tv_sec = wait / 1000;
    after.tv_usec = (wait % 1000) * 1000;
    event_add(session->timer, &after);
}

void
session_schedule(struct session *session)
{
    if (session->state == SESSION_LIVE && session->refresh_at_ms == 0)
        session->refresh_at_ms = session->offline
                                     ? session_late_first_ms()
                                     : schedule_planned_ms(session);
    session_arm(session);
}
