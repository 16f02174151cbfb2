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

/*
 * The value of a secret, borrowed until the call ends: it is remembered so
 * that the provider's words can be searched for it.
 */
static const char *
request_secret(void *context, const char *name)
{
    struct provider_call *call = context;
    const char *value =
        call->context->secret(call->context->secret_context, name);
    struct secret *used;

    if (value == NULL) {
        if (call->missing[0] == '\0')
            strncat(call->missing, name, sizeof(call->missing) - 1);
        return NULL;
    }
    used = reallocarray(call->used, call->used_count + 1, sizeof(*used));
    if (used == NULL)
        return NULL;
    call->used = used;
    used[call->used_count] = (struct secret){0};
    if (secret_set(&used[call->used_count], value, strlen(value)) < 0)
        return NULL;
    return used[call->used_count++].text;
}

static struct template_values
request_values(struct provider_call *call, enum request_kind kind)
{
    const struct provider_config *provider = call->provider;
    bool revoke =
        kind == REQUEST_REVOKE_ACCESS || kind == REQUEST_REVOKE_REFRESH;

    return (struct template_values){
        .value = {[NAME_USER] = call->user,
                  [NAME_LOGIN] = call->login,
                  [NAME_PASSWORD] = call->password.text,
                  [NAME_ACCESS_TOKEN] = revoke ? call->access_token.text
                                               : call->tokens.access_token.text,
                  [NAME_REFRESH_TOKEN] = call->refresh_token.text,
                  [NAME_SUBJECT] = call->subject,
                  [NAME_HOST] = call->context->host_name,
                  [NAME_BASE_URL] = provider->base_url,
                  [NAME_CLIENT_ID] = provider->client_id,
                  [NAME_SCOPE] = provider->scope},
        .secret = request_secret,
        .context = call,
    };
}

char *
provider_login(const struct provider_context *context,
               const struct provider_config *provider, const char *user)
{
    const struct template_values values = {
        .value = {[NAME_USER] = user,
                  [NAME_HOST] = context->host_name,
                  [NAME_BASE_URL] = provider->base_url,
                  [NAME_CLIENT_ID] = provider->client_id,
                  [NAME_SCOPE] = provider->scope}};
    char *login = NULL;

    if (provider->login_name == NULL)
        return strdup(user);
    if (template_bind(provider->login_name, &values, &login) < 0)
        return NULL;
    return login;
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
request_add_client(struct request *request, struct provider_call *call,
                   enum body_format format)
{
    const struct provider_config *provider = call->provider;
    const char *secret = NULL;
    int r = 0;

    if (provider->client_id == NULL)
        return 0;
    if (provider->client_auth != CLIENT_AUTH_NONE &&
        provider->client_secret != NULL) {
        secret = request_secret(call, provider->client_secret);
        if (secret == NULL)
            return -ENODATA;
    }
    if (provider->client_auth == CLIENT_AUTH_BASIC) {
        r = request_form_encode(provider->client_id, &request->basic_user);
        if (r == 0)
            r = request_form_encode(secret == NULL ? "" : secret,
                                    &request->basic_password);
    } else if (format == BODY_FORM) {
        r = request_form_add(request, "client_id", provider->client_id);
        if (r == 0)
            r = request_form_add(request, "client_secret", secret);
    }
    return r;
}

static int
request_add_authorization(struct request *request, struct provider_call *call,
                          enum request_kind kind,
                          const struct template_values *values)
{
    const struct request_config *config = &call->provider->requests[kind];
    cleanup_wipe char *value = NULL;
    int r;

    if (config->authorization != NULL) {
        r = template_bind(config->authorization, values, &value);
        return r < 0 ? r : request_add_header(request, "Authorization", value);
    }
    return request_add_client(request, call, config->format);
}

int
request_build(struct request *request, struct provider_call *call,
              enum request_kind kind)
{
    const struct request_config *config = &call->provider->requests[kind];
    const struct template_values values = request_values(call, kind);
    const char *key = call->provider->tls.client_key_secret;
    int r;

    r = template_bind(config->url, &values, &request->url);
    if (r == 0)
        r = request_add_headers(request, config, &values);
    if (r == 0 && config->format != BODY_NONE && config->body != NULL)
        r = template_body_bind(config->body, &values, &request->body,
                               &request->body_length);
    if (r == 0)
        r = request_add_authorization(request, call, kind, &values);
    if (r == 0 && key != NULL) {
        const char *pem = request_secret(call, key);

        if (pem == NULL)
            return -ENODATA;
        request->client_key = strdup(pem);
        r = request->client_key == NULL ? -ENOMEM : 0;
    }
    return r;
}
