/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "call.h"

static void
revoke_answered(void *context, const struct http_answer *http)
{
    struct provider_call *call = context;

    call->http = NULL;
    if (answer_take(&call->answer, http) < 0) {
        call_fail(call, "out of memory");
        return;
    }
    call_judge(call, call->kind, http, NULL);
    call_finish(call);
}

struct provider_call *
provider_revoke(const struct provider_context *context,
                const struct provider_config *provider, enum request_kind kind,
                const char *user, const char *subject, const char *access_token,
                const char *refresh_token, provider_done *done,
                void *done_context)
{
    struct provider_call *call =
        call_new(context, provider, kind, user, done, done_context);

    if (call == NULL || !call_set_secret(&call->access_token, access_token) ||
        !call_set_secret(&call->refresh_token, refresh_token))
        goto fail;
    if (subject != NULL && (call->subject = strdup(subject)) == NULL)
        goto fail;
    request_start(call, kind, revoke_answered);
    return call;
fail:
    call_free(call);
    return NULL;
}
