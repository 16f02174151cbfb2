/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * why: the words of a struct provider_result, for one log line.  Whatever
 * comes in, what stands there is printable ASCII, cut to fit.
 */
#ifndef SIGNIN_WHY_H
#define SIGNIN_WHY_H

#include <stdbool.h>
#include <stddef.h>

#include "provider.h"

/* Most bytes of a provider's own words that are shown. */
#define WHY_MESSAGE_MAX 80

/* What must never be shown: borrowed; members may be NULL. */
struct why_secrets {
    const char *const *items;
    size_t count;
};

/* Set the result and begin the words anew. */
void why_set(struct provider_result *result, enum wire_result what,
             const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Append. */
void why_add(struct provider_result *result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Append what the provider said, in quotes.  If one of the secrets is in it,
 * as it is or encoded as in a URL, JSON or HTML, in any case, nothing of it
 * is shown.
 */
void why_add_quoted(struct provider_result *result, const char *said,
                    const struct why_secrets *secrets);

#endif
