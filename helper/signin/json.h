/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json: writes JSON (RFC 8259) into a text; commas come by themselves.
 * What is not UTF-8 in a string becomes U+FFFD.
 */
#ifndef SIGNIN_JSON_H
#define SIGNIN_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

struct json {
    struct text *out; /* borrowed */
    bool comma;       /* the next value needs one before it */
};

void json_open(struct json *json, char bracket);
void json_close(struct json *json, char bracket);
void json_key(struct json *json, const char *name);

/* A NULL string is null. */
void json_string(struct json *json, const char *string);
void json_number(struct json *json, int64_t number);
void json_bool(struct json *json, bool value);

/* Epoch seconds; 0, which means unknown everywhere here, is null. */
void json_time(struct json *json, int64_t epoch_s);

#endif
