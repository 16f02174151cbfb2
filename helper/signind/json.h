/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json: what a provider says in JSON (RFC 8259), read strictly: a body that
 * two readers could understand in two ways is no answer.
 */
#ifndef SIGNIN_JSON_H
#define SIGNIN_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* Deepest nesting of objects and arrays that is read. */
#define JSON_DEPTH_MAX 64

/* Let Jansson wipe all memory it frees.  Call at the start of a program. */
void json_use_wiping_memory(void);

/*
 * Parse one JSON object, and nothing after it.  Refused: another type at the
 * top, a member name twice in one object, nesting over JSON_DEPTH_MAX,
 * invalid UTF-8, U+0000 in a string, numbers out of range.  The length is the
 * caller's to limit.
 *
 * Returns 0, -EINVAL (refused) or -ENOMEM.  On success the caller releases
 * *ret_object with json_decref().  On error *ret_why says what is wrong in a
 * few words (static storage: nothing of the input is in them).
 */
int json_read(const char *bytes, size_t length, json_t **ret_object,
              const char **ret_why);

/* The same for an object or an array: a list may be the whole of a body. */
int json_read_any(const char *bytes, size_t length, json_t **ret_document,
                  const char **ret_why);

/*
 * The value a JSON Pointer (RFC 6901) names, or NULL: nothing is there, the
 * pointer is malformed, or root is NULL.  Borrowed from root.
 */
const json_t *json_at(const json_t *root, const char *pointer);

/*
 * A scalar as text: a string as it is, an integer in decimal, a boolean as
 * "true" or "false".  0 and *ret_text (wipe_free), or -ENOENT (NULL, null),
 * -EINVAL (object, array, real number), -ENOMEM.
 */
int json_scalar_text(const json_t *value, char **ret_text);

/*
 * A string, or an integer in decimal, that people and logs may be shown: at
 * most `most` bytes, without control characters (C0, DEL, C1), line and
 * paragraph separators and what changes the direction of writing (U+202A to
 * U+202E, U+2066 to U+2069).  Never cut.  0 and *ret_text (wipe_free), or
 * -ENOENT (NULL, null, ""), -EINVAL (anything else, or it does not fit),
 * -ENOMEM.
 */
int json_plain_text(const json_t *value, size_t most, char **ret_text);

#endif
