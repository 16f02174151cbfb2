/* SPDX-License-Identifier: BSD-2-Clause */
#include "body.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int
hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return tolower((unsigned char)c) - 'a' + 10;
}

/* Decode '+' and %XX in place.  0, or -EINVAL with *ret_error set. */
static int
form_decode(char *text, const char **ret_error)
{
    char *to = text;

    for (; *text != '\0'; text++) {
        if (*text == '+') {
            *to++ = ' ';
        } else if (*text != '%') {
            *to++ = *text;
        } else if (isxdigit((unsigned char)text[1]) &&
                   isxdigit((unsigned char)text[2])) {
            int byte = hex_value(text[1]) * 16 + hex_value(text[2]);

            if (byte == 0) {
                *ret_error = "%00 cannot stand in a form";
                return -EINVAL;
            }
            *to++ = (char)byte;
            text += 2;
        } else {
            *ret_error = "in a form % begins a code of two hexadecimal "
                         "digits: write %25 for %";
            return -EINVAL;
        }
    }
    *to = '\0';
    return 0;
}

/* One "name=value", in place; pair is in the form already. */
static int
form_parse_pair(struct form_pair *pair, char *text, const char **ret_error)
{
    char *value = strchr(text, '=');
    int r;

    if (value == NULL || value == text) {
        *ret_error = "a form is name=value pairs joined by &";
        return -EINVAL;
    }
    *value++ = '\0';
    if (strstr(text, "{{") != NULL || strstr(text, "}}") != NULL) {
        *ret_error = "the name of a form's field cannot hold {{ }}";
        return -EINVAL;
    }
    pair->name = strdup(text);
    if (pair->name == NULL) {
        *ret_error = "out of memory";
        return -ENOMEM;
    }
    r = form_decode(pair->name, ret_error);
    if (r < 0)
        return r;
    r = parts_parse(&pair->value, value, ret_error);
    for (size_t i = 0; r == 0 && i < pair->value.count; i++)
        if (!pair->value.items[i].is_name)
            r = form_decode(pair->value.items[i].text, ret_error);
    return r;
}

int
form_parse(struct form *form, const char *text, const char **ret_error)
{
    char *copy = strdup(text);
    char *rest = copy, *pair;
    int r = copy == NULL ? -ENOMEM : 0;

    while (r == 0 && (pair = strsep(&rest, "&")) != NULL) {
        struct form_pair *pairs =
            reallocarray(form->pairs, form->count + 1, sizeof(*pairs));

        if (pairs == NULL) {
            r = -ENOMEM;
            break;
        }
        form->pairs = pairs;
        pairs[form->count++] = (struct form_pair){0};
        r = form_parse_pair(&pairs[form->count - 1], pair, ret_error);
    }
    free(copy);
    if (r == -ENOMEM)
        *ret_error = "out of memory";
    return r;
}

void
form_done(struct form *form)
{
    for (size_t i = 0; i < form->count; i++) {
        free(form->pairs[i].name);
        parts_done(&form->pairs[i].value);
    }
    free(form->pairs);
    *form = (struct form){0};
}

int
form_bind(const struct form *form, const struct template_values *values,
          struct buffer *buffer)
{
    for (size_t i = 0; i < form->count; i++) {
        const struct form_pair *pair = &form->pairs[i];
        int r;

        if (parts_absent(&pair->value, values))
            continue;
        if (buffer->length > 0)
            buffer_add_char(buffer, '&');
        part_encode_form(buffer, pair->name);
        buffer_add_char(buffer, '=');
        r = parts_bind(&pair->value, values, part_encode_form, part_encode_form,
                       buffer);
        if (r < 0)
            return r;
    }
    return 0;
}
