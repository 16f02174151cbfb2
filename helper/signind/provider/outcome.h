/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outcome: what a provider's answer means, by the rules of the configuration
 * first and by RFC 9110's classes of status after them.
 */
#ifndef SIGNIN_OUTCOME_H
#define SIGNIN_OUTCOME_H

#include "answer.h"
#include "provider.h"
#include "why.h"

/*
 * Fill *result: what it is, why (status, request, the field that decided, the
 * provider's words), retry_after_s and sent.
 *
 * WIRE_OK means only that the status is one of the request's success list and
 * no rule says otherwise: a sign-in or refresh is a success when the access
 * token is there, not before.  A revocation is done with the status
 * (RFC 7009, 2.2), unless a page of HTML came: then somebody else answered.
 *
 * answer  the body and headers, as answer_take() has them; not NULL.
 */
void outcome_decide(const struct request_config *request,
                    enum request_kind kind, const struct http_answer *http,
                    const struct answer *answer,
                    const struct why_secrets *secrets,
                    struct provider_result *result);

/* No answer came (http->failure): what that means.  name: the request's. */
void outcome_of_failure(const char *name, const struct http_answer *http,
                        struct provider_result *result);

/* Is the answer a page for people? */
bool outcome_is_html(const struct http_answer *http);

#endif
