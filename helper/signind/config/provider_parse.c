/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "provider_view.h"

/* Which names have a value where; {{otp}} has none yet. */
#define BIT(name) (1U << (name))
#define ANYWHERE                                                               \
    (BIT(NAME_USER) | BIT(NAME_LOGIN) | BIT(NAME_HOST) | BIT(NAME_BASE_URL) |  \
     BIT(NAME_CLIENT_ID) | BIT(NAME_SCOPE) | BIT(NAME_SECRET))
#define TOKENS (BIT(NAME_ACCESS_TOKEN) | BIT(NAME_SUBJECT))

static const unsigned request_names[REQUEST_KINDS] = {
    [REQUEST_SIGN_IN] = ANYWHERE | BIT(NAME_PASSWORD),
    [REQUEST_REFRESH] = ANYWHERE | TOKENS | BIT(NAME_REFRESH_TOKEN),
    [REQUEST_REVOKE_ACCESS] = ANYWHERE | TOKENS | BIT(NAME_REFRESH_TOKEN),
    [REQUEST_REVOKE_REFRESH] = ANYWHERE | TOKENS | BIT(NAME_REFRESH_TOKEN),
    [REQUEST_USERINFO] = ANYWHERE | TOKENS,
    [REQUEST_INTROSPECT] = ANYWHERE | TOKENS,
};

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

enum request_kind
key_request(const char *key, const char **ret_rest)
{
    for (unsigned i = 0; i < REQUEST_KINDS; i++) {
        enum request_kind kind = (enum request_kind)i;
        size_t length = strlen(request_kind_name(kind));

        if (strncmp(key, request_kind_name(kind), length) == 0 &&
            key[length] == '.') {
            *ret_rest = key + length + 1;
            return kind;
        }
    }
    *ret_rest = key;
    return REQUEST_KINDS;
}

static unsigned
names_allowed(const char *key)
{
    const char *rest;
    enum request_kind kind = key_request(key, &rest);

    if (kind < REQUEST_KINDS)
        return request_names[kind];
    if (strcmp(key, "login_name") == 0)
        return BIT(NAME_USER) | BIT(NAME_HOST);
    if (strcmp(key, "authorization") == 0)
        return BIT(NAME_ACCESS_TOKEN);
    return ANYWHERE; /* header.NAME goes with every request */
}

void
key_check_names(const struct key_use *use,
                bool (*uses)(const void *template, enum template_name name),
                const void *template)
{
    unsigned allowed = names_allowed(use->setting->key);

    for (unsigned i = 0; i < TEMPLATE_NAMES; i++) {
        if (!uses(template, (enum template_name)i) || (allowed & BIT(i)))
            continue;
        if (i == NAME_OTP)
            key_complain(use, "{{otp}} is not supported by this version");
        else
            key_complain(use, "%s has no value here", written_names[i]);
    }
}

static bool
uses_of_template(const void *template, enum template_name name)
{
    return template_uses(template, name);
}

/* A template with its names checked; NULL: complained. */
static struct template *
parse_template(const struct key_use *use, enum template_where where)
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
    struct template *template = parse_template(use, where);

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
    if (*url != NULL && template_uses(*url, NAME_PASSWORD))
        key_complain(use, "{{password}} cannot stand in a URL, which servers "
                          "and proxies log: put it into the body");
}

void
key_header_value(const struct key_use *use, void *target)
{
    store_template(use, TEMPLATE_HEADER, target);
}

void
key_authorization(const struct key_use *use, void *target)
{
    struct template *template = parse_template(use, TEMPLATE_HEADER);

    if (template == NULL)
        return;
    if (!template_uses(template, NAME_ACCESS_TOKEN))
        key_complain(use, "must hold {{access_token}}, as in Bearer "
                          "{{access_token}}");
    template_free(template);
    key_copy(use, target, use->setting->value);
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
    header.value = parse_template(use, TEMPLATE_HEADER);
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

void
key_suffix(const struct key_use *use, void *target)
{
    if (strpbrk(use->setting->value, " \t") != NULL)
        key_complain(use, "must be one suffix of user names, such as "
                          "@example.com");
    else
        key_copy(use, target, use->setting->value);
}

void
key_client_auth(const struct key_use *use, void *target)
{
    enum client_auth *auth = target;
    const char *value = use->setting->value;

    if (strcmp(value, "none") == 0)
        *auth = CLIENT_AUTH_NONE;
    else if (strcmp(value, "basic") == 0)
        *auth = CLIENT_AUTH_BASIC;
    else if (strcmp(value, "post") == 0)
        *auth = CLIENT_AUTH_POST;
    else if (strcmp(value, "private_key_jwt") == 0 ||
             strcmp(value, "mtls") == 0)
        key_complain(use,
                     "%s is not supported by this version: use basic, "
                     "post or none",
                     value);
    else
        key_complain(use, "must be one of: basic post none");
}

void
key_check_at_refresh(const struct key_use *use, void *target)
{
    enum request_kind *kind = target;
    const char *value = use->setting->value;

    if (strcmp(value, "none") == 0)
        *kind = REQUEST_KINDS;
    else if (strcmp(value, "userinfo") == 0)
        *kind = REQUEST_USERINFO;
    else if (strcmp(value, "introspect") == 0)
        *kind = REQUEST_INTROSPECT;
    else if (strcmp(value, "directory") == 0)
        key_complain(use, "directory is not supported by this version: use "
                          "none, userinfo or introspect");
    else
        key_complain(use, "must be one of: none userinfo introspect");
}
