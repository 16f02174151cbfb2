/* SPDX-License-Identifier: BSD-2-Clause */
#include "buffer.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* realloc(3) would leave a copy of the old text behind. */
static int
buffer_grow(struct buffer *buffer, size_t length)
{
    size_t need, size = buffer->size == 0 ? 128 : buffer->size;
    char *text;

    if (length > SIZE_MAX / 2 - buffer->length - 1)
        return -ENOMEM;
    need = buffer->length + length + 1;
    while (size < need)
        size *= 2;
    if (size == buffer->size)
        return 0;
    text = malloc(size);
    if (text == NULL)
        return -ENOMEM;
    if (buffer->text != NULL) {
        memcpy(text, buffer->text, buffer->length);
        explicit_bzero(buffer->text, buffer->length);
        free(buffer->text);
    }
    buffer->text = text;
    buffer->size = size;
    return 0;
}

void
buffer_add(struct buffer *buffer, const char *bytes, size_t length)
{
    if (buffer->error != 0)
        return;
    buffer->error = buffer_grow(buffer, length);
    if (buffer->error != 0)
        return;
    if (length > 0)
        memcpy(buffer->text + buffer->length, bytes, length);
    buffer->length += length;
    buffer->text[buffer->length] = '\0';
}

void
buffer_add_text(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void
buffer_add_char(struct buffer *buffer, char c)
{
    buffer_add(buffer, &c, 1);
}

void
buffer_add_percent(struct buffer *buffer, unsigned char byte)
{
    static const char digits[] = "0123456789ABCDEF";
    const char code[3] = {'%', digits[byte >> 4], digits[byte & 15]};

    buffer_add(buffer, code, sizeof(code));
}

int
buffer_take(struct buffer *buffer, char **ret_text, size_t *ret_length)
{
    int r;

    buffer_add(buffer, "", 0);
    r = buffer->error;
    if (r != 0) {
        buffer_done(buffer);
        return r;
    }
    *ret_text = buffer->text;
    if (ret_length != NULL)
        *ret_length = buffer->length;
    *buffer = (struct buffer){0};
    return 0;
}

void
buffer_done(struct buffer *buffer)
{
    if (buffer->text != NULL) {
        explicit_bzero(buffer->text, buffer->length);
        free(buffer->text);
    }
    *buffer = (struct buffer){0};
}

/* Bytes of the character at p, of which left remain; 0: not UTF-8. */
static size_t
utf8_length(const unsigned char *p, size_t left)
{
    size_t length, i;
    unsigned char low = 0x80, high = 0xbf; /* of the second byte */

    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        length = 2;
    else if (p[0] >= 0xe0 && p[0] <= 0xef)
        length = 3;
    else if (p[0] >= 0xf0 && p[0] <= 0xf4)
        length = 4;
    else
        return 0;
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f; /* surrogates */
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;
    if (left < length || p[1] < low || p[1] > high)
        return 0;
    for (i = 2; i < length; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

bool
utf8_valid(const char *bytes, size_t length)
{
    const unsigned char *p = (const unsigned char *)bytes;
    size_t step;

    while (length > 0) {
        step = utf8_length(p, length);
        if (step == 0)
            return false;
        p += step;
        length -= step;
    }
    return true;
}
