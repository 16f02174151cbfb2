/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message-help: what the tests of the codec share.
 */
#ifndef SIGNIN_MESSAGE_HELP_H
#define SIGNIN_MESSAGE_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "wire/wire.h"

#define ID "0123456789abcdef0123456789abcdef"

/* Said once more, on purpose apart from the table in message.c. */
bool message_is_text(enum wire_field field);

/* A valid value for a text field; 1 is one for every number. */
const char *message_sample(enum wire_field field);

/* Decode from an allocation of exactly that size: ASan sees a byte too far. */
int decode_exactly(struct message *message, const void *packet, size_t length);

void assert_empty(const struct message *message);
void assert_refused(const void *packet, size_t length, int expected);

/* Append a field by hand, without the codec's checks. */
void message_append(struct message *message, unsigned field, const void *value,
                    size_t length);
void message_append_sample(struct message *message, enum wire_field field);

#endif
