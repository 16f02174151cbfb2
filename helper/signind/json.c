/* SPDX-License-Identifier: BSD-2-Clause */
#include "json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "wipe.h"
#include "wire/memory.h"

void
json_use_wiping_memory(void)
{
    json_set_alloc_funcs(wipe_malloc, wipe_release);
}

/*
 * Jansson's own limit is 2,048 levels of recursion, fixed when it is built.
 * Counting brackets outside strings is enough to lower it: on malformed text
 * the count may be wrong, and the parser then says so.
 */
static bool
json_is_too_deep(const char *bytes, size_t length)
{
    bool in_string = false;
    size_t depth = 0;

    for (size_t i = 0; i < length; i++) {
        char c = bytes[i];

        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH_MAX)
                return true;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

/* Jansson's messages quote the input; these do not. */
static const char *
json_error_words(enum json_error_code code)
{
    switch (code) {
    case json_error_invalid_utf8:
        return "invalid UTF-8";
    case json_error_premature_end_of_input:
        return "cut off in the middle";
    case json_error_end_of_input_expected:
        return "something after the JSON";
    case json_error_duplicate_key:
        return "a member name twice";
    case json_error_numeric_overflow:
        return "a number out of range";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "U+0000 in a string";
    case json_error_unknown:
    case json_error_out_of_memory:
    case json_error_stack_overflow:
    case json_error_cannot_open_file:
    case json_error_invalid_argument:
    case json_error_invalid_syntax:
    case json_error_invalid_format:
    case json_error_wrong_type:
    case json_error_null_value:
    case json_error_item_not_found:
    case json_error_index_out_of_range:
    default:
        return "not JSON";
    }
}

static int
json_parse(const char *bytes, size_t length, bool array, const char *wanted,
           json_t **ret_document, const char **ret_why)
{
    json_error_t error;
    json_t *document;

    if (length == 0) {
        *ret_why = "empty body";
        return -EINVAL;
    }
    if (json_is_too_deep(bytes, length)) {
        *ret_why = "nested too deeply";
        return -EINVAL;
    }
    document = json_loadb(bytes, length,
                          JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (document == NULL) {
        enum json_error_code code = json_error_code(&error);

        explicit_bzero(&error, sizeof(error));
        *ret_why = json_error_words(code);
        return code == json_error_out_of_memory ? -ENOMEM : -EINVAL;
    }
    if (!json_is_object(document) && !(array && json_is_array(document))) {
        json_decref(document);
        *ret_why = wanted;
        return -EINVAL;
    }
    *ret_document = document;
    return 0;
}

int
json_read(const char *bytes, size_t length, json_t **ret_object,
          const char **ret_why)
{
    return json_parse(bytes, length, false, "not a JSON object", ret_object,
                      ret_why);
}

int
json_read_any(const char *bytes, size_t length, json_t **ret_document,
              const char **ret_why)
{
    return json_parse(bytes, length, true, "neither a JSON object nor an array",
                      ret_document, ret_why);
}

/*
 * One reference token of a pointer, unescaped into buffer: "~1" is "/", "~0"
 * is "~".  Returns its length, or -1: malformed or longer than the buffer.
 */
static ssize_t
json_pointer_token(const char **pointer, char *buffer, size_t size)
{
    const char *p = *pointer;
    size_t length = 0;

    for (; *p != '\0' && *p != '/'; p++) {
        char c = *p;

        if (c == '~') {
            p++;
            if (*p != '0' && *p != '1')
                return -1;
            c = *p == '0' ? '~' : '/';
        }
        if (length + 1 >= size)
            return -1;
        buffer[length++] = c;
    }
    buffer[length] = '\0';
    *pointer = p;
    return (ssize_t)length;
}

/* RFC 6901, 4: digits without a leading zero. */
static const json_t *
json_array_item(const json_t *array, const char *token)
{
    size_t index = 0;

    if (token[0] == '\0' || (token[0] == '0' && token[1] != '\0'))
        return NULL;
    for (const char *p = token; *p != '\0'; p++) {
        if (*p < '0' || *p > '9' || p - token > 8)
            return NULL;
        index = index * 10 + (size_t)(*p - '0');
    }
    return json_array_get(array, index);
}

const json_t *
json_at(const json_t *root, const char *pointer)
{
    const json_t *value = root;
    char token[4096];

    while (value != NULL && *pointer != '\0') {
        if (*pointer++ != '/')
            return NULL;
        if (json_pointer_token(&pointer, token, sizeof(token)) < 0)
            return NULL;
        if (json_is_object(value))
            value = json_object_get(value, token);
        else if (json_is_array(value))
            value = json_array_item(value, token);
        else
            return NULL;
    }
    return value;
}

int
json_scalar_text(const json_t *value, char **ret_text)
{
    char number[24];
    const char *text = number;
    char *copy;

    if (value == NULL || json_is_null(value))
        return -ENOENT;
    if (json_is_string(value))
        text = json_string_value(value);
    else if (json_is_integer(value))
        snprintf(number, sizeof(number), "%" PRId64,
                 (int64_t)json_integer_value(value));
    else if (json_is_boolean(value))
        text = json_is_true(value) ? "true" : "false";
    else
        return -EINVAL;
    copy = strdup(text);
    if (copy == NULL)
        return -ENOMEM;
    *ret_text = copy;
    return 0;
}

/* UTF-8 that Jansson has checked: is what stands at text not for showing? */
static bool
json_is_unprintable(const unsigned char *text)
{
    if (text[0] < 0x20 || text[0] == 0x7f)
        return true;
    if (text[0] == 0xc2)
        return text[1] >= 0x80 && text[1] <= 0x9f;
    if (text[0] != 0xe2)
        return false;
    if (text[1] == 0x80)
        return text[2] >= 0xa8 && text[2] <= 0xae;
    return text[1] == 0x81 && text[2] >= 0xa6 && text[2] <= 0xa9;
}

int
json_plain_text(const json_t *value, size_t most, char **ret_text)
{
    char *text = NULL;
    int r;

    if (value != NULL && !json_is_null(value) && !json_is_string(value) &&
        !json_is_integer(value))
        return -EINVAL;
    r = json_scalar_text(value, &text);
    if (r < 0)
        return r;
    if (*text == '\0')
        r = -ENOENT;
    else if (strlen(text) > most)
        r = -EINVAL;
    for (const char *p = text; r == 0 && *p != '\0'; p++)
        if (json_is_unprintable((const unsigned char *)p))
            r = -EINVAL;
    if (r < 0)
        wipe_free(text);
    else
        *ret_text = text;
    return r;
}
