/* SPDX-License-Identifier: BSD-2-Clause */
#include "body.h"

#include <errno.h>
#include <stdlib.h>

struct template_body {
    enum template_body_kind kind;
    struct form form;
    struct json_node *json;
};

struct template_body *
template_body_parse(const char *text, enum template_body_kind kind,
                    const char **ret_error)
{
    struct template_body *body = calloc(1, sizeof(*body));
    const char *mistake = "out of memory";
    int r = -ENOMEM;

    if (body != NULL) {
        body->kind = kind;
        if (kind == TEMPLATE_FORM) {
            r = form_parse(&body->form, text, &mistake);
        } else {
            body->json = json_node_parse(text, &mistake);
            r = body->json == NULL ? -EINVAL : 0;
        }
    }
    if (r < 0) {
        template_body_free(body);
        *ret_error = mistake;
        return NULL;
    }
    return body;
}

void
template_body_free(struct template_body *body)
{
    if (body == NULL)
        return;
    form_done(&body->form);
    json_node_free(body->json);
    free(body);
}

static void
body_walk(const struct template_body *body,
          void (*each)(const struct parts *parts, void *context), void *context)
{
    for (size_t i = 0; i < body->form.count; i++)
        each(&body->form.pairs[i].value, context);
    if (body->json != NULL)
        json_node_walk(body->json, each, context);
}

struct secret_walk {
    void (*each)(const char *name, void *context);
    void *context;
};

static void
walk_secrets(const struct parts *parts, void *context)
{
    const struct secret_walk *walk = context;

    parts_each_secret(parts, walk->each, walk->context);
}

void
template_body_each_secret(const struct template_body *body,
                          void (*each)(const char *name, void *context),
                          void *context)
{
    struct secret_walk walk = {each, context};

    body_walk(body, walk_secrets, &walk);
}

struct use_walk {
    enum template_name name;
    bool used;
};

static void
walk_uses(const struct parts *parts, void *context)
{
    struct use_walk *walk = context;

    walk->used = walk->used || parts_use(parts, walk->name);
}

bool
template_body_uses(const struct template_body *body, enum template_name name)
{
    struct use_walk walk = {name, false};

    body_walk(body, walk_uses, &walk);
    return walk.used;
}

int
template_body_bind(const struct template_body *body,
                   const struct template_values *values, char **ret_text,
                   size_t *ret_length)
{
    cleanup_buffer struct buffer buffer = {0};
    int r;

    if (body->kind == TEMPLATE_FORM)
        r = form_bind(&body->form, values, &buffer);
    else
        r = json_node_bind(body->json, values, &buffer);
    if (r < 0)
        return r;
    return buffer_take(&buffer, ret_text, ret_length);
}
