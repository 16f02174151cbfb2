/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy: who may ask what, and when: one table.
 */
#ifndef SIGNIN_POLICY_H
#define SIGNIN_POLICY_H

#include "peer.h"

typedef void policy_handler(struct peer *peer, const struct message *request);

/*
 * The handler for this request by this peer now.  NULL: refused, and why in
 * *ret_result (WIRE_NOT_PERMITTED or WIRE_BAD_REQUEST).
 */
policy_handler *policy_find(const struct peer *peer, enum wire_type type,
                            enum wire_result *ret_result);

/* ask_sign_in.c */
policy_handler ask_begin, ask_authenticate, ask_verify;
/* ask_account.c */
policy_handler ask_account;
/* ask_session.c */
policy_handler ask_claim, ask_placed, ask_abandon, ask_close, ask_renew,
    ask_refresh, ask_logout;
/* ask_end_all.c */
policy_handler ask_end_all;
/* ask_list.c */
policy_handler ask_sessions;
/* ask_reuse.c */
policy_handler ask_reuse;
/* ask_users.c */
policy_handler ask_users, ask_groups, ask_show_user, ask_refresh_users,
    ask_forget, ask_keys;
/* ask_nss.c */
policy_handler ask_lookup;

/* The peer has gone before its answer. */
void ask_sign_in_gone(struct sign_in *sign_in);
/* signind ends: forget the sign-ins under way. */
void ask_sign_in_stop(struct daemon *daemon);

#endif
