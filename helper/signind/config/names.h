/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names: which names may stand where, and which known one was meant.
 */
#ifndef SIGNIN_NAMES_H
#define SIGNIN_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* A token of HTTP (RFC 9110, 5.6.2): names of headers, methods. */
bool name_is_token(const char *text);

/* NAME of a section, a preset: 1 to 64 of a-z 0-9 _ . -, not led by . or -. */
bool name_is_section(const char *text);

/* Name of a secret, which becomes a file's name: as above, A-Z too. */
bool name_is_secret(const char *text);

/* Name of a kept field: 1 to 59 of a-z 0-9 _ . (record.h has 64 in all). */
bool name_is_kept(const char *text);

/*
 * How many single characters to add, drop or change to get from one to the
 * other (Levenshtein), or limit + 1 if that is more than limit.
 */
unsigned name_distance(const char *one, const char *other, unsigned limit);

/* The best match so far; give it every known name in turn. */
struct nearest {
    const char *wanted;
    unsigned distance; /* begin with NEAREST_LIMIT + 1 */
    char found[128];   /* "": none */
};
#define NEAREST_LIMIT 2
void nearest_begin(struct nearest *nearest, const char *wanted);

/*
 * known may end in a dot: a family, of which any member is known.  Names that
 * do not fit in found are passed over.  prefix is put in front; may be "".
 */
void nearest_offer(struct nearest *nearest, const char *prefix,
                   const char *known);

#endif
