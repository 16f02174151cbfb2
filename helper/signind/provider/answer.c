/* SPDX-License-Identifier: BSD-2-Clause */
#include "answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "signind/jwt.h"
#include "signind/wipe.h"
#include "trace.h"

void
provider_tokens_done(struct provider_tokens *tokens)
{
    secret_done(&tokens->access_token);
    secret_done(&tokens->refresh_token);
    wipe_free(tokens->subject);
    for (size_t i = 0; i < tokens->kept_count; i++) {
        free(tokens->kept[i].name);
        wipe_free(tokens->kept[i].value);
    }
    free(tokens->kept);
    for (size_t i = 0; i < tokens->group_count; i++) {
        wipe_free(tokens->groups[i].id);
        wipe_free(tokens->groups[i].name);
    }
    free(tokens->groups);
    *tokens = (struct provider_tokens){0};
}

static void
answer_headers_free(struct http_header *header)
{
    while (header != NULL) {
        struct http_header *next = header->next;

        wipe_free(header->name);
        wipe_free(header->value);
        free(header);
        header = next;
    }
}

static int
answer_take_headers(struct answer *answer, const struct http_header *from)
{
    struct http_header **end = &answer->headers;

    for (; from != NULL; from = from->next) {
        struct http_header *copy = calloc(1, sizeof(*copy));

        if (copy == NULL)
            return -ENOMEM;
        *end = copy;
        end = &copy->next;
        copy->name = strdup(from->name);
        copy->value = strdup(from->value);
        if (copy->name == NULL || copy->value == NULL)
            return -ENOMEM;
    }
    return 0;
}

int
answer_take(struct answer *answer, const struct http_answer *http)
{
    int r;

    answer->came_at_s = (int64_t)time(NULL);
    answer->date_s = http->date_s;
    r = json_read(http->body, http->body_length, &answer->body,
                  &answer->body_why);
    if (r == -ENOMEM)
        return r;
    return answer_take_headers(answer, http->headers);
}

void
answer_done(struct answer *answer)
{
    json_decref(answer->body);
    json_decref(answer->claims);
    json_decref(answer->userinfo);
    json_decref(answer->introspect);
    answer_headers_free(answer->headers);
    *answer = (struct answer){0};
}

const json_t *
answer_json(const struct answer *answer, const struct source *source)
{
    switch (source->kind) {
    case SOURCE_ANSWER:
        return json_at(answer->body, source->pointer);
    case SOURCE_ACCESS:
        return json_at(answer->claims, source->pointer);
    case SOURCE_USERINFO:
        return json_at(answer->userinfo, source->pointer);
    case SOURCE_INTROSPECT:
        return json_at(answer->introspect, source->pointer);
    case SOURCE_HEADER:
        break;
    }
    return NULL;
}

int
answer_text(const struct answer *answer, const struct source *source,
            char **ret_text)
{
    char *text = NULL;
    int r;

    if (source == NULL)
        return -ENOENT;
    if (source->kind == SOURCE_HEADER) {
        const struct http_answer view = {.headers = answer->headers};
        const char *value = http_header(&view, source->pointer);

        if (value == NULL)
            return -ENOENT;
        text = strdup(value);
        r = text == NULL ? -ENOMEM : 0;
    } else {
        r = json_scalar_text(answer_json(answer, source), &text);
    }
    if (r == 0 && *text == '\0') {
        wipe_free(text);
        return -ENOENT;
    }
    if (r == 0)
        *ret_text = text;
    return r;
}

/*
 * A token, as answer_text(): a string alone (RFC 6749, 5.1).  "false" and "0"
 * are how some servers say that there is none, and would sign anybody in.
 */
static int
answer_token_text(const struct answer *answer, const struct source *source,
                  char **ret_text)
{
    const json_t *value = source == NULL ? NULL : answer_json(answer, source);

    if (value != NULL && !json_is_string(value) && !json_is_null(value))
        return -EINVAL;
    return answer_text(answer, source, ret_text);
}

/*
 * RFC 6749, appendix A.12 and A.17, without the space: an access token goes
 * into a header, where a space ends it and a control character another line.
 */
static bool
answer_is_token(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= 0x20 || *text > 0x7e)
            return false;
    return true;
}

/* A refresh token goes back encoded: only what no encoding carries is out. */
static bool
answer_is_refresh_token(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static enum wire_result
answer_take_access(struct answer *answer, const struct answer_config *config,
                   const char *request, struct provider_tokens *tokens,
                   struct provider_result *result)
{
    const char *where =
        config->access_token == NULL ? "" : config->access_token->text;
    cleanup_wipe char *text = NULL;
    size_t length;
    int r = answer_token_text(answer, config->access_token, &text);

    if (r == -ENOMEM)
        return WIRE_INTERNAL;
    if (r < 0) {
        why_add(result, ": no access token at %s", where);
        if (r == -EINVAL)
            why_add(result, ", which is no text");
        else if (answer->body == NULL && answer->body_why != NULL)
            why_add(result, ": %s", answer->body_why);
        why_add(result, " (see %s.answer.access_token)", request);
        return WIRE_MISCONFIGURED;
    }
    length = strlen(text);
    if (length > PROVIDER_ACCESS_TOKEN_MAX) {
        why_add(result, ": access token of %zu bytes, the most is %d", length,
                PROVIDER_ACCESS_TOKEN_MAX);
        return WIRE_MISCONFIGURED;
    }
    if (!answer_is_token(text)) {
        why_add(result, ": %s has characters that no access token has", where);
        return WIRE_MISCONFIGURED;
    }
    /* Absent claims are no mistake here: most tokens are not JWTs. */
    if (jwt_claims(text, length, &answer->claims) == -ENOMEM ||
        secret_set(&tokens->access_token, text, length) < 0)
        return WIRE_INTERNAL;
    trace_say(answer->context, "access token", "%s, %s of %zu bytes", where,
              answer->claims != NULL ? "a JWT" : "an opaque token", length);
    return WIRE_OK;
}

static enum wire_result
answer_take_refresh(const struct answer *answer,
                    const struct answer_config *config,
                    struct provider_tokens *tokens,
                    struct provider_result *result)
{
    cleanup_wipe char *text = NULL;
    size_t length;
    int r = answer_token_text(answer, config->refresh_token, &text);

    if (r == -ENOENT) {
        trace_say(answer->context, "refresh token", "none%s%s",
                  config->refresh_token == NULL ? "" : " at ",
                  config->refresh_token == NULL ? ""
                                                : config->refresh_token->text);
        return WIRE_OK;
    }
    if (r == -ENOMEM)
        return WIRE_INTERNAL;
    length = r < 0 ? 0 : strlen(text);
    if (r < 0 || length > PROVIDER_REFRESH_TOKEN_MAX ||
        !answer_is_refresh_token(text)) {
        /* Without it the session would end early, or go on with the old. */
        why_add(result, ": %s is no usable refresh token",
                config->refresh_token->text);
        return WIRE_MISCONFIGURED;
    }
    if (secret_set(&tokens->refresh_token, text, length) < 0)
        return WIRE_INTERNAL;
    trace_say(answer->context, "refresh token", "%s, %zu bytes",
              config->refresh_token->text, length);
    return WIRE_OK;
}

enum wire_result
answer_tokens(struct answer *answer, const struct provider_config *provider,
              enum request_kind kind, struct provider_tokens *tokens,
              struct provider_result *result)
{
    const struct answer_config *config = &provider->requests[kind].answer;
    enum wire_result access, refresh;

    access = answer_take_access(answer, config, request_kind_name(kind), tokens,
                                result);
    refresh = answer_take_refresh(answer, config, tokens, result);
    if (access == WIRE_INTERNAL || refresh == WIRE_INTERNAL) {
        why_set(result, WIRE_INTERNAL, "out of memory");
    } else if (access != WIRE_OK || refresh != WIRE_OK) {
        result->result = WIRE_MISCONFIGURED;
    }
    return result->result;
}

/* Is word one of the words of list? */
static bool
answer_scope_has(const char *list, const char *word, size_t length)
{
    while (*list != '\0') {
        size_t count = strcspn(list, " ");

        if (count == length && memcmp(list, word, length) == 0)
            return true;
        list += count;
        list += strspn(list, " ");
    }
    return false;
}

/* RFC 6749, 3.3: a provider may grant less, and says so. */
static void
answer_note_scope(const struct answer *answer,
                  const struct answer_config *config, const char *asked,
                  struct provider_result *result)
{
    cleanup_wipe char *granted = NULL;

    if (asked == NULL || answer_text(answer, config->scope, &granted) < 0)
        return;
    while (*asked != '\0') {
        size_t length = strcspn(asked, " ");

        if (length > 0 && !answer_scope_has(granted, asked, length))
            why_add(result, ", scope %.*s was not granted", (int)length, asked);
        asked += length;
        asked += strspn(asked, " ");
    }
}

static int
answer_keep(const struct answer *answer, const struct provider_config *provider,
            struct provider_tokens *tokens, struct provider_result *result)
{
    if (provider->keep_count == 0)
        return 0;
    tokens->kept = calloc(provider->keep_count, sizeof(*tokens->kept));
    if (tokens->kept == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < provider->keep_count; i++) {
        const struct keep_config *keep = &provider->keep[i];
        struct provider_kept *kept = &tokens->kept[tokens->kept_count];
        cleanup_wipe char *value = NULL;
        int r = answer_text(answer, keep->source, &value);

        if (r == -ENOMEM)
            return r;
        if (r == -EINVAL || (r == 0 && strlen(value) > PROVIDER_KEEP_MAX))
            why_add(result, ", keep.%s not kept: %s", keep->name,
                    r < 0 ? "no scalar" : "too long");
        if (r == -ENOENT)
            trace_say(answer->context, "kept", "%s: nothing at %s", keep->name,
                      keep->source->text);
        if (r < 0 || strlen(value) > PROVIDER_KEEP_MAX)
            continue;
        trace_say(answer->context, "kept", "%s: %s, %zu bytes", keep->name,
                  keep->source->text, strlen(value));
        kept->name = strdup(keep->name);
        if (kept->name == NULL)
            return -ENOMEM;
        kept->value = value;
        value = NULL;
        tokens->kept_count++;
    }
    return 0;
}

int
answer_details(const struct answer *answer,
               const struct provider_config *provider, enum request_kind kind,
               struct provider_tokens *tokens, struct provider_result *result)
{
    const struct answer_config *config = &provider->requests[kind].answer;

    tokens->expires_at_s =
        expiry_find(answer, config, answer->came_at_s, result);
    if (tokens->expires_at_s == 0)
        trace_say(answer->context, "expires",
                  "not said; unknown_lifetime of [session] counts");
    answer_note_scope(answer, config, provider->scope, result);
    return answer_keep(answer, provider, tokens, result);
}
