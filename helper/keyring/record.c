/* SPDX-License-Identifier: BSD-2-Clause */
#include "record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LINE        "v=1\n"
#define FIRST_LINE_LENGTH (sizeof(FIRST_LINE) - 1)
#define NAME_MAX_LENGTH   64

void
record_init(struct record *record)
{
    record->length = FIRST_LINE_LENGTH;
    memcpy(record->text, FIRST_LINE, sizeof(FIRST_LINE));
}

void
record_done(struct record *record)
{
    if (record != NULL)
        explicit_bzero(record, sizeof(*record));
}

/* ---- lines ----------------------------------------------------------------
 */

/* One line, without its newline; points into the record. */
struct line {
    const char *name, *value;
    size_t name_length, value_length;
};

static bool
name_valid(const char *name, size_t length)
{
    if (length == 0 || length > NAME_MAX_LENGTH)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!((name[i] >= 'a' && name[i] <= 'z') ||
              (name[i] >= '0' && name[i] <= '9') || name[i] == '_' ||
              name[i] == '.'))
            return false;
    return true;
}

/*
 * Take the line at *position and move past it.  False at the end, or if there
 * is no line "name=...\n" there.
 */
static bool
next_line(const struct record *record, size_t *position, struct line *ret_line)
{
    const char *text, *end, *equals;

    if (record->length > KEYRING_PAYLOAD_MAX || *position >= record->length)
        return false;
    text = record->text + *position;
    end = memchr(text, '\n', record->length - *position);
    if (end == NULL)
        return false;
    equals = memchr(text, '=', (size_t)(end - text));
    if (equals == NULL)
        return false;
    ret_line->name = text;
    ret_line->name_length = (size_t)(equals - text);
    ret_line->value = equals + 1;
    ret_line->value_length = (size_t)(end - equals) - 1;
    *position += (size_t)(end - text) + 1;
    return true;
}

static bool
find_line(const struct record *record, const char *name, size_t name_length,
          struct line *ret_line)
{
    size_t position = 0;
    struct line line;

    while (next_line(record, &position, &line))
        if (line.name_length == name_length &&
            memcmp(line.name, name, name_length) == 0) {
            *ret_line = line;
            return true;
        }
    return false;
}

static size_t
count_lines(const struct record *record)
{
    size_t position = 0, count = 0;
    struct line line;

    while (next_line(record, &position, &line))
        count++;
    return count;
}

/* ---- values ---------------------------------------------------------------
 */

static size_t
escaped_length(const char *value)
{
    size_t length = 0;

    for (; *value != '\0'; value++)
        length += *value == '\\' || *value == '\n' ? 2 : 1;
    return length;
}

/* Returns the end of what was written; no NUL. */
static char *
escape(char *to, const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '\n')
            *to++ = '\\';
        *to++ = *value == '\n' ? 'n' : *value;
    }
    return to;
}

/*
 * The value of a line, unescaped, into buffer (length bytes, no NUL); a NULL
 * buffer only measures.  Returns the length, or -EPROTO (bad escape).
 */
static ssize_t
unescape(const struct line *line, char *buffer)
{
    size_t length = 0;

    for (size_t i = 0; i < line->value_length; i++, length++) {
        char c = line->value[i];

        if (c == '\\') {
            if (++i == line->value_length ||
                (line->value[i] != '\\' && line->value[i] != 'n'))
                return -EPROTO;
            c = line->value[i] == 'n' ? '\n' : '\\';
        }
        if (buffer != NULL)
            buffer[length] = c;
    }
    return (ssize_t)length;
}

int
record_put(struct record *record, const char *name, const char *value)
{
    size_t name_length = strlen(name), needed;
    struct line line;
    char *to;

    if (value == NULL || !name_valid(name, name_length) ||
        find_line(record, name, name_length, &line))
        return -EINVAL;
    needed = name_length + 1 + escaped_length(value) + 1;
    if (record->length > KEYRING_PAYLOAD_MAX ||
        needed > KEYRING_PAYLOAD_MAX - record->length ||
        count_lines(record) >= RECORD_LINES_MAX)
        return -EMSGSIZE;
    to = record->text + record->length;
    memcpy(to, name, name_length);
    to += name_length;
    *to++ = '=';
    to = escape(to, value);
    *to++ = '\n';
    *to = '\0';
    record->length += needed;
    return 0;
}

int
record_put_number(struct record *record, const char *name, int64_t value)
{
    char text[sizeof("-9223372036854775808")];

    snprintf(text, sizeof(text), "%" PRId64, value);
    return record_put(record, name, text);
}

/* ---- reading --------------------------------------------------------------
 */

/* Every line well formed, the first of our version, no name twice? */
static bool
lines_valid(const struct record *record)
{
    size_t position = 0, count = 0;
    struct line line, first;

    if (record->length < FIRST_LINE_LENGTH ||
        memcmp(record->text, FIRST_LINE, FIRST_LINE_LENGTH) != 0)
        return false;
    while (next_line(record, &position, &line)) {
        if (++count > RECORD_LINES_MAX ||
            !name_valid(line.name, line.name_length) ||
            unescape(&line, NULL) < 0 ||
            !find_line(record, line.name, line.name_length, &first) ||
            first.name != line.name)
            return false;
    }
    return position == record->length;
}

int
record_parse(struct record *record, const void *payload, size_t length)
{
    if (length == 0 || length > KEYRING_PAYLOAD_MAX ||
        memchr(payload, '\0', length) != NULL) {
        record_done(record);
        return -EPROTO;
    }
    /* payload may be record->text itself: record_read(). */
    memmove(record->text, payload, length);
    record->text[length] = '\0';
    record->length = length;
    if (!lines_valid(record)) {
        record_done(record);
        return -EPROTO;
    }
    return 0;
}

ssize_t
record_get(const struct record *record, const char *name, char *buffer,
           size_t size)
{
    struct line line;
    ssize_t length;

    if (!find_line(record, name, strlen(name), &line))
        return -ENOENT;
    length = unescape(&line, NULL);
    if (length < 0)
        return length;
    if ((size_t)length >= size)
        return -EMSGSIZE;
    unescape(&line, buffer);
    buffer[length] = '\0';
    return length;
}

int
record_get_number(const struct record *record, const char *name,
                  int64_t *ret_value)
{
    char text[sizeof("-9223372036854775808")];
    const char *digits;
    ssize_t length = record_get(record, name, text, sizeof(text));
    long long value;

    if (length < 0)
        return length == -EMSGSIZE ? -EPROTO : (int)length;
    digits = text[0] == '-' ? text + 1 : text;
    if (digits[0] == '\0' || strspn(digits, "0123456789") != strlen(digits))
        return -EPROTO;
    errno = 0;
    value = strtoll(text, NULL, 10);
    if (errno != 0)
        return -EPROTO;
    *ret_value = value;
    return 0;
}

bool
record_next(const struct record *record, size_t *position, char *name,
            size_t size)
{
    struct line line;
    size_t length;

    if (*position == 0)
        *position = FIRST_LINE_LENGTH;
    if (size == 0 || !next_line(record, position, &line))
        return false;
    length = line.name_length < size ? line.name_length : size - 1;
    memcpy(name, line.name, length);
    name[length] = '\0';
    return true;
}

int
record_read(struct record *record, key_serial_t key)
{
    ssize_t length = keyring_read(key, record->text, KEYRING_PAYLOAD_MAX);

    if (length < 0) {
        record_done(record);
        return (int)length;
    }
    return record_parse(record, record->text, (size_t)length);
}
