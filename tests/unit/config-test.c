/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of config_load(): what good files turn into. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

#include "config-files.h"
#include "wire/memory.h"

#define REST                                                                   \
    "sign_in.url = https://idp.example.com/token\n"                            \
    "sign_in.body = u={{login}}&p={{password}}\n"                              \
    "answer.access_token = /access_token\n"                                    \
    "identity.user = /user\n"
#define PROVIDER "[provider corp]\n" REST

static const struct provider_config *
provider(const struct files *files, const char *name)
{
    const struct provider_config *found;

    assert_non_null(files->config);
    found = config_provider(files->config, name);
    assert_non_null(found);
    return found;
}

/* Bind a URL or header and compare. */
static void
assert_bound(const struct provider_config *provider,
             const struct template *template, const char *words)
{
    struct template_values values = {0};
    cleanup_wipe char *text = NULL;

    values.value[NAME_USER] = "alice";
    values.value[NAME_ACCESS_TOKEN] = "AT";
    values.value[NAME_BASE_URL] = provider->base_url;
    assert_non_null(template);
    assert_int_equal(template_bind(template, &values, &text), 0);
    assert_string_equal(text, words);
}

static void
load_data(struct files *files, const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/tests/unit/data/config/%s", SOURCEDIR,
             name);
    {
        char text[8192];
        FILE *file = fopen(path, "re");
        size_t length;

        assert_non_null(file);
        length = fread(text, 1, sizeof(text), file);
        fclose(file);
        assert_in_range(length, 1, sizeof(text) - 1);
        files_write_bytes(files, "signin.conf", text, length);
    }
    files_load(files);
}

static void
check_corp(const struct provider_config *corp)
{
    const struct request_config *sign_in = &corp->requests[REQUEST_SIGN_IN];
    const struct request_config *refresh = &corp->requests[REQUEST_REFRESH];
    const struct request_config *revoke =
        &corp->requests[REQUEST_REVOKE_ACCESS];
    const struct outcome_rules *rules =
        &sign_in->outcomes[OUTCOME_WRONG_CREDENTIALS];

    assert_bound(corp, corp->login_name, "alice@example.com");
    assert_bound(corp, sign_in->url,
                 "https://example.api.co/auth/v1/token?grant_type=password");
    assert_string_equal(sign_in->method, "POST");
    assert_int_equal(sign_in->format, BODY_JSON);
    assert_true(template_body_uses(sign_in->body, NAME_PASSWORD));
    assert_null(sign_in->authorization);
    for (unsigned i = 0; i < REQUEST_KINDS; i++) {
        assert_int_equal(corp->requests[i].header_count, 1);
        assert_string_equal(corp->requests[i].headers[0].name, "apikey");
        assert_true(
            template_uses(corp->requests[i].headers[0].value, NAME_SECRET));
    }
    assert_string_equal(sign_in->answer.expires_in->text, "/expires_in");
    assert_string_equal(refresh->answer.refresh_token->text, "/refresh_token");
    assert_null(sign_in->answer.expires_at);
    assert_string_equal(corp->identity_user->pointer, "/user/email");
    assert_int_equal(corp->identity_subject->kind, SOURCE_ACCESS);
    assert_true(corp->identity_ignore_case);
    assert_false(corp->identity_accepted_password);
    assert_int_equal(corp->keep_count, 1);
    assert_string_equal(corp->keep[0].name, "token_type");
    assert_int_equal(corp->revoke_count, 1);
    assert_int_equal(corp->revoke_order[0], REQUEST_REVOKE_ACCESS);
    assert_bound(corp, revoke->authorization, "Bearer AT");
    assert_int_equal(revoke->format, BODY_NONE);
    assert_null(revoke->body);
    assert_true(revoke->refresh_first);
    assert_true(status_list_has(&revoke->success, 404));
    assert_false(status_list_has(&revoke->success, 403));
    assert_int_equal(rules->count, 2);
    assert_int_equal(rules->rules[1].status.from, 400);
    assert_string_equal(rules->rules[1].source->text, "/error");
    assert_string_equal(rules->rules[1].value, "invalid_grant");
    assert_int_equal(refresh->outcomes[OUTCOME_REFUSED].count, 3);
    assert_int_equal(refresh->outcomes[OUTCOME_WRONG_CREDENTIALS].count, 0);
    assert_int_equal(refresh->outcomes[OUTCOME_ACCOUNT_DISABLED].count, 1);
    assert_int_equal(revoke->outcomes[OUTCOME_ACCOUNT_DISABLED].count, 0);
    assert_int_equal(revoke->outcomes[OUTCOME_SLOW_DOWN].count, 1);
    assert_false(corp->requests[REQUEST_USERINFO].configured);
    assert_int_equal(corp->check_at_refresh, REQUEST_KINDS);
    assert_int_equal(corp->client_auth, CLIENT_AUTH_NONE);
}

static void
check_tables(const struct provider_config *tables)
{
    const struct request_config *refresh = &tables->requests[REQUEST_REFRESH];

    assert_string_equal(tables->suffix, "@tables.example.io");
    assert_string_equal(tables->authorization, "JWT {{access_token}}");
    assert_int_equal(refresh->answer.expires_at->kind, SOURCE_ACCESS);
    /* Nothing says how a refused refresh looks: like a refused password. */
    assert_int_equal(refresh->outcomes[OUTCOME_REFUSED].count, 1);
    assert_int_equal(refresh->outcomes[OUTCOME_REFUSED].rules[0].status.from,
                     401);
    assert_int_equal(refresh->outcomes[OUTCOME_WRONG_CREDENTIALS].count, 0);
    assert_null(tables->tls.ca_file);
    assert_int_equal(tables->connect_timeout_ms, 5000);
    assert_int_equal(tables->request_timeout_ms, 15000);
    assert_int_equal(tables->sign_in_timeout_ms, 60000);
    assert_int_equal(tables->max_answer, 262144);
}

static void
check_defaults(const struct config *config)
{
    assert_int_equal(config->log_level, LOG_INFO);
    assert_int_equal(config->refresh_at_percent, 75);
    assert_int_equal(config->unknown_lifetime_s, 600);
    assert_int_equal(config->on_refusal, ON_REFUSAL_NOTIFY);
    assert_false(config->on_no_keyring_allow);
    assert_int_equal(config->shutdown_revoke_timeout_ms, 10000);
    assert_int_equal(config->revoke_retry_for_s, 86400);
    assert_int_equal(config->failures_per_user, 5);
    assert_int_equal(config->failures_per_host, 20);
    assert_int_equal(config->window_s, 900);
    assert_int_equal(config->sign_ins_in_flight, 64);
    assert_int_equal(config->unclaimed_ticket_s, 120);
}

/* Both endpoints of the mission, and every key at the value it has anyway. */
static void
test_missions(void **state)
{
    struct files *files = *state;

    load_data(files, "missions.conf");
    assert_string_equal(files->complaints, "");
    assert_int_equal(files->config->provider_count, 2);
    assert_string_equal(files->config->default_provider, "corp");
    check_corp(provider(files, "corp"));
    check_tables(provider(files, "tables"));
    check_defaults(files->config);
    assert_int_equal(files->config->local_users.count, 2);
    assert_null(files->config->local_users.items[2]);

    files_expect(files, PROVIDER, "");
    check_defaults(files->config);
    assert_null(files->config->default_provider);
}

/* The installed starting configuration: all but a provider. */
static void
test_starting_file(void **state)
{
    struct files *files = *state;
    char path[512], text[8192];
    size_t length;
    FILE *file;

    snprintf(path, sizeof(path), "%s/etc/signin.conf", SOURCEDIR);
    file = fopen(path, "re");
    assert_non_null(file);
    length = fread(text, 1, sizeof(text), file);
    fclose(file);
    assert_in_range(length, 1, sizeof(text) - 1);
    files_write_bytes(files, "signin.conf", text, length);
    files_load(files);
    assert_string_equal(files->complaints,
                        "signin.conf:0: no provider is configured: write a "
                        "[provider NAME] section, see signin.conf(5)\n");
    files_write(files, "conf.d/corp.conf", PROVIDER);
    files_load(files);
    assert_string_equal(files->complaints, "");
}

static void
test_values(void **state)
{
    struct files *files = *state;
    const struct provider_config *corp;

    files_expect(files,
                 "# comment = 1\n"
                 "; comment\n"
                 "\n"
                 "[signin]\n"
                 "log_level = debug\n"
                 "[provider corp]\n"
                 "sign_in.url=https://idp.example.com/token?a=b;c\n"
                 "sign_in.body =   u={{login}}&p={{password}}&q=%23;#x ; y  \n"
                 "answer.access_token = /a # b\n"
                 "identity.user = /user\n"
                 "ca_file = /etc/ssl/own ca.pem\n"
                 "pin_sha256 = "
                 "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
                 "proxy = http://proxy:3128\n"
                 "connect_timeout = 2s\n"
                 "sign_in_timeout = 2m\n"
                 "max_answer = 1M\n"
                 "grace = 30s\n"
                 "scope = openid  email\n"
                 "header.X-One = = a = b\n"
                 "[session]\n"
                 "refresh_at = 50%\n"
                 "unknown_lifetime = 1d\n"
                 "shutdown_revoke_timeout = 0\n"
                 "on_no_keyring = allow\n",
                 "");
    corp = provider(files, "corp");
    assert_int_equal(files->config->log_level, LOG_DEBUG);
    assert_string_equal(
        corp->requests[REQUEST_SIGN_IN].answer.access_token->text, "/a # b");
    assert_string_equal(corp->tls.ca_file, "/etc/ssl/own ca.pem");
    assert_string_equal(corp->tls.proxy, "http://proxy:3128");
    assert_string_equal(corp->scope, "openid  email");
    assert_int_equal(corp->connect_timeout_ms, 2000);
    assert_int_equal(corp->sign_in_timeout_ms, 120000);
    assert_int_equal(corp->max_answer, 1048576);
    assert_int_equal(corp->grace_s, 30);
    assert_int_equal(corp->requests[REQUEST_SIGN_IN].format, BODY_FORM);
    assert_bound(corp, corp->requests[REQUEST_SIGN_IN].headers[0].value,
                 "= a = b");
    assert_int_equal(files->config->refresh_at_percent, 50);
    assert_int_equal(files->config->unknown_lifetime_s, 86400);
    assert_int_equal(files->config->shutdown_revoke_timeout_ms, 0);
    assert_true(files->config->on_no_keyring_allow);
}

/* A line of 4,096 bytes is the longest. */
static void
test_longest_line(void **state)
{
    struct files *files = *state;
    char text[8192] = PROVIDER "header.x = ";
    size_t begin = strlen(text);

    memset(text + begin, 'y', 4096 - strlen("header.x = "));
    strcat(text, "\n[session]\nrefresh_at = 60%");
    files_expect(files, text, "");
    assert_int_equal(files->config->refresh_at_percent, 60);
}

static void
test_requests(void **state)
{
    struct files *files = *state;
    const struct provider_config *corp;

    files_expect(files,
                 PROVIDER
                 "userinfo.url = https://idp.example.com/me\n"
                 "introspect.url = https://idp.example.com/introspect\n"
                 "introspect.body = token={{access_token}}\n"
                 "check_at_refresh = userinfo\n"
                 "client_id = linux\n"
                 "client_secret = corp-client\n"
                 "header.Accept = a/b\n"
                 "header.x-all = all\n"
                 "userinfo.header.ACCEPT = c/d\n"
                 "refresh.url = https://idp.example.com/token\n"
                 "refresh.method = PUT\n"
                 "refresh.body = r={{refresh_token}}\n"
                 "refresh.answer.access_token = /new\n"
                 "answer.expires_in = /expires_in\n"
                 "refresh.answer.expires_at = access:/exp\n"
                 "revoke.access.url = https://idp.example.com/a\n"
                 "revoke.access.body = token={{access_token}}\n"
                 "revoke.refresh.url = https://idp.example.com/r\n"
                 "revoke.refresh.body = token={{refresh_token}}\n",
                 "");
    corp = provider(files, "corp");
    assert_int_equal(corp->client_auth, CLIENT_AUTH_BASIC);
    assert_int_equal(corp->check_at_refresh, REQUEST_USERINFO);
    assert_string_equal(corp->requests[REQUEST_USERINFO].method, "GET");
    assert_bound(corp, corp->requests[REQUEST_USERINFO].authorization,
                 "Bearer AT");
    assert_string_equal(corp->requests[REQUEST_INTROSPECT].method, "POST");
    assert_int_equal(corp->requests[REQUEST_USERINFO].header_count, 2);
    assert_string_equal(corp->requests[REQUEST_SIGN_IN].headers[0].name,
                        "Accept");
    assert_string_equal(corp->requests[REQUEST_USERINFO].headers[1].name,
                        "ACCEPT");
    assert_string_equal(corp->requests[REQUEST_REFRESH].method, "PUT");
    assert_string_equal(
        corp->requests[REQUEST_REFRESH].answer.access_token->text, "/new");
    assert_null(corp->requests[REQUEST_REFRESH].answer.expires_in);
    assert_non_null(corp->requests[REQUEST_REFRESH].answer.expires_at);
    assert_non_null(corp->requests[REQUEST_SIGN_IN].answer.expires_in);
    /* Unless said otherwise, the refresh token is revoked first. */
    assert_int_equal(corp->revoke_count, 2);
    assert_int_equal(corp->revoke_order[0], REQUEST_REVOKE_REFRESH);
    assert_int_equal(corp->revoke_order[1], REQUEST_REVOKE_ACCESS);
    assert_string_equal(corp->authorization, "Bearer {{access_token}}");
}

/* The least that a provider can be. */
static void
test_refusal(void **state)
{
    struct files *files = *state;

    files_expect(files,
                 PROVIDER "check_at_refresh = directory\n"
                          "[session]\non_refusal = terminate\n",
                 "");
    assert_true(provider(files, "corp")->check_directory_at_refresh);
    assert_int_equal(provider(files, "corp")->check_at_refresh, REQUEST_KINDS);
    assert_int_equal(files->config->on_refusal, ON_REFUSAL_TERMINATE);
    files_expect(files, PROVIDER "[session]\non_refusal = lock\n", "");
    assert_false(provider(files, "corp")->check_directory_at_refresh);
    assert_int_equal(files->config->on_refusal, ON_REFUSAL_LOCK);
}

static void
test_least(void **state)
{
    struct files *files = *state;
    const struct provider_config *corp;

    files_expect(files,
                 "[provider corp]\n"
                 "base_url = http://127.0.0.1:8080/api//\n"
                 "allow_http_loopback = yes\n"
                 "sign_in.url = {{base_url}}/token\n"
                 "sign_in.authorization = Custom {{password}}\n"
                 "sign_in.method = GET\n"
                 "answer.access_token = header:X-Token\n"
                 "identity.check = accepted_password\n"
                 "revoke = none\n",
                 "");
    corp = provider(files, "corp");
    assert_null(corp->identity_user);
    assert_true(corp->identity_accepted_password);
    assert_int_equal(corp->revoke_count, 0);
    assert_bound(corp, corp->requests[REQUEST_SIGN_IN].url,
                 "http://127.0.0.1:8080/api/token");
}

int
main(void)
{
#define WITH_FILES(test)                                                       \
    cmocka_unit_test_setup_teardown(test, files_setup, files_teardown)
    const struct CMUnitTest tests[] = {
        WITH_FILES(test_missions), WITH_FILES(test_starting_file),
        WITH_FILES(test_values),   WITH_FILES(test_longest_line),
        WITH_FILES(test_requests), WITH_FILES(test_least),
        WITH_FILES(test_refusal),

    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
