/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "call.h"

static void
refresh_complete(struct provider_call *call)
{
    if (identity_check_refresh(call) &&
        answer_details(&call->answer, call->provider, call->kind, &call->tokens,
                       &call->result) < 0)
        why_set(&call->result, WIRE_INTERNAL, "out of memory");
    call_finish(call);
}

static void
refresh_answered(void *context, const struct http_answer *http)
{
    struct provider_call *call = context;
    const struct provider_config *provider = call->provider;

    call->http = NULL;
    if (answer_take(&call->answer, http) < 0) {
        call_fail(call, "out of memory");
        return;
    }
    if (call_judge(call, REQUEST_REFRESH, http, NULL) != WIRE_OK ||
        answer_tokens(&call->answer, provider, REQUEST_REFRESH, &call->tokens,
                      &call->result) != WIRE_OK) {
        call_finish(call);
        return;
    }
    if (provider->check_at_refresh != REQUEST_KINDS)
        call->want[provider->check_at_refresh] = true;
    lookup_want(call, provider->requests[REQUEST_REFRESH].answer.expires_at);
    call->found = refresh_complete;
    lookup_next(call);
}

struct provider_call *
provider_refresh(const struct provider_context *context,
                 const struct provider_config *provider, const char *user,
                 const char *subject, const char *refresh_token,
                 provider_done *done, void *done_context)
{
    struct provider_call *call =
        call_new(context, provider, REQUEST_REFRESH, user, done, done_context);

    if (call == NULL || !call_set_secret(&call->refresh_token, refresh_token))
        goto fail;
    if (subject != NULL && (call->subject = strdup(subject)) == NULL)
        goto fail;
    request_start(call, REQUEST_REFRESH, refresh_answered);
    return call;
fail:
    call_free(call);
    return NULL;
}
