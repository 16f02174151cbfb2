/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * find: the session that this process is inside of.
 */
#ifndef SIGNIN_FIND_H
#define SIGNIN_FIND_H

#include <stdint.h>
#include <sys/types.h>

#include "keyring/keyring.h"
#include "keyring/record.h"
#include "signin/verdict.h"

/*
 * Starts as {0}, ends in session_done().  The record is on the heap, and only
 * what is used of it is ever touched: a fresh stack of two records costs more
 * in page faults than everything else that `signin token` does.
 */
struct session {
    struct keyring_session keys;
    struct record *record; /* what S says */
};

/*
 * Find it: among the rings that this process's session keyring links, those
 * whose record is of this very user; of several, the one opened last.
 *
 * Returns STATUS_OK; otherwise it has complained on stderr, and *ret_session
 * is {0}, as it must be on entry.  The caller releases with session_done().
 */
enum status session_find(struct session *ret_session);
void session_done(struct session *session);

/* A number of the record; 0, which means unknown everywhere, if it has none. */
int64_t session_number(const struct session *session, const char *name);

/* A text of the record, which the caller ends with wipe_free(); NULL if there
 * is none. */
char *session_text(const struct session *session, const char *name);

/*
 * The gid that owns the keys: that of signind's directory, which root made, or
 * else what the group database says.  0 or -ENOENT.
 */
int session_group(gid_t *ret_gid);

#define cleanup_session __attribute__((cleanup(session_done)))

#endif
