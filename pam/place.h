/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place: turn a ticket into a session: claim its keys from signind, hang the
 * session's ring into the session keyring, and say so.
 */
#ifndef SIGNIN_PAM_PLACE_H
#define SIGNIN_PAM_PLACE_H

#include <stdint.h>

#include "call.h"
#include "keyring/keyring.h"
#include "ticket.h"

/*
 * [euid 0] Returns PAM_SUCCESS, or PAM_SYSTEM_ERR, logged; then nothing of
 * the session is left and signind revokes its tokens.  PAM_SUCCESS with
 * ret_keys->ring 0: no keys could be placed, and on_no_keyring lets the
 * person in without.
 */
int place_session(const struct call *call, const struct ticket *ticket,
                  struct keyring_session *ret_keys);

/*
 * Could the ring of a session hang in @s as it is: private to the user, with
 * no other session in it, and not taken over from the caller of a setuid
 * program?
 */
bool place_is_ready(const struct call *call);

#endif
