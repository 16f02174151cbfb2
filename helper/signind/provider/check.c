/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One question about a token that is in use.  Unlike the lookups after a
 * refresh (lookup.c), what cannot be told here is no yes: somebody wants to
 * do without a password.
 */
#include <stdlib.h>
#include <string.h>

#include "call.h"

/* REQUEST_KINDS: none. */
static enum request_kind
check_kind(const struct provider_config *provider)
{
    if (provider->check_at_refresh != REQUEST_KINDS &&
        provider->requests[provider->check_at_refresh].configured)
        return provider->check_at_refresh;
    if (provider->requests[REQUEST_INTROSPECT].configured)
        return REQUEST_INTROSPECT;
    if (provider->requests[REQUEST_USERINFO].configured)
        return REQUEST_USERINFO;
    return REQUEST_KINDS;
}

bool
provider_can_check(const struct provider_config *provider)
{
    enum request_kind kind = check_kind(provider);

    return kind == REQUEST_INTROSPECT || kind == REQUEST_USERINFO;
}

/* The status is one of success: what does the document say? */
static void
check_document(struct provider_call *call, const struct answer *answer)
{
    const char *name = request_kind_name(call->kind);

    if (answer->body == NULL) {
        why_set(&call->result, WIRE_MISCONFIGURED, "%s: %s", name,
                answer->body_why);
    } else if (call->kind == REQUEST_INTROSPECT) {
        call->answer.introspect = json_incref(answer->body);
        if (!json_is_true(json_at(answer->body, "/active"))) {
            why_set(&call->result, WIRE_REFUSED, "%s: the token is not active",
                    name);
            return;
        }
        identity_check_refresh(call);
    } else {
        call->answer.userinfo = json_incref(answer->body);
        identity_check_refresh(call);
    }
}

static void
check_answered(void *context, const struct http_answer *http)
{
    struct provider_call *call = context;
    struct answer answer = {0};
    bool answered = http->failure == HTTP_ANSWERED;

    call->http = NULL;
    if (answer_take(&answer, http) < 0) {
        answer_done(&answer);
        call_fail(call, "out of memory");
        return;
    }
    if (call_judge(call, call->kind, http, &answer) == WIRE_OK)
        check_document(call, &answer);
    else if (answered && (http->status == 401 || http->status == 403))
        /* RFC 6750, 3.1: the token is expired, revoked or malformed. */
        call->result.result = WIRE_REFUSED;
    answer_done(&answer);
    provider_tokens_done(&call->tokens);
    call_finish(call);
}

struct provider_call *
provider_check(const struct provider_context *context,
               const struct provider_config *provider, const char *user,
               const char *subject, const char *access_token,
               provider_done *done, void *done_context)
{
    struct provider_call *call;

    if (!provider_can_check(provider))
        return NULL;
    call = call_new(context, provider, check_kind(provider), user, done,
                    done_context);
    /* Where requests find the token of a sign-in (request.c). */
    if (call == NULL ||
        !call_set_secret(&call->tokens.access_token, access_token))
        goto fail;
    if (subject != NULL && (call->subject = strdup(subject)) == NULL)
        goto fail;
    request_start(call, call->kind, check_answered);
    return call;
fail:
    call_free(call);
    return NULL;
}
