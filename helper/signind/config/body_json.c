/* SPDX-License-Identifier: BSD-2-Clause */
#include "body.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static struct json_node *json_node_make(json_t *json, const char **ret_error);

/*
 * A name or value without {{ }} as JSON text; NULL: out of memory.  Jansson's
 * own memory goes back to whatever allocator signind gave it.
 */
static char *
json_text(const json_t *json)
{
    char *dump = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
    char *text = dump != NULL ? strdup(dump) : NULL;
    json_free_t release;

    json_get_alloc_funcs(NULL, &release);
    release(dump);
    return text;
}

/* Add a child; takes it over, also on failure.  NULL is a failure. */
static int
json_node_add(struct json_node *node, struct json_node *child)
{
    struct json_node **children;

    if (child == NULL)
        return -EINVAL;
    children = reallocarray(node->children, node->count + 1, sizeof(*children));
    if (children == NULL) {
        json_node_free(child);
        return -ENOMEM;
    }
    node->children = children;
    children[node->count++] = child;
    return 0;
}

static int
json_node_add_members(struct json_node *node, json_t *json,
                      const char **ret_error)
{
    const char *name;
    json_t *value;

    json_object_foreach(json, name, value)
    {
        struct json_node *child;
        json_t *quoted;

        if (strstr(name, "{{") != NULL || strstr(name, "}}") != NULL) {
            *ret_error = "the name of a JSON member cannot hold {{ }}";
            return -EINVAL;
        }
        child = json_node_make(value, ret_error);
        if (child == NULL)
            return -EINVAL;
        quoted = json_string(name);
        child->name = quoted != NULL ? json_text(quoted) : NULL;
        json_decref(quoted);
        if (child->name == NULL) {
            json_node_free(child);
            return -ENOMEM;
        }
        if (json_node_add(node, child) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int
json_node_fill(struct json_node *node, json_t *json, const char **ret_error)
{
    int r = 0;

    if (json_is_object(json)) {
        node->kind = JSON_NODE_OBJECT;
        r = json_node_add_members(node, json, ret_error);
    } else if (json_is_array(json)) {
        node->kind = JSON_NODE_ARRAY;
        for (size_t i = 0; r == 0 && i < json_array_size(json); i++)
            r = json_node_add(
                node, json_node_make(json_array_get(json, i), ret_error));
    } else if (json_is_string(json)) {
        node->kind = JSON_NODE_STRING;
        r = parts_parse(&node->value, json_string_value(json), ret_error);
    } else {
        node->kind = JSON_NODE_TEXT;
        node->text = json_text(json);
        r = node->text == NULL ? -ENOMEM : 0;
    }
    return r;
}

/* Jansson itself limits how deep a document goes (2,048 levels). */
static struct json_node *
json_node_make(json_t *json, const char **ret_error)
{
    struct json_node *node = calloc(1, sizeof(*node));

    if (node == NULL)
        return NULL;
    if (json_node_fill(node, json, ret_error) < 0) {
        json_node_free(node);
        return NULL;
    }
    return node;
}

struct json_node *
json_node_parse(const char *text, const char **ret_error)
{
    struct json_node *node;
    json_error_t error;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);

    if (json == NULL) {
        *ret_error =
            json_error_code(&error) == json_error_duplicate_key
                ? "not JSON: a member stands twice in one object"
                : "not JSON: check quotes (around {{ }} as well), commas, "
                  "colons and braces";
        return NULL;
    }
    *ret_error = "out of memory";
    node = json_node_make(json, ret_error);
    json_decref(json);
    return node;
}

void
json_node_free(struct json_node *node)
{
    if (node == NULL)
        return;
    for (size_t i = 0; i < node->count; i++)
        json_node_free(node->children[i]);
    free(node->children);
    free(node->name);
    free(node->text);
    parts_done(&node->value);
    free(node);
}

static int
json_node_bind_children(const struct json_node *node,
                        const struct template_values *values,
                        struct buffer *buffer)
{
    bool first = true;
    int r = 0;

    for (size_t i = 0; r == 0 && i < node->count; i++) {
        const struct json_node *child = node->children[i];

        if (child->kind == JSON_NODE_STRING &&
            parts_absent(&child->value, values))
            continue;
        if (!first)
            buffer_add_char(buffer, ',');
        first = false;
        if (child->name != NULL) {
            buffer_add_text(buffer, child->name);
            buffer_add_char(buffer, ':');
        }
        r = json_node_bind(child, values, buffer);
    }
    return r;
}

int
json_node_bind(const struct json_node *node,
               const struct template_values *values, struct buffer *buffer)
{
    bool object = node->kind == JSON_NODE_OBJECT;
    int r;

    switch (node->kind) {
    case JSON_NODE_TEXT:
        buffer_add_text(buffer, node->text);
        return 0;
    case JSON_NODE_STRING:
        buffer_add_char(buffer, '"');
        r = parts_bind(&node->value, values, part_encode_json, part_encode_json,
                       buffer);
        buffer_add_char(buffer, '"');
        return r;
    case JSON_NODE_OBJECT:
    case JSON_NODE_ARRAY:
        break;
    }
    buffer_add_char(buffer, object ? '{' : '[');
    r = json_node_bind_children(node, values, buffer);
    buffer_add_char(buffer, object ? '}' : ']');
    return r;
}

void
json_node_walk(const struct json_node *node,
               void (*each)(const struct parts *parts, void *context),
               void *context)
{
    if (node->kind == JSON_NODE_STRING)
        each(&node->value, context);
    for (size_t i = 0; i < node->count; i++)
        json_node_walk(node->children[i], each, context);
}
