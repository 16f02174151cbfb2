/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of config_load(): [directory NAME] and [accounts]. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config-files.h"
#include "wire/memory.h"

#define PROVIDER                                                               \
    "[provider corp]\n"                                                        \
    "sign_in.url = https://idp.example.com:8443/token?a=b\n"                   \
    "sign_in.body = u={{login}}&p={{password}}\n"                              \
    "answer.access_token = /access_token\n"                                    \
    "identity.user = /user\n"                                                  \
    "identity.subject = /sub\n"

static const struct directory_config *
load(struct files *files, const char *text, const char *name)
{
    const struct directory_config *directory;

    files_expect(files, text, "");
    directory = config_directory(files->config, name);
    assert_non_null(directory);
    return directory;
}

static const char *
secret(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "key") == 0 ? "SECRET" : NULL;
}

static struct template_values
values_of(const struct directory_config *directory)
{
    return (struct template_values){
        .value = {[NAME_USER] = "alice",
                  [NAME_LOGIN] = "alice@example.com",
                  [NAME_SUBJECT] = "a/b",
                  [NAME_BASE_URL] = directory->base_url,
                  [NAME_CLIENT_ID] = directory->client_id,
                  [NAME_SCOPE] = directory->scope},
        .secret = secret,
    };
}

static void
assert_bound(const struct directory_config *directory,
             const struct template *template, const char *words)
{
    struct template_values values = values_of(directory);
    cleanup_wipe char *text = NULL;

    assert_non_null(template);
    assert_int_equal(template_bind(template, &values, &text), 0);
    assert_string_equal(text, words);
}

static void
assert_url(const struct directory_config *directory,
           enum directory_request request, const char *words)
{
    const struct request_config *config = &directory->requests[request].request;

    assert_int_equal(config->configured, words != NULL);
    if (words == NULL)
        assert_null(config->url);
    else
        assert_bound(directory, config->url, words);
}

static void
assert_token_body(const struct directory_config *directory, const char *words)
{
    const struct request_config *token =
        &directory->requests[DIRECTORY_TOKEN].request;
    struct template_values values = values_of(directory);
    cleanup_wipe char *text = NULL;
    size_t length;

    assert_string_equal(token->method, "POST");
    assert_int_equal(token->format, BODY_FORM);
    assert_null(token->authorization);
    assert_int_equal(template_body_bind(token->body, &values, &text, &length),
                     0);
    assert_string_equal(text, words);
}

/* Every request but the token's goes with this authorization. */
static void
assert_authorization(const struct directory_config *directory,
                     const char *words)
{
    for (unsigned i = 0; i < DIRECTORY_REQUESTS; i++) {
        const struct template *authorization =
            directory->requests[i].request.authorization;

        if (i == DIRECTORY_TOKEN || words == NULL)
            assert_null(authorization);
        else
            assert_bound(directory, authorization, words);
    }
}

/* The sections of the plan's example. */
static void
test_example(void **state)
{
    struct files *files = *state;
    const struct directory_config *kc;
    const struct access_config *access;
    char path[512], text[8192];
    FILE *file;
    size_t length;

    files_presets(files);
    snprintf(path, sizeof(path), "%s/tests/unit/data/config/directories.conf",
             SOURCEDIR);
    file = fopen(path, "re");
    assert_non_null(file);
    length = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[length] = '\0';
    kc = load(files, text, "kc");
    assert_string_equal(kc->preset, "keycloak");
    assert_int_equal(kc->type, DIRECTORY_REST);
    assert_int_equal(kc->auth, DIRECTORY_AUTH_CLIENT_CREDENTIALS);
    assert_int_equal(kc->client_auth, CLIENT_AUTH_BASIC);
    /* Not written: the provider's token endpoint. */
    assert_url(kc, DIRECTORY_TOKEN,
               "https://sso.example.com/realms/staff/protocol/openid-connect/"
               "token");
    assert_token_body(kc, "grant_type=client_credentials");
    assert_url(kc, DIRECTORY_USER_BY_NAME,
               "https://sso.example.com/admin/realms/staff/users?username="
               "alice&exact=true");
    assert_string_equal(kc->requests[DIRECTORY_USER_BY_NAME].items, "/0");
    assert_url(kc, DIRECTORY_USER_GROUPS,
               "https://sso.example.com/admin/realms/staff/users/a%2Fb/"
               "groups?max=4096");
    assert_string_equal(kc->attribute.uid, "/attributes/uidNumber/0");
    assert_null(kc->attribute.shell);
    assert_authorization(kc, NULL);
    assert_int_equal(kc->refresh_every_s, 900);
    assert_int_equal(kc->missing_for_s, 60);
    assert_int_equal(kc->disabled_grace_s, 30 * 86400);
    assert_ptr_equal(config_directory_provider(files->config, kc),
                     config_provider(files->config, "kc"));
    assert_string_equal(config_directory_issuer(files->config, kc),
                        "https://sso.example.com");
    access = config_access_of(files->config, "sudo-i");
    assert_string_equal(access->service, "sudo");
    assert_string_equal(access->allow_groups.items[0], "linux-admins");
    assert_int_equal(access->reuse_sign_in_s, 0);
    assert_int_equal(access->stale_ok_s, 86400);
}

static void
check_scim(const struct directory_config *scim)
{
    assert_int_equal(scim->type, DIRECTORY_SCIM);
    assert_url(scim, DIRECTORY_USER_BY_NAME,
               "https://h/scim/Users?filter=userName%20eq%20%22alice%40"
               "example.com%22");
    assert_string_equal(scim->requests[DIRECTORY_USER_BY_NAME].items,
                        "/Resources");
    assert_url(scim, DIRECTORY_USERS, "https://h/scim/Users");
    assert_string_equal(scim->requests[DIRECTORY_USERS].items, "/Resources");
    assert_int_equal(scim->users_page.kind, PAGE_OFFSET);
    assert_string_equal(scim->users_page.parameter, "startIndex");
    assert_string_equal(scim->users_page.size_parameter, "count");
    assert_int_equal(scim->users_page.first, 1);
    assert_string_equal(scim->attribute.name, "/userName");
    assert_string_equal(scim->attribute.subject, "/id");
    assert_string_equal(scim->attribute.gecos, "/displayName");
    assert_string_equal(scim->attribute.enabled, "/active");
    assert_string_equal(scim->group.name, "/displayName");
    assert_string_equal(scim->group.id, "/id");
    assert_string_equal(scim->group.members, "/members");
    assert_string_equal(scim->group.member, "/value");
    assert_string_equal(scim->requests[DIRECTORY_USERS].request.method, "GET");
    assert_true(status_list_has(&scim->missing, 404));
}

static void
test_scim(void **state)
{
    struct files *files = *state;
    const struct directory_config *scim;

    scim = load(files,
                PROVIDER "[directory corp]\n"
                         "type = scim\n"
                         "base_url = https://h/scim/\n"
                         "auth = static\n"
                         "authorization = Bearer {{secret.key}}\n",
                "corp");
    check_scim(scim);
    assert_url(scim, DIRECTORY_GROUPS, "https://h/scim/Groups");
    assert_int_equal(scim->groups_page.first, 1);
    assert_int_equal(scim->users_page.size, 100);
    assert_authorization(scim, "Bearer SECRET");
    assert_int_equal(scim->match, DIRECTORY_MATCH_SUBJECT);
    /* No base_url, no issuer: scheme and host of sign_in.url. */
    assert_string_equal(config_directory_issuer(files->config, scim),
                        "https://idp.example.com:8443");

    files_presets(files);
    scim = load(files,
                PROVIDER "[directory corp]\n"
                         "preset = scim\n"
                         "base_url = https://h/scim/\n"
                         "authorization = Bearer {{secret.key}}\n"
                         "groups.url = none\n"
                         "attribute.ssh_keys = /keys\n"
                         "attribute.uid = none\n"
                         "header.accept = text/x\n"
                         "users.header.ACCEPT = text/y\n"
                         "issuer = urn:corp\n"
                         "match = name\n",
                "corp");
    check_scim(scim);
    assert_url(scim, DIRECTORY_GROUPS, NULL);
    assert_int_equal(scim->users_page.size, 500);
    assert_string_equal(scim->attribute.ssh_keys, "/keys");
    assert_null(scim->attribute.uid);
    assert_int_equal(scim->match, DIRECTORY_MATCH_NAME);
    assert_string_equal(config_directory_issuer(files->config, scim),
                        "urn:corp");
    for (unsigned i = 0; i < DIRECTORY_REQUESTS; i++) {
        const struct request_config *request = &scim->requests[i].request;

        if (i == DIRECTORY_TOKEN) {
            assert_int_equal(request->header_count, 0);
            continue;
        }
        assert_int_equal(request->header_count, 1);
        assert_bound(scim, request->headers[0].value,
                     i == DIRECTORY_USERS ? "text/y" : "text/x");
    }
}

static void
test_token(void **state)
{
    struct files *files = *state;
    const struct directory_config *corp;

    corp = load(files,
                PROVIDER "base_url = https://idp.example.com/\n"
                         "[directory corp]\n"
                         "type = rest\n"
                         "auth = client_credentials\n"
                         "client_id = dir\n"
                         "client_secret = dir\n"
                         "client_auth = post\n"
                         "scope = a b\n"
                         "token.url = https://h/token\n"
                         "token.header.X = y\n"
                         "header.z = {{secret.key}}\n"
                         "users.url = https://h/users\n"
                         "users.answer = /all\n"
                         "attribute.name = /n\n"
                         "attribute.subject = /s\n",
                "corp");
    assert_url(corp, DIRECTORY_TOKEN, "https://h/token");
    assert_token_body(corp, "grant_type=client_credentials&scope=a+b");
    assert_int_equal(corp->client_auth, CLIENT_AUTH_POST);
    assert_int_equal(corp->requests[DIRECTORY_TOKEN].request.header_count, 1);
    assert_string_equal(corp->requests[DIRECTORY_TOKEN].request.headers[0].name,
                        "X");
    assert_string_equal(corp->requests[DIRECTORY_USERS].items, "/all");
    assert_null(corp->requests[DIRECTORY_USER_BY_NAME].items);
    assert_string_equal(config_directory_issuer(files->config, corp),
                        "https://idp.example.com");

    /* A token endpoint below the provider's base_url, and a body of its own. */
    corp = load(files,
                PROVIDER "base_url = https://idp.example.com/x\n"
                         "refresh.url = {{base_url}}/token\n"
                         "refresh.body = r={{refresh_token}}\n"
                         "[directory corp]\n"
                         "type = rest\n"
                         "base_url = https://h\n"
                         "auth = client_credentials\n"
                         "client_id = dir\n"
                         "client_secret = dir\n"
                         "token.body = grant_type=x\n"
                         "users.url = {{base_url}}/users\n"
                         "users.method = POST\n"
                         "users.format = json\n"
                         "users.body = {\"all\": true}\n"
                         "attribute.name = /n\n"
                         "attribute.subject = /s\n",
                "corp");
    assert_url(corp, DIRECTORY_TOKEN, "https://idp.example.com/x/token");
    assert_token_body(corp, "grant_type=x");
    assert_int_equal(corp->requests[DIRECTORY_USERS].request.format, BODY_JSON);
}

static void
test_rest(void **state)
{
    struct files *files = *state;
    const struct directory_config *corp;

    corp = load(files,
                PROVIDER "[directory corp]\n"
                         "provider = corp\n"
                         "type = rest\n"
                         "base_url = http://127.0.0.1:80\n"
                         "allow_http_loopback = yes\n"
                         "login_name = {{user}}@example.com\n"
                         "user_by_name.url = {{base_url}}/u?n={{login}}\n"
                         "user_by_name.missing = 404 410\n"
                         "user_by_name.authorization = Key {{secret.key}}\n"
                         "users.url = {{base_url}}/users\n"
                         "users.success = 200\n"
                         "users.page = page\n"
                         "users.page_parameter = p\n"
                         "groups.url = {{base_url}}/groups\n"
                         "groups.page = next\n"
                         "groups.next = header:Link\n"
                         "groups.page_size_parameter = $top\n"
                         "groups.page_size = 10000\n"
                         "user_groups.url = {{base_url}}/u/{{subject}}/g\n"
                         "attribute.name = /n~1x\n"
                         "attribute.subject = /s\n"
                         "attribute.disabled = /until\n"
                         "group.name = /n\n"
                         "group.members = /m\n"
                         "refresh_every = 1s\n"
                         "missing_for = 1h\n"
                         "disabled_grace = 0\n"
                         "connect_timeout = 1s\n"
                         "request_timeout = 2s\n"
                         "max_answer = 16M\n",
                "corp");
    assert_int_equal(corp->auth, DIRECTORY_AUTH_NONE);
    assert_bound(corp, corp->login_name, "alice@example.com");
    assert_url(corp, DIRECTORY_USER_BY_NAME,
               "http://127.0.0.1:80/u?n=alice%40example.com");
    assert_bound(corp,
                 corp->requests[DIRECTORY_USER_BY_NAME].request.authorization,
                 "Key SECRET");
    assert_null(corp->requests[DIRECTORY_USERS].request.authorization);
    assert_true(status_list_has(&corp->missing, 410));
    assert_false(
        status_list_has(&corp->requests[DIRECTORY_USERS].request.success, 201));
    assert_int_equal(corp->users_page.kind, PAGE_NUMBER);
    assert_int_equal(corp->users_page.first, 1);
    assert_null(corp->users_page.size_parameter);
    assert_int_equal(corp->groups_page.kind, PAGE_NEXT);
    assert_int_equal(corp->groups_page.next->kind, SOURCE_HEADER);
    assert_string_equal(corp->groups_page.size_parameter, "$top");
    assert_int_equal(corp->groups_page.size, 10000);
    assert_string_equal(corp->attribute.name, "/n~1x");
    assert_int_equal(corp->refresh_every_s, 1);
    assert_int_equal(corp->missing_for_s, 3600);
    assert_int_equal(corp->disabled_grace_s, 0);
    assert_int_equal(corp->connect_timeout_ms, 1000);
    assert_int_equal(corp->request_timeout_ms, 2000);
    assert_int_equal(corp->max_answer, 16 << 20);
    assert_true(corp->tls.allow_http_loopback);
}

static void
test_first_sign_in(void **state)
{
    struct files *files = *state;
    const struct directory_config *corp;

    corp = load(files,
                PROVIDER "identity.groups = access:/groups\n"
                         "[directory corp]\ntype = first_sign_in\n"
                         "[directory off]\ntype = none\n"
                         "[access]\nallow_groups = a\n",
                "corp");
    assert_int_equal(corp->type, DIRECTORY_FIRST_SIGN_IN);
    assert_int_equal(config_directory(files->config, "off")->type,
                     DIRECTORY_NONE);
    assert_null(config_directory(files->config, "none"));
    assert_string_equal(files->config->providers[0].identity_groups->pointer,
                        "/groups");
    for (unsigned i = 0; i < DIRECTORY_REQUESTS; i++)
        assert_false(corp->requests[i].request.configured);
    assert_string_equal(config_directory_issuer(files->config, corp),
                        "https://idp.example.com:8443");
}

/* Two providers, each with its people. */
static void
test_two(void **state)
{
    struct files *files = *state;

    files_expect(files,
                 "[signin]\ndefault_provider = corp\n" PROVIDER
                 "[provider two]\nbase_url = https://two.example/api\n"
                 "sign_in.url = {{base_url}}/t\n"
                 "sign_in.body = p={{password}}\nanswer.access_token = /a\n"
                 "identity.user = /u\n"
                 "[directory a]\nprovider = two\ntype = first_sign_in\n"
                 "[directory b]\ntype = first_sign_in\n",
                 "");
    assert_string_equal(
        config_directory_issuer(files->config, &files->config->directories[0]),
        "https://two.example/api");
    assert_string_equal(
        config_directory_provider(files->config, &files->config->directories[1])
            ->name,
        "corp");
}

/* Every preset loads with what its comment says must be set. */
static void
test_presets(void **state)
{
    static const struct {
        const char *name, *needs;
    } presets[] = {
        {"scim", "base_url = https://h/scim\n"
                 "authorization = Bearer {{secret.key}}\n"},
        {"glewlwyd", "base_url = https://h/api\n"
                     "authorization = token {{secret.key}}\n"},
        {"keycloak", "base_url = https://h/admin/realms/r\nclient_id = a\n"
                     "client_secret = b\ntoken.url = https://h/token\n"},
        {"msgraph", "client_id = a\nclient_secret = b\n"
                    "token.url = https://h/token\n"
                    "login_name = {{user}}@example.com\n"},
        {"gotrue", "base_url = https://h\nheader.apikey = {{secret.key}}\n"
                   "authorization = Bearer {{secret.key}}\n"
                   "login_name = {{user}}@example.com\n"},
        {"django", "base_url = https://h\n"
                   "authorization = Token {{secret.key}}\n"},
    };
    struct files *files = *state;

    files_presets(files);
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
        char text[2048];
        const struct directory_config *corp;

        snprintf(text, sizeof(text),
                 PROVIDER "[directory corp]\npreset = %s\n%s", presets[i].name,
                 presets[i].needs);
        corp = load(files, text, "corp");
        assert_string_equal(corp->preset, presets[i].name);
        assert_true(corp->requests[DIRECTORY_USERS].request.configured);
        assert_true(corp->requests[DIRECTORY_TOKEN].request.configured ==
                    (corp->auth == DIRECTORY_AUTH_CLIENT_CREDENTIALS));
        assert_non_null(corp->attribute.name);
        assert_non_null(corp->attribute.subject);
    }
}

static void
test_accounts(void **state)
{
    struct files *files = *state;
    const struct accounts_config *accounts;
    struct template_values values = {.value = {[NAME_USER] = "alice"}};
    cleanup_wipe char *home = NULL;

    files_expect(files, PROVIDER, "");
    accounts = &files->config->accounts;
    assert_null(accounts->name_pattern);
    assert_true(accounts->id_from_attribute && accounts->id_derived);
    assert_int_equal(accounts->id_first, 1879048192);
    assert_int_equal(accounts->id_last, 2147352575);
    assert_false(accounts->id_collision_next);
    assert_string_equal(accounts->shell, "/bin/bash");
    assert_string_equal(accounts->group_prefix, "");
    assert_int_equal(accounts->local_groups.count, 0);
    assert_false(accounts->enumerate);

    files_expect(files,
                 PROVIDER "[accounts]\n"
                          "name_pattern = (a|[(]|[[:alpha:](])\\)*|c\n"
                          "id_source = derived\n"
                          "id_range = 70000-70000\n"
                          "id_collision = next\n"
                          "id.alice = 4294967293\n"
                          "id.bob = 1000\n"
                          "home = /srv/{{user}}/home\n"
                          "shell = /bin/sh\n"
                          "group_prefix = corp-\n"
                          "local_groups = sudo docker\n"
                          "enumerate = yes\n",
                 "");
    accounts = &files->config->accounts;
    assert_non_null(accounts->name_pattern);
    assert_true(accounts->id_derived && !accounts->id_from_attribute);
    assert_int_equal(accounts->id_first, 70000);
    assert_int_equal(accounts->id_last, 70000);
    assert_true(accounts->id_collision_next);
    assert_int_equal(accounts->id_count, 2);
    assert_string_equal(accounts->ids[0].name, "alice");
    assert_true(accounts->ids[0].id == 4294967293U);
    assert_int_equal(template_bind(accounts->home, &values, &home), 0);
    assert_string_equal(home, "/srv/alice/home");
    assert_string_equal(accounts->group_prefix, "corp-");
    assert_string_equal(accounts->local_groups.items[1], "docker");
    assert_true(accounts->enumerate);
}

static void
test_names(void **state)
{
    (void)state;
    assert_string_equal(directory_request_name(DIRECTORY_TOKEN), "token");
    assert_string_equal(directory_request_name(DIRECTORY_USER_GROUPS),
                        "user_groups");
    assert_string_equal(directory_request_name(DIRECTORY_REQUESTS), "?");
}

int
main(void)
{
#define WITH_FILES(test)                                                       \
    cmocka_unit_test_setup_teardown(test, files_setup, files_teardown)
    const struct CMUnitTest tests[] = {
        WITH_FILES(test_example),       WITH_FILES(test_scim),
        WITH_FILES(test_token),         WITH_FILES(test_rest),
        WITH_FILES(test_first_sign_in), WITH_FILES(test_two),
        WITH_FILES(test_presets),       WITH_FILES(test_accounts),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
