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

/* ---- secrets in the provider's words --------------------------------------
 */

/*
 * One code of an encoding, at text: its length, and what it stands for in
 * *ret_character.  0: there is none.
 */
typedef size_t why_code(const char *text, unsigned *ret_character);

/* Digits of a number of that base; at most `most` of them.  Their count. */
static size_t
why_number(const char *text, int base, size_t most, unsigned *ret_number)
{
    static const char digits[] = "0123456789abcdef";
    unsigned number = 0;
    size_t count = 0;

    for (; count < most && text[count] != '\0'; count++) {
        const char *digit = strchr(digits, tolower((unsigned char)text[count]));

        if (digit == NULL || digit - digits >= base)
            break;
        number = number * (unsigned)base + (unsigned)(digit - digits);
    }
    *ret_number = number;
    return count;
}

/* Of forms and URLs. */
static size_t
why_code_percent(const char *text, unsigned *ret_character)
{
    *ret_character = ' ';
    if (*text == '+')
        return 1;
    return *text == '%' && why_number(text + 1, 16, 2, ret_character) == 2 ? 3
                                                                           : 0;
}

/* Of a JSON string (RFC 8259, 7) inside the text. */
static size_t
why_code_backslash(const char *text, unsigned *ret_character)
{
    static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
    const char *letter;

    if (*text != '\\' || text[1] == '\0')
        return 0;
    if (text[1] == 'u')
        return why_number(text + 2, 16, 4, ret_character) == 4 ? 6 : 0;
    letter = strchr(letters, text[1]);
    *ret_character =
        (unsigned char)(letter != NULL ? meant[letter - letters] : text[1]);
    return 2;
}

/* Of HTML: numbers, and the names that escaping makes. */
static size_t
why_code_entity(const char *text, unsigned *ret_character)
{
    static const struct {
        const char *name;
        char meant;
    } names[] = {{"&amp;", '&'},
                 {"&lt;", '<'},
                 {"&gt;", '>'},
                 {"&quot;", '"'},
                 {"&apos;", '\''}};
    bool hex = strncasecmp(text, "&#x", 3) == 0;
    size_t start = hex ? 3 : 2, count;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strncmp(text, names[i].name, strlen(names[i].name)) == 0) {
            *ret_character = (unsigned char)names[i].meant;
            return strlen(names[i].name);
        }
    if (strncmp(text, "&#", 2) != 0)
        return 0;
    count = why_number(text + start, hex ? 16 : 10, 4, ret_character);
    return count > 0 && text[start + count] == ';' ? start + count + 1 : 0;
}

/* Undo an encoding, in place.  Percent codes are bytes, others characters:
 * of three bytes at most, which is shorter than their codes. */
static void
why_decode(char *text, why_code *code)
{
    char *to = text;

    while (*text != '\0') {
        unsigned c = 0;
        size_t length = code(text, &c);

        /* NUL would hide what follows. */
        if (length == 0 || c == 0) {
            *to++ = *text++;
            continue;
        }
        text += length;
        if (c < 0x80 || code == why_code_percent) {
            *to++ = (char)c;
        } else if (c < 0x800) {
            *to++ = (char)(0xc0 | c >> 6);
            *to++ = (char)(0x80 | (c & 0x3f));
        } else {
            *to++ = (char)(0xe0 | (c >> 12 & 0xf));
            *to++ = (char)(0x80 | (c >> 6 & 0x3f));
            *to++ = (char)(0x80 | (c & 0x3f));
        }
    }
    *to = '\0';
}

static bool
why_holds(const char *text, const struct why_secrets *secrets)
{
    for (size_t i = 0; i < secrets->count; i++) {
        const char *secret = secrets->items[i];

        if (secret != NULL && *secret != '\0' &&
            strcasestr(text, secret) != NULL)
            return true;
    }
    return false;
}

static bool
why_holds_secret(const char *said, const struct why_secrets *secrets)
{
    static why_code *const codes[] = {why_code_percent, why_code_backslash,
                                      why_code_entity};
    bool found = why_holds(said, secrets);

    for (size_t i = 0; !found && i < sizeof(codes) / sizeof(codes[0]); i++) {
        char *decoded = wipe_strdup(said);

        if (decoded != NULL)
            why_decode(decoded, codes[i]);
        found = decoded == NULL || why_holds(decoded, secrets);
        wipe_release(decoded);
    }
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
