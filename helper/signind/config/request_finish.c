/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "view.h"

/* The value without which a request would prove or end nothing. */
static const struct {
    enum template_name name;
    const char *written;
} needed[REQUEST_KINDS] = {
    [REQUEST_SIGN_IN] = {NAME_PASSWORD, "{{password}}"},
    [REQUEST_REFRESH] = {NAME_REFRESH_TOKEN, "{{refresh_token}}"},
    [REQUEST_REVOKE_ACCESS] = {NAME_ACCESS_TOKEN, "{{access_token}}"},
    [REQUEST_REVOKE_REFRESH] = {NAME_REFRESH_TOKEN, "{{refresh_token}}"},
    [REQUEST_USERINFO] = {NAME_ACCESS_TOKEN, "{{access_token}}"},
    [REQUEST_INTROSPECT] = {NAME_ACCESS_TOKEN, "{{access_token}}"},
};

static void
finish_defaults(struct view *view, enum request_kind kind)
{
    struct request_config *request = &view->provider->requests[kind];
    const char *mistake = NULL;

    if (request->method == NULL)
        request->method = strdup(
            kind == REQUEST_USERINFO && request->body == NULL ? "GET" : "POST");
    /* OpenID Connect Core, 5.3.1. */
    if (kind == REQUEST_USERINFO && request->authorization == NULL)
        request->authorization = template_parse("Bearer {{access_token}}",
                                                TEMPLATE_HEADER, &mistake);
    if (request->success.count == 0)
        mistake = status_list_parse(&request->success, "200-299") < 0
                      ? "out of memory"
                      : mistake;
    if (request->method == NULL || mistake != NULL)
        view_complain(view, "", "out of memory");
}

static void
check_sent(struct view *view, enum request_kind kind)
{
    struct request_config *request = &view->provider->requests[kind];
    char body_name[VIEW_KEY_MAX], name[VIEW_KEY_MAX];
    const struct setting *body =
        view_setting(view, view_key(body_name, kind, "body"));

    /* Not if the body could not be read, or was found missing. */
    if ((request->body != NULL ||
         (body == NULL && request->format == BODY_NONE)) &&
        !request_sends(request, needed[kind].name))
        view_complain(view, view_key(name, kind, body != NULL ? "body" : "url"),
                      "%s is nowhere in this request: put it into %s",
                      needed[kind].written, body_name);
    request_check_method(view, request_kind_name(kind), request);
}

/* A status that a rule without a condition takes out of success; 0: none. */
static unsigned
first_overlap(const struct request_config *request, unsigned class)
{
    const struct outcome_rules *rules = &request->outcomes[class];

    for (size_t i = 0; i < rules->count; i++) {
        const struct outcome_rule *rule = &rules->rules[i];

        for (unsigned s = rule->status.from; s <= rule->status.to; s++)
            if (rule->source == NULL && status_list_has(&request->success, s))
                return s;
    }
    return 0;
}

static void
check_outcomes(struct view *view, enum request_kind kind)
{
    static const char *const keys[OUTCOME_CLASSES] = {
        [OUTCOME_WRONG_CREDENTIALS] = "result.wrong_credentials",
        [OUTCOME_ACCOUNT_DISABLED] = "result.account_disabled",
        [OUTCOME_NEED_SECOND_FACTOR] = "result.need_second_factor",
        [OUTCOME_MUST_CHANGE_PASSWORD] = "result.must_change_password",
        [OUTCOME_SLOW_DOWN] = "result.slow_down",
        [OUTCOME_REFUSED] = "result.refused",
    };
    const struct request_config *requests = view->provider->requests;
    char name[VIEW_KEY_MAX];

    for (unsigned i = 0; i < OUTCOME_CLASSES; i++) {
        const char *key = view_key(name, kind, keys[i]);
        unsigned status = first_overlap(&requests[kind], i);

        if (status == 0)
            continue;
        if (view_setting(view, key) == NULL) {
            /* Shared by all requests: one complaint is enough. */
            if (kind != REQUEST_SIGN_IN &&
                (first_overlap(&requests[REQUEST_SIGN_IN], i) != 0 ||
                 view_setting(view, keys[i]) == NULL))
                continue;
            key = keys[i];
        }
        view_complain(view, key,
                      "%u counts as success of %s: add SOURCE=VALUE, or take "
                      "it out of %s.success",
                      status, request_kind_name(kind), request_kind_name(kind));
    }
}

/*
 * Where nothing says how a refused refresh looks, it looks like a refused
 * password: result.wrong_credentials stands for refresh.result.refused.
 */
static void
finish_refused(struct view *view)
{
    static const struct key_rule rule = {.key = "result.wrong_credentials"};
    struct outcome_rules *refused =
        &view->provider->requests[REQUEST_REFRESH].outcomes[OUTCOME_REFUSED];
    const struct setting *setting = view_setting(view, rule.key);
    struct key_use use = {view->reader, setting, &rule, "", NULL};

    if (setting == NULL || view_setting(view, "result.refused") != NULL ||
        view_setting(view, "refresh.result.refused") != NULL)
        return;
    view->reader->quiet = true; /* read once before, for sign_in */
    key_outcomes(&use, refused);
    view->reader->quiet = false;
}

/* Keys of a request that is never made, except those of a preset. */
static void
check_unused(struct view *view, enum request_kind kind)
{
    for (size_t i = 0; i < view->own->count; i++) {
        const struct setting *setting = &view->own->settings[i];
        const char *rest;

        if (setting->value[0] == '\0' ||
            key_request(setting->key, &rest) != kind ||
            !provider_knows_key(setting->key))
            continue;
        reader_complain(view->reader, setting->file, setting->line,
                        "%s: has no effect without %s.url: write that too, "
                        "or remove the line",
                        setting->key, request_kind_name(kind));
        return;
    }
}

void
provider_finish_requests(struct view *view)
{
    char name[VIEW_KEY_MAX];

    finish_refused(view);
    for (unsigned i = 0; i < REQUEST_KINDS; i++) {
        enum request_kind kind = (enum request_kind)i;
        struct request_config *request = &view->provider->requests[kind];

        request_finish_body(view, request_kind_name(kind), request,
                            &provider_scope);
        finish_defaults(view, kind);
        request->configured = request->url != NULL;
        if (request->configured) {
            check_outcomes(view, kind);
            request_check_url(view, request_kind_name(kind), request,
                              &view->provider->tls);
            check_sent(view, kind);
        } else if (kind != REQUEST_SIGN_IN &&
                   view_setting(view, view_key(name, kind, "url")) == NULL &&
                   !view->reader->lines_lost) {
            check_unused(view, kind);
        }
    }
}
