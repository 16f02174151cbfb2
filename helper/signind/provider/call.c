/* SPDX-License-Identifier: BSD-2-Clause */
#include "call.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "outcome.h"
#include "trace.h"

static void
call_on_later(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    call_finish(context);
}

struct provider_call *
call_new(const struct provider_context *context,
         const struct provider_config *provider, enum request_kind kind,
         const char *user, provider_done *done, void *done_context)
{
    struct provider_call *call = calloc(1, sizeof(*call));

    if (call == NULL)
        return NULL;
    call->context = context;
    call->answer.context = context;
    call->secrets.context = context;
    call->provider = provider;
    call->kind = kind;
    call->done = done;
    call->done_context = done_context;
    call->user = strdup(user);
    call->login = provider_login(context, provider, user);
    /* Made now, so that a call can always be ended. */
    call->later = evtimer_new(http_base(context->http), call_on_later, call);
    if (call->user == NULL || call->login == NULL || call->later == NULL) {
        call_free(call);
        return NULL;
    }
    return call;
}

bool
call_set_secret(struct secret *secret, const char *text)
{
    return text == NULL || secret_set(secret, text, strlen(text)) == 0;
}

void
call_free(struct provider_call *call)
{
    if (call == NULL)
        return;
    http_cancel(call->http);
    if (call->later != NULL)
        event_free(call->later);
    free(call->user);
    wipe_free(call->login);
    wipe_free(call->subject);
    secret_done(&call->password);
    secret_done(&call->access_token);
    secret_done(&call->refresh_token);
    request_secrets_done(&call->secrets);
    answer_done(&call->answer);
    provider_tokens_done(&call->tokens);
    free(call);
}

void
call_finish(struct provider_call *call)
{
    bool revoke = call->kind == REQUEST_REVOKE_ACCESS ||
                  call->kind == REQUEST_REVOKE_REFRESH;

    call->done(call->done_context, &call->result,
               revoke ? NULL : &call->tokens);
    call_free(call);
}

void
call_finish_later(struct provider_call *call)
{
    static const struct timeval at_once = {0, 0};

    event_add(call->later, &at_once);
}

void
call_fail(struct provider_call *call, const char *what)
{
    why_set(&call->result, WIRE_INTERNAL, "%s", what);
    call_finish(call);
}

void
provider_watch(struct provider_call *call, provider_received *received)
{
    call->received = received;
}

void
provider_cancel(struct provider_call *call)
{
    call_free(call);
}

/* Besides the secrets used: three that were given, two that came. */
#define CALL_SECRETS 5

size_t
call_secrets_room(const struct provider_call *call)
{
    return call->secrets.used_count + CALL_SECRETS;
}

struct why_secrets
call_secrets(const struct provider_call *call, const char **items)
{
    size_t count = 0;

    items[count++] = call->password.text;
    items[count++] = call->access_token.text;
    items[count++] = call->refresh_token.text;
    items[count++] = call->tokens.access_token.text;
    items[count++] = call->tokens.refresh_token.text;
    for (size_t i = 0; i < call->secrets.used_count; i++)
        items[count++] = call->secrets.used[i].text;
    return (struct why_secrets){.items = items, .count = count};
}

enum wire_result
call_judge(struct provider_call *call, enum request_kind kind,
           const struct http_answer *http, const struct answer *answer)
{
    const char **items = calloc(call_secrets_room(call), sizeof(*items));
    struct why_secrets secrets;

    if (items == NULL) {
        why_set(&call->result, WIRE_INTERNAL, "out of memory");
        return WIRE_INTERNAL;
    }
    if (http->failure == HTTP_ANSWERED)
        trace_say(call->context, "answer", "%s: status %u, %zu bytes",
                  request_kind_name(kind), http->status, http->body_length);
    secrets = call_secrets(call, items);
    outcome_decide(&call->provider->requests[kind], kind, http,
                   answer != NULL ? answer : &call->answer, &secrets,
                   &call->result);
    free(items);
    return call->result.result;
}
