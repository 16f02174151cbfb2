/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may ask what, and when: what is written here is allowed, and everything
 * else, over all types, sockets, states and uids, is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "signind/policy.h"

#define ROOT  0
#define ALICE 2001

static const enum peer_state states[] = {PEER_FRESH, PEER_BEGUN, PEER_WORKING,
                                         PEER_CLAIMED};

/* Does the specification (wire.h, "CONVERSATIONS") allow it? */
static bool
allowed(enum wire_type type, enum peer_socket socket, enum peer_state state,
        uid_t uid)
{
    switch (type) {
    case WIRE_BEGIN:
    case WIRE_CLAIM:
    case WIRE_ABANDON:
    case WIRE_CLOSE:
    case WIRE_RENEW:
    case WIRE_SESSIONS:
    case WIRE_END_ALL:
    case WIRE_REUSE:
    case WIRE_USERS:
    case WIRE_GROUPS:
    case WIRE_SHOW_USER:
    case WIRE_REFRESH_USERS:
    case WIRE_FORGET:
        return socket == PEER_PAM && uid == ROOT && state == PEER_FRESH;
    case WIRE_AUTHENTICATE:
        return socket == PEER_PAM && uid == ROOT && state == PEER_BEGUN;
    case WIRE_PLACED:
        return socket == PEER_PAM && uid == ROOT && state == PEER_CLAIMED;
    case WIRE_ACCOUNT:
        return (socket == PEER_PAM || socket == PEER_PUBLIC) &&
               state == PEER_FRESH;
    case WIRE_VERIFY:
    case WIRE_REFRESH:
    case WIRE_LOGOUT:
    case WIRE_KEYS:
        return socket == PEER_PUBLIC && state == PEER_FRESH;
    case WIRE_LOOKUP:
        return socket == PEER_NSS && state == PEER_FRESH;
    case WIRE_NONE:
    case WIRE_PLACE:
    case WIRE_CLAIMED:
    case WIRE_SESSION:
    case WIRE_ITEM:
    case WIRE_ENTRY:
    case WIRE_VERDICT:
    case WIRE_TYPES:
        break;
    }
    return false;
}

static void
check_peer(enum peer_socket socket, enum peer_state state, uid_t uid)
{
    const struct peer peer = {
        .socket = socket, .state = state, .credentials = {.uid = uid}};

    for (unsigned type = 0; type <= WIRE_TYPES; type++) {
        enum wire_result result = WIRE_RESULT_NONE;
        policy_handler *handler =
            policy_find(&peer, (enum wire_type)type, &result);

        if (allowed((enum wire_type)type, socket, state, uid)) {
            assert_non_null(handler);
            continue;
        }
        assert_null(handler);
        assert_true(result == WIRE_NOT_PERMITTED || result == WIRE_BAD_REQUEST);
    }
}

static void
table_allows_what_the_protocol_says_and_no_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        check_peer(PEER_PAM, states[i], ROOT);
        check_peer(PEER_PAM, states[i], ALICE);
        check_peer(PEER_PUBLIC, states[i], ROOT);
        check_peer(PEER_PUBLIC, states[i], ALICE);
        check_peer(PEER_NSS, states[i], ROOT);
        check_peer(PEER_NSS, states[i], ALICE);
        check_peer(PEER_SOCKET_NONE, states[i], ROOT);
    }
}

/* A peer that holds root's socket (a descriptor was passed to it). */
static void
roots_socket_does_not_make_root(void **state)
{
    const struct peer peer = {
        .socket = PEER_PAM, .state = PEER_FRESH, .credentials = {.uid = ALICE}};
    enum wire_result result = WIRE_RESULT_NONE;

    (void)state;
    assert_null(policy_find(&peer, WIRE_CLOSE, &result));
    assert_int_equal(result, WIRE_NOT_PERMITTED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_allows_what_the_protocol_says_and_no_more),
        cmocka_unit_test(roots_socket_does_not_make_root),
    };

    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
