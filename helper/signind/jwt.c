/* SPDX-License-Identifier: BSD-2-Clause */
#include "jwt.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "wipe.h"

/* The value of a base64url character, or -1. */
static int
jwt_sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    if (c == '_')
        return 63;
    return -1;
}

static bool
jwt_is_segment(const char *text, size_t length)
{
    if (length == 0 || length % 4 == 1)
        return false;
    for (size_t i = 0; i < length; i++)
        if (jwt_sextet(text[i]) < 0)
            return false;
    return true;
}

/*
 * Decode a segment into bytes, which has room for length * 3 / 4.  Returns
 * false if bits are left over: two texts would then mean the same bytes.
 */
static bool
jwt_decode(const char *text, size_t length, char *bytes, size_t *ret_count)
{
    unsigned bits = 0;
    unsigned held = 0;
    size_t count = 0;

    for (size_t i = 0; i < length; i++) {
        bits = (bits << 6 | (unsigned)jwt_sextet(text[i])) & 0x3fff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes[count++] = (char)(bits >> held & 0xff);
        }
    }
    *ret_count = count;
    return (bits & ((1U << held) - 1)) == 0;
}

int
jwt_claims(const char *token, size_t length, json_t **ret_claims)
{
    const char *end = token + length;
    const char *first, *second, *why;
    size_t count = 0;
    char *bytes;
    int r = -EINVAL;

    first = memchr(token, '.', length);
    if (first == NULL)
        return -EINVAL;
    second = memchr(first + 1, '.', (size_t)(end - first - 1));
    if (second == NULL)
        return -EINVAL;
    if (!jwt_is_segment(token, (size_t)(first - token)) ||
        !jwt_is_segment(first + 1, (size_t)(second - first - 1)) ||
        !jwt_is_segment(second + 1, (size_t)(end - second - 1)))
        return -EINVAL;

    bytes = malloc(length);
    if (bytes == NULL)
        return -ENOMEM;
    if (jwt_decode(first + 1, (size_t)(second - first - 1), bytes, &count))
        r = json_read(bytes, count, ret_claims, &why);
    wipe_release(bytes);
    return r;
}
