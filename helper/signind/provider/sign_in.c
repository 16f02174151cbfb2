/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <time.h>

#include "call.h"

/* All that was asked for has come: is it the user, and what is kept? */
static void
sign_in_complete(struct provider_call *call)
{
    if (identity_check_sign_in(call) &&
        answer_details(&call->answer, call->provider, call->kind, &call->tokens,
                       &call->result) < 0)
        why_set(&call->result, WIRE_INTERNAL, "out of memory");
    call_finish(call);
}

static void
sign_in_answered(void *context, const struct http_answer *http)
{
    struct provider_call *call = context;
    const struct provider_config *provider = call->provider;

    call->http = NULL;
    if (answer_take(&call->answer, http) < 0) {
        call_fail(call, "out of memory");
        return;
    }
    if (call_judge(call, REQUEST_SIGN_IN, http, NULL) != WIRE_OK ||
        answer_tokens(&call->answer, provider, REQUEST_SIGN_IN, &call->tokens,
                      &call->result) != WIRE_OK) {
        call_finish(call);
        return;
    }
    lookup_want(call, provider->identity_user);
    lookup_want(call, provider->identity_subject);
    lookup_want(call, provider->identity_groups);
    for (size_t i = 0; i < provider->keep_count; i++)
        lookup_want(call, provider->keep[i].source);
    lookup_want(call, provider->requests[REQUEST_SIGN_IN].answer.expires_at);
    call->found = sign_in_complete;
    lookup_next(call);
}

struct provider_call *
provider_sign_in(const struct provider_context *context,
                 const struct provider_config *provider, const char *user,
                 const char *password, provider_done *done, void *done_context)
{
    struct provider_call *call =
        call_new(context, provider, REQUEST_SIGN_IN, user, done, done_context);
    struct timespec now;

    if (call == NULL || !call_set_secret(&call->password, password)) {
        call_free(call);
        return NULL;
    }
    clock_gettime(CLOCK_BOOTTIME, &now);
    call->deadline_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 +
                        provider->sign_in_timeout_ms;
    request_start(call, REQUEST_SIGN_IN, sign_in_answered);
    return call;
}
