/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

static void
check_base_url(struct view *view)
{
    const struct provider_config *provider = view->provider;
    bool used = false;

    for (unsigned i = 0; i < REQUEST_KINDS; i++)
        if (provider->requests[i].url != NULL &&
            template_uses(provider->requests[i].url, NAME_BASE_URL))
            used = true;
    request_check_base_url(view, provider->base_url, used, &provider->tls);
}

static void
check_client(struct view *view)
{
    struct provider_config *provider = view->provider;
    bool secret = view_setting(view, "client_secret") != NULL;

    if (view_setting(view, "client_auth") == NULL && secret)
        provider->client_auth = CLIENT_AUTH_BASIC;
    if (provider->client_auth != CLIENT_AUTH_NONE) {
        if (view_missing(view, "client_id"))
            view_complain(view, "client_id",
                          "client_id is missing: client authentication "
                          "needs it");
        if (view_missing(view, "client_secret"))
            view_complain(view, "client_secret",
                          "client_secret is missing: it names the secret "
                          "that client_auth sends");
    } else if (secret && view_own(view, "client_auth") != NULL) {
        view_complain(view, "client_secret",
                      "is not sent with client_auth = none: remove one of "
                      "the two");
    }
    if (provider->client_auth == CLIENT_AUTH_POST &&
        provider->requests[REQUEST_SIGN_IN].format == BODY_JSON)
        view_complain(view, "client_auth",
                      "post needs sign_in.format = form (RFC 6749, 2.3.1)");
}

static void
check_identity(struct view *view)
{
    struct provider_config *provider = view->provider;

    if (!provider->identity_accepted_password) {
        if (view_missing(view, "identity.user") &&
            (provider->identity_user == NULL))
            view_complain(view, "identity.user",
                          "identity.user is missing: say where the provider "
                          "names who signed in, such as identity.user = "
                          "/username");
        return;
    }
    if (view_own(view, "identity.user") != NULL)
        view_complain(view, "identity.check",
                      "accepted_password compares no name: remove it, or "
                      "identity.user");
    source_free(provider->identity_user);
    provider->identity_user = NULL;
}

/* A source in the answer of a request that is never made? */
static void
check_source(struct view *view, const char *key, const struct source *source)
{
    const struct provider_config *provider = view->provider;

    if (source == NULL)
        return;
    if (source->kind == SOURCE_USERINFO &&
        !provider->requests[REQUEST_USERINFO].configured &&
        view_missing(view, "userinfo.url"))
        view_complain(view, key,
                      "userinfo: needs userinfo.url, or name another source");
    if (source->kind == SOURCE_INTROSPECT &&
        !provider->requests[REQUEST_INTROSPECT].configured &&
        view_missing(view, "introspect.url"))
        view_complain(
            view, key,
            "introspect: needs introspect.url, or name another source");
}

/* The key under which an answer's value was configured. */
static const char *
answer_key(const struct view *view, enum request_kind kind, const char *key,
           char name[VIEW_KEY_MAX])
{
    view_key(name, kind, key);
    return view_setting(view, name) != NULL ? name : key;
}

/* Tokens are in the answer itself; the access token is not in itself. */
static void
check_token_source(struct view *view, const char *key,
                   const struct source *source)
{
    if (source != NULL && source->kind != SOURCE_ANSWER &&
        source->kind != SOURCE_HEADER)
        view_complain(view, key,
                      "a token must come from a JSON Pointer or header:NAME of "
                      "the answer");
}

static void
check_expiries(struct view *view, enum request_kind kind,
               const struct answer_config *answer)
{
    const struct {
        const char *key;
        const struct source *source;
    } expiries[] = {{"answer.expires_in", answer->expires_in},
                    {"answer.expires_in_ms", answer->expires_in_ms},
                    {"answer.expires_at", answer->expires_at}};
    const char *first = NULL;
    char name[VIEW_KEY_MAX], other[VIEW_KEY_MAX];

    for (size_t i = 0; i < sizeof(expiries) / sizeof(expiries[0]); i++) {
        const char *key;

        if (expiries[i].source == NULL)
            continue;
        key = answer_key(view, kind, expiries[i].key, name);
        check_source(view, key, expiries[i].source);
        if (first != NULL)
            view_complain(view, key, "%s says the expiry already: keep one",
                          first);
        else
            first = answer_key(view, kind, expiries[i].key, other);
    }
}

static void
check_answers(struct view *view)
{
    static const enum request_kind kinds[] = {REQUEST_SIGN_IN, REQUEST_REFRESH};
    struct reader *reader = view->reader;
    unsigned mistakes = reader->mistakes;
    char name[VIEW_KEY_MAX];

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct request_config *request =
            &view->provider->requests[kinds[i]];
        const struct answer_config *answer = &request->answer;

        if (!request->configured)
            continue;
        check_token_source(
            view, answer_key(view, kinds[i], "answer.access_token", name),
            answer->access_token);
        check_token_source(
            view, answer_key(view, kinds[i], "answer.refresh_token", name),
            answer->refresh_token);
        check_source(view, answer_key(view, kinds[i], "answer.scope", name),
                     answer->scope);
        check_expiries(view, kinds[i], answer);
        if (answer->access_token == NULL &&
            view_missing(view, "answer.access_token") &&
            view_missing(view, view_key(name, kinds[i], "answer.access_token")))
            view_complain(view, "answer.access_token",
                          "answer.access_token is missing: say where the "
                          "token stands, such as answer.access_token = "
                          "/access_token");
        /* What both requests share has been complained of. */
        reader->quiet = reader->mistakes > mistakes;
    }
    reader->quiet = false;
}

static void
check_sources(struct view *view)
{
    const struct provider_config *provider = view->provider;
    char name[VIEW_KEY_MAX];

    check_source(view, "identity.user", provider->identity_user);
    check_source(view, "identity.subject", provider->identity_subject);
    check_source(view, "identity.groups", provider->identity_groups);
    if (provider->identity_groups != NULL &&
        provider->identity_groups->kind == SOURCE_HEADER)
        view_complain(view, "identity.groups",
                      "a list of groups does not come in a header: name a "
                      "JSON Pointer, access:, userinfo: or introspect:");
    for (size_t i = 0; i < provider->keep_count; i++) {
        snprintf(name, sizeof(name), "keep.%s", provider->keep[i].name);
        check_source(view, name, provider->keep[i].source);
    }
    if (provider->check_at_refresh == REQUEST_USERINFO &&
        view_missing(view, "userinfo.url"))
        view_complain(view, "check_at_refresh", "needs userinfo.url");
    if (provider->check_at_refresh == REQUEST_INTROSPECT &&
        view_missing(view, "introspect.url"))
        view_complain(view, "check_at_refresh", "needs introspect.url");
}

/* Append one word of `revoke`.  Returns false if it is none, or again. */
static bool
add_revoke(struct provider_config *provider, const char *word)
{
    enum request_kind kind;

    if (strcmp(word, "access") == 0)
        kind = REQUEST_REVOKE_ACCESS;
    else if (strcmp(word, "refresh") == 0)
        kind = REQUEST_REVOKE_REFRESH;
    else
        return false;
    for (size_t i = 0; i < provider->revoke_count; i++)
        if (provider->revoke_order[i] == kind)
            return false;
    provider->revoke_order[provider->revoke_count++] = kind;
    return true;
}

/* Unless said otherwise: what has a URL, the refresh token first. */
static void
finish_revoke(struct view *view)
{
    struct provider_config *provider = view->provider;
    const struct setting *setting = view_setting(view, "revoke");
    struct text_list words = {0};
    char name[VIEW_KEY_MAX];

    if (setting == NULL) {
        if (provider->requests[REQUEST_REVOKE_REFRESH].configured)
            add_revoke(provider, "refresh");
        if (provider->requests[REQUEST_REVOKE_ACCESS].configured)
            add_revoke(provider, "access");
        return;
    }
    if (strcmp(setting->value, "none") == 0)
        return;
    if (text_list_split(&words, setting->value) < 0)
        view_complain(view, "revoke", "out of memory");
    for (size_t i = 0; i < words.count; i++)
        if (!add_revoke(provider, words.items[i])) {
            view_complain(view, "revoke",
                          "must be access, refresh, or both in the order of "
                          "revocation, or none");
            break;
        }
    text_list_done(&words);
    for (size_t i = 0; i < provider->revoke_count; i++) {
        view_key(name, provider->revoke_order[i], "url");
        if (view_missing(view, name))
            view_complain(view, "revoke", "%s needs %s",
                          provider->revoke_order[i] == REQUEST_REVOKE_ACCESS
                              ? "access"
                              : "refresh",
                          name);
    }
}

static void
check_refresh_first(struct view *view)
{
    const struct provider_config *provider = view->provider;
    static const enum request_kind kinds[] = {REQUEST_REVOKE_ACCESS,
                                              REQUEST_REVOKE_REFRESH};
    char name[VIEW_KEY_MAX];

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (provider->requests[kinds[i]].configured &&
            provider->requests[kinds[i]].refresh_first &&
            view_missing(view, "refresh.url"))
            view_complain(view, view_key(name, kinds[i], "refresh_first"),
                          "needs refresh.url");
}

static void
check_transport(struct view *view)
{
    const struct provider_config *provider = view->provider;

    request_check_transport(view, provider->connect_timeout_ms,
                            provider->request_timeout_ms);
    if (provider->request_timeout_ms > provider->sign_in_timeout_ms)
        view_complain(view, "request_timeout",
                      "is longer than sign_in_timeout (%u seconds): one "
                      "sign-in would end before it",
                      provider->sign_in_timeout_ms / 1000);
}

static void
finish_defaults(struct view *view)
{
    struct provider_config *provider = view->provider;
    const char *mistake = NULL;

    if (provider->login_name == NULL)
        provider->login_name =
            template_parse("{{user}}", TEMPLATE_PLAIN, &mistake);
    if (provider->authorization == NULL)
        provider->authorization = strdup("Bearer {{access_token}}");
    if (provider->login_name == NULL || provider->authorization == NULL)
        view_complain(view, "", "out of memory");
}

void
provider_finish(struct view *view)
{
    provider_finish_requests(view);
    if (view_missing(view, "sign_in.url"))
        view_complain(view, "sign_in.url",
                      "sign_in.url is missing: write the URL that takes "
                      "name and password");
    check_base_url(view);
    check_client(view);
    check_identity(view);
    check_answers(view);
    check_sources(view);
    finish_revoke(view);
    check_refresh_first(view);
    check_transport(view);
    finish_defaults(view);
}
