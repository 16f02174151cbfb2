/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * buffer: text that grows and may hold secrets: what it outgrows is wiped.
 *
 * An error (-ENOMEM) sticks: add freely, and ask once, in buffer_take().
 */
#ifndef SIGNIN_BUFFER_H
#define SIGNIN_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *text; /* NUL-terminated once anything was added */
    size_t length;
    size_t size;
    int error;
};

void buffer_add(struct buffer *buffer, const char *bytes, size_t length);
void buffer_add_text(struct buffer *buffer, const char *text);
void buffer_add_char(struct buffer *buffer, char c);

/* Add one byte as %XX. */
void buffer_add_percent(struct buffer *buffer, unsigned char byte);

/*
 * Hand the text over: never NULL, to be wiped and freed (wipe_free).  Returns
 * 0 or -ENOMEM; on error the buffer is wiped.  ret_length may be NULL.
 */
int buffer_take(struct buffer *buffer, char **ret_text, size_t *ret_length);

/* Wipe and free.  Accepts an empty buffer. */
void buffer_done(struct buffer *buffer);

#define cleanup_buffer __attribute__((cleanup(buffer_done)))

/* Is this well-formed UTF-8 (RFC 3629: no surrogates, no overlong form)? */
bool utf8_valid(const char *bytes, size_t length);

#endif
