/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A [directory]'s requests: bodies, who asks, defaults, pages.
 */
#include <stdlib.h>
#include <string.h>

#include "directories.h"

static void
out_of_memory(struct view *view)
{
    view_complain(view, "", "out of memory");
}

/* ---- who asks ---------------------------------------------------------------
 */

/* The section's authorization, for every request that has none of its own. */
static void
finish_authorization(struct view *view, enum directory_request request)
{
    static const struct key_rule rule = {.key = "authorization"};
    const struct setting *setting = view_setting(view, rule.key);
    struct request_config *config = &view->directory->requests[request].request;

    if (view->directory->auth != DIRECTORY_AUTH_STATIC ||
        request == DIRECTORY_TOKEN || setting == NULL ||
        config->authorization != NULL)
        return;
    /* Mistakes in it are complained of once, in check_authorization(). */
    view->reader->quiet = true;
    key_rule_apply(
        view->reader, setting,
        &(struct key_rule){.key = rule.key, .parse = key_header_value}, "",
        &directory_scope, &config->authorization);
    view->reader->quiet = false;
}

static void
check_authorization(struct view *view)
{
    const struct setting *setting = view_setting(view, "authorization");
    struct key_use use = {view->reader, setting, NULL, "", &directory_scope};
    struct template *template;

    if (view->directory->auth != DIRECTORY_AUTH_STATIC) {
        if (view_own(view, "authorization") != NULL)
            view_complain(view, "authorization",
                          "is sent with auth = static alone: write that, or "
                          "remove the line");
        return;
    }
    if (setting == NULL) {
        if (view_missing(view, "authorization"))
            view_complain(view, "authorization",
                          "authorization is missing: auth = static sends it, "
                          "such as authorization = Bearer {{secret.NAME}}");
        return;
    }
    template = key_template(&use, TEMPLATE_HEADER);
    if (template != NULL && !template_uses(template, NAME_SECRET))
        view_complain(view, "authorization",
                      "must hold {{secret.NAME}}: no secret stands in this "
                      "file");
    template_free(template);
}

/* RFC 6749, 4.4.2. */
static void
finish_token(struct view *view, const char *token_url)
{
    struct directory_config *directory = view->directory;
    struct request_config *token =
        &directory->requests[DIRECTORY_TOKEN].request;
    const char *mistake = NULL;

    if (directory->auth != DIRECTORY_AUTH_CLIENT_CREDENTIALS)
        return;
    if (token->url == NULL && view_missing(view, "token.url") &&
        token_url != NULL)
        token->url = template_parse(token_url, TEMPLATE_URL, &mistake);
    if (token->body == NULL && view_setting(view, "token.body") == NULL &&
        view_setting(view, "token.format") == NULL) {
        token->format = BODY_FORM;
        token->body =
            template_body_parse("grant_type=client_credentials&scope={{scope}}",
                                TEMPLATE_FORM, &mistake);
        if (token->body == NULL)
            out_of_memory(view);
    }
}

/* ---- one request ------------------------------------------------------------
 */

static void
finish_defaults(struct view *view, enum directory_request kind)
{
    struct request_config *request = &view->directory->requests[kind].request;

    if (request->method == NULL)
        request->method = strdup(
            kind == DIRECTORY_TOKEN || request->body != NULL ? "POST" : "GET");
    if (request->method == NULL ||
        (request->success.count == 0 &&
         status_list_parse(&request->success, "200-299") < 0))
        out_of_memory(view);
}

/* What tells one user from another must be in a request about one. */
static void
check_sent(struct view *view, enum directory_request kind)
{
    const struct request_config *request =
        &view->directory->requests[kind].request;
    const char *name = directory_request_name(kind);
    bool groups = kind == DIRECTORY_USER_GROUPS;
    char key[VIEW_KEY_MAX];

    if ((kind != DIRECTORY_USER_BY_NAME && !groups) ||
        (request->format != BODY_NONE && request->body == NULL) ||
        request_sends(request, NAME_USER) ||
        request_sends(request, NAME_LOGIN) ||
        (groups && request_sends(request, NAME_SUBJECT)))
        return;
    view_complain(view, view_key_of(key, name, "url"),
                  "%s{{login}} or {{user}} is nowhere in this request: it "
                  "would ask for everybody in the same words",
                  groups ? "{{subject}}, " : "");
}

/* Where groups come in pages that name the next, those of one user may, too:
 * groups.page is then for user_groups. */
static bool
has_pages_of_user_groups(const struct view *view, enum directory_request kind)
{
    return kind == DIRECTORY_GROUPS &&
           view->directory->groups_page.kind == PAGE_NEXT &&
           view_setting(view, "user_groups.url") != NULL;
}

/* Keys of a request that is never made, except those of a preset. */
static void
check_unused(struct view *view, enum directory_request kind)
{
    const char *name = directory_request_name(kind);
    char key[VIEW_KEY_MAX];

    view_key_of(key, name, "url");
    if (view_setting(view, key) != NULL || view->reader->lines_lost ||
        has_pages_of_user_groups(view, kind))
        return;
    for (size_t i = 0; i < view->own->count; i++) {
        const struct setting *setting = &view->own->settings[i];
        const char *rest;

        if (setting->value[0] == '\0' ||
            directory_key_request(setting->key, &rest) != kind ||
            !directory_knows_key(setting->key))
            continue;
        reader_complain(view->reader, setting->file, setting->line,
                        "%s: has no effect without %s.url: write that too, "
                        "or remove the line",
                        setting->key, name);
        return;
    }
}

static void
finish_request(struct view *view, enum directory_request kind,
               const char *token_url)
{
    struct request_config *request = &view->directory->requests[kind].request;
    const char *name = directory_request_name(kind);

    request_finish_body(view, name, request, &directory_scope);
    if (kind == DIRECTORY_TOKEN)
        finish_token(view, token_url);
    finish_authorization(view, kind);
    finish_defaults(view, kind);
    request->configured = request->url != NULL;
    if (!request->configured) {
        if (kind != DIRECTORY_TOKEN)
            check_unused(view, kind);
        return;
    }
    request_check_url(view, name, request, &view->directory->tls);
    request_check_method(view, name, request);
    check_sent(view, kind);
}

/* ---- pages ------------------------------------------------------------------
 */

static void
check_page_needs(struct view *view, const char *name,
                 const struct page_config *page)
{
    static const char *const words[] = {"none", "offset", "page", "next"};
    char kind[VIEW_KEY_MAX], needed[VIEW_KEY_MAX];

    view_key_of(kind, name, "page");
    if ((page->kind == PAGE_OFFSET || page->kind == PAGE_NUMBER) &&
        view_missing(view, view_key_of(needed, name, "page_parameter")))
        view_complain(view, kind,
                      "%s needs %s: the parameter of the URL that counts",
                      words[page->kind], needed);
    if (page->kind == PAGE_NEXT && page->next == NULL &&
        view_missing(view, view_key_of(needed, name, "next")))
        view_complain(view, kind,
                      "next needs %s: where the answer names the next page, "
                      "a JSON Pointer or header:Link",
                      needed);
}

static void
finish_page(struct view *view, enum directory_request kind,
            struct page_config *page)
{
    static const struct {
        const char *key;
        bool with[4]; /* enum page_kind */
        const char *needs;
    } keys[] = {
        {"page_parameter", {false, true, true, false}, "offset or page"},
        {"page_first", {false, true, true, false}, "offset or page"},
        {"next", {false, false, false, true}, "next"},
        {"page_size_parameter",
         {false, true, true, true},
         "offset, page or next"},
        {"page_size", {false, true, true, true}, "offset, page or next"},
    };
    const char *name = directory_request_name(kind);
    char key[VIEW_KEY_MAX];

    if (!view->directory->requests[kind].request.configured &&
        !has_pages_of_user_groups(view, kind))
        return;
    if (page->kind == PAGE_NUMBER &&
        view_setting(view, view_key_of(key, name, "page_first")) == NULL)
        page->first = 1;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        view_key_of(key, name, keys[i].key);
        if (view_own(view, key) != NULL && !keys[i].with[page->kind])
            view_complain(view, key, "has no effect without %s.page = %s", name,
                          keys[i].needs);
    }
    check_page_needs(view, name, page);
    if (view_own(view, view_key_of(key, name, "page_size")) != NULL &&
        page->size_parameter == NULL)
        view_complain(view, key, "has no effect without %s.page_size_parameter",
                      name);
}

/* ---- all requests -----------------------------------------------------------
 */

static void
check_missing(struct view *view)
{
    struct directory_config *directory = view->directory;
    const struct directory_request_config *user =
        &directory->requests[DIRECTORY_USER_BY_NAME];

    if (directory->missing.count == 0 &&
        status_list_parse(&directory->missing, "404") < 0)
        out_of_memory(view);
    for (unsigned status = 100; status <= 599; status++)
        if (status_list_has(&directory->missing, status) &&
            status_list_has(&user->request.success, status)) {
            view_complain(view,
                          view_setting(view, "user_by_name.missing") != NULL
                              ? "user_by_name.missing"
                              : "user_by_name.success",
                          "%u would mean both that there is such a user and "
                          "that there is none: take it out of "
                          "user_by_name.missing or .success",
                          status);
            return;
        }
}

void
directory_finish_requests(struct view *view, const char *token_url)
{
    struct directory_config *directory = view->directory;

    check_authorization(view);
    for (unsigned i = 0; i < DIRECTORY_REQUESTS; i++)
        finish_request(view, (enum directory_request)i, token_url);
    check_missing(view);
    finish_page(view, DIRECTORY_USERS, &directory->users_page);
    finish_page(view, DIRECTORY_GROUPS, &directory->groups_page);
}
