/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LOOKUP: the NSS module asks about a name that the snapshot does not hold.
 * Answered at once, from memory and the store; never from the network.
 */
#include "log.h"
#include "policy.h"
#include "wire/people.h"

void
ask_lookup(struct peer *peer, const struct message *request)
{
    const char *name = message_text(request, WIRE_USER);
    const char *service = message_text(request, WIRE_SERVICE);
    const uid_t uid = peer->credentials.uid;
    const bool login_service =
        uid == 0 && service != NULL && people_login_service(service);
    char text[PEOPLE_USER_MAX + 1];
    struct message answer;

    if (directory_lookup(peer->daemon->directory, name, uid, login_service,
                         text) != 0) {
        peer_verdict(peer, WIRE_UNKNOWN_USER, NULL, NULL, 0);
        return;
    }
    log_debug("lookup of %s by pid %d uid %u", name, (int)peer->credentials.pid,
              uid);
    message_init(&answer, WIRE_ENTRY);
    message_put_text(&answer, WIRE_PERSON, text);
    peer_enter(peer, PEER_FRESH);
    peer_answer(peer, &answer);
    message_done(&answer);
}
