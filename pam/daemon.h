/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon: talk to signind.
 */
#ifndef SIGNIN_PAM_DAEMON_H
#define SIGNIN_PAM_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <keyutils.h>

#include "call.h"
#include "wire/channel.h"
#include "wire/wire.h"

/*
 * What a host may be kept waiting, in milliseconds.  A sign-in outlasts
 * signind's own sign_in_timeout (60 s) behind a directory that takes its 6 s,
 * and ends before sshd's LoginGraceTime (120 s).  ACCOUNT outlasts the
 * directory, too; REUSE the 8 s that signind gives it.
 */
#define DAEMON_SIGN_IN_MS 75000
#define DAEMON_BEGIN_MS   10000
#define DAEMON_CLAIM_MS   10000
#define DAEMON_ACCOUNT_MS 10000
#define DAEMON_REUSE_MS   10000
#define DAEMON_RENEW_MS   5000
#define DAEMON_CLOSE_MS   3000

struct daemon {
    int fd;              /* -1: none */
    int64_t deadline_ms; /* for the whole conversation */
    bool asked;          /* a request has gone out that has no answer yet */
};

#define DAEMON_INIT                                                            \
    {                                                                          \
        .fd = -1                                                               \
    }

/*
 * Connect to path (CHANNEL_PAM or CHANNEL_PUBLIC).  Returns 0 or a negative
 * errno, see channel_open().  The caller ends it with daemon_done().
 */
int daemon_open(const struct call *call, const char *path, int budget_ms,
                struct daemon *ret_daemon);

/* Close; accepts one that never connected. */
void daemon_done(struct daemon *daemon);

#define cleanup_daemon __attribute__((cleanup(daemon_done)))

/*
 * Ask, and wait for an answer of type expected or for a VERDICT.  Returns 0
 * or a negative errno; -EPROTO for another type and for a VERDICT that says
 * WIRE_OK where something else is expected.  On success the caller wipes
 * *ret_answer with message_done(); on error it is empty.
 */
int daemon_ask(struct daemon *daemon, const struct message *request,
               enum wire_type expected, struct message *ret_answer);

/* Log that signind cannot be asked, why, and what can be done. */
void daemon_log_error(const struct call *call, const char *asked, int error);

/*
 * The group of signind.  *ret_closed: it has no members, who could read every
 * session's keys.  Returns 0 or -ENOENT: no such group.
 */
int daemon_find_group(const struct call *call, gid_t *ret_gid,
                      bool *ret_closed);

/* A key's serial number in an answer.  0, or -EPROTO: absent or not one. */
int daemon_read_serial(const struct message *answer, enum wire_field field,
                       key_serial_t *ret_serial);

#endif
