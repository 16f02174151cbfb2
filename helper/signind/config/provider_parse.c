/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "view.h"

/* Which names have a value where; {{otp}} has none yet. */
#define ANYWHERE                                                               \
    (NAME_BIT(NAME_USER) | NAME_BIT(NAME_LOGIN) | NAME_BIT(NAME_HOST) |        \
     NAME_BIT(NAME_BASE_URL) | NAME_BIT(NAME_CLIENT_ID) |                      \
     NAME_BIT(NAME_SCOPE) | NAME_BIT(NAME_SECRET))
#define TOKENS (NAME_BIT(NAME_ACCESS_TOKEN) | NAME_BIT(NAME_SUBJECT))

static const unsigned request_names[REQUEST_KINDS] = {
    [REQUEST_SIGN_IN] = ANYWHERE | NAME_BIT(NAME_PASSWORD),
    [REQUEST_REFRESH] = ANYWHERE | TOKENS | NAME_BIT(NAME_REFRESH_TOKEN),
    [REQUEST_REVOKE_ACCESS] = ANYWHERE | TOKENS | NAME_BIT(NAME_REFRESH_TOKEN),
    [REQUEST_REVOKE_REFRESH] = ANYWHERE | TOKENS | NAME_BIT(NAME_REFRESH_TOKEN),
    [REQUEST_USERINFO] = ANYWHERE | TOKENS,
    [REQUEST_INTROSPECT] = ANYWHERE | TOKENS,
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
provider_names(const char *key)
{
    const char *rest;
    enum request_kind kind = key_request(key, &rest);

    if (kind < REQUEST_KINDS)
        return request_names[kind];
    if (strcmp(key, "login_name") == 0)
        return NAME_BIT(NAME_USER) | NAME_BIT(NAME_HOST);
    if (strcmp(key, "authorization") == 0)
        return NAME_BIT(NAME_ACCESS_TOKEN);
    return ANYWHERE; /* header.NAME goes with every request */
}

const struct key_scope provider_scope = {provider_names, ""};

void
key_authorization(const struct key_use *use, void *target)
{
    struct template *template = key_template(use, TEMPLATE_HEADER);

    if (template == NULL)
        return;
    if (!template_uses(template, NAME_ACCESS_TOKEN))
        key_complain(use, "must hold {{access_token}}, as in Bearer "
                          "{{access_token}}");
    template_free(template);
    key_copy(use, target, use->setting->value);
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
    struct provider_config *provider = target;
    const char *value = use->setting->value;

    provider->check_at_refresh = REQUEST_KINDS;
    provider->check_directory_at_refresh = strcmp(value, "directory") == 0;
    if (strcmp(value, "userinfo") == 0)
        provider->check_at_refresh = REQUEST_USERINFO;
    else if (strcmp(value, "introspect") == 0)
        provider->check_at_refresh = REQUEST_INTROSPECT;
    else if (strcmp(value, "none") != 0 && strcmp(value, "directory") != 0)
        key_complain(use, "must be one of: none userinfo introspect "
                          "directory");
}
