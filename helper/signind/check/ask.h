/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ask: a password, from the terminal without echo, or where standard input
 * is none, its next line.
 */
#ifndef SIGNIN_ASK_H
#define SIGNIN_ASK_H

#include "wire/memory.h"

/*
 * 0; -ENODATA (an empty line, or none), -EINVAL (a NUL in it), -EMSGSIZE
 * (longer than WIRE_TEXT_MAX) or another negative errno.  On success the
 * caller ends *ret_password with secret_done().  The prompt is not shown
 * where nobody would read it.  A signal that ends programs does so after the
 * terminal has been put right.
 */
int ask_password(const char *prompt, struct secret *ret_password);

#endif
