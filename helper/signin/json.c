/* SPDX-License-Identifier: BSD-2-Clause */
#include "json.h"

#include <inttypes.h>

static void
begin_value(struct json *json)
{
    if (json->comma)
        text_add(json->out, ",");
    json->comma = true;
}

void
json_open(struct json *json, char bracket)
{
    begin_value(json);
    text_add_bytes(json->out, &bracket, 1);
    json->comma = false;
}

void
json_close(struct json *json, char bracket)
{
    text_add_bytes(json->out, &bracket, 1);
    json->comma = true;
}

static void
add_quoted(struct text *out, const char *string)
{
    text_add(out, "\"");
    while (*string != '\0') {
        uint32_t code;
        size_t length = text_character(string, &code);

        if (code == '"' || code == '\\')
            text_format(out, "\\%c", (int)code);
        else if (code < 0x20 || (code >= 0x7f && code <= 0x9f))
            /* DEL and C1 need no escape, but people look at this too. */
            text_format(out, "\\u%04" PRIx32, code);
        else if (code == 0xfffd)
            text_add(out, "\xef\xbf\xbd");
        else
            text_add_bytes(out, string, length);
        string += length;
    }
    text_add(out, "\"");
}

void
json_key(struct json *json, const char *name)
{
    begin_value(json);
    add_quoted(json->out, name);
    text_add(json->out, ":");
    json->comma = false;
}

void
json_string(struct json *json, const char *string)
{
    begin_value(json);
    if (string == NULL)
        text_add(json->out, "null");
    else
        add_quoted(json->out, string);
}

void
json_number(struct json *json, int64_t number)
{
    begin_value(json);
    text_format(json->out, "%" PRId64, number);
}

void
json_bool(struct json *json, bool value)
{
    begin_value(json);
    text_add(json->out, value ? "true" : "false");
}

void
json_time(struct json *json, int64_t epoch_s)
{
    if (epoch_s == 0)
        json_string(json, NULL);
    else
        json_number(json, epoch_s);
}
