/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http: HTTPS requests on the event loop.  Only http*.c know curl.
 *
 * https only (http to a loopback address with allow_http_loopback); no
 * redirect is followed; no cookie kept; bodies capped; the whole request,
 * name resolution included, within timeout_ms.  Sent at most once, by
 * HTTP/1.1, on a connection of its own: never retried here, by no layer, and
 * no answer can be taken for another request's.  The CA bundle is parsed once
 * per start, not per request.  The process ignores
 * SIGPIPE (curl's TLS writes with write(2)).
 */
#ifndef SIGNIN_HTTP_H
#define SIGNIN_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signind/config/config.h"

struct event_base;
struct http;         /* the engine: one per process */
struct http_request; /* one under way */

/* NULL on error (logged).  base is borrowed and must outlive it. */
struct http *http_new(struct event_base *base);
/* Cancels what is under way, without calling back.  Accepts NULL.  Not from
 * inside a done(). */
void http_free(struct http *http);

/* The loop it runs on.  Borrowed. */
struct event_base *http_base(const struct http *http);

/* Is no request under way? */
bool http_is_idle(const struct http *http);

/* Forget cached CA bundles and addresses (after a reload). */
void http_reset(struct http *http);

/* One request.  All is borrowed only until http_start() returns. */
struct http_order {
    const char *method;
    const char *url;
    const char *const *headers; /* "Name: value", NULL-terminated; or NULL */
    const char *body;           /* NULL: none */
    size_t body_length;
    const char *content_type;   /* with a body */
    const char *basic_user;     /* not NULL: HTTP Basic, already encoded as */
    const char *basic_password; /* RFC 6749 2.3.1 asks */
    bool connect_only;          /* resolve, connect, check TLS; ask nothing */
    const struct tls_config *tls;
    const char *client_key; /* PEM, for tls->client_cert; or NULL */
    unsigned connect_timeout_ms;
    unsigned timeout_ms;
    size_t max_answer;
};

enum http_failure {
    HTTP_ANSWERED = 0, /* status and body are valid */
    HTTP_UNREACHABLE,  /* name, route, refused, reset, closed early */
    HTTP_TIMED_OUT,
    HTTP_UNTRUSTED,  /* certificate, host name or pin */
    HTTP_TOO_LARGE,  /* body over max_answer, or endless headers */
    HTTP_BROKEN,     /* not HTTP, or not as the RFC says */
    HTTP_NOT_ALLOWED /* URL scheme */
};

struct http_answer {
    enum http_failure failure;
    const char *reason; /* curl's words on failure: no secret in them */
    bool sent;          /* a byte of the request may have left this host */
    bool unreachable;   /* no name, no connection or no time left, and not one
                           byte has come from the server or proxy, TLS's
                           included */
    unsigned status;
    const char *body; /* NUL-terminated beside its length; never NULL */
    size_t body_length;
    const char *content_type; /* or NULL */
    unsigned retry_after_s;   /* Retry-After (RFC 9110, 10.2.3), at most an
                                 hour; 0: none */
    int64_t date_s; /* Date, epoch seconds by the provider's clock; 0: none */
    struct http_header *headers; /* linked list, names in lower case */
    /* With connect_only, which ends with status 0: the numeric address, ""
     * if unknown, and the end of the certificate's time in epoch seconds,
     * 0 if unknown. */
    const char *address;
    int64_t certificate_until_s;
};
struct http_header {
    char *name;
    char *value;
    struct http_header *next;
};

/* A header's first value, by any case; NULL: none. */
const char *http_header(const struct http_answer *answer, const char *name);

/* Called exactly once, never from inside http_start().  *answer is valid only
 * during the call, and wiped after it. */
typedef void http_done(void *context, const struct http_answer *answer);

/*
 * Start.  Returns the request, or NULL (out of memory, or malformed: logged);
 * done is not called then.
 */
struct http_request *http_start(struct http *http,
                                const struct http_order *order, http_done *done,
                                void *context);

/* Give up: done is not called.  Accepts NULL. */
void http_cancel(struct http_request *request);

#endif
