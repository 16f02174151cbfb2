/* SPDX-License-Identifier: BSD-2-Clause */
#include "parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

static const char *const template_names[TEMPLATE_NAMES] = {
    [NAME_USER] = "user",
    [NAME_LOGIN] = "login",
    [NAME_PASSWORD] = "password",
    [NAME_OTP] = "otp",
    [NAME_ACCESS_TOKEN] = "access_token",
    [NAME_REFRESH_TOKEN] = "refresh_token",
    [NAME_SUBJECT] = "subject",
    [NAME_HOST] = "host",
    [NAME_BASE_URL] = "base_url",
    [NAME_CLIENT_ID] = "client_id",
    [NAME_SCOPE] = "scope",
    [NAME_SECRET] = "secret.",
};

static const char unknown_name[] =
    "unknown name in {{ }}: known are user, login, password, otp, "
    "access_token, refresh_token, subject, host, base_url, client_id, scope "
    "and secret.NAME";

/* Append a part; takes text over, also on failure. */
static int
parts_append(struct parts *parts, bool is_name, enum template_name name,
             char *text)
{
    struct part *items = NULL;

    if (text != NULL)
        items = reallocarray(parts->items, parts->count + 1, sizeof(*items));
    if (items == NULL) {
        free(text);
        return -ENOMEM;
    }
    parts->items = items;
    items[parts->count++] = (struct part){is_name, name, text};
    return 0;
}

/* Append what stands between {{ and }}. */
static int
parts_append_name(struct parts *parts, const char *text, size_t length,
                  const char **ret_error)
{
    const size_t secret = strlen(template_names[NAME_SECRET]);
    char *name = strndup(text, length);
    int r;

    if (name == NULL)
        return -ENOMEM;
    if (strncmp(name, template_names[NAME_SECRET], secret) == 0) {
        if (!name_is_secret(name + secret)) {
            free(name);
            *ret_error = "{{secret.NAME}}: NAME consists of letters, digits, "
                         "'_', '.' and '-', at most 64";
            return -EINVAL;
        }
        r = parts_append(parts, true, NAME_SECRET, strdup(name + secret));
        free(name);
        return r;
    }
    for (unsigned i = 0; i < NAME_SECRET; i++)
        if (strcmp(name, template_names[i]) == 0)
            return parts_append(parts, true, (enum template_name)i, name);
    free(name);
    *ret_error = unknown_name;
    return -EINVAL;
}

static int
parts_cut(struct parts *parts, const char *text, const char **ret_error)
{
    while (*text != '\0') {
        const char *open = strstr(text, "{{");
        const char *close = strstr(text, "}}");
        const char *end = open != NULL ? open : text + strlen(text);
        int r;

        if (close != NULL && close < end) {
            *ret_error = "}} without {{";
            return -EINVAL;
        }
        if (end > text) {
            r = parts_append(parts, false, TEMPLATE_NAMES,
                             strndup(text, (size_t)(end - text)));
            if (r < 0)
                return r;
        }
        if (open == NULL)
            break;
        if (close == NULL) {
            *ret_error = "{{ without }}";
            return -EINVAL;
        }
        r = parts_append_name(parts, open + 2, (size_t)(close - open - 2),
                              ret_error);
        if (r < 0)
            return r;
        text = close + 2;
    }
    return 0;
}

int
parts_parse(struct parts *ret_parts, const char *text, const char **ret_error)
{
    struct parts parts = {0};
    int r = parts_cut(&parts, text, ret_error);

    if (r < 0) {
        if (r == -ENOMEM)
            *ret_error = "out of memory";
        parts_done(&parts);
        return r;
    }
    *ret_parts = parts;
    return 0;
}

void
parts_done(struct parts *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        free(parts->items[i].text);
    free(parts->items);
    *parts = (struct parts){0};
}

bool
parts_use(const struct parts *parts, enum template_name name)
{
    for (size_t i = 0; i < parts->count; i++)
        if (parts->items[i].is_name && parts->items[i].name == name)
            return true;
    return false;
}

void
parts_each_secret(const struct parts *parts,
                  void (*each)(const char *name, void *context), void *context)
{
    for (size_t i = 0; i < parts->count; i++)
        if (parts->items[i].is_name && parts->items[i].name == NAME_SECRET)
            each(parts->items[i].text, context);
}

const char *
part_value(const struct part *part, const struct template_values *values)
{
    if (part->name != NAME_SECRET)
        return values->value[part->name];
    if (values->secret == NULL)
        return NULL;
    return values->secret(values->context, part->text);
}

bool
parts_absent(const struct parts *parts, const struct template_values *values)
{
    return parts->count == 1 && parts->items[0].is_name &&
           parts->items[0].name != NAME_SECRET &&
           part_value(&parts->items[0], values) == NULL;
}

int
parts_bind(const struct parts *parts, const struct template_values *values,
           part_encode *encode, part_encode *literal, struct buffer *buffer)
{
    for (size_t i = 0; i < parts->count; i++) {
        const struct part *part = &parts->items[i];
        const char *text =
            part->is_name ? part_value(part, values) : part->text;
        int r;

        if (text == NULL)
            return -ENODATA;
        r = part->is_name ? encode(buffer, text) : literal(buffer, text);
        if (r < 0)
            return r;
    }
    return 0;
}

int
part_encode_plain(struct buffer *buffer, const char *text)
{
    buffer_add_text(buffer, text);
    return 0;
}

/* application/x-www-form-urlencoded, as RFC 6749, appendix B has it. */
int
part_encode_form(struct buffer *buffer, const char *text)
{
    for (; *text != '\0'; text++) {
        if ((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
            (*text >= '0' && *text <= '9') || strchr("*-._", *text) != NULL)
            buffer_add_char(buffer, *text);
        else if (*text == ' ')
            buffer_add_char(buffer, '+');
        else
            buffer_add_percent(buffer, (unsigned char)*text);
    }
    return 0;
}

/* RFC 8259, 7. */
int
part_encode_json(struct buffer *buffer, const char *text)
{
    static const char digits[] = "0123456789abcdef";

    if (!utf8_valid(text, strlen(text)))
        return -EILSEQ;
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte == '"' || byte == '\\') {
            buffer_add_char(buffer, '\\');
            buffer_add_char(buffer, *text);
        } else if (byte < 0x20 || byte == 0x7f) {
            const char code[6] = {
                '\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};

            buffer_add(buffer, code, sizeof(code));
        } else {
            buffer_add_char(buffer, *text);
        }
    }
    return 0;
}
