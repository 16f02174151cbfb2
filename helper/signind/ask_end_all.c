/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * END_ALL: the host shuts down.  Every session is ended here at once, and the
 * peer is answered when the providers have been told, or time is up.
 */
#include <stdlib.h>

#include "log.h"
#include "policy.h"
#include "wire/channel.h"

/* How often to look, in microseconds. */
#define END_ALL_EVERY_US 20000

static void
end_all_one(struct session *session, void *context)
{
    (void)context;
    session_close(session, "the host shuts down");
}

/* Looks whether all is done, until then. */
struct ending {
    struct peer *peer;
    struct event *event;
    int64_t until_ms; /* channel_now_ms() */
};

static void
end_all_forget(void *work)
{
    struct ending *ending = work;

    if (ending->event != NULL)
        event_free(ending->event);
    free(ending);
}

static void
end_all_look(evutil_socket_t fd, short what, void *context)
{
    struct ending *ending = context;
    struct peer *peer = ending->peer;
    struct daemon *daemon = peer->daemon;
    size_t left;

    (void)fd;
    (void)what;
    /* A sign-in that was under way brings tokens even now. */
    session_each(&daemon->sessions, end_all_one, NULL);
    left = daemon->sessions.count + daemon->sign_ins_in_flight;
    if (left > 0 && channel_now_ms() < ending->until_ms)
        return;
    end_all_forget(ending);
    if (left > 0)
        log_warning("%zu sessions are not revoked at their providers yet: "
                    "their tokens live until they expire, or signind runs "
                    "again before a reboot",
                    left);
    peer_verdict(peer, left == 0 ? WIRE_OK : WIRE_UNAVAILABLE, NULL, NULL, 0);
}

void
ask_end_all(struct peer *peer, const struct message *request)
{
    const struct timeval every = {.tv_usec = END_ALL_EVERY_US};
    struct daemon *daemon = peer->daemon;
    struct ending *ending = calloc(1, sizeof(*ending));

    (void)request;
    log_notice("ending all %zu sessions: the host shuts down",
               daemon->sessions.count);
    session_each(&daemon->sessions, end_all_one, NULL);
    if (ending != NULL) {
        ending->peer = peer;
        ending->until_ms =
            channel_now_ms() + daemon->config->shutdown_revoke_timeout_ms;
        ending->event =
            event_new(daemon->base, -1, EV_PERSIST, end_all_look, ending);
    }
    if (ending == NULL || ending->event == NULL ||
        event_add(ending->event, &every) != 0) {
        if (ending != NULL)
            end_all_forget(ending);
        peer_verdict(peer, WIRE_INTERNAL, NULL, NULL, 0);
        return;
    }
    peer->work = ending;
    peer->work_gone = end_all_forget;
    peer_enter(peer, PEER_WORKING);
}
