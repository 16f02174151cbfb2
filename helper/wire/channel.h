/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * channel: a client's connection to signind.
 *
 * For code inside other people's processes: no signal is raised or caught
 * (MSG_NOSIGNAL), descriptors are close-on-exec and never 0, 1 or 2, waits
 * use poll(2) with the time that is really left, and nothing is kept between
 * calls.  Thread-safe.  Logs nothing.
 */
#ifndef SIGNIN_CHANNEL_H
#define SIGNIN_CHANNEL_H

#include <stdint.h>
#include <sys/types.h>

#include "wire.h"

/* Compiled in; RUNSTATEDIR is --runstatedir, normally /run. */
#define CHANNEL_DIRECTORY RUNSTATEDIR "/signin"
#define CHANNEL_PAM       CHANNEL_DIRECTORY "/pam"
#define CHANNEL_PUBLIC    CHANNEL_DIRECTORY "/public"
/* In a directory that is _signin's: signind makes this socket itself. */
#define CHANNEL_NSS_DIRECTORY CHANNEL_DIRECTORY "/nss"
#define CHANNEL_NSS           CHANNEL_NSS_DIRECTORY "/socket"

/*
 * Now, in milliseconds of CLOCK_BOOTTIME: what the deadlines below count in.
 * Wall-clock steps do not touch it; suspend does.
 */
int64_t channel_now_ms(void);

/*
 * Connect to the socket at path and check who listens there: the peer's uid
 * must be 0 (systemd made the socket) or daemon_uid.  Never waits: a full
 * listen queue is -EAGAIN.
 *
 * Returns 0, -ENOENT or -ECONNREFUSED (signind is not running), -EACCES (this
 * socket is not for the caller), -EAGAIN (busy), -EPERM (somebody else
 * listens) or another negative errno.  On success the caller closes *ret_fd.
 */
int channel_open(const char *path, uid_t daemon_uid, int *ret_fd);

/*
 * Send one message.  Returns 0, -EPROTO (a field is missing), -ETIMEDOUT or
 * -EPIPE (signind has gone) or another negative errno.
 */
int channel_send(int fd, const struct message *message, int64_t deadline_ms);

/*
 * Receive one message.  Returns 0, -ETIMEDOUT, -ECONNRESET (signind closed),
 * -EMSGSIZE, -EPROTO or -EPROTONOSUPPORT.  On success the caller wipes
 * *ret_message with message_done(); on error it is empty.
 */
int channel_receive(int fd, struct message *ret_message, int64_t deadline_ms);

/*
 * channel_send, then channel_receive.  A signind that closed without reading
 * may have said why: then that is the answer, else -EPIPE.
 */
int channel_call(int fd, const struct message *request,
                 struct message *ret_answer, int64_t deadline_ms);

#endif
