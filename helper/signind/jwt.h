/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jwt: the claims of a JSON Web Token (RFC 7519) in the compact form of
 * RFC 7515, 7.1.  Read, not verified: source.h says where that is enough.
 */
#ifndef SIGNIN_JWT_H
#define SIGNIN_JWT_H

#include <stddef.h>

#include "json.h"

/*
 * Three non-empty segments of base64url without padding (RFC 4648, 5; other
 * characters and loose last bits are refused), the second a JSON object as
 * json_read() accepts it.
 *
 * Returns 0 and *ret_claims (json_decref), -EINVAL (not such a token) or
 * -ENOMEM.
 */
int jwt_claims(const char *token, size_t length, json_t **ret_claims);

#endif
