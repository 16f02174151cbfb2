/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prepare: what only root can do before signind starts: the runtime directory
 * with _signin's own for the nss socket, the state directory, the list of
 * local groups that directories may put people into (people.h,
 * PEOPLE_LOCAL_GROUPS), and the anchor in root's user keyring.  Its serial is
 * left in
 * RUNSTATEDIR/signin/anchor, because an unprivileged daemon cannot look into
 * _uid.0; it checks what it finds there against the kernel.
 */
#ifndef SIGNIN_PREPARE_H
#define SIGNIN_PREPARE_H

#include "account.h"
#include "keyring/keyring.h"

/* [root] 0 or -errno (logged).  Also mends keys that were collected while no
 * signind was running. */
int prepare_run(const struct account *account);

/*
 * [root] Write [accounts] local_groups with their gids to path.  What is not in
 * /etc/group is left out, and so is the group of signind (both logged).
 * 0 or -errno (logged).
 */
struct config;
int prepare_local_groups(const struct account *account,
                         const struct config *config, const char *path);

/* Open the anchor that prepare_run() left.  0 or -errno (logged). */
int prepare_open_anchor(const struct account *account,
                        struct keyring_anchor *ret_anchor);

#endif
