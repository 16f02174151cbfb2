/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet from a hostile peer: message_decode() and all that reads it. */
#include <string.h>

#include "fuzz.h"
#include "wire/wire.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct message message, again;

    if (message_decode(&message, data, size) != 0) {
        MUST(message.type == WIRE_NONE && message.length == 0);
        return 0;
    }
    MUST(size <= WIRE_MESSAGE_MAX);
    MUST(message_check(&message) == 0);
    for (unsigned field = 0; field <= WIRE_FIELDS; field++) {
        const char *text = message_text(&message, (enum wire_field)field);
        uint64_t number = 0;

        MUST(text == NULL || strlen(text) <= WIRE_TEXT_MAX);
        message_number(&message, (enum wire_field)field, &number);
    }
    /* What was accepted is accepted again, as the same bytes. */
    MUST(message_decode(&again, message.data, message.length) == 0);
    MUST(again.length == message.length && again.type == message.type);
    message_done(&again);
    message_done(&message);
    return 0;
}
