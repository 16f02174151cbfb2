/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outbox: messages that wait to be sent.  Lists of thousands do not fit a
 * socket's buffer: they go out as the reader takes them.
 */
#ifndef SIGNIN_OUTBOX_H
#define SIGNIN_OUTBOX_H

#include "wire/wire.h"

struct outbox;

struct outbox *outbox_new(void); /* NULL: no memory */
void outbox_free(struct outbox *outbox);

/* Append a copy.  0, -EPROTO (a field is missing), -EMSGSIZE (more than
 * OUTBOX_MAX bytes in all) or -ENOMEM. */
#define OUTBOX_MAX 268435456
int outbox_add(struct outbox *outbox, const struct message *message);

/* Send what the socket takes now.  1: all has been sent; 0: the socket is
 * full; or negative errno. */
int outbox_send(struct outbox *outbox, int fd);

#endif
