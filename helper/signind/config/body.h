/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * body: the two kinds of struct template_body, behind template.h.
 */
#ifndef SIGNIN_BODY_H
#define SIGNIN_BODY_H

#include "buffer.h"
#include "parts.h"
#include "template.h"

/* A form (body_form.c): pairs in order. */
struct form_pair {
    char *name; /* decoded */
    struct parts value;
};
struct form {
    struct form_pair *pairs;
    size_t count;
};

/* 0, or a negative errno with *ret_error set; call form_done() either way. */
int form_parse(struct form *form, const char *text, const char **ret_error);
void form_done(struct form *form);
int form_bind(const struct form *form, const struct template_values *values,
              struct buffer *buffer);

/* JSON (body_json.c): a tree in document order. */
enum json_node_kind {
    JSON_NODE_TEXT, /* JSON that holds no names: text */
    JSON_NODE_STRING,
    JSON_NODE_OBJECT,
    JSON_NODE_ARRAY
};
struct json_node {
    enum json_node_kind kind;
    char *name;         /* of a member of an object: JSON, quoted */
    char *text;         /* JSON_NODE_TEXT */
    struct parts value; /* JSON_NODE_STRING */
    struct json_node **children;
    size_t count;
};

/* NULL with *ret_error set on error. */
struct json_node *json_node_parse(const char *text, const char **ret_error);
void json_node_free(struct json_node *node);
int json_node_bind(const struct json_node *node,
                   const struct template_values *values, struct buffer *buffer);
/* Call each() with the parts of every string. */
void json_node_walk(const struct json_node *node,
                    void (*each)(const struct parts *parts, void *context),
                    void *context);

#endif
