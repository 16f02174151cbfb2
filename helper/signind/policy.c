/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy.h"

static const struct policy {
    enum wire_type type;
    unsigned sockets; /* enum peer_socket */
    unsigned states;  /* enum peer_state */
    bool root;        /* the peer's uid must be 0 */
    policy_handler *handler;
} policies[] = {
    {WIRE_BEGIN, PEER_PAM, PEER_FRESH, true, ask_begin},
    {WIRE_AUTHENTICATE, PEER_PAM, PEER_BEGUN, true, ask_authenticate},
    {WIRE_CLAIM, PEER_PAM, PEER_FRESH, true, ask_claim},
    {WIRE_PLACED, PEER_PAM, PEER_CLAIMED, true, ask_placed},
    {WIRE_ABANDON, PEER_PAM, PEER_FRESH, true, ask_abandon},
    {WIRE_ACCOUNT, PEER_PAM | PEER_PUBLIC, PEER_FRESH, false, ask_account},
    {WIRE_CLOSE, PEER_PAM, PEER_FRESH, true, ask_close},
    {WIRE_RENEW, PEER_PAM, PEER_FRESH, true, ask_renew},
    {WIRE_SESSIONS, PEER_PAM, PEER_FRESH, true, ask_sessions},
    {WIRE_END_ALL, PEER_PAM, PEER_FRESH, true, ask_end_all},
    {WIRE_REUSE, PEER_PAM, PEER_FRESH, true, ask_reuse},
    {WIRE_USERS, PEER_PAM, PEER_FRESH, true, ask_users},
    {WIRE_GROUPS, PEER_PAM, PEER_FRESH, true, ask_groups},
    {WIRE_SHOW_USER, PEER_PAM, PEER_FRESH, true, ask_show_user},
    {WIRE_REFRESH_USERS, PEER_PAM, PEER_FRESH, true, ask_refresh_users},
    {WIRE_FORGET, PEER_PAM, PEER_FRESH, true, ask_forget},
    /* What every program may know. */
    {WIRE_LOOKUP, PEER_NSS, PEER_FRESH, false, ask_lookup},
    {WIRE_KEYS, PEER_PUBLIC, PEER_FRESH, false, ask_keys},
    /* Own uid only: the handlers compare it with the peer's. */
    {WIRE_VERIFY, PEER_PUBLIC, PEER_FRESH, false, ask_verify},
    {WIRE_REFRESH, PEER_PUBLIC, PEER_FRESH, false, ask_refresh},
    {WIRE_LOGOUT, PEER_PUBLIC, PEER_FRESH, false, ask_logout},
};

policy_handler *
policy_find(const struct peer *peer, enum wire_type type,
            enum wire_result *ret_result)
{
    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
        const struct policy *policy = &policies[i];

        if (policy->type != type)
            continue;
        if ((policy->sockets & (unsigned)peer->socket) == 0 ||
            (policy->root && peer->credentials.uid != 0)) {
            *ret_result = WIRE_NOT_PERMITTED;
            return NULL;
        }
        if ((policy->states & (unsigned)peer->state) == 0)
            break;
        return policy->handler;
    }
    *ret_result = WIRE_BAD_REQUEST;
    return NULL;
}
