/* SPDX-License-Identifier: BSD-2-Clause */
#include "why.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signind/wipe.h"

/*
 * Append text to what stands in to[size], at most limit bytes of it.  Other
 * than printable ASCII is written \xNN: control characters forge lines, and
 * other scripts have look-alikes and change the direction of writing.
 */
static void
why_append(char *to, size_t size, const char *text, size_t limit)
{
    size_t length = strlen(to);

    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        char escaped[5] = {*text, '\0'};
        size_t count = 1;

        if (c < 0x20 || c > 0x7e) {
            snprintf(escaped, sizeof(escaped), "\\x%02x", (unsigned)c);
            count = 4;
        }
        if (count > limit || length + count >= size)
            break;
        memcpy(to + length, escaped, count);
        length += count;
        limit -= count;
    }
    to[length] = '\0';
}

static void __attribute__((format(printf, 2, 0)))
why_append_format(struct provider_result *result, const char *format,
                  va_list arguments)
{
    char text[sizeof(result->why)];

    vsnprintf(text, sizeof(text), format, arguments);
    why_append(result->why, sizeof(result->why), text, sizeof(text));
}

void
why_set(struct provider_result *result, enum wire_result what,
        const char *format, ...)
{
    va_list arguments;

    result->result = what;
    result->why[0] = '\0';
    va_start(arguments, format);
    why_append_format(result, format, arguments);
    va_end(arguments);
}

void
why_add(struct provider_result *result, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    why_append_format(result, format, arguments);
    va_end(arguments);
}

static int
why_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return tolower((unsigned char)c) - 'a' + 10;
}

/* Undo form and URL encoding, in place. */
static void
why_decode(char *text)
{
    char *to = text;

    for (; *text != '\0'; text++) {
        if (*text == '%' && isxdigit((unsigned char)text[1]) &&
            isxdigit((unsigned char)text[2])) {
            *to++ = (char)(why_hex(text[1]) << 4 | why_hex(text[2]));
            text += 2;
        } else {
            *to++ = *text == '+' ? ' ' : *text;
        }
    }
    *to = '\0';
}

static bool
why_holds_secret(const char *said, const struct why_secrets *secrets)
{
    char *decoded = wipe_strdup(said);
    bool found = decoded == NULL;

    if (decoded != NULL)
        why_decode(decoded);
    for (size_t i = 0; !found && i < secrets->count; i++) {
        const char *secret = secrets->items[i];

        if (secret == NULL || *secret == '\0')
            continue;
        found = strcasestr(said, secret) != NULL ||
                strcasestr(decoded, secret) != NULL;
    }
    wipe_release(decoded);
    return found;
}

void
why_add_quoted(struct provider_result *result, const char *said,
               const struct why_secrets *secrets)
{
    char quoted[WHY_MESSAGE_MAX + 1] = "";

    if (why_holds_secret(said, secrets)) {
        why_add(result, " (its words are withheld: a secret is in them)");
        return;
    }
    why_append(quoted, sizeof(quoted), said, WHY_MESSAGE_MAX);
    why_add(result, " \"%s\"", quoted);
}
