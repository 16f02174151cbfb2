/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client's own access token (RFC 6749, 4.4): one for all fetches of a
 * directory, in memory alone.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fetch_private.h"

/* Of a token's life, in percent, that it is used for; without a word about
 * its life, in seconds; and the longest life that is believed, in seconds. */
#define TOKEN_USED_PERCENT 75
#define TOKEN_UNKNOWN_S    300
#define TOKEN_LIFE_MAX_S   86400

static const char token_name[] = "token";

/* How long to use it, in milliseconds. */
static int64_t
token_life_ms(const json_t *document)
{
    cleanup_wipe char *text = NULL;
    int64_t life_s = 0;

    if (json_plain_text(json_at(document, "/expires_in"), 18, &text) == 0 &&
        strspn(text, "0123456789") == strlen(text))
        life_s = strtoll(text, NULL, 10);
    if (text == NULL)
        return (int64_t)TOKEN_UNKNOWN_S * 1000;
    if (life_s > TOKEN_LIFE_MAX_S)
        life_s = TOKEN_LIFE_MAX_S;
    return life_s * 10 * TOKEN_USED_PERCENT;
}

/* Can it stand in a header (RFC 6749, appendix A.12)? */
static bool
token_is_usable(const char *text)
{
    if (text == NULL || *text == '\0' ||
        strlen(text) > PROVIDER_ACCESS_TOKEN_MAX)
        return false;
    for (; *text != '\0'; text++)
        if (*text <= 0x20 || *text > 0x7e)
            return false;
    return true;
}

/* RFC 6749, 7.1: no use of a token of an unknown type.  With an authorization
 * of its own the configuration says how it is used. */
static bool
token_is_bearer(const json_t *document)
{
    const char *type = json_string_value(json_at(document, "/token_type"));

    return type == NULL || strcasecmp(type, "bearer") == 0;
}

static void
token_take(struct fetcher *fetcher, const struct http_answer *http,
           struct provider_result *result)
{
    json_t *document = NULL;
    const char *why = "";
    const char *token;
    int r = json_read(http->body, http->body_length, &document, &why);

    token = json_string_value(json_at(document, "/access_token"));
    if (r < 0)
        why_set(result, WIRE_MISCONFIGURED, "%u %s: %s", http->status,
                token_name, why);
    else if (!token_is_usable(token))
        why_set(result, WIRE_MISCONFIGURED,
                "%u %s: no access token at /access_token", http->status,
                token_name);
    else if (!token_is_bearer(document))
        why_set(result, WIRE_MISCONFIGURED, "%u %s: /token_type is not Bearer",
                http->status, token_name);
    else if (secret_set(&fetcher->token, token, strlen(token)) < 0)
        why_set(result, WIRE_INTERNAL, "%s: out of memory", token_name);
    else
        fetcher->token_until_ms = fetch_now_ms() + token_life_ms(document);
    json_decref(document);
}

/* The token has come, or will not: tell who waits, each by itself from the
 * loop, since it may be the end of any of them. */
static void
token_tell(struct fetcher *fetcher, const struct provider_result *result)
{
    struct fetch *fetch;

    LIST_FOREACH(fetch, &fetcher->fetches, link)
    {
        if (!fetch->waits_for_token)
            continue;
        fetch->waits_for_token = false;
        fetch->has_token = result->result == WIRE_OK;
        if (fetch->has_token) {
            fetch_go_on(fetch);
        } else {
            fetch->result = *result;
            fetch_end_later(fetch);
        }
    }
}

static void
token_answered(void *context, const struct http_answer *http)
{
    struct fetcher *fetcher = context;
    struct provider_result result = {0};

    fetcher->token_http = NULL;
    if (fetch_judge(fetcher->directory, DIRECTORY_TOKEN, http,
                    &fetcher->token_secrets, &result) == WIRE_OK)
        token_take(fetcher, http, &result);
    if (result.result == WIRE_OK)
        fetcher->token_generation++;
    token_tell(fetcher, &result);
}

static bool
token_request(struct fetcher *fetcher, struct provider_result *result)
{
    const struct directory_config *directory = fetcher->directory;
    const struct request_config *config =
        &directory->requests[DIRECTORY_TOKEN].request;
    const struct template_values values =
        fetch_values(fetcher, &fetcher->token_secrets);
    const struct request_client client = {
        .id = directory->client_id,
        .secret = directory->client_secret,
        .auth = directory->client_auth,
        .key = directory->tls.client_key_secret,
    };
    const struct request_limits limits = fetch_limits(directory);
    struct request request = {0};
    int r;

    if (!config->configured) {
        why_set(result, WIRE_MISCONFIGURED, "token.url is not configured");
        return false;
    }
    request_secrets_done(&fetcher->token_secrets);
    r = request_make(&request, config, &client, &values);
    if (r < 0)
        request_explain(result, token_name, r, &fetcher->token_secrets);
    else if ((fetcher->token_http =
                  request_send(fetcher->context->http, config, &request,
                               &limits, token_answered, fetcher)) == NULL)
        why_set(result, WIRE_INTERNAL, "%s: the request could not be made",
                token_name);
    request_done(&request);
    return fetcher->token_http != NULL;
}

bool
fetch_token_ready(struct fetch *fetch)
{
    struct fetcher *fetcher = fetch->fetcher;

    if (fetcher->directory->auth != DIRECTORY_AUTH_CLIENT_CREDENTIALS)
        return true;
    if (fetcher->token.text != NULL &&
        (fetch->has_token || fetch_now_ms() < fetcher->token_until_ms)) {
        fetch->has_token = false;
        fetch->token_used = fetcher->token_generation;
        return true;
    }
    if (fetcher->token_http != NULL || token_request(fetcher, &fetch->result))
        fetch->waits_for_token = true;
    else
        fetch_end_later(fetch);
    return false;
}

void
fetch_token_refused(struct fetch *fetch)
{
    struct fetcher *fetcher = fetch->fetcher;

    if (fetch->token_used == fetcher->token_generation)
        secret_done(&fetcher->token);
}
