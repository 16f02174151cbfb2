/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of config_load(): what lies over what, and presets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config-files.h"
#include "wire/memory.h"

#define PROVIDER                                                               \
    "[provider corp]\n"                                                        \
    "sign_in.url = https://idp.example.com/token\n"                            \
    "sign_in.body = u={{login}}&p={{password}}\n"                              \
    "answer.access_token = /access_token\n"                                    \
    "identity.user = /user\n"

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
    values.value[NAME_BASE_URL] = provider->base_url;
    assert_non_null(template);
    assert_int_equal(template_bind(template, &values, &text), 0);
    assert_string_equal(text, words);
}

/* vendor, vendor's drop-ins, main, drop-ins: the last key wins. */
static void
test_layers(void **state)
{
    struct files *files = *state;

    files_write(files, "vendor.conf",
                PROVIDER "[session]\nrefresh_at = 10%\n"
                         "unknown_lifetime = 1m\n");
    files_write(files, "vendor.d/10-x.conf",
                "[session]\nrefresh_at = 20%\n"
                "revoke_retry_for = 1h\n");
    files_write(files, "vendor.d/90-z.conf", "[limits]\nwindow = 1m\n");
    files_load(files);
    assert_string_equal(files->complaints, "");
    assert_int_equal(files->config->refresh_at_percent, 20);
    assert_int_equal(files->config->window_s, 60);
    assert_int_equal(files->config->unknown_lifetime_s, 60);

    files_expect(files, "[session]\nrefresh_at = 30%\n", "");
    assert_int_equal(files->config->refresh_at_percent, 30);
    assert_int_equal(files->config->revoke_retry_for_s, 3600);

    files_write(files, "conf.d/50-b.conf", "[session]\nrefresh_at = 50%\n");
    files_write(files, "conf.d/40-a.conf", "[session]\nrefresh_at = 40%\n");
    files_write(files, "conf.d/B.conf", "[limits]\nwindow = 2m\n");
    files_write(files, "conf.d/a.conf", "[limits]\nwindow = 3m\n");
    files_write(files, "conf.d/99-not.conf~", "garbage\n");
    files_write(files, "conf.d/.hidden.conf", "garbage\n");
    files_write(files, "conf.d/README", "garbage\n");
    files_load(files);
    assert_string_equal(files->complaints, "");
    assert_int_equal(files->config->refresh_at_percent, 50);
    /* The C locale's order, whatever locale this runs in. */
    assert_int_equal(files->config->window_s, 180);

    /* "key =": back to the built-in default, not to a lower file's value. */
    files_write(files, "conf.d/60-c.conf",
                "[session]\nrefresh_at =\nunknown_lifetime =\n");
    files_load(files);
    assert_int_equal(files->config->refresh_at_percent, 75);
    assert_int_equal(files->config->unknown_lifetime_s, 600);
}

static void
test_masks(void **state)
{
    struct files *files = *state;
    char path[160];

    files_write(files, "signin.conf", PROVIDER);
    files_write(files, "vendor.d/10-x.conf", "[session]\nrefresh_at = 20%\n");
    files_write(files, "vendor.d/20-y.conf",
                "[session]\nunknown_lifetime = 1m\n"
                "revoke_retry_for = 1h\n");
    snprintf(path, sizeof(path), "%s/10-x.conf", files->dropins);
    assert_int_equal(symlink("/dev/null", path), 0);
    /* A mask of nothing. */
    snprintf(path, sizeof(path), "%s/77-none.conf", files->dropins);
    assert_int_equal(symlink("/dev/null", path), 0);
    /* A file of the same name is read instead. */
    files_write(files, "conf.d/20-y.conf",
                "[session]\nunknown_lifetime = 2m\n");
    files_load(files);
    assert_string_equal(files->complaints, "");
    assert_int_equal(files->config->refresh_at_percent, 75);
    assert_int_equal(files->config->unknown_lifetime_s, 120);
    assert_int_equal(files->config->revoke_retry_for_s, 86400);
}

/* A link to a regular file is as good as the file. */
static void
test_links(void **state)
{
    struct files *files = *state;
    char path[160];

    files_write(files, "elsewhere", PROVIDER);
    snprintf(path, sizeof(path), "%s/elsewhere", files->root);
    assert_int_equal(symlink(path, files->main), 0);
    files_load(files);
    assert_string_equal(files->complaints, "");
}

static const struct {
    const char *name;
    const char *more;
    const char *url, *authorization;
} presets[] = {
    {"oauth2",
     "sign_in.url = https://idp.example.com/token\n"
     "refresh.url = https://idp.example.com/token\n"
     "revoke.refresh.url = https://idp.example.com/revoke\n"
     "introspect.url = https://idp.example.com/introspect\n",
     "https://idp.example.com/token", "Bearer {{access_token}}"},
    {"oauth2",
     "base_url = https://idp.example.com\n"
     "sign_in.url = {{base_url}}/token\n"
     "identity.user = access:/sub\n"
     "identity.subject = access:/sub\n",
     "https://idp.example.com/token", "Bearer {{access_token}}"},
    {"glewlwyd",
     "base_url = https://idp.example.com/api/oidc\n"
     "client_id = pam\nclient_secret = pam-client\nscope = login\n",
     "https://idp.example.com/api/oidc/token", "Bearer {{access_token}}"},
    {"supabase",
     "base_url = https://idp.example.com\n"
     "header.apikey = {{secret.apikey}}\nlogin_name = {{user}}@x.org\n",
     "https://idp.example.com/auth/v1/token?grant_type=password",
     "Bearer {{access_token}}"},
    {"baserow", "base_url = https://idp.example.com\n",
     "https://idp.example.com/api/user/token-auth/", "JWT {{access_token}}"},
    {"simplejwt",
     "base_url = https://idp.example.com\n"
     "identity.user = access:/username\n",
     "https://idp.example.com/api/token/", "Bearer {{access_token}}"},
    {"simplejwt",
     "base_url = https://idp.example.com\n"
     "identity.check = accepted_password\n",
     "https://idp.example.com/api/token/", "Bearer {{access_token}}"},
    {"oauth-toolkit",
     "base_url = https://idp.example.com/o\n"
     "client_id = pam\nclient_secret = pam-client\n",
     "https://idp.example.com/o/token/", "Bearer {{access_token}}"},
};

/* Each with the least that its comments ask for. */
static void
test_presets(void **state)
{
    struct files *files = *state;

    files_presets(files);
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
        const struct provider_config *corp;
        char text[1024];

        snprintf(text, sizeof(text), "[provider corp]\npreset = %s\n%s",
                 presets[i].name, presets[i].more);
        files_expect(files, text, "");
        corp = provider(files, "corp");
        assert_string_equal(corp->preset, presets[i].name);
        assert_bound(corp, corp->requests[REQUEST_SIGN_IN].url, presets[i].url);
        assert_string_equal(corp->authorization, presets[i].authorization);
        assert_non_null(corp->requests[REQUEST_SIGN_IN].answer.refresh_token);
        assert_true(
            corp->requests[REQUEST_REFRESH].outcomes[OUTCOME_REFUSED].count >
            0);
    }
}

/* The preset is below the provider's own keys, and "key =" brings it back. */
static void
test_preset_layers(void **state)
{
    struct files *files = *state;
    const struct provider_config *corp;

    files_presets(files);
    files_write(files, "signin.conf",
                "[provider corp]\npreset = supabase\n"
                "base_url = https://idp.example.com\n"
                "identity.compare = exact\n"
                "answer.expires_at = access:/exp\n"
                "sign_in.url = https://other.example.com/x\n"
                "revoke.access.success = 204\n");
    files_load(files);
    assert_string_equal(files->complaints, "");
    corp = provider(files, "corp");
    assert_false(corp->identity_ignore_case);
    assert_bound(corp, corp->requests[REQUEST_SIGN_IN].url,
                 "https://other.example.com/x");
    /* One way to say the expiry replaces the preset's other way. */
    assert_null(corp->requests[REQUEST_SIGN_IN].answer.expires_in);
    assert_non_null(corp->requests[REQUEST_REFRESH].answer.expires_at);
    assert_false(
        status_list_has(&corp->requests[REQUEST_REVOKE_ACCESS].success, 401));

    files_write(files, "conf.d/1.conf",
                "[provider corp]\nsign_in.url =\nidentity.compare =\n"
                "answer.expires_at =\n");
    files_load(files);
    assert_string_equal(files->complaints, "");
    corp = provider(files, "corp");
    assert_true(corp->identity_ignore_case);
    assert_non_null(corp->requests[REQUEST_SIGN_IN].answer.expires_in);
    assert_null(corp->requests[REQUEST_SIGN_IN].answer.expires_at);
    assert_bound(corp, corp->requests[REQUEST_SIGN_IN].url,
                 "https://idp.example.com/auth/v1/token?grant_type=password");
}

int
main(void)
{
#define WITH_FILES(test)                                                       \
    cmocka_unit_test_setup_teardown(test, files_setup, files_teardown)
    const struct CMUnitTest tests[] = {
        WITH_FILES(test_layers),        WITH_FILES(test_masks),
        WITH_FILES(test_links),         WITH_FILES(test_presets),
        WITH_FILES(test_preset_layers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
