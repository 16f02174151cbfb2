/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From one page of a list to the next.  A page that is shorter than what was
 * asked for is no sign of the end: servers cap the size.  So paging by
 * numbers ends on an empty page, or where the server says how many there are.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fetch_private.h"
#include "signind/config/buffer.h"

/* Longest URL of a next page, in bytes.  References add up, and each must be
 * found its place in the one before: no server needs more. */
#define PAGE_URL_MAX 8192

void
page_walk_done(struct page_walk *walk)
{
    wipe_free(walk->url);
    free(walk->origin);
    json_decref(walk->first);
    json_decref(walk->last);
    *walk = (struct page_walk){0};
}

/* ---- query parameters -------------------------------------------------------
 */

static void
page_add_parameter(struct buffer *url, const char *name, uint64_t number)
{
    const char *query = strchr(url->text, '?');
    char digits[24];

    if (query == NULL)
        buffer_add_char(url, '?');
    else if (query[1] != '\0' && url->text[url->length - 1] != '&')
        buffer_add_char(url, '&');
    for (; *name != '\0'; name++)
        if ((unsigned char)*name < 0x80 &&
            (isalnum((unsigned char)*name) || strchr("-._~$", *name) != NULL))
            buffer_add_char(url, *name);
        else
            buffer_add_percent(url, (unsigned char)*name);
    snprintf(digits, sizeof(digits), "=%" PRIu64, number);
    buffer_add_text(url, digits);
}

int
page_walk_url(struct page_walk *walk, char **url)
{
    const struct page_config *config = walk->config;
    cleanup_buffer struct buffer buffer = {0};
    char *text = NULL;
    int r;

    if (walk->origin == NULL)
        walk->origin = page_origin(*url);
    if (walk->origin == NULL)
        return -EINVAL;
    buffer_add_text(&buffer, walk->url != NULL ? walk->url : *url);
    if (buffer.text == NULL)
        return -ENOMEM;
    if (walk->url == NULL && config->kind != PAGE_NONE &&
        config->size_parameter != NULL)
        page_add_parameter(&buffer, config->size_parameter, config->size);
    if (config->kind == PAGE_OFFSET && config->parameter != NULL &&
        buffer.error == 0)
        page_add_parameter(&buffer, config->parameter,
                           config->first + walk->received);
    if (config->kind == PAGE_NUMBER && config->parameter != NULL &&
        buffer.error == 0)
        page_add_parameter(&buffer, config->parameter,
                           (uint64_t)config->first + walk->pages);
    r = buffer_take(&buffer, &text, NULL);
    if (r < 0)
        return r;
    wipe_free(*url);
    *url = text;
    return 0;
}

/* ---- the next URL -----------------------------------------------------------
 */

/* Length of "scheme://host:port", 0: it does not begin so. */
static size_t
page_authority(const char *url)
{
    const char *host = strstr(url, "://");

    if (host == NULL || (strncasecmp(url, "https:", 6) != 0 &&
                         strncasecmp(url, "http:", 5) != 0))
        return 0;
    host += strlen("://");
    return (size_t)(host - url) + strcspn(host, "/?#");
}

char *
page_origin(const char *url)
{
    size_t length = page_authority(url);
    char *origin = length == 0 ? NULL : malloc(length + sizeof(":443"));
    const char *bracket, *port;

    if (origin == NULL)
        return NULL;
    for (size_t i = 0; i < length; i++)
        origin[i] = (char)tolower((unsigned char)url[i]);
    origin[length] = '\0';
    /* The colon behind the host: an IPv6 address has others. */
    bracket = strrchr(origin, ']');
    port = strchr(bracket != NULL ? bracket : strstr(origin, "//"), ':');
    if (port == NULL)
        strcat(origin, strncmp(origin, "https:", 6) == 0 ? ":443" : ":80");
    return origin;
}

/*
 * A reference (RFC 3986, 4.1) to a whole URL.  0, -ENOMEM, or -EINVAL: it is
 * none, or leads elsewhere than to origin.
 */
static int
page_resolve(const char *reference, const char *base, const char *origin,
             char **ret_url)
{
    cleanup_buffer struct buffer buffer = {0};
    cleanup_free char *there = NULL;
    size_t authority = page_authority(base), keep;
    char *url = NULL;
    int r;

    for (const char *p = reference; *p != '\0'; p++)
        if (*p <= 0x20 || *p > 0x7e || *p == '\\')
            return -EINVAL;
    if (strlen(reference) > PAGE_URL_MAX || strlen(base) > PAGE_URL_MAX)
        return -EINVAL;
    keep = authority;
    if (page_authority(reference) != 0)
        keep = 0;
    else if (memchr(reference, ':', strcspn(reference, "/?#")) != NULL)
        return -EINVAL;
    else if (strncmp(reference, "//", 2) == 0)
        keep = strcspn(base, "/");
    else if (*reference == '?')
        keep += strcspn(base + authority, "?");
    else if (*reference != '/')
        while (memchr(base + keep, '/', strcspn(base + keep, "?")) != NULL)
            keep++;
    buffer_add(&buffer, base, keep);
    if (*reference != '/' && *reference != '?' && keep == authority && keep > 0)
        buffer_add_char(&buffer, '/');
    buffer_add(&buffer, reference, strcspn(reference, "#"));
    r = buffer_take(&buffer, &url, NULL);
    if (r < 0)
        return r;
    there = page_origin(url);
    if (there == NULL || strcmp(there, origin) != 0 ||
        strlen(url) > PAGE_URL_MAX) {
        wipe_free(url);
        return -EINVAL;
    }
    *ret_url = url;
    return 0;
}

/* Does a parameter's value, quoted or not, hold this word (RFC 8288, 3.3)? */
static bool
page_has_relation(const char *value, size_t length)
{
    static const char next[] = "next";

    if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
        value++;
        length -= 2;
    }
    while (length > 0) {
        const char *space = memchr(value, ' ', length);
        size_t word = space == NULL ? length : (size_t)(space - value);

        if (word == strlen(next) && strncasecmp(value, next, word) == 0)
            return true;
        value += word;
        length -= word;
        while (length > 0 && *value == ' ') {
            value++;
            length--;
        }
    }
    return false;
}

/* The length of a link's parameters: up to a comma outside quotes. */
static size_t
page_link_length(const char *text)
{
    bool quoted = false;
    size_t i;

    for (i = 0; text[i] != '\0' && (quoted || text[i] != ','); i++) {
        if (text[i] == '"')
            quoted = !quoted;
        else if (quoted && text[i] == '\\' && text[i + 1] != '\0')
            i++;
    }
    return i;
}

static bool
page_link_is_next(const char *text, size_t length)
{
    const char *end = text + length;

    while (text < end) {
        const char *semicolon = memchr(text, ';', (size_t)(end - text));
        const char *stop = semicolon == NULL ? end : semicolon;

        while (text < stop && (*text == ' ' || *text == '\t'))
            text++;
        while (stop > text && (stop[-1] == ' ' || stop[-1] == '\t'))
            stop--;
        if (stop - text > 4 && strncasecmp(text, "rel=", 4) == 0)
            return page_has_relation(text + 4, (size_t)(stop - text - 4));
        text = semicolon == NULL ? end : semicolon + 1;
    }
    return false;
}

/* rel=next of one Link header (RFC 8288, 3).  0, -ENOENT or -ENOMEM. */
static int
page_link(const char *text, char **ret_reference)
{
    for (;;) {
        const char *open = strchr(text, '<');
        const char *close = open == NULL ? NULL : strchr(open, '>');
        size_t length;

        if (close == NULL)
            return -ENOENT;
        length = page_link_length(close + 1);
        if (page_link_is_next(close + 1, length)) {
            *ret_reference = strndup(open + 1, (size_t)(close - open - 1));
            return *ret_reference == NULL ? -ENOMEM : 0;
        }
        text = close + 1 + length;
    }
}

/* What the answer names as next.  0, -ENOENT, -EINVAL or -ENOMEM. */
static int
page_reference(const struct source *next, const json_t *document,
               const struct http_answer *http, char **ret_reference)
{
    int r = -ENOENT;

    if (next == NULL)
        return -ENOENT;
    if (next->kind != SOURCE_HEADER)
        return json_plain_text(json_at(document, next->pointer), SIZE_MAX,
                               ret_reference);
    for (const struct http_header *header = http->headers;
         r == -ENOENT && header != NULL; header = header->next)
        if (strcasecmp(header->name, next->pointer) == 0)
            r = page_link(header->value, ret_reference);
    return r;
}

static int
page_follow(struct page_walk *walk, const char *requested,
            const json_t *document, const struct http_answer *http,
            const char **ret_why)
{
    cleanup_free char *reference = NULL;
    char *url = NULL;
    int r = page_reference(walk->config->next, document, http, &reference);

    if (r == -ENOENT)
        return 0;
    if (r == 0)
        r = page_resolve(reference, requested, walk->origin, &url);
    if (r == 0 && strcmp(url, requested) == 0) {
        *ret_why = "the next page is the same page again";
        wipe_free(url);
        return -EINVAL;
    }
    *ret_why = r == -ENOMEM ? "out of memory"
                            : "the next page is no URL of the same host";
    if (r < 0)
        return r;
    wipe_free(walk->url);
    walk->url = url;
    return 1;
}

/* ---- the end ----------------------------------------------------------------
 */

static bool
page_same(const json_t *item, const json_t *other, const char *identity)
{
    const json_t *one = identity == NULL ? NULL : json_at(item, identity);
    const json_t *two = identity == NULL ? NULL : json_at(other, identity);

    if (one == NULL || two == NULL)
        return json_equal(item, other) != 0;
    return json_equal(one, two) != 0;
}

/* Has this page been here before? */
static bool
page_repeats(struct page_walk *walk, json_t *item, const char *identity)
{
    if (item == NULL)
        return false;
    if (page_same(item, walk->first, identity) ||
        page_same(item, walk->last, identity))
        return true;
    if (walk->first == NULL)
        walk->first = json_incref(item);
    json_decref(walk->last);
    walk->last = json_incref(item);
    return false;
}

/*
 * Somebody who is deleted while the list is read moves all behind to the
 * front, and one of them from the next page to this one, past us.
 */
static bool
page_total_holds(struct page_walk *walk, uint64_t total, const char **ret_why)
{
    bool shorter = walk->pages > 1 && total < walk->total;

    walk->total = total;
    *ret_why = shorter ? "the list got shorter while it was read"
                       : "the list is longer than totalResults";
    return !shorter && walk->received <= total;
}

int
page_walk_next(struct page_walk *walk, const char *requested,
               const json_t *document, const struct http_answer *http,
               const json_t *items, const char *identity, int64_t total,
               const char **ret_why)
{
    size_t count = json_array_size(items);

    walk->pages++;
    walk->received += count;
    if (page_repeats(walk, json_array_get(items, 0), identity)) {
        *ret_why = "a page repeats another (see page and page_parameter)";
        return -EINVAL;
    }
    if (walk->received > FETCH_ITEMS_MAX || walk->pages >= FETCH_PAGES_MAX) {
        *ret_why = "the list does not end";
        return -EINVAL;
    }
    if (walk->config->kind == PAGE_NONE)
        return 0;
    if (walk->config->kind == PAGE_NEXT)
        return page_follow(walk, requested, document, http, ret_why);
    if (total >= 0 && !page_total_holds(walk, (uint64_t)total, ret_why))
        return -EINVAL;
    if (total >= 0 && walk->received == (uint64_t)total)
        return 0;
    if (count > 0)
        return 1;
    *ret_why = "the list ends before totalResults";
    return total >= 0 ? -EINVAL : 0;
}
