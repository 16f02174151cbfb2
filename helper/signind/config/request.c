/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the keys of one request mean together, in a [provider] or a
 * [directory].
 */
#include <string.h>

#include "view.h"

static bool
uses_of_body(const void *body, enum template_name name)
{
    return template_body_uses(body, name);
}

/* The body can only be read once its format is known. */
void
request_finish_body(struct view *view, const char *name,
                    struct request_config *request,
                    const struct key_scope *scope)
{
    char key[VIEW_KEY_MAX];
    const struct setting *setting, *format;
    const char *mistake = NULL;
    struct key_use use;

    format = view_setting(view, view_key_of(key, name, "format"));
    setting = view_setting(view, view_key_of(key, name, "body"));
    if (setting == NULL) {
        if (request->format != BODY_NONE && request->url != NULL)
            view_complain(view, view_key_of(key, name, "format"),
                          "needs %s.body", name);
        return;
    }
    use = (struct key_use){view->reader, setting, NULL, "", scope};
    if (format == NULL)
        request->format = BODY_FORM;
    if (request->format == BODY_NONE) {
        if (strcmp(format->value, "none") == 0)
            key_complain(&use, "is not sent with %s.format = none", name);
        return;
    }
    request->body = template_body_parse(
        setting->value,
        request->format == BODY_JSON ? TEMPLATE_JSON : TEMPLATE_FORM, &mistake);
    if (request->body == NULL)
        key_complain(&use, "%s", mistake);
    else
        key_check_names(&use, uses_of_body, request->body);
}

bool
request_sends(const struct request_config *request, enum template_name name)
{
    if (template_uses(request->url, name) ||
        (request->authorization != NULL &&
         template_uses(request->authorization, name)) ||
        (request->body != NULL && template_body_uses(request->body, name)))
        return true;
    for (size_t i = 0; i < request->header_count; i++)
        if (template_uses(request->headers[i].value, name))
            return true;
    return false;
}

void
request_check_url(struct view *view, const char *name,
                  const struct request_config *request,
                  const struct tls_config *tls)
{
    char buffer[VIEW_KEY_MAX];
    const char *key = view_key_of(buffer, name, "url");
    const struct setting *setting = view_setting(view, key);
    const char *mistake;

    /* A missing base_url is complained of once, for all URLs. */
    if (setting == NULL || template_uses(request->url, NAME_BASE_URL))
        return;
    mistake = url_mistake(setting->value, false, tls->allow_http_loopback);
    if (mistake != NULL)
        view_complain(view, key, "%s", mistake);
}

void
request_check_method(struct view *view, const char *name,
                     const struct request_config *request)
{
    char key[VIEW_KEY_MAX];

    if (request->body != NULL && request->method != NULL &&
        strcmp(request->method, "GET") == 0)
        view_complain(view, view_key_of(key, name, "method"),
                      "GET sends no body: use POST, or remove %s.body", name);
}

void
request_check_base_url(struct view *view, const char *base_url, bool used,
                       const struct tls_config *tls)
{
    if (base_url != NULL) {
        const char *mistake =
            url_mistake(base_url, true, tls->allow_http_loopback);

        if (mistake != NULL)
            view_complain(view, "base_url", "%s", mistake);
    } else if (used && view_missing(view, "base_url")) {
        view_complain(view, "base_url",
                      "base_url is missing: its URLs begin with "
                      "{{base_url}}");
    }
}

void
request_check_transport(struct view *view, unsigned connect_timeout_ms,
                        unsigned request_timeout_ms)
{
    if ((view_setting(view, "client_cert") == NULL) !=
        (view_setting(view, "client_key_secret") == NULL))
        view_complain(view,
                      view_setting(view, "client_cert") != NULL
                          ? "client_cert"
                          : "client_key_secret",
                      "client_cert and client_key_secret belong together: "
                      "write both");
    if (connect_timeout_ms > request_timeout_ms)
        view_complain(view, "connect_timeout",
                      "is longer than request_timeout (%u seconds): one "
                      "request would end before it",
                      request_timeout_ms / 1000);
}
