/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A template of the configuration, bound to values of an attacker: the input
 * is the template up to the first NUL, then the value.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "signind/config/template.h"
#include "wire/memory.h"

static const char *
no_secret(void *context, const char *name)
{
    (void)context;
    (void)name;
    return "s3cret";
}

static void
bind_line(const char *text, const struct template_values *values,
          enum template_where where)
{
    const char *error = NULL;
    struct template *template = template_parse(text, where, &error);
    char *bound = NULL;

    MUST((template == NULL) == (error != NULL));
    if (template == NULL)
        return;
    if (template_bind(template, values, &bound) == 0) {
        /* No value makes a second header line, or a control character. */
        for (const char *at = bound; where != TEMPLATE_PLAIN && *at; at++)
            MUST((unsigned char)*at >= 0x20 && *at != 0x7f);
    }
    wipe_free(bound);
    template_free(template);
}

static void
bind_body(const char *text, const struct template_values *values,
          enum template_body_kind kind)
{
    const char *error = NULL;
    struct template_body *body = template_body_parse(text, kind, &error);
    char *bound = NULL;
    size_t length = 0;

    MUST((body == NULL) == (error != NULL));
    if (body == NULL)
        return;
    if (template_body_bind(body, values, &bound, &length) == 0 &&
        kind == TEMPLATE_JSON) {
        /* Whatever the value, it is JSON still. */
        json_t *parsed = json_loadb(
            bound, length, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);

        MUST(parsed != NULL);
        json_decref(parsed);
    }
    wipe_free(bound);
    template_body_free(body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size == 0 ? NULL : memchr(data, '\0', size);
    size_t length = end == NULL ? size : (size_t)(end - data);
    size_t rest = end == NULL ? 0 : size - length - 1;
    struct template_values values = {.secret = no_secret};
    char *text = malloc(length + 1), *value = malloc(rest + 1);

    if (text != NULL && value != NULL) {
        memcpy(text, data, length);
        text[length] = '\0';
        memcpy(value, data + (rest > 0 ? length + 1 : 0), rest);
        value[rest] = '\0';
        for (unsigned i = 0; i < TEMPLATE_NAMES; i++)
            values.value[i] = value;
        values.value[NAME_SECRET] = NULL;
        values.value[NAME_BASE_URL] = "https://idp.example";
        bind_line(text, &values, TEMPLATE_PLAIN);
        bind_line(text, &values, TEMPLATE_HEADER);
        bind_line(text, &values, TEMPLATE_URL);
        bind_body(text, &values, TEMPLATE_FORM);
        bind_body(text, &values, TEMPLATE_JSON);
    }
    free(text);
    free(value);
    return 0;
}
