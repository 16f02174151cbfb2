/* SPDX-License-Identifier: BSD-2-Clause */
#include "request.h"

#include <errno.h>
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

/* Name what could not be bound; r is of request_build(). */
static void
request_explain(struct provider_call *call, enum request_kind kind, int r)
{
    const char *name = request_kind_name(kind);
    struct provider_result *result = &call->result;

    if (r == -ENODATA && call->missing[0] != '\0') {
        why_set(result, WIRE_MISCONFIGURED, "%s: secret %s is not readable",
                name, call->missing);
    } else if (r == -ENODATA) {
        why_set(result, WIRE_MISCONFIGURED,
                "%s: a {{name}} in it has no value here", name);
    } else if (kind == REQUEST_SIGN_IN &&
               (r == -EILSEQ ||
                (r == -EINVAL && request_has_controls(call->password.text)))) {
        /* What the request cannot carry is nobody's password there. */
        why_set(result, WIRE_WRONG_CREDENTIALS,
                "%s: the password has bytes that the request cannot carry",
                name);
    } else if (r == -EINVAL || r == -EILSEQ) {
        why_set(result, WIRE_MISCONFIGURED,
                "%s: a value cannot stand where its {{name}} is", name);
    } else {
        why_set(result, WIRE_INTERNAL, "%s: out of memory", name);
    }
}

static struct http_request *
request_send(struct provider_call *call, enum request_kind kind,
             const struct request *request, unsigned timeout_ms,
             http_done *done)
{
    const struct provider_config *provider = call->provider;
    const struct request_config *config = &provider->requests[kind];
    const char *type = config->format == BODY_JSON
                           ? "application/json"
                           : "application/x-www-form-urlencoded";
    const struct http_order order = {
        .method = config->method == NULL ? "POST" : config->method,
        .url = request->url,
        .headers = (const char *const *)request->headers,
        .body = request->body,
        .body_length = request->body_length,
        .content_type = type,
        .basic_user = request->basic_user,
        .basic_password = request->basic_password,
        /* Each of these may be honoured only once. */
        .fresh_connection = kind == REQUEST_SIGN_IN || kind == REQUEST_REFRESH,
        .tls = &provider->tls,
        .client_key = request->client_key,
        .connect_timeout_ms = provider->connect_timeout_ms,
        .timeout_ms = timeout_ms,
        .max_answer = provider->max_answer,
    };

    return http_start(call->context->http, &order, done, call);
}

void
request_start(struct provider_call *call, enum request_kind kind,
              http_done *done)
{
    const struct provider_config *provider = call->provider;
    const char *name = request_kind_name(kind);
    unsigned timeout_ms = request_time_ms(call);
    struct request request = {0};
    int r;

    if (!provider->requests[kind].configured) {
        why_set(&call->result, WIRE_MISCONFIGURED, "%s.url is not configured",
                name);
    } else if (timeout_ms == 0) {
        why_set(&call->result, WIRE_UNAVAILABLE, "%s: sign_in_timeout is over",
                name);
        call->result.sent = kind != REQUEST_SIGN_IN;
    } else if ((r = request_build(&request, call, kind)) < 0) {
        request_explain(call, kind, r);
    } else {
        call->http = request_send(call, kind, &request, timeout_ms, done);
        if (call->http == NULL)
            why_set(&call->result, WIRE_INTERNAL,
                    "%s: the request could not be made", name);
    }
    request_done(&request);
    if (call->http == NULL)
        call_finish_later(call);
}
