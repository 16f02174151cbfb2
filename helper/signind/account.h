/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * account: who signind runs as, and how it gets there from root.
 */
#ifndef SIGNIN_ACCOUNT_H
#define SIGNIN_ACCOUNT_H

#include <sys/types.h>

struct account {
    uid_t uid;
    gid_t gid;
};

/* Nothing in this process asks NSS for users and groups but their files:
 * signind would wait for itself.  Before the first lookup. */
void account_use_files(void);

/*
 * Look up DAEMON_USER in /etc/passwd and /etc/group themselves (NSS must not
 * be asked by the daemon that answers it).  Refuses (logged) an account that
 * is root's, a group that has members, and another account with that primary
 * group: whoever is of the group reads every token.  0 or -errno.
 */
int account_find(struct account *ret_account);

/*
 * Become that account for good: no groups but its own, no capability, no way
 * back.  0 or -errno (logged).
 */
int account_become(const struct account *account);

/* The same for the daemon: a session keyring of its own, too. */
int account_drop(const struct account *account);

/* What must hold from the first secret on: not dumpable, no core file, memory
 * locked as far as the limits allow. */
void account_harden(void);

#endif
