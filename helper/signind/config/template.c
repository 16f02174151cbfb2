/* SPDX-License-Identifier: BSD-2-Clause */
#include "template.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "parts.h"

struct template
{
    enum template_where where;
    struct parts parts;
};

static bool
has_controls(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

/* Only what RFC 3986 lets stand in a URI, and no fragment. */
static const char *
url_literal_mistake(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '%' && isxdigit((unsigned char)text[1]) &&
            isxdigit((unsigned char)text[2]))
            continue;
        if (*text == '#')
            return "a URL that is fetched has no #fragment";
        if ((unsigned char)*text >= 0x80 ||
            (!isalnum((unsigned char)*text) &&
             strchr("-._~:/?[]@!$&'()*+,;=", *text) == NULL))
            return "a character that cannot stand in a URL: write it as %XX";
    }
    return NULL;
}

/*
 * A value must not choose the host: names stand only behind the first slash
 * after the host, and {{base_url}} only in front of everything.
 */
static const char *
url_mistake(const struct parts *parts)
{
    bool behind_host = false;

    for (size_t i = 0; i < parts->count; i++) {
        const struct part *part = &parts->items[i];
        const char *mistake = NULL;

        if (!part->is_name) {
            mistake = url_literal_mistake(part->text);
            if (mistake == NULL && i == 0) {
                const char *host = strstr(part->text, "://");

                behind_host = host != NULL && strpbrk(host + 3, "/?") != NULL;
            }
        } else if (part->name == NAME_BASE_URL) {
            if (i != 0)
                mistake = "{{base_url}} stands only at the beginning of a URL";
            else if (parts->count > 1 &&
                     (parts->items[1].is_name ||
                      strchr("/?", parts->items[1].text[0]) == NULL))
                mistake = "{{base_url}} is followed by /";
            behind_host = true;
        } else if (!behind_host) {
            mistake = "the scheme and host of a URL cannot hold {{ }}, "
                      "except {{base_url}}";
        }
        if (mistake != NULL)
            return mistake;
    }
    return NULL;
}

static const char *
template_mistake(const struct template *template)
{
    const struct parts *parts = &template->parts;

    if (template->where == TEMPLATE_URL)
        return url_mistake(parts);
    if (template->where == TEMPLATE_HEADER)
        for (size_t i = 0; i < parts->count; i++)
            if (!parts->items[i].is_name && has_controls(parts->items[i].text))
                return "a control character cannot stand in a header";
    return NULL;
}

struct template *
template_parse(const char *text, enum template_where where,
               const char **ret_error)
{
    struct template *template = calloc(1, sizeof(*template));
    const char *mistake = "out of memory";

    if (template != NULL) {
        template->where = where;
        if (parts_parse(&template->parts, text, &mistake) == 0)
            mistake = template_mistake(template);
    }
    if (mistake != NULL) {
        template_free(template);
        *ret_error = mistake;
        return NULL;
    }
    return template;
}

void
template_free(struct template *template)
{
    if (template == NULL)
        return;
    parts_done(&template->parts);
    free(template);
}

bool
template_uses(const struct template *template, enum template_name name)
{
    return parts_use(&template->parts, name);
}

char *
template_origin(const struct template *template)
{
    const struct part *first =
        template->parts.count > 0 ? &template->parts.items[0] : NULL;
    const char *host;

    if (first == NULL || first->is_name)
        return NULL;
    host = strstr(first->text, "://");
    if (host == NULL)
        return NULL;
    host += strlen("://");
    return strndup(first->text,
                   (size_t)(host - first->text) + strcspn(host, "/?"));
}

void
template_each_secret(const struct template *template,
                     void (*each)(const char *name, void *context),
                     void *context)
{
    parts_each_secret(&template->parts, each, context);
}

static int
encode_header(struct buffer *buffer, const char *text)
{
    if (has_controls(text))
        return -EINVAL;
    buffer_add_text(buffer, text);
    return 0;
}

/* RFC 3986, 2.3: only the unreserved characters stay. */
static void
encode_url(struct buffer *buffer, const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x80 &&
            (isalnum((unsigned char)*text) || strchr("-._~", *text) != NULL))
            buffer_add_char(buffer, *text);
        else
            buffer_add_percent(buffer, (unsigned char)*text);
}

/*
 * The path segment that is being written.  One that holds a value must be
 * neither empty (GET /users/ lists everybody) nor "." or ".." (which servers
 * and clients take out, and the segment before it too).
 */
struct segment {
    size_t length;
    bool named;
    bool only_dots;
    bool in_query;
};

static int
segment_end(struct segment *segment)
{
    bool bad = segment->named && !segment->in_query &&
               (segment->length == 0 || segment->only_dots);

    *segment =
        (struct segment){.only_dots = true, .in_query = segment->in_query};
    return bad ? -EINVAL : 0;
}

static int
segment_add(struct segment *segment, const char *text)
{
    while (*text != '\0') {
        bool escaped_dot = strncasecmp(text, "%2e", 3) == 0;

        if (*text == '/' || *text == '?') {
            int r = segment_end(segment);

            if (r < 0)
                return r;
            if (*text == '?')
                segment->in_query = true;
        } else {
            segment->length++;
            if (*text != '.' && !escaped_dot)
                segment->only_dots = false;
        }
        text += escaped_dot ? 3 : 1;
    }
    return 0;
}

static int
bind_url(const struct parts *parts, const struct template_values *values,
         struct buffer *buffer)
{
    struct segment segment = {.only_dots = true};

    for (size_t i = 0; i < parts->count; i++) {
        const struct part *part = &parts->items[i];
        size_t before = buffer->length;
        const char *text =
            part->is_name ? part_value(part, values) : part->text;
        int r;

        if (text == NULL)
            return -ENODATA;
        if (part->is_name && part->name != NAME_BASE_URL) {
            segment.named = true;
            encode_url(buffer, text);
        } else {
            buffer_add_text(buffer, text);
        }
        if (buffer->error != 0)
            return buffer->error;
        if (buffer->length == before)
            continue;
        r = segment_add(&segment, buffer->text + before);
        if (r < 0)
            return r;
    }
    return segment_end(&segment);
}

int
template_bind(const struct template *template,
              const struct template_values *values, char **ret_text)
{
    cleanup_buffer struct buffer buffer = {0};
    int r = -EINVAL;

    switch (template->where) {
    case TEMPLATE_PLAIN:
        r = parts_bind(&template->parts, values, part_encode_plain,
                       part_encode_plain, &buffer);
        break;
    case TEMPLATE_HEADER:
        r = parts_bind(&template->parts, values, encode_header,
                       part_encode_plain, &buffer);
        break;
    case TEMPLATE_URL:
        r = bind_url(&template->parts, values, &buffer);
        break;
    }
    if (r < 0)
        return r;
    return buffer_take(&buffer, ret_text, NULL);
}
