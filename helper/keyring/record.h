/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record: the text inside "signin:session" and "signin:private".
 *
 * Lines "name=value\n".  Names are [a-z0-9_.]{1,64}; in a value a backslash
 * is written \\ and a newline \n, and NUL cannot stand.  A name stands once.
 * The first line is "v=1".  At most RECORD_LINES_MAX lines.  Unknown names are
 * kept and passed over.
 *
 * "signin:session", read by the signin command:
 *   id, user, uid, provider, subject, secret (hand-out), authorization (a
 *   template for `signin header`, "Bearer {{access_token}}"), opened_at,
 *   refreshed_at, expires_at (seconds since the epoch; 0 = unknown),
 *   lifetime (seconds, of the present token), state (live, unavailable,
 *   refused), state_since, keep.NAME (further fields)
 */
#ifndef SIGNIN_RECORD_H
#define SIGNIN_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyring.h"

/* With the first.  Bounds what a search for a name can cost. */
#define RECORD_LINES_MAX 512

/* May hold tokens: every record ends in record_done(), which wipes it. */
struct record {
    size_t length;
    char text[KEYRING_PAYLOAD_MAX + 1]; /* NUL-terminated */
};

/* Begin a record with its "v=1" line. */
void record_init(struct record *record);
void record_done(struct record *record);

/*
 * Append a value.  0, -EINVAL (bad name, or there already), -EMSGSIZE (the
 * payload would be too long, or have too many lines).  Unchanged on error.
 */
int record_put(struct record *record, const char *name, const char *value);
int record_put_number(struct record *record, const char *name, int64_t value);

/*
 * Take over a payload read from a key.  0, or -EPROTO: not a record, or of
 * another version.  On error *record is empty.
 */
int record_parse(struct record *record, const void *payload, size_t length);

/*
 * Copy a value, unescaped and NUL-terminated, into buffer.  Returns its
 * length, -ENOENT (no such name) or -EMSGSIZE (needs more than size bytes).
 */
ssize_t record_get(const struct record *record, const char *name, char *buffer,
                   size_t size);

/* A decimal number.  0, -ENOENT, or -EPROTO (not a number, out of range). */
int record_get_number(const struct record *record, const char *name,
                      int64_t *ret_value);

/*
 * The names, in order, without the "v" of the first line: call with *position
 * 0, then again until it returns false.  name is filled NUL-terminated, at
 * most size - 1 bytes.
 */
bool record_next(const struct record *record, size_t *position, char *name,
                 size_t size);

/* [any] Read a key as a record.  0 or what keyring_read/record_parse say. */
int record_read(struct record *record, key_serial_t key);

#endif
