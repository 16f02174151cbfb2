/* SPDX-License-Identifier: BSD-2-Clause */
/* The payload of a key: record_parse() and all that reads it. */
#include <string.h>

#include "fuzz.h"
#include "keyring/record.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct record record, copy;
    static char value[KEYRING_PAYLOAD_MAX + 1], again[KEYRING_PAYLOAD_MAX + 1];
    char name[80];
    size_t position = 0;

    if (record_parse(&record, data, size) != 0)
        return 0;
    record_init(&copy);
    while (record_next(&record, &position, name, sizeof(name))) {
        ssize_t length = record_get(&record, name, value, sizeof(value));
        int64_t number;

        MUST(length >= 0 && (size_t)length == strlen(value));
        record_get_number(&record, name, &number);
        /* Every value survives being written again. */
        if (record_put(&copy, name, value) == 0) {
            MUST(record_get(&copy, name, again, sizeof(again)) == length);
            MUST(strcmp(value, again) == 0);
        }
    }
    record_done(&copy);
    record_done(&record);
    return 0;
}
