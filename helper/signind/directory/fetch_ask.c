/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One request of a fetch, and what its answer means.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fetch_private.h"
#include "signind/config/parts.h"
#include "signind/provider/outcome.h"

/* ---- asking -----------------------------------------------------------------
 */

struct template_values
fetch_values(const struct fetcher *fetcher, struct request_secrets *secrets)
{
    const struct directory_config *directory = fetcher->directory;

    return (struct template_values){
        .value = {[NAME_HOST] = fetcher->context->host_name,
                  [NAME_BASE_URL] = directory->base_url,
                  [NAME_CLIENT_ID] = directory->client_id,
                  [NAME_SCOPE] = directory->scope},
        .secret = request_secret,
        .context = secrets,
    };
}

struct request_limits
fetch_limits(const struct directory_config *directory)
{
    return (struct request_limits){
        .tls = &directory->tls,
        .connect_timeout_ms = directory->connect_timeout_ms,
        .timeout_ms = directory->request_timeout_ms,
        .max_answer = directory->max_answer,
    };
}

/*
 * A value for a filter of SCIM (RFC 7644, 3.4.2.2), where it stands inside a
 * JSON string: a quote would end it, and `x" or userName pr` is everybody.
 */
static int
fetch_filter_text(const struct fetcher *fetcher, const char *text,
                  char **ret_text)
{
    cleanup_buffer struct buffer buffer = {0};
    int r;

    if (text == NULL)
        return 0;
    if (fetcher->directory->type == DIRECTORY_SCIM) {
        r = part_encode_json(&buffer, text);
        if (r < 0)
            return r;
    } else {
        buffer_add_text(&buffer, text);
    }
    return buffer_take(&buffer, ret_text, NULL);
}

/* Bind, and go to the page that is due. */
static int
fetch_make(struct fetch *fetch, const struct request_config *config,
           struct request *request)
{
    struct fetcher *fetcher = fetch->fetcher;
    bool tokens = fetcher->directory->auth == DIRECTORY_AUTH_CLIENT_CREDENTIALS;
    const char *token = tokens ? fetcher->token.text : NULL;
    const struct request_client client = {
        .bearer = token, .key = fetcher->directory->tls.client_key_secret};
    struct template_values values = fetch_values(fetcher, &fetch->secrets);
    cleanup_wipe char *login = NULL, *subject = NULL;
    int r;

    request_secrets_done(&fetch->secrets);
    /* Before the answer comes, another fetch may have got a newer one. */
    if (token != NULL && request_secrets_add(&fetch->secrets, token) == NULL)
        return -ENOMEM;
    r = fetch_filter_text(fetcher, fetch->login, &login);
    if (r == 0)
        r = fetch_filter_text(fetcher, fetch->person.subject, &subject);
    values.value[NAME_USER] = fetch->name;
    values.value[NAME_LOGIN] = login;
    values.value[NAME_SUBJECT] = subject;
    values.value[NAME_ACCESS_TOKEN] = token;
    if (r == 0)
        r = request_make(request, config, &client, &values);
    if (r == 0 && fetch->walk.config != NULL)
        r = page_walk_url(&fetch->walk, &request->url);
    if (r == 0) {
        wipe_free(fetch->requested);
        fetch->requested = strdup(request->url);
        r = fetch->requested == NULL ? -ENOMEM : 0;
    }
    return r;
}

static void fetch_answered(void *context, const struct http_answer *http);

void
fetch_send(struct fetch *fetch)
{
    struct fetcher *fetcher = fetch->fetcher;
    const struct directory_config *directory = fetcher->directory;
    const struct request_config *config =
        &directory->requests[fetch->request].request;
    const struct request_limits limits = fetch_limits(directory);
    const char *name = directory_request_name(fetch->request);
    struct request request = {0};
    int r;

    if (!fetch_token_ready(fetch))
        return;
    if (fetch->token_only) {
        why_set(&fetch->result, WIRE_OK, "token");
        fetch_end_later(fetch);
        return;
    }
    r = fetch_make(fetch, config, &request);
    if (r < 0) {
        request_explain(&fetch->result, name, r, &fetch->secrets);
    } else {
        fetch->http = request_send(fetcher->context->http, config, &request,
                                   &limits, fetch_answered, fetch);
        if (fetch->http == NULL)
            why_set(&fetch->result, WIRE_INTERNAL,
                    "%s: the request could not be made", name);
    }
    request_done(&request);
    if (fetch->http == NULL)
        fetch_end_later(fetch);
}

/* ---- what came
 * ----------------------------------------------------------------
 */

/* The directory's words: RFC 6749's error, RFC 7644's detail, or a message. */
static void
fetch_add_words(const struct http_answer *http,
                const struct request_secrets *secrets,
                struct provider_result *result)
{
    static const char *const pointers[] = {"/error", "/detail", "/message",
                                           "/error/message"};
    const char **items = calloc(secrets->used_count + 1, sizeof(*items));
    const struct why_secrets hidden = {.items = items,
                                       .count = secrets->used_count};
    json_t *document = NULL;
    const char *why, *said = NULL;

    if (items != NULL &&
        json_read(http->body, http->body_length, &document, &why) == 0) {
        for (size_t i = 0; i < secrets->used_count; i++)
            items[i] = secrets->used[i].text;
        for (size_t i = 0;
             said == NULL && i < sizeof(pointers) / sizeof(pointers[0]); i++)
            said = json_string_value(json_at(document, pointers[i]));
        if (said != NULL)
            why_add_quoted(result, said, &hidden);
    }
    json_decref(document);
    free(items);
}

static void
fetch_judge_status(const struct directory_config *directory,
                   enum directory_request request,
                   const struct http_answer *http,
                   struct provider_result *result)
{
    const char *name = directory_request_name(request);
    unsigned status = http->status;

    if (status_list_has(&directory->requests[request].request.success, status))
        why_set(result, WIRE_OK, "%u %s", status, name);
    else if (request == DIRECTORY_USER_BY_NAME &&
             status_list_has(&directory->missing, status) &&
             !outcome_is_html(http))
        why_set(result, WIRE_UNKNOWN_USER, "%u %s: no such user", status, name);
    else if (status == 429)
        why_set(result, WIRE_SLOW_DOWN, "429 %s", name);
    else if (status >= 500)
        why_set(result, WIRE_UNAVAILABLE, "%u %s", status, name);
    else if (outcome_is_html(http))
        why_set(result, WIRE_MISCONFIGURED, "%u %s: a page of HTML", status,
                name);
    else if (status >= 300 && status < 400)
        why_set(result, WIRE_MISCONFIGURED, "%u %s: redirects are not followed",
                status, name);
    else if (status == 401 || status == 403)
        why_set(result, WIRE_MISCONFIGURED,
                "%u %s: the directory does not let us ask (see auth)", status,
                name);
    else
        why_set(result, WIRE_MISCONFIGURED, "%u %s: not in %s.success", status,
                name, name);
}

enum wire_result
fetch_judge(const struct directory_config *directory,
            enum directory_request request, const struct http_answer *http,
            const struct request_secrets *secrets,
            struct provider_result *result)
{
    if (http->failure != HTTP_ANSWERED) {
        outcome_of_failure(directory_request_name(request), http, result);
        return result->result;
    }
    result->sent = true;
    result->retry_after_s = http->retry_after_s;
    fetch_judge_status(directory, request, http, result);
    if (result->result != WIRE_OK && result->result != WIRE_UNKNOWN_USER)
        fetch_add_words(http, secrets, result);
    return result->result;
}

const json_t *
fetch_items(const struct fetch *fetch, const json_t *document)
{
    const char *pointer =
        fetch->fetcher->directory->requests[fetch->request].items;

    return json_at(document, pointer == NULL ? "" : pointer);
}

int64_t
fetch_total(const struct fetch *fetch, const json_t *document)
{
    const json_t *total = json_at(document, "/totalResults");

    if (fetch->fetcher->directory->type != DIRECTORY_SCIM ||
        !json_is_integer(total) || json_integer_value(total) < 0)
        return -1;
    return (int64_t)json_integer_value(total);
}

/*
 * Some servers say 404 of the page behind the last (Django REST framework).
 * In JSON alone: else a gateway's page would shorten a list, and those who
 * were not in it would be locked out.
 */
static bool
fetch_is_behind_the_end(const struct fetch *fetch,
                        const struct http_answer *http, json_t **ret_document)
{
    const struct page_walk *walk = &fetch->walk;
    const char *why;

    return http->failure == HTTP_ANSWERED && http->status == 404 &&
           walk->config != NULL && walk->config->kind == PAGE_NUMBER &&
           walk->pages > 0 &&
           json_read(http->body, http->body_length, ret_document, &why) == 0;
}

static void
fetch_answered(void *context, const struct http_answer *http)
{
    struct fetch *fetch = context;
    struct fetcher *fetcher = fetch->fetcher;
    const char *name = directory_request_name(fetch->request);
    json_t *document = NULL;
    const char *why = "";
    int r;

    fetch->http = NULL;
    if (http->failure == HTTP_ANSWERED && http->status == 401 &&
        fetcher->directory->auth == DIRECTORY_AUTH_CLIENT_CREDENTIALS &&
        !fetch->asked_again) {
        fetch->asked_again = true;
        fetch_token_refused(fetch);
        fetch_send(fetch);
        return;
    }
    if (fetch_is_behind_the_end(fetch, http, &document)) {
        fetch->answered(fetch, NULL, http);
        json_decref(document);
        return;
    }
    if (fetch_judge(fetcher->directory, fetch->request, http, &fetch->secrets,
                    &fetch->result) != WIRE_OK) {
        fetch_end(fetch);
        return;
    }
    r = json_read_any(http->body, http->body_length, &document, &why);
    fetch->asked_again = false;
    if (r == -ENOMEM)
        fetch_fail(fetch, WIRE_INTERNAL, "%s: out of memory", name);
    else if (r < 0)
        fetch_fail(fetch, WIRE_MISCONFIGURED, "%u %s: %s", http->status, name,
                   outcome_is_html(http) ? "a page of HTML" : why);
    else
        fetch->answered(fetch, document, http);
    json_decref(document);
}
