/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys whose value is a source, and what may be kept.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "view.h"

/* NULL: complained. */
static struct source *
parse_source(const struct key_use *use)
{
    const char *mistake = NULL;
    struct source *source = source_parse(use->setting->value, &mistake);

    if (source == NULL)
        key_complain(use, "%s", mistake);
    return source;
}

void
key_source(const struct key_use *use, void *target)
{
    struct source **to = target;
    struct source *source = parse_source(use);

    if (source == NULL)
        return;
    source_free(*to);
    *to = source;
}

/* Whole names, whatever their case. */
static bool
is_secret_word(const char *word, size_t length)
{
    static const char *const words[] = {
        "password", "passwd",        "pass",         "pwd",
        "secret",   "client_secret", "access_token", "refresh_token"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strlen(words[i]) == length &&
            strncasecmp(words[i], word, length) == 0)
            return true;
    return false;
}

static bool
names_secret(const char *pointer)
{
    while (*pointer != '\0') {
        size_t length = strcspn(pointer, "/");

        if (is_secret_word(pointer, length))
            return true;
        pointer += length;
        pointer += *pointer == '/';
    }
    return false;
}

static const char *
keep_mistake(const char *name, const struct source *source)
{
    const char *pointer = source->pointer;

    if (!name_is_kept(name))
        return "NAME in keep.NAME consists of a-z, 0-9, '_' and '.', at most "
               "59";
    if (strcmp(name, "user") == 0 || is_secret_word(name, strlen(name)))
        return "is never kept: what is kept, every process of the session "
               "can read";
    if (source->kind == SOURCE_ANSWER &&
        (strcmp(pointer, "/user") == 0 || strncmp(pointer, "/user/", 6) == 0))
        return "/user is never kept: it is dropped once it has named who "
               "signed in";
    if (names_secret(pointer))
        return "is never kept: a password, secret or token, which every "
               "process of the session could read";
    return NULL;
}

void
key_keep(const struct key_use *use, void *target)
{
    struct provider_config *provider = target;
    struct keep_config made = {0}, *keep = NULL;
    const char *mistake;

    made.source = parse_source(use);
    if (made.source == NULL)
        return;
    mistake = keep_mistake(use->name, made.source);
    if (mistake != NULL)
        key_complain(use, "%s", mistake);
    else
        key_copy(use, &made.name, use->name);
    if (made.name != NULL)
        keep = reallocarray(provider->keep, provider->keep_count + 1,
                            sizeof(*keep));
    if (keep == NULL) {
        source_free(made.source);
        free(made.name);
        return;
    }
    provider->keep = keep;
    keep[provider->keep_count++] = made;
}
