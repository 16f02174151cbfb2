/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Userinfo (OpenID Connect Core, 5.3) and introspection (RFC 7662), after a
 * sign-in or a refresh.
 */
#include "call.h"

void
lookup_want(struct provider_call *call, const struct source *source)
{
    if (source == NULL)
        return;
    if (source->kind == SOURCE_USERINFO)
        call->want[REQUEST_USERINFO] = true;
    if (source->kind == SOURCE_INTROSPECT)
        call->want[REQUEST_INTROSPECT] = true;
}

/* A status of success is not yet an answer. */
static void
lookup_check_document(struct provider_call *call, enum request_kind kind,
                      const struct answer *answer)
{
    const char *name = request_kind_name(kind);

    if (answer->body == NULL)
        why_set(&call->result, WIRE_MISCONFIGURED, "%s: %s", name,
                answer->body_why);
    else if (kind == REQUEST_INTROSPECT &&
             !json_is_true(json_at(answer->body, "/active")))
        why_set(&call->result,
                call->kind == REQUEST_REFRESH ? WIRE_REFUSED
                                              : WIRE_MISCONFIGURED,
                "%s: the token is not active", name);
}

/* Does a refreshed token stand although this lookup has failed? */
static bool
lookup_may_fail(const struct provider_call *call)
{
    return call->kind == REQUEST_REFRESH &&
           (call->result.result == WIRE_UNAVAILABLE ||
            call->result.result == WIRE_SLOW_DOWN);
}

static void
lookup_answered(void *context, const struct http_answer *http)
{
    struct provider_call *call = context;
    const struct provider_result before = call->result;
    enum request_kind kind = call->looking;
    struct answer answer = {0};
    json_t **document = kind == REQUEST_USERINFO ? &call->answer.userinfo
                                                 : &call->answer.introspect;

    call->http = NULL;
    if (answer_take(&answer, http) < 0) {
        answer_done(&answer);
        call_fail(call, "out of memory");
        return;
    }
    if (call_judge(call, kind, http, &answer) == WIRE_OK)
        lookup_check_document(call, kind, &answer);
    else if (call->kind == REQUEST_REFRESH && kind == REQUEST_USERINFO &&
             http->status == 401)
        /* RFC 6750, 3.1: the token is expired, revoked or malformed. */
        call->result.result = WIRE_REFUSED;
    if (call->result.result == WIRE_OK) {
        *document = json_incref(answer.body);
        call->result = before;
    } else if (lookup_may_fail(call)) {
        const struct provider_result failed = call->result;

        call->result = before;
        why_add(&call->result, ", not checked: %s", failed.why);
    }
    answer_done(&answer);
    /* The sign-in itself has been sent, whatever became of this. */
    call->result.sent = true;
    call->result.unreachable = false;
    if (call->result.result == WIRE_OK)
        lookup_next(call);
    else
        call_finish(call);
}

/* There is more to ask: the tokens must not wait for it in memory alone. */
static void
lookup_tell(struct provider_call *call)
{
    provider_received *received = call->received;

    call->received = NULL;
    if (received != NULL)
        received(call->done_context, &call->tokens);
}

void
lookup_next(struct provider_call *call)
{
    static const enum request_kind kinds[] = {REQUEST_USERINFO,
                                              REQUEST_INTROSPECT};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!call->want[kinds[i]])
            continue;
        call->want[kinds[i]] = false;
        call->looking = kinds[i];
        lookup_tell(call);
        request_start(call, kinds[i], lookup_answered);
        return;
    }
    call->found(call);
}
