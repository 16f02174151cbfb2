/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answer: what a provider said during one call, and the values that stand in
 * it where the configuration says (source.h).
 */
#ifndef SIGNIN_ANSWER_H
#define SIGNIN_ANSWER_H

#include <stdint.h>

#include "provider.h"
#include "signind/json.h"
#include "why.h"

/* The documents of one call; NULL members did not come, or are not JSON. */
struct answer {
    const struct provider_context *context; /* for trace.h; may be NULL */
    json_t *body;                /* of the sign-in or refresh request */
    const char *body_why;        /* why there is no body (static), or NULL */
    struct http_header *headers; /* of the same; owned */
    json_t *claims;              /* of the access token, if it is a JWT */
    json_t *userinfo;
    json_t *introspect;
    int64_t came_at_s; /* by our clock, epoch seconds */
    int64_t date_s;    /* by the provider's; 0: not said */
};

/* Take over what is needed of an answer.  0 or -ENOMEM. */
int answer_take(struct answer *answer, const struct http_answer *http);

/* Release everything; what held secrets is wiped by the allocator. */
void answer_done(struct answer *answer);

/*
 * A value as text.  source may be NULL (not configured).  0 and *ret_text
 * (wipe_free), or -ENOENT (nothing there, null, or ""), -EINVAL (not a
 * scalar), -ENOMEM.
 */
int answer_text(const struct answer *answer, const struct source *source,
                char **ret_text);

/* The value of a source other than header:, or NULL.  Borrowed. */
const json_t *answer_json(const struct answer *answer,
                          const struct source *source);

/*
 * The tokens, into *tokens.  Returns WIRE_OK, or with result filled
 * WIRE_MISCONFIGURED (no usable access token; what else is usable is in
 * *tokens all the same) or WIRE_INTERNAL.  Also reads the access token's
 * claims into answer->claims.
 */
enum wire_result answer_tokens(struct answer *answer,
                               const struct provider_config *provider,
                               enum request_kind kind,
                               struct provider_tokens *tokens,
                               struct provider_result *result);

/*
 * Expiry and kept fields, into *tokens, once all documents are there.  What
 * is odd but no failure is appended to result->why.  0 or -ENOMEM.
 */
int answer_details(const struct answer *answer,
                   const struct provider_config *provider,
                   enum request_kind kind, struct provider_tokens *tokens,
                   struct provider_result *result);

/*
 * When the access token expires, in epoch seconds by our clock; 0: unknown.
 * now_s: our clock.  The first of expires_in, expires_in_ms and expires_at
 * that has a usable value; notes as above.
 */
int64_t expiry_find(const struct answer *answer,
                    const struct answer_config *config, int64_t now_s,
                    struct provider_result *result);

/* RFC 3339, 5.6, to epoch seconds.  0 or -EINVAL. */
int expiry_parse_date(const char *text, int64_t *ret_s);

#endif
