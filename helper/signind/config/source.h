/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source: where a value stands in what a provider said.
 *
 *   /json/pointer        RFC 6901, in this request's answer
 *   access:/claim        JWT access token (RFC 7519), a pointer into claims
 *   userinfo:/pointer    answer of the userinfo request
 *   introspect:/pointer  answer of the introspection request (RFC 7662)
 *   header:Name          header of this request's answer
 *
 * id:/claim (verified ID token) is of the grammar, and refused with a clear
 * error until signind verifies ID tokens.
 *
 * The access token came straight from the provider over TLS in this very
 * exchange: its claims are read, not verified (OpenID Connect Core, 3.1.3.7
 * item 6 says the same of an ID token so received).
 */
#ifndef SIGNIN_SOURCE_H
#define SIGNIN_SOURCE_H

#include <stddef.h>
#include <stdint.h>

enum source_kind {
    SOURCE_ANSWER,
    SOURCE_ACCESS,
    SOURCE_USERINFO,
    SOURCE_INTROSPECT,
    SOURCE_HEADER
};

struct source {
    enum source_kind kind;
    char *text;    /* as written, for logs */
    char *pointer; /* the pointer, or the header's name */
};

/* NULL with *ret_error set (static storage) if the text is none of these. */
struct source *source_parse(const char *text, const char **ret_error);
void source_free(struct source *source);

#endif
