/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directories.h"

static bool
has_request(const struct view *view, enum directory_request request)
{
    return view->directory->requests[request].request.configured;
}

/* Does the key stand somewhere, and is not taken back? */
static bool
says(const struct view *view, const char *key)
{
    const struct setting *setting = view_setting(view, key);

    return setting != NULL && !value_is_none(setting);
}

static bool
lacks(const struct view *view, const char *key)
{
    return !says(view, key) && !view->reader->lines_lost;
}

/* ---- what asks --------------------------------------------------------------
 */

static void
check_base_url(struct view *view)
{
    const struct directory_config *directory = view->directory;
    bool used = false;

    for (unsigned i = 0; i < DIRECTORY_REQUESTS; i++) {
        const struct request_config *request = &directory->requests[i].request;

        if (request->url != NULL && template_uses(request->url, NAME_BASE_URL))
            used = true;
    }
    request_check_base_url(view, directory->base_url, used, &directory->tls);
}

static void
check_client(struct view *view)
{
    static const struct {
        const char *key, *words;
    } needed[] = {
        {"client_id", "client_id is missing: auth = client_credentials signs "
                      "in as that client"},
        {"client_secret", "client_secret is missing: it names the secret of "
                          "client_id"},
    };
    static const char *const unused[] = {"client_secret", "client_auth",
                                         "token.url"};
    const struct directory_config *directory = view->directory;

    if (directory->auth != DIRECTORY_AUTH_CLIENT_CREDENTIALS) {
        for (size_t i = 0; i < sizeof(unused) / sizeof(unused[0]); i++)
            if (view_own(view, unused[i]) != NULL)
                view_complain(view, unused[i],
                              "has no effect without auth = "
                              "client_credentials: write that, or remove the "
                              "line");
        return;
    }
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (view_missing(view, needed[i].key))
            view_complain(view, needed[i].key, "%s", needed[i].words);
    if (!has_request(view, DIRECTORY_TOKEN) && lacks(view, "token.url"))
        view_complain(view, "token.url",
                      "token.url is missing: write the URL where "
                      "auth = client_credentials gets its token");
    if (directory->client_auth == CLIENT_AUTH_POST &&
        directory->requests[DIRECTORY_TOKEN].request.format == BODY_JSON)
        view_complain(view, "client_auth",
                      "post needs token.format = form (RFC 6749, 2.3.1)");
}

/* ---- what comes back --------------------------------------------------------
 */

static void
check_attributes(struct view *view)
{
    if (!has_request(view, DIRECTORY_USERS) &&
        !has_request(view, DIRECTORY_USER_BY_NAME) &&
        lacks(view, "users.url") && lacks(view, "user_by_name.url"))
        view_complain(view, "",
                      "users.url or user_by_name.url is missing: write the URL "
                      "that lists all users, the one that finds one user, or "
                      "better both");
    if (lacks(view, "attribute.name"))
        view_complain(view, "attribute.name",
                      "attribute.name is missing: say where a user's login "
                      "name stands, such as attribute.name = /username");
    if (lacks(view, "attribute.subject"))
        view_complain(view, "attribute.subject",
                      "attribute.subject is missing: say where the id stands "
                      "that a user keeps for ever, such as attribute.subject "
                      "= /id");
}

static void
check_groups(struct view *view)
{
    if (has_request(view, DIRECTORY_USER_GROUPS) &&
        !has_request(view, DIRECTORY_USER_BY_NAME) &&
        lacks(view, "user_by_name.url"))
        view_complain(view, "user_groups.url",
                      "is asked after user_by_name alone: write "
                      "user_by_name.url too");
    if (!has_request(view, DIRECTORY_GROUPS))
        return;
    if (lacks(view, "group.name"))
        view_complain(view, "group.name",
                      "group.name is missing: say where a group of groups.url "
                      "has its name, such as group.name = /name");
    if (lacks(view, "group.members"))
        view_complain(view, "group.members",
                      "group.members is missing: say where a group of "
                      "groups.url lists its members, such as group.members = "
                      "/members");
}

/* ---- with the provider ------------------------------------------------------
 */

static bool
section_says(const struct section *section, const char *key)
{
    const struct setting *setting =
        section != NULL ? section_setting(section, key) : NULL;

    return setting != NULL && setting->value[0] != '\0';
}

static void
check_match(struct view *view, const struct provider_config *provider,
            const struct section *section)
{
    /* A mistake in that key is complained of where it stands. */
    if (view->directory->match != DIRECTORY_MATCH_SUBJECT ||
        provider->identity_subject != NULL || view->reader->lines_lost ||
        section_says(section, "identity.subject"))
        return;
    view_complain(view, "match",
                  "[provider %s] has no identity.subject to compare "
                  "attribute.subject with: write that there, or match = name "
                  "here",
                  provider->name);
}

static void
check_first_sign_in(struct view *view, const struct provider_config *provider)
{
    static const char *const known[] = {
        "provider",      "type",        "preset",         "issuer",
        "refresh_every", "missing_for", "disabled_grace", "match"};

    if (provider->identity_accepted_password)
        view_complain(view, "type",
                      "first_sign_in needs a provider that says who signed "
                      "in: [provider %s] has identity.check = "
                      "accepted_password, so anybody could be anybody",
                      provider->name);
    for (size_t i = 0; i < view->own->count; i++) {
        const struct setting *setting = &view->own->settings[i];
        bool used = setting->value[0] == '\0';

        for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
            used = used || strcmp(setting->key, known[k]) == 0;
        if (used)
            continue;
        reader_complain(view->reader, setting->file, setting->line,
                        "%s: has no effect with type = first_sign_in, which "
                        "asks no directory: remove the line, or choose type = "
                        "scim or rest",
                        setting->key);
        return;
    }
}

/* The provider's token endpoint, where it is one (RFC 6749, 6), with its own
 * values bound: to be freed, or NULL. */
static char *
token_endpoint(const struct provider_config *provider)
{
    const struct request_config *refresh = &provider->requests[REQUEST_REFRESH];
    struct template_values values = {0};
    char *url = NULL;

    if (!refresh->configured || refresh->format != BODY_FORM ||
        template_uses(refresh->url, NAME_SECRET))
        return NULL;
    values.value[NAME_BASE_URL] = provider->base_url;
    values.value[NAME_CLIENT_ID] = provider->client_id;
    values.value[NAME_SCOPE] = provider->scope;
    return template_bind(refresh->url, &values, &url) == 0 ? url : NULL;
}

void
directory_finish(struct view *view, const struct provider_config *provider,
                 const struct section *provider_section)
{
    const struct directory_config *directory = view->directory;
    char *token_url;

    if (view_missing(view, "type"))
        view_complain(view, "type",
                      "type is missing: write scim, rest, first_sign_in or "
                      "none");
    if (directory->type == DIRECTORY_NONE)
        return;
    if (directory->type == DIRECTORY_FIRST_SIGN_IN) {
        check_first_sign_in(view, provider);
        return;
    }
    token_url = token_endpoint(provider);
    directory_finish_requests(view, token_url);
    free(token_url);
    check_base_url(view);
    check_client(view);
    check_attributes(view);
    check_groups(view);
    check_match(view, provider, provider_section);
    request_check_transport(view, directory->connect_timeout_ms,
                            directory->request_timeout_ms);
}
