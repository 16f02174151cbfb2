/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text: what the command is about to print, in one piece.
 *
 * A struct text starts as {0} and ends in text_done(), which wipes it: it may
 * hold a token.  When memory runs out it remembers so, takes nothing more, and
 * text_print() says -ENOMEM: callers check once.
 */
#ifndef SIGNIN_TEXT_H
#define SIGNIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *bytes; /* not NUL-terminated */
    size_t length, size;
    bool failed;
};

void text_done(struct text *text);

void text_add_bytes(struct text *text, const void *bytes, size_t length);
void text_add(struct text *text, const char *string);
void text_format(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Append for a terminal: control characters and invalid UTF-8 become '?'.
 * For whatever came from a provider, a remote host or another user. */
void text_add_clean(struct text *text, const char *string);

/* Append for a terminal, filled with blanks to that many characters. */
void text_add_column(struct text *text, const char *string, size_t width);

/* Append local time, ISO 8601 with offset; "unknown" for 0. */
void text_add_time(struct text *text, int64_t epoch_s);

/* Append a duration of 0 or more seconds, such as "1 h 05 min". */
void text_add_duration(struct text *text, int64_t seconds);

/*
 * The first character of a UTF-8 string that is not empty.  Returns how many
 * bytes it has; *ret_code is its code point, or 0xFFFD for a byte that is not
 * UTF-8 (RFC 3629), which counts as one character.
 */
size_t text_character(const char *string, uint32_t *ret_code);

/* How many characters text_add_clean() makes of this. */
size_t text_count(const char *string);

/*
 * Write all of it to fd.  Returns 0, -ENOMEM (it was not all here) or what
 * write(2) said.  Waits if fd is non-blocking.
 */
int text_print(const struct text *text, int fd);

/*
 * One line on stderr, "signin: ...", cleaned as by text_add_clean(): what is
 * wrong, and what to do next.
 */
void text_complain(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#define cleanup_text __attribute__((cleanup(text_done)))

#endif
