/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * request: one HTTPS request from its configuration, whoever makes it.
 */
#ifndef SIGNIN_REQUEST_H
#define SIGNIN_REQUEST_H

#include "provider.h"
#include "why.h"

/*
 * The secrets that requests used, copied so that the words of an answer can
 * be searched for them.  Begin with the context alone set.
 */
struct request_secrets {
    const struct provider_context *context;
    struct secret *used;
    size_t used_count;
    char missing[72]; /* name of one that is not readable, or "" */
};

/* As struct template_values wants it: context is the struct above.  Borrowed
 * until request_secrets_done(). */
const char *request_secret(void *secrets, const char *name);

/* One more secret that is sent: its copy, or NULL: out of memory. */
const char *request_secrets_add(struct request_secrets *secrets,
                                const char *value);

/* Wipe and forget; the context stays. */
void request_secrets_done(struct request_secrets *secrets);

/* Who asks.  All members may be NULL. */
struct request_client {
    /* Without a configured authorization one of these is sent: */
    const char *bearer; /* a token (RFC 6750, 2.1); or else the client's own */
    const char *id;
    const char *secret; /* its name */
    enum client_auth auth;
    const char *key; /* name of the secret for tls->client_cert */
};

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
 * Bind all templates; the client's secrets come from values->secret, too.  0,
 * -ENODATA (a value is missing), -EINVAL or -EILSEQ (a value cannot stand
 * there), -ENOMEM.
 */
int request_make(struct request *request, const struct request_config *config,
                 const struct request_client *client,
                 const struct template_values *values);

/* Wipe and free. */
void request_done(struct request *request);

/* Fill the result with what request_make() returned, for people.  name: the
 * request's. */
void request_explain(struct provider_result *result, const char *name, int r,
                     const struct request_secrets *secrets);

/* The limits of one request; all borrowed. */
struct request_limits {
    const struct tls_config *tls;
    unsigned connect_timeout_ms, timeout_ms;
    size_t max_answer;
};

/* http_start() with what was made. */
struct http_request *request_send(struct http *http,
                                  const struct request_config *config,
                                  const struct request *request,
                                  const struct request_limits *limits,
                                  http_done *done, void *done_context);

#endif
