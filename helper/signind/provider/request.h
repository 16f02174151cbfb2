/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * request: one request of a call, from its configuration.
 */
#ifndef SIGNIN_REQUEST_H
#define SIGNIN_REQUEST_H

#include "call.h"

/* What a request is made of.  Begin with {0}; end with request_done(). */
struct request {
    char *url;
    char **headers; /* NULL-terminated, or NULL */
    size_t header_count;
    char *body; /* NULL: none */
    size_t body_length;
    char *basic_user; /* NULL: no Basic authentication */
    char *basic_password;
    char *client_key; /* PEM, or NULL */
};

/*
 * Bind all templates.  0, -ENODATA (a value is missing; a secret's name is in
 * call->missing then), -EINVAL or -EILSEQ (a value cannot stand there),
 * -ENOMEM.
 */
int request_build(struct request *request, struct provider_call *call,
                  enum request_kind kind);

/* Wipe and free. */
void request_done(struct request *request);

#endif
