/* SPDX-License-Identifier: BSD-2-Clause */
#include "directories.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Which names have a value where.  No user's password or token is ever part
 * of asking a directory. */
#define ANYWHERE                                                               \
    (NAME_BIT(NAME_HOST) | NAME_BIT(NAME_BASE_URL) |                           \
     NAME_BIT(NAME_CLIENT_ID) | NAME_BIT(NAME_SCOPE) | NAME_BIT(NAME_SECRET))
#define ONE_USER (NAME_BIT(NAME_USER) | NAME_BIT(NAME_LOGIN))

static const unsigned request_names[DIRECTORY_REQUESTS] = {
    [DIRECTORY_TOKEN] = ANYWHERE,
    [DIRECTORY_USER_BY_NAME] = ANYWHERE | ONE_USER,
    [DIRECTORY_USERS] = ANYWHERE,
    [DIRECTORY_GROUPS] = ANYWHERE,
    [DIRECTORY_USER_GROUPS] = ANYWHERE | ONE_USER | NAME_BIT(NAME_SUBJECT),
};

enum directory_request
directory_key_request(const char *key, const char **ret_rest)
{
    for (unsigned i = 0; i < DIRECTORY_REQUESTS; i++) {
        enum directory_request request = (enum directory_request)i;
        const char *name = directory_request_name(request);
        size_t length = strlen(name);

        if (strncmp(key, name, length) == 0 && key[length] == '.') {
            *ret_rest = key + length + 1;
            return request;
        }
    }
    *ret_rest = key;
    return DIRECTORY_REQUESTS;
}

static unsigned
directory_names(const char *key)
{
    const char *rest;
    enum directory_request request = directory_key_request(key, &rest);

    if (request < DIRECTORY_REQUESTS)
        return request_names[request];
    if (strcmp(key, "login_name") == 0)
        return NAME_BIT(NAME_USER) | NAME_BIT(NAME_HOST);
    return ANYWHERE; /* authorization, header.NAME */
}

const struct key_scope directory_scope = {
    directory_names,
    ": a directory is asked with user and login (in user_by_name and "
    "user_groups), subject (in user_groups), host, base_url, client_id, scope "
    "and secret.NAME"};

bool
value_is_none(const struct setting *setting)
{
    return setting != NULL && strcmp(setting->value, "none") == 0;
}

void
key_directory_url(const struct key_use *use, void *target)
{
    struct template **url = target;

    if (!value_is_none(use->setting)) {
        key_url(use, url);
        return;
    }
    template_free(*url);
    *url = NULL;
}

void
key_directory_client_auth(const struct key_use *use, void *target)
{
    enum client_auth *auth = target;

    if (strcmp(use->setting->value, "basic") == 0)
        *auth = CLIENT_AUTH_BASIC;
    else if (strcmp(use->setting->value, "post") == 0)
        *auth = CLIENT_AUTH_POST;
    else
        key_complain(use, "must be one of: basic post");
}

void
key_pointer(const struct key_use *use, void *target)
{
    const char *value = use->setting->value, *mistake = NULL;
    struct source *source;
    char **pointer = target;

    if (value_is_none(use->setting)) {
        free(*pointer);
        *pointer = NULL;
        return;
    }
    source = source_parse(value, &mistake);
    if (source == NULL && value[0] == '/')
        key_complain(use, "%s", mistake);
    else if (source == NULL || source->kind != SOURCE_ANSWER)
        key_complain(use, "must be a JSON Pointer that begins with / (RFC "
                          "6901), or none");
    else
        key_copy(use, pointer, value);
    source_free(source);
}

void
key_page_next(const struct key_use *use, void *target)
{
    const char *mistake = NULL;
    struct source *source = source_parse(use->setting->value, &mistake);
    struct source **next = target;

    if (source != NULL && source->kind != SOURCE_ANSWER &&
        (source->kind != SOURCE_HEADER ||
         strcasecmp(source->pointer, "link") != 0)) {
        source_free(source);
        source = NULL;
    }
    if (source == NULL) {
        key_complain(use, "must be a JSON Pointer to the next page's URL, or "
                          "header:Link (RFC 8288)");
        return;
    }
    source_free(*next);
    *next = source;
}
