/* SPDX-License-Identifier: BSD-2-Clause */
#include "message-help.h"

#include <stdlib.h>

static bool
is_id(enum wire_field field)
{
    return field == WIRE_ID || field == WIRE_TICKET || field == WIRE_SECRET;
}

bool
message_is_text(enum wire_field field)
{
    return is_id(field) || field == WIRE_USER || field == WIRE_PASSWORD ||
           field == WIRE_SERVICE || field == WIRE_RHOST || field == WIRE_TTY ||
           field == WIRE_PROVIDER || field == WIRE_MESSAGE ||
           field == WIRE_STATE || field == WIRE_NAME || field == WIRE_VALUE ||
           field == WIRE_ORIGIN || field == WIRE_PERSON;
}

const char *
message_sample(enum wire_field field)
{
    static const char *const texts[] = {"", "a", "pass w\xc3\xb6rd\n\x01"};

    return is_id(field) ? ID : texts[(unsigned)field % 3];
}

int
decode_exactly(struct message *message, const void *packet, size_t length)
{
    void *copy = malloc(length == 0 ? 1 : length);
    int r;

    assert_non_null(copy);
    memcpy(copy, packet, length);
    r = message_decode(message, copy, length);
    free(copy);
    return r;
}

void
assert_empty(const struct message *message)
{
    static const struct message empty;

    assert_memory_equal(message, &empty, sizeof(empty));
}

void
assert_refused(const void *packet, size_t length, int expected)
{
    struct message message;

    memset(&message, 0xa5, sizeof(message));
    assert_int_equal(decode_exactly(&message, packet, length), expected);
    assert_empty(&message);
}

void
message_append(struct message *message, unsigned field, const void *value,
               size_t length)
{
    unsigned char *to = message->data + message->length;

    to[0] = (unsigned char)(field >> 8);
    to[1] = (unsigned char)field;
    to[2] = (unsigned char)(length >> 8);
    to[3] = (unsigned char)length;
    memcpy(to + 4, value, length);
    message->length += 4 + length;
}

void
message_append_sample(struct message *message, enum wire_field field)
{
    static const unsigned char one[8] = {0, 0, 0, 0, 0, 0, 0, 1};

    if (message_is_text(field))
        message_append(message, field, message_sample(field),
                       strlen(message_sample(field)) + 1);
    else
        message_append(message, field, one, sizeof(one));
}
