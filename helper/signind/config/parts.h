/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parts: text cut at its {{names}}; what templates and bodies are made of.
 */
#ifndef SIGNIN_PARTS_H
#define SIGNIN_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"
#include "template.h"

struct part {
    bool is_name;
    enum template_name name; /* if is_name */
    char *text;              /* literal text, or NAME of {{secret.NAME}} */
};

struct parts {
    struct part *items;
    size_t count;
};

/*
 * Cut.  0, or -EINVAL with *ret_error set (static storage), or -ENOMEM with
 * *ret_error set too.  On success the caller calls parts_done().
 */
int parts_parse(struct parts *ret_parts, const char *text,
                const char **ret_error);
void parts_done(struct parts *parts);

bool parts_use(const struct parts *parts, enum template_name name);
void parts_each_secret(const struct parts *parts,
                       void (*each)(const char *name, void *context),
                       void *context);

/* The value of a name part, borrowed; NULL: there is none. */
const char *part_value(const struct part *part,
                       const struct template_values *values);

/* Is the whole text one {{name}}, and has that no value? */
bool parts_absent(const struct parts *parts,
                  const struct template_values *values);

/* Add one value or text as an encoding wants it: 0 or a negative errno. */
typedef int part_encode(struct buffer *buffer, const char *text);

/*
 * Add all parts: values through encode, literal text through literal.  0,
 * -ENODATA (a value is missing), or what the functions return.
 */
int parts_bind(const struct parts *parts, const struct template_values *values,
               part_encode *encode, part_encode *literal,
               struct buffer *buffer);

/* As they are; as in a form; as inside a JSON string. */
int part_encode_plain(struct buffer *buffer, const char *text);
int part_encode_form(struct buffer *buffer, const char *text);
int part_encode_json(struct buffer *buffer, const char *text);

#endif
