/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * endpoint: can this host reach a provider, and trust who answers there?
 */
#ifndef SIGNIN_ENDPOINT_H
#define SIGNIN_ENDPOINT_H

#include "check.h"

/* Most requests of one place. */
#define ENDPOINT_REQUESTS 8

/* Who is to be reached: a provider or a directory.  All borrowed. */
struct endpoint_place {
    const char *name;
    const char *base_url;
    const struct tls_config *tls;
    unsigned connect_timeout_ms, request_timeout_ms;
    const struct request_config *requests[ENDPOINT_REQUESTS];
    size_t request_count; /* configured or not */
};

/*
 * Resolve, connect and check the certificate, once for each host and port in
 * the place's URLs.  Nothing of HTTP is sent.  Returns whether all are well.
 */
bool endpoint_check(struct check *check, const struct endpoint_place *place);

/* The same for a provider. */
bool endpoint_check_provider(struct check *check,
                             const struct provider_config *provider);

/*
 * "scheme://host[:port]" of a request's URL, in lower case, without the
 * scheme's own port; NULL: not configured, or out of memory.  free(3).
 */
char *endpoint_origin(const struct request_config *request,
                      const char *base_url);

/* What to do about it, for an administrator.  Static storage. */
const char *endpoint_mend(enum http_failure failure, const char *reason);

/* Warn of a certificate that ends sooner than that, in seconds. */
#define ENDPOINT_CERTIFICATE_SOON ((int64_t)14 * 86400)

#endif
