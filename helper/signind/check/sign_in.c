/* SPDX-License-Identifier: BSD-2-Clause */
#include "sign_in.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"

/* What the person would hold: given up in sign_in_revoke(). */
struct sign_in {
    struct check *check;
    const struct provider_config *provider;
    struct provider_result result; /* of the last request */
    bool done;                     /* it has one */
    struct secret access_token, refresh_token;
    struct secret first_token; /* the access token that a refresh replaced */
    char *subject;
};

enum report_status
sign_in_status(enum wire_result result)
{
    if (result == WIRE_OK)
        return REPORT_WELL;
    if (result == WIRE_UNAVAILABLE)
        return REPORT_UNREACHABLE;
    if (result == WIRE_MISCONFIGURED || result == WIRE_INTERNAL ||
        result == WIRE_RESULT_NONE)
        return REPORT_MISTAKE;
    return REPORT_REFUSED;
}

static void
sign_in_done(void *context, const struct provider_result *result,
             struct provider_tokens *tokens)
{
    struct sign_in *sign_in = context;

    sign_in->done = true;
    sign_in->result = *result;
    if (tokens == NULL)
        return;
    /* Also of a refused sign-in: what came must be revoked.  An answer
     * without a refresh token leaves the one before it in force. */
    if (tokens->access_token.text != NULL) {
        secret_move(&sign_in->first_token, &sign_in->access_token);
        secret_move(&sign_in->access_token, &tokens->access_token);
    }
    if (tokens->refresh_token.text != NULL)
        secret_move(&sign_in->refresh_token, &tokens->refresh_token);
    if (tokens->subject != NULL && sign_in->subject == NULL) {
        sign_in->subject = tokens->subject;
        tokens->subject = NULL;
    }
}

/* Let a request run to its end.  call NULL: out of memory. */
static void
sign_in_wait(struct sign_in *sign_in, const struct provider_call *call)
{
    struct check *check = sign_in->check;

    sign_in->done = false;
    sign_in->result = (struct provider_result){.result = WIRE_INTERNAL,
                                               .why = "out of memory"};
    while (call != NULL && !sign_in->done &&
           event_base_loop(check->base, EVLOOP_ONCE) == 0)
        ;
}

static void
sign_in_run(struct sign_in *sign_in, const struct provider_call *call)
{
    sign_in_wait(sign_in, call);
    report_request_end(
        &sign_in->check->report, sign_in_status(sign_in->result.result),
        wire_result_name(sign_in->result.result), sign_in->result.why);
}

static void
sign_in_refresh(struct sign_in *sign_in)
{
    struct check *check = sign_in->check;
    const struct provider_config *provider = sign_in->provider;

    if (!provider->requests[REQUEST_REFRESH].configured ||
        sign_in->refresh_token.text == NULL)
        return;
    report_request(&check->report, request_kind_name(REQUEST_REFRESH));
    sign_in_run(sign_in,
                provider_refresh(&check->context, provider, check->user,
                                 sign_in->subject, sign_in->refresh_token.text,
                                 sign_in_done, sign_in));
}

static void
sign_in_revoke(struct sign_in *sign_in)
{
    struct check *check = sign_in->check;
    const struct provider_config *provider = sign_in->provider;

    for (size_t i = 0; i < provider->revoke_count; i++) {
        enum request_kind kind = provider->revoke_order[i];
        const char *access = sign_in->access_token.text;
        const char *refresh = sign_in->refresh_token.text;

        if ((kind == REQUEST_REVOKE_ACCESS ? access : refresh) == NULL)
            continue;
        report_request(&check->report, request_kind_name(kind));
        sign_in_run(sign_in,
                    provider_revoke(&check->context, provider, kind,
                                    check->user, sign_in->subject, access,
                                    refresh, sign_in_done, sign_in));
    }
}

/*
 * At many providers the access token from before the refresh lives on.
 * signind lets it expire; nobody shall be left with it after a check.  Where
 * a revocation is a logout that wants a live session (refresh_first), that
 * session is gone by now.
 */
static void
sign_in_revoke_first(struct sign_in *sign_in)
{
    struct check *check = sign_in->check;
    const struct provider_config *provider = sign_in->provider;
    const struct request_config *request =
        &provider->requests[REQUEST_REVOKE_ACCESS];
    bool wanted = false;

    for (size_t i = 0; i < provider->revoke_count; i++)
        wanted = wanted || provider->revoke_order[i] == REQUEST_REVOKE_ACCESS;
    if (!wanted || request->refresh_first || sign_in->first_token.text == NULL)
        return;
    report_request(&check->report, request_kind_name(REQUEST_REVOKE_ACCESS));
    report_step(&check->report, "token", "the one from before the refresh");
    sign_in_wait(sign_in,
                 provider_revoke(&check->context, provider,
                                 REQUEST_REVOKE_ACCESS, check->user,
                                 sign_in->subject, sign_in->first_token.text,
                                 NULL, sign_in_done, sign_in));
    report_request_end(&check->report, REPORT_WELL,
                       wire_result_name(sign_in->result.result),
                       sign_in->result.why);
    if (sign_in->result.result != WIRE_OK)
        report_warning(&check->report, "first_token", provider->name,
                       "the access token from before the refresh was not "
                       "revoked and may live until it expires: %s",
                       sign_in->result.why);
}

/* false: said why not. */
static bool
sign_in_ask(struct check *check, const struct provider_config *provider,
            struct secret *ret_password)
{
    char prompt[256], why[128];
    int r;

    snprintf(prompt, sizeof(prompt), "Password of %s at %s: ", check->user,
             provider->name);
    r = ask_password(prompt, ret_password);
    if (r == 0)
        return true;
    if (r == -ENODATA)
        snprintf(why, sizeof(why), "no password was given");
    else
        snprintf(why, sizeof(why), "the password cannot be read: %s",
                 strerror(-r));
    report_not_tried(&check->report, REPORT_USAGE, why);
    return false;
}

static void
sign_in_trace(void *context, const char *step, const char *detail)
{
    report_step(context, step, detail);
}

void
sign_in_check(struct check *check, const struct provider_config *provider)
{
    struct sign_in sign_in = {.check = check, .provider = provider};
    cleanup_secret struct secret password = {0};

    if (!sign_in_ask(check, provider, &password))
        return;
    check->context.trace = sign_in_trace;
    check->context.trace_context = &check->report;
    report_request(&check->report, request_kind_name(REQUEST_SIGN_IN));
    sign_in_run(&sign_in,
                provider_sign_in(&check->context, provider, check->user,
                                 password.text, sign_in_done, &sign_in));
    if (sign_in.result.result == WIRE_OK)
        sign_in_refresh(&sign_in);
    sign_in_revoke(&sign_in);
    sign_in_revoke_first(&sign_in);
    secret_done(&sign_in.first_token);
    secret_done(&sign_in.access_token);
    secret_done(&sign_in.refresh_token);
    wipe_free(sign_in.subject);
}
