/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * URL, headers, body and the client's authentication, with values bound to
 * their templates.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "request.h"
#include "signind/config/buffer.h"
#include "signind/config/parts.h"

void
request_done(struct request *request)
{
    wipe_free(request->url);
    for (size_t i = 0; i < request->header_count; i++)
        wipe_free(request->headers[i]);
    free(request->headers);
    wipe_free(request->body);
    wipe_free(request->basic_user);
    wipe_free(request->basic_password);
    wipe_free(request->client_key);
}

const char *
request_secrets_add(struct request_secrets *secrets, const char *value)
{
    struct secret *used;

    used = reallocarray(secrets->used, secrets->used_count + 1, sizeof(*used));
    if (used == NULL)
        return NULL;
    secrets->used = used;
    used[secrets->used_count] = (struct secret){0};
    if (secret_set(&used[secrets->used_count], value, strlen(value)) < 0)
        return NULL;
    return used[secrets->used_count++].text;
}

const char *
request_secret(void *secrets, const char *name)
{
    struct request_secrets *all = secrets;
    const struct provider_context *context = all->context;
    const char *value = context->secret(context->secret_context, name);

    if (value == NULL) {
        if (all->missing[0] == '\0')
            strncat(all->missing, name, sizeof(all->missing) - 1);
        return NULL;
    }
    return request_secrets_add(all, value);
}

void
request_secrets_done(struct request_secrets *secrets)
{
    for (size_t i = 0; i < secrets->used_count; i++)
        secret_done(&secrets->used[i]);
    free(secrets->used);
    *secrets = (struct request_secrets){.context = secrets->context};
}

/* Append "name: value".  0 or -ENOMEM. */
static int
request_add_header(struct request *request, const char *name, const char *value)
{
    cleanup_buffer struct buffer line = {0};
    char **headers = reallocarray(request->headers, request->header_count + 2,
                                  sizeof(*headers));
    char *text;

    if (headers == NULL)
        return -ENOMEM;
    request->headers = headers;
    buffer_add_text(&line, name);
    buffer_add_text(&line, ": ");
    buffer_add_text(&line, value);
    if (buffer_take(&line, &text, NULL) < 0)
        return -ENOMEM;
    headers[request->header_count++] = text;
    headers[request->header_count] = NULL;
    return 0;
}

static int
request_add_headers(struct request *request,
                    const struct request_config *config,
                    const struct template_values *values)
{
    bool has_accept = false;

    for (size_t i = 0; i < config->header_count; i++) {
        const struct header_config *header = &config->headers[i];
        cleanup_wipe char *value = NULL;
        int r = template_bind(header->value, values, &value);

        if (r == 0)
            r = request_add_header(request, header->name, value);
        if (r < 0)
            return r;
        has_accept = has_accept || strcasecmp(header->name, "accept") == 0;
    }
    if (has_accept)
        return 0;
    return request_add_header(request, "Accept", "application/json");
}

/* RFC 6749, 2.3.1: id and secret are form-encoded before Basic. */
static int
request_form_encode(const char *text, char **ret_text)
{
    cleanup_buffer struct buffer buffer = {0};

    part_encode_form(&buffer, text);
    return buffer_take(&buffer, ret_text, NULL);
}

/* Does a form hold this field?  Its values are encoded: '&' and '=' are not
 * in them. */
static bool
request_form_has(const char *form, const char *name)
{
    size_t length = strlen(name);

    while (form != NULL) {
        if (strncmp(form, name, length) == 0 && form[length] == '=')
            return true;
        form = strchr(form, '&');
        if (form != NULL)
            form++;
    }
    return false;
}

static int
request_form_add(struct request *request, const char *name, const char *value)
{
    cleanup_buffer struct buffer form = {0};
    char *longer = NULL;
    int r;

    if (value == NULL || request_form_has(request->body, name))
        return 0;
    if (request->body != NULL && request->body_length > 0) {
        buffer_add(&form, request->body, request->body_length);
        buffer_add_char(&form, '&');
    }
    buffer_add_text(&form, name);
    buffer_add_char(&form, '=');
    part_encode_form(&form, value);
    r = buffer_take(&form, &longer, &request->body_length);
    if (r < 0)
        return r;
    wipe_free(request->body);
    request->body = longer;
    return 0;
}

/* As the client proves itself where no authorization is configured. */
static int
request_add_client(struct request *request, const struct request_client *client,
                   enum body_format format,
                   const struct template_values *values)
{
    const char *secret = NULL;
    int r = 0;

    if (client->id == NULL)
        return 0;
    if (client->auth != CLIENT_AUTH_NONE && client->secret != NULL) {
        secret = values->secret(values->context, client->secret);
        if (secret == NULL)
            return -ENODATA;
    }
    if (client->auth == CLIENT_AUTH_BASIC) {
        r = request_form_encode(client->id, &request->basic_user);
        if (r == 0)
            r = request_form_encode(secret == NULL ? "" : secret,
                                    &request->basic_password);
    } else if (format == BODY_FORM) {
        r = request_form_add(request, "client_id", client->id);
        if (r == 0)
            r = request_form_add(request, "client_secret", secret);
    }
    return r;
}

static int
request_add_bearer(struct request *request, const char *token)
{
    cleanup_buffer struct buffer line = {0};
    cleanup_wipe char *value = NULL;
    int r;

    buffer_add_text(&line, "Bearer ");
    buffer_add_text(&line, token);
    r = buffer_take(&line, &value, NULL);
    return r < 0 ? r : request_add_header(request, "Authorization", value);
}

static int
request_add_authorization(struct request *request,
                          const struct request_config *config,
                          const struct request_client *client,
                          const struct template_values *values)
{
    cleanup_wipe char *value = NULL;
    int r;

    if (config->authorization != NULL) {
        r = template_bind(config->authorization, values, &value);
        return r < 0 ? r : request_add_header(request, "Authorization", value);
    }
    if (client->bearer != NULL)
        return request_add_bearer(request, client->bearer);
    return request_add_client(request, client, config->format, values);
}

int
request_make(struct request *request, const struct request_config *config,
             const struct request_client *client,
             const struct template_values *values)
{
    int r;

    r = template_bind(config->url, values, &request->url);
    if (r == 0)
        r = request_add_headers(request, config, values);
    if (r == 0 && config->format != BODY_NONE && config->body != NULL)
        r = template_body_bind(config->body, values, &request->body,
                               &request->body_length);
    if (r == 0)
        r = request_add_authorization(request, config, client, values);
    if (r == 0 && client->key != NULL) {
        const char *pem = values->secret(values->context, client->key);

        if (pem == NULL)
            return -ENODATA;
        request->client_key = strdup(pem);
        r = request->client_key == NULL ? -ENOMEM : 0;
    }
    return r;
}

void
request_explain(struct provider_result *result, const char *name, int r,
                const struct request_secrets *secrets)
{
    if (r == -ENODATA && secrets->missing[0] != '\0')
        why_set(result, WIRE_MISCONFIGURED, "%s: secret %s is not readable",
                name, secrets->missing);
    else if (r == -ENODATA)
        why_set(result, WIRE_MISCONFIGURED,
                "%s: a {{name}} in it has no value here", name);
    else if (r == -EINVAL || r == -EILSEQ)
        why_set(result, WIRE_MISCONFIGURED,
                "%s: a value cannot stand where its {{name}} is", name);
    else
        why_set(result, WIRE_INTERNAL, "%s: out of memory", name);
}

struct http_request *
request_send(struct http *http, const struct request_config *config,
             const struct request *request, const struct request_limits *limits,
             http_done *done, void *done_context)
{
    const struct http_order order = {
        .method = config->method == NULL ? "POST" : config->method,
        .url = request->url,
        .headers = (const char *const *)request->headers,
        .body = request->body,
        .body_length = request->body_length,
        .content_type = config->format == BODY_JSON
                            ? "application/json"
                            : "application/x-www-form-urlencoded",
        .basic_user = request->basic_user,
        .basic_password = request->basic_password,
        .tls = limits->tls,
        .client_key = request->client_key,
        .connect_timeout_ms = limits->connect_timeout_ms,
        .timeout_ms = limits->timeout_ms,
        .max_answer = limits->max_answer,
    };

    return http_start(http, &order, done, done_context);
}
