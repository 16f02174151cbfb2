/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * endpoint: can this host reach a provider, and trust who answers there?
 */
#ifndef SIGNIN_ENDPOINT_H
#define SIGNIN_ENDPOINT_H

#include "check.h"

/*
 * Resolve, connect and check the certificate, once for each host and port in
 * a provider's URLs.  Nothing of HTTP is sent.  Returns whether all are well.
 */
bool endpoint_check(struct check *check,
                    const struct provider_config *provider);

/*
 * "scheme://host[:port]" of a request's URL, in lower case, without the
 * scheme's own port; NULL: not configured, or out of memory.  free(3).
 */
char *endpoint_origin(const struct provider_config *provider,
                      enum request_kind kind);

/* What to do about it, for an administrator.  Static storage. */
const char *endpoint_mend(enum http_failure failure, const char *reason);

/* Warn of a certificate that ends sooner than that, in seconds. */
#define ENDPOINT_CERTIFICATE_SOON ((int64_t)14 * 86400)

#endif
