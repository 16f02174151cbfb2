/* SPDX-License-Identifier: BSD-2-Clause */
#include "source.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

static const struct {
    const char *prefix;
    enum source_kind kind;
} prefixes[] = {
    {"access:", SOURCE_ACCESS},
    {"userinfo:", SOURCE_USERINFO},
    {"introspect:", SOURCE_INTROSPECT},
    {"header:", SOURCE_HEADER},
};

/* RFC 6901, 3: a tilde stands only in ~0 and ~1. */
static bool
pointer_valid(const char *pointer)
{
    const char *p;

    for (p = pointer; (p = strchr(p, '~')) != NULL; p++)
        if (p[1] != '0' && p[1] != '1')
            return false;
    return true;
}

/* NULL, or what is wrong with the part after the prefix. */
static const char *
source_mistake(enum source_kind kind, const char *pointer)
{
    if (kind == SOURCE_HEADER)
        return name_is_token(pointer)
                   ? NULL
                   : "header: is followed by the name of a header, such as "
                     "header:X-Token";
    if (pointer[0] != '/')
        return "a JSON Pointer begins with / (RFC 6901)";
    if (!pointer_valid(pointer))
        return "in a JSON Pointer ~ is written ~0, and / inside a name ~1 "
               "(RFC 6901)";
    return NULL;
}

struct source *
source_parse(const char *text, const char **ret_error)
{
    enum source_kind kind = SOURCE_ANSWER;
    const char *pointer = text;
    const char *mistake;
    struct source *source;

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t length = strlen(prefixes[i].prefix);

        if (strncmp(text, prefixes[i].prefix, length) == 0) {
            kind = prefixes[i].kind;
            pointer = text + length;
        }
    }
    if (strncmp(text, "id:", 3) == 0)
        mistake = "id: (a verified ID token) is not supported by this version";
    else if (kind == SOURCE_ANSWER && text[0] != '/')
        mistake = "must be a JSON Pointer that begins with /, or begins "
                  "with access:/, userinfo:/, introspect:/ or header:";
    else
        mistake = source_mistake(kind, pointer);
    if (mistake != NULL) {
        *ret_error = mistake;
        return NULL;
    }

    source = calloc(1, sizeof(*source));
    if (source != NULL) {
        source->kind = kind;
        source->text = strdup(text);
        source->pointer = strdup(pointer);
    }
    if (source == NULL || source->text == NULL || source->pointer == NULL) {
        source_free(source);
        *ret_error = "out of memory";
        return NULL;
    }
    return source;
}

void
source_free(struct source *source)
{
    if (source == NULL)
        return;
    free(source->text);
    free(source->pointer);
    free(source);
}
