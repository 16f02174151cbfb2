/* SPDX-License-Identifier: BSD-2-Clause */
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FIRST_SIZE      1024
#define NOT_A_CHARACTER 0xFFFD

void
text_done(struct text *text)
{
    if (text->bytes != NULL)
        explicit_bzero(text->bytes, text->size);
    free(text->bytes);
    *text = (struct text){0};
}

/* Not realloc(3): it would leave the old bytes, maybe a token, in the heap. */
static bool
make_room(struct text *text, size_t length)
{
    size_t size = text->size == 0 ? FIRST_SIZE : text->size;
    char *bytes;

    if (text->failed || length > SIZE_MAX / 4 || text->length > SIZE_MAX / 4) {
        text->failed = true;
        return false;
    }
    while (size < text->length + length)
        size *= 2;
    if (size == text->size)
        return true;
    bytes = malloc(size);
    if (bytes == NULL) {
        text->failed = true;
        return false;
    }
    if (text->bytes != NULL) {
        memcpy(bytes, text->bytes, text->length);
        explicit_bzero(text->bytes, text->size);
        free(text->bytes);
    }
    text->bytes = bytes;
    text->size = size;
    return true;
}

void
text_add_bytes(struct text *text, const void *bytes, size_t length)
{
    if (!make_room(text, length))
        return;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

void
text_add(struct text *text, const char *string)
{
    text_add_bytes(text, string, strlen(string));
}

static void __attribute__((format(printf, 2, 0)))
add_arguments(struct text *text, const char *format, va_list arguments)
{
    va_list again;
    int length;

    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    /* One byte more than it keeps: vsnprintf ends in NUL. */
    if (length < 0 || !make_room(text, (size_t)length + 1)) {
        text->failed = true;
        return;
    }
    vsnprintf(text->bytes + text->length, (size_t)length + 1, format,
              arguments);
    text->length += (size_t)length;
}

void
text_format(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add_arguments(text, format, arguments);
    va_end(arguments);
}

/* ---- characters -----------------------------------------------------------
 */

size_t
text_character(const char *string, uint32_t *ret_code)
{
    const unsigned char *s = (const unsigned char *)string;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t code;
    size_t length;

    *ret_code = NOT_A_CHARACTER;
    if (s[0] < 0x80) {
        *ret_code = s[0];
        return 1;
    }
    if (s[0] >= 0xc2 && s[0] <= 0xdf)
        length = 2;
    else if (s[0] >= 0xe0 && s[0] <= 0xef)
        length = 3;
    else if (s[0] >= 0xf0 && s[0] <= 0xf4)
        length = 4;
    else
        return 1;
    code = s[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        /* The NUL at the end is no continuation: never read past it. */
        if ((s[i] & 0xc0) != 0x80)
            return 1;
        code = code << 6 | (s[i] & 0x3fU);
    }
    /* Overlong, surrogate or beyond Unicode. */
    if (code < least[length] || (code >= 0xd800 && code <= 0xdfff) ||
        code > 0x10ffff)
        return 1;
    *ret_code = code;
    return length;
}

/* Controls (C0, DEL, C1) and what reorders or hides text on a terminal. */
static bool
printable(uint32_t code)
{
    return code >= 0x20 && !(code >= 0x7f && code <= 0x9f) &&
           !(code >= 0x200b && code <= 0x200f) &&
           !(code >= 0x2028 && code <= 0x202e) &&
           !(code >= 0x2060 && code <= 0x206f) && code != 0xfeff &&
           code != NOT_A_CHARACTER;
}

void
text_add_clean(struct text *text, const char *string)
{
    while (*string != '\0') {
        uint32_t code;
        size_t length = text_character(string, &code);

        if (printable(code))
            text_add_bytes(text, string, length);
        else
            text_add_bytes(text, "?", 1);
        string += length;
    }
}

size_t
text_count(const char *string)
{
    size_t count = 0;
    uint32_t code;

    for (; *string != '\0'; count++)
        string += text_character(string, &code);
    return count;
}

void
text_add_column(struct text *text, const char *string, size_t width)
{
    text_add_clean(text, string);
    for (size_t count = text_count(string); count < width; count++)
        text_add_bytes(text, " ", 1);
}

/* ---- times ----------------------------------------------------------------
 */

void
text_add_time(struct text *text, int64_t epoch_s)
{
    time_t when = epoch_s;
    char local[64], offset[16];
    struct tm parts;

    if (epoch_s <= 0 || localtime_r(&when, &parts) == NULL ||
        strftime(local, sizeof(local), "%Y-%m-%dT%H:%M:%S", &parts) == 0 ||
        strftime(offset, sizeof(offset), "%z", &parts) != 5) {
        text_add(text, "unknown");
        return;
    }
    text_format(text, "%s%.3s:%s", local, offset, offset + 3);
}

void
text_add_duration(struct text *text, int64_t seconds)
{
    int64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;

    if (days > 0)
        text_format(text, "%" PRId64 " d %" PRId64 " h", days, hours % 24);
    else if (hours > 0)
        text_format(text, "%" PRId64 " h %02" PRId64 " min", hours,
                    minutes % 60);
    else if (minutes > 0)
        text_format(text, "%" PRId64 " min %02" PRId64 " s", minutes,
                    seconds % 60);
    else
        text_format(text, "%" PRId64 " s", seconds);
}

/* ---- writing --------------------------------------------------------------
 */

int
text_print(const struct text *text, int fd)
{
    size_t written = 0;

    if (text->failed)
        return -ENOMEM;
    while (written < text->length) {
        ssize_t n = write(fd, text->bytes + written, text->length - written);

        if (n > 0) {
            written += (size_t)n;
        } else if (n < 0 && errno == EAGAIN) {
            struct pollfd poller = {.fd = fd, .events = POLLOUT};

            poll(&poller, 1, -1);
        } else if (n == 0 || errno != EINTR) {
            return n == 0 ? -EIO : -errno;
        }
    }
    return 0;
}

void
text_complain(const char *format, ...)
{
    cleanup_text struct text raw = {0}, line = {0};
    va_list arguments;

    va_start(arguments, format);
    add_arguments(&raw, format, arguments);
    va_end(arguments);
    text_add_bytes(&raw, "", 1);
    text_add(&line, "signin: ");
    text_add_clean(&line, raw.failed ? "out of memory" : raw.bytes);
    text_add(&line, "\n");
    /* With stderr gone too there is nobody left to tell. */
    (void)text_print(&line, STDERR_FILENO);
}
