/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys of requests, whatever section they stand in: templates, methods.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "view.h"

static const char *const written_names[TEMPLATE_NAMES] = {
    [NAME_USER] = "{{user}}",
    [NAME_LOGIN] = "{{login}}",
    [NAME_PASSWORD] = "{{password}}",
    [NAME_OTP] = "{{otp}}",
    [NAME_ACCESS_TOKEN] = "{{access_token}}",
    [NAME_REFRESH_TOKEN] = "{{refresh_token}}",
    [NAME_SUBJECT] = "{{subject}}",
    [NAME_HOST] = "{{host}}",
    [NAME_BASE_URL] = "{{base_url}}",
    [NAME_CLIENT_ID] = "{{client_id}}",
    [NAME_SCOPE] = "{{scope}}",
    [NAME_SECRET] = "{{secret.NAME}}",
};

void
key_check_names(const struct key_use *use,
                bool (*uses)(const void *template, enum template_name name),
                const void *template)
{
    unsigned allowed = use->scope->names(use->setting->key);

    for (unsigned i = 0; i < TEMPLATE_NAMES; i++) {
        if (!uses(template, (enum template_name)i) || (allowed & NAME_BIT(i)))
            continue;
        if (i == NAME_OTP)
            key_complain(use, "{{otp}} is not supported by this version");
        else
            key_complain(use, "%s has no value here%s", written_names[i],
                         use->scope->words);
    }
}

static bool
uses_of_template(const void *template, enum template_name name)
{
    return template_uses(template, name);
}

struct template *
key_template(const struct key_use *use, enum template_where where)
{
    const char *mistake = NULL;
    struct template *template =
        template_parse(use->setting->value, where, &mistake);

    if (template == NULL)
        key_complain(use, "%s", mistake);
    else
        key_check_names(use, uses_of_template, template);
    return template;
}

static void
store_template(const struct key_use *use, enum template_where where,
               struct template **to)
{
    struct template *template = key_template(use, where);

    if (template == NULL)
        return;
    template_free(*to);
    *to = template;
}

void
key_login_name(const struct key_use *use, void *target)
{
    struct template **login_name = target;

    store_template(use, TEMPLATE_PLAIN, login_name);
    if (*login_name != NULL && !template_uses(*login_name, NAME_USER))
        key_complain(use,
                     "must hold {{user}}: without it, everybody would sign "
                     "in as the same person");
}

void
key_url(const struct key_use *use, void *target)
{
    struct template **url = target;

    store_template(use, TEMPLATE_URL, url);
    if ((use->scope->names(use->setting->key) & NAME_BIT(NAME_PASSWORD)) &&
        *url != NULL && template_uses(*url, NAME_PASSWORD))
        key_complain(use, "{{password}} cannot stand in a URL, which servers "
                          "and proxies log: put it into the body");
}

void
key_header_value(const struct key_use *use, void *target)
{
    store_template(use, TEMPLATE_HEADER, target);
}

void
key_header(const struct key_use *use, void *target)
{
    static const char *const ours[] = {
        "host",         "connection",        "content-length",
        "content-type", "transfer-encoding", "expect",
        "cookie",       "accept-encoding"};
    struct request_config *request = target;
    struct header_config header = {0}, *headers;

    if (!name_is_token(use->name)) {
        key_complain(use, "is not the name of a header");
        return;
    }
    if (strcasecmp(use->name, "authorization") == 0) {
        key_complain(use, "has a key of its own: REQUEST.authorization");
        return;
    }
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (strcasecmp(use->name, ours[i]) == 0) {
            key_complain(use, "this header is signind's own: remove the line");
            return;
        }
    header.value = key_template(use, TEMPLATE_HEADER);
    if (header.value == NULL)
        return;
    key_copy(use, &header.name, use->name);
    headers = reallocarray(request->headers, request->header_count + 1,
                           sizeof(*headers));
    if (headers == NULL || header.name == NULL) {
        template_free(header.value);
        free(header.name);
        if (headers != NULL)
            request->headers = headers;
        return;
    }
    request->headers = headers;
    headers[request->header_count++] = header;
}

void
key_method(const struct key_use *use, void *target)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH",
                                          "DELETE"};

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (strcmp(use->setting->value, methods[i]) == 0) {
            key_copy(use, target, methods[i]);
            return;
        }
    key_complain(use, "must be one of: GET POST PUT PATCH DELETE");
}

void
key_base_url(const struct key_use *use, void *target)
{
    const char *mistake = NULL;
    struct template *template;
    char **base_url = target;

    if (strstr(use->setting->value, "{{") != NULL) {
        key_complain(use, "must hold no {{ }}: it is the same for everybody");
        return;
    }
    template = template_parse(use->setting->value, TEMPLATE_URL, &mistake);
    if (template == NULL) {
        key_complain(use, "%s", mistake);
        return;
    }
    template_free(template);
    key_copy(use, base_url, use->setting->value);
    if (*base_url != NULL) {
        size_t length = strlen(*base_url);

        while (length > 0 && (*base_url)[length - 1] == '/')
            (*base_url)[--length] = '\0';
    }
}
