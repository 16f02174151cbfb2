/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One request of a call.
 */
#include "call.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* Milliseconds this request may take; 0: the call's time is over. */
static unsigned
request_time_ms(const struct provider_call *call)
{
    unsigned most = call->provider->request_timeout_ms;
    struct timespec now;
    int64_t left;

    if (call->deadline_ms == 0)
        return most;
    clock_gettime(CLOCK_BOOTTIME, &now);
    left = call->deadline_ms -
           ((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    if (left <= 0)
        return 0;
    return left < (int64_t)most ? (unsigned)left : most;
}

static bool
request_has_controls(const char *text)
{
    for (; text != NULL && *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static struct template_values
request_values(struct provider_call *call, enum request_kind kind)
{
    const struct provider_config *provider = call->provider;
    bool revoke =
        kind == REQUEST_REVOKE_ACCESS || kind == REQUEST_REVOKE_REFRESH;

    return (struct template_values){
        .value = {[NAME_USER] = call->user,
                  [NAME_LOGIN] = call->login,
                  [NAME_PASSWORD] = call->password.text,
                  [NAME_ACCESS_TOKEN] = revoke ? call->access_token.text
                                               : call->tokens.access_token.text,
                  [NAME_REFRESH_TOKEN] = call->refresh_token.text,
                  [NAME_SUBJECT] = call->subject,
                  [NAME_HOST] = call->context->host_name,
                  [NAME_BASE_URL] = provider->base_url,
                  [NAME_CLIENT_ID] = provider->client_id,
                  [NAME_SCOPE] = provider->scope},
        .secret = request_secret,
        .context = &call->secrets,
    };
}

char *
provider_login(const struct provider_context *context,
               const struct provider_config *provider, const char *user)
{
    const struct template_values values = {
        .value = {[NAME_USER] = user,
                  [NAME_HOST] = context->host_name,
                  [NAME_BASE_URL] = provider->base_url,
                  [NAME_CLIENT_ID] = provider->client_id,
                  [NAME_SCOPE] = provider->scope}};
    char *login = NULL;

    if (provider->login_name == NULL)
        return strdup(user);
    if (template_bind(provider->login_name, &values, &login) < 0)
        return NULL;
    return login;
}

/* Name what could not be bound; r is of request_make(). */
static void
request_refuse(struct provider_call *call, enum request_kind kind, int r)
{
    const char *name = request_kind_name(kind);

    if (kind == REQUEST_SIGN_IN &&
        (r == -EILSEQ ||
         (r == -EINVAL && request_has_controls(call->password.text))))
        /* What the request cannot carry is nobody's password there. */
        why_set(&call->result, WIRE_WRONG_CREDENTIALS,
                "%s: the password has bytes that the request cannot carry",
                name);
    else
        request_explain(&call->result, name, r, &call->secrets);
}

/* Make it and send it.  false: the result says why not. */
static bool
request_begin(struct provider_call *call, enum request_kind kind,
              unsigned timeout_ms, http_done *done)
{
    const struct provider_config *provider = call->provider;
    const struct request_config *config = &provider->requests[kind];
    const struct template_values values = request_values(call, kind);
    const struct request_client client = {
        .id = provider->client_id,
        .secret = provider->client_secret,
        .auth = provider->client_auth,
        .key = provider->tls.client_key_secret,
    };
    const struct request_limits limits = {
        .tls = &provider->tls,
        .connect_timeout_ms = provider->connect_timeout_ms,
        .timeout_ms = timeout_ms,
        .max_answer = provider->max_answer,
    };
    struct request request = {0};
    int r = request_make(&request, config, &client, &values);

    if (r < 0) {
        request_refuse(call, kind, r);
    } else {
        call->http = request_send(call->context->http, config, &request,
                                  &limits, done, call);
        if (call->http == NULL)
            why_set(&call->result, WIRE_INTERNAL,
                    "%s: the request could not be made",
                    request_kind_name(kind));
    }
    request_done(&request);
    return call->http != NULL;
}

void
request_start(struct provider_call *call, enum request_kind kind,
              http_done *done)
{
    const char *name = request_kind_name(kind);
    unsigned timeout_ms = request_time_ms(call);

    if (!call->provider->requests[kind].configured) {
        why_set(&call->result, WIRE_MISCONFIGURED, "%s.url is not configured",
                name);
    } else if (timeout_ms == 0) {
        why_set(&call->result, WIRE_UNAVAILABLE, "%s: sign_in_timeout is over",
                name);
        call->result.sent = kind != REQUEST_SIGN_IN;
    } else if (request_begin(call, kind, timeout_ms, done)) {
        return;
    }
    call_finish_later(call);
}
