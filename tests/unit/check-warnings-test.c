/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which configurations are warned of, and which are not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config-files.h"
#include "signind/check/endpoint.h"
#include "signind/check/host.h"
#include "signind/check/warnings.h"

#define PROVIDER PUBLIC "client_secret = corp\n"
#define PUBLIC                                                                 \
    "[signin]\nconfig_version = 1\n"                                           \
    "[provider corp]\npreset = oauth2\n"                                       \
    "sign_in.url = https://SSO.example.com:443/token\n"                        \
    "introspect.url = https://sso.example.com/introspect\n"                    \
    "client_id = linux\n"
#define BARE                                                                   \
    "[signin]\nconfig_version = 1\n"                                           \
    "[provider corp]\nsign_in.url = https://x.example/a\n"                     \
    "sign_in.body = p={{password}}\nrefresh.url = https://x.example/b\n"       \
    "refresh.body = r={{refresh_token}}\n"                                     \
    "revoke.access.url = https://x.example/c\n"                                \
    "revoke.access.authorization = Bearer {{access_token}}\n"                  \
    "answer.access_token = /a\nidentity.user = /u\n"
#define REFRESH "refresh.url = https://sso.example.com:8443/token\n"
#define REVOKE  "revoke.refresh.url = https://sso.example.com/revoke?a=b\n"
#define PEOPLE                                                                 \
    "[accounts]\nlocal_users = alice bob\n[access]\nallow_users = alice\n"

static const char passwd[] = "root:x:0:0::/root:/bin/sh\n"
                             "sys:x:300:300::/:/bin/sh\n"
                             "alice:x:1000:1000::/home/alice:/bin/sh\n"
                             "bob:x:1001:1001::/home/bob:/bin/sh\n"
                             "dyn:x:61200:61200::/:/bin/sh\n";

/* The names of all warnings but the one for everybody, in order. */
static void
expect(struct files *files, const char *config, const char *user,
       const char *expected)
{
    char path[256], names[1024] = "";
    struct report report;
    json_t *warning;
    size_t i;
    FILE *null = fopen("/dev/null", "we");

    assert_non_null(null);
    files_write(files, "passwd", passwd);
    snprintf(path, sizeof(path), "%s/passwd", files->root);
    files_expect(files, config, "");
    report_open(&report, true, null);
    warnings_of_config(&report, files->config, path);
    if (user != NULL)
        warnings_of_user(&report, files->config, user);
    json_array_foreach(json_object_get(report.root, "warnings"), i, warning)
    {
        const char *name = json_string_value(json_object_get(warning, "name"));
        const char *message =
            json_string_value(json_object_get(warning, "message"));

        assert_true(strlen(names) + strlen(name) + 2 < sizeof(names));
        assert_true(strlen(message) > 20);
        if (i == 0) {
            assert_string_equal(name, "password_grant");
            assert_non_null(strstr(message, "RFC 9700"));
            assert_non_null(strstr(message, "device sign-in"));
            continue;
        }
        strcat(names, name);
        strcat(names, " ");
    }
    assert_string_equal(names, expected);
    assert_int_equal(report_close(&report), REPORT_WELL);
    fclose(null);
}

static void
good_configuration(void **state)
{
    struct files *files = *state;

    files_presets(files);
    expect(files, PROVIDER REFRESH REVOKE PEOPLE, NULL, "");
    expect(files, PROVIDER REFRESH REVOKE PEOPLE, "alice", "");
    expect(files, PROVIDER REFRESH REVOKE PEOPLE "[offline]\n", NULL, "");
    expect(files,
           PROVIDER REFRESH REVOKE PEOPLE "[offline]\ncached_sign_in = yes\n",
           NULL, "cached_sign_in ");
}

static void
a_user_who_may_not(void **state)
{
    struct files *files = *state;

    files_presets(files);
    expect(files, PROVIDER REFRESH REVOKE PEOPLE, "bob", "user ");
    expect(files, PROVIDER REFRESH REVOKE PEOPLE, "carol", "user ");
    expect(files,
           PROVIDER REFRESH REVOKE PEOPLE "[access sudo]\nallow_users = bob\n",
           "bob", "");
}

static void
tokens_that_die_or_do_not(void **state)
{
    struct files *files = *state;

    files_presets(files);
    expect(files, PROVIDER PEOPLE, NULL, "no_refresh no_revoke ");
    expect(files, PROVIDER REFRESH REVOKE "revoke = none\n" PEOPLE, NULL,
           "no_revoke ");
    expect(files, BARE "answer.refresh_token = /r\n" PEOPLE, NULL, "");
    expect(files, BARE PEOPLE, NULL, "no_refresh ");
}

static void
trust(void **state)
{
    struct files *files = *state;

    files_presets(files);
    expect(files,
           PROVIDER REFRESH REVOKE
           "identity.check = accepted_password\n" PEOPLE,
           NULL, "accepted_password ");
    expect(files, PROVIDER REFRESH REVOKE "allow_http_loopback = yes\n" PEOPLE,
           NULL, "http_loopback ");
    expect(files, PUBLIC REFRESH REVOKE PEOPLE, NULL, "public_client ");
}

static void
people(void **state)
{
    struct files *files = *state;

    files_presets(files);
    expect(files, PROVIDER REFRESH REVOKE "[access]\nallow_users = *\n", NULL,
           "allow_all nobody ");
    expect(files, PROVIDER REFRESH REVOKE "[accounts]\nlocal_users = alice\n",
           NULL, "nobody ");
    expect(files,
           PROVIDER REFRESH REVOKE
           "[accounts]\nlocal_users = alice\n"
           "[access]\nallow_users = alice\ndeny_users = alice\n",
           NULL, "nobody ");
    expect(files,
           PROVIDER REFRESH REVOKE "[accounts]\nlocal_users = alice\n"
                                   "[access sshd]\nallow_users = *\n",
           NULL, "allow_all ");
    expect(files,
           PROVIDER REFRESH REVOKE
           "[accounts]\nlocal_users = alice gone sys dyn\n"
           "[access]\nallow_users = alice\n",
           NULL, "local_user local_user local_user ");
}

#define NAMED PROVIDER REFRESH REVOKE
#define REST                                                                   \
    "[directory corp]\ntype = rest\nusers.url = https://h/users\n"             \
    "attribute.name = /n\nattribute.subject = /s\n"
#define RULES "[access]\nallow_users = alice\n"

static void
directories(void **state)
{
    struct files *files = *state;

    files_presets(files);
    expect(files, NAMED REST RULES, NULL, "");
    expect(files, NAMED REST RULES, "zoe", "");
    expect(files, NAMED REST, NULL, "nobody ");
    expect(files, NAMED REST "[access sudo]\nallow_users = alice\n", NULL, "");
    expect(files, NAMED "[directory corp]\ntype = none\n" RULES, NULL,
           "nobody ");
    expect(files, NAMED "[directory corp]\ntype = none\n" RULES, "alice",
           "nobody user ");
    expect(files, NAMED REST "allow_http_loopback = yes\n" RULES, NULL,
           "http_loopback ");
    expect(files,
           NAMED "[directory corp]\ntype = rest\nattribute.name = /n\n"
                 "user_by_name.url = https://h/{{user}}\n"
                 "attribute.subject = /s\n" RULES,
           NULL, "no_list ");
    expect(files, NAMED "[directory corp]\ntype = first_sign_in\n" RULES, NULL,
           "");
    expect(files,
           NAMED "check_at_refresh = directory\n"
                 "[directory corp]\ntype = first_sign_in\n" RULES,
           NULL, "no_directory ");
    expect(files, NAMED "check_at_refresh = directory\n" REST RULES, NULL, "");
    expect(files,
           BARE "answer.refresh_token = /r\n"
                "[directory corp]\ntype = first_sign_in\n" RULES,
           NULL, "no_subject ");
}

/* Groups that are told user by user: is a name one group's alone? */
#define BY_USER                                                                \
    "[directory corp]\ntype = rest\nusers.url = https://h/users\n"             \
    "user_by_name.url = https://h/u/{{user}}\n"                                \
    "user_groups.url = https://h/u/{{user}}/groups\n"                          \
    "attribute.name = /n\nattribute.subject = /s\ngroup.name = /n\n"

static void
group_names(void **state)
{
    struct files *files = *state;

    files_presets(files);
    expect(files, NAMED BY_USER "group.id = /i\n[access]\nallow_groups = x\n",
           NULL, "group_names ");
    expect(files,
           NAMED BY_USER "group.id = /i\n" RULES
                         "[accounts]\nlocal_groups = users\n",
           NULL, "group_names ");
    expect(files,
           NAMED BY_USER "group.id = /i\n[access]\nallow_groups = id:x\n"
                         "deny_groups = y\n",
           NULL, "");
    expect(files,
           NAMED BY_USER "group.id = /i\ngroups.url = https://h/g\n"
                         "group.members = /m\n[access]\nallow_groups = x\n",
           NULL, "");
    /* The name is the id. */
    expect(files, NAMED BY_USER "[access]\nallow_groups = x\n", NULL, "");
}

static void
rules(void **state)
{
    struct files *files = *state;

    files_presets(files);
    expect(files,
           NAMED REST RULES "deny_groups = x\n[access sudo]\n"
                            "allow_groups = y\n",
           NULL, "no_groups no_groups ");
    expect(files,
           NAMED REST "attribute.groups = /g\n" RULES "deny_groups = x\n", NULL,
           "");
    expect(files,
           NAMED "identity.groups = access:/g\n" REST RULES "deny_groups = x\n",
           NULL, "");
    expect(files, NAMED REST RULES "stale_ok = 0\n", NULL, "stale_ok ");
    expect(files, NAMED REST RULES "[access sudo]\nstale_ok = 0\n", NULL,
           "stale_ok ");
    expect(files, NAMED REST RULES "[access login]\nstale_ok = 0\n", NULL, "");
    expect(files,
           NAMED REST RULES "[accounts]\nlocal_groups = users docker sudo\n",
           NULL, "local_group local_group ");
    expect(files, NAMED REST RULES "[accounts]\nshell = /no/shell\n", NULL,
           "shell ");
    expect(files, NAMED REST RULES "[accounts]\nid_range = 60000-60001\n", NULL,
           "id_range ");
    expect(files, NAMED REST RULES "[accounts]\nid_range = 600000-600001\n",
           NULL, "id_range id_range ");
    expect(files,
           NAMED REST RULES "[accounts]\nid_range = 600000-600001\n"
                            "id_source = attribute\n",
           NULL, "");
    /* Without a directory none of that is of any consequence. */
    expect(files, NAMED PEOPLE "[accounts]\nshell = /no/shell\n", NULL, "");
}

static void
origins(void **state)
{
    struct files *files = *state;
    const struct provider_config *provider;
    static const struct {
        enum request_kind kind;
        const char *origin;
    } cases[] = {
        {REQUEST_SIGN_IN, "https://sso.example.com"},
        {REQUEST_REFRESH, "https://sso.example.com:8443"},
        {REQUEST_REVOKE_REFRESH, "https://sso.example.com"},
        {REQUEST_USERINFO, "http://[::1]:8080"},
        {REQUEST_REVOKE_ACCESS, "http://127.0.0.1"},
    };

    files_presets(files);
    files_expect(files,
                 PROVIDER REFRESH REVOKE
                 "base_url = http://[::1]:8080\nallow_http_loopback = yes\n"
                 "userinfo.url = {{base_url}}/users/{{user}}?k={{secret.k}}\n"
                 "revoke.access.url = http://127.0.0.1:80?a\n" PEOPLE,
                 "");
    provider = config_provider(files->config, "corp");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *origin = endpoint_origin(&provider->requests[cases[i].kind],
                                       provider->base_url);

        assert_non_null(origin);
        assert_string_equal(origin, cases[i].origin);
        free(origin);
    }
    files_expect(files, PROVIDER PEOPLE, "");
    provider = config_provider(files->config, "corp");
    assert_null(endpoint_origin(&provider->requests[REQUEST_REFRESH],
                                provider->base_url));
}

static void
every_failure_has_a_mend(void **state)
{
    (void)state;
    assert_non_null(strstr(endpoint_mend(HTTP_UNTRUSTED,
                                         "SSL certificate problem: self-signed "
                                         "certificate in certificate chain"),
                           "ca_file"));
    assert_non_null(
        strstr(endpoint_mend(HTTP_UNTRUSTED,
                             "SSL certificate problem: unable to get local "
                             "issuer certificate"),
               "ca_file"));
    assert_non_null(
        strstr(endpoint_mend(HTTP_UNTRUSTED,
                             "SSL: no alternative certificate subject name "
                             "matches target host name 'x'"),
               "another host"));
    assert_non_null(strstr(
        endpoint_mend(HTTP_UNTRUSTED,
                      "SSL certificate problem: certificate has expired"),
        "renew"));
    assert_non_null(strstr(
        endpoint_mend(HTTP_UNREACHABLE, "Could not resolve host: x"), "DNS"));
    for (int i = HTTP_UNREACHABLE; i <= HTTP_NOT_ALLOWED; i++)
        assert_non_null(endpoint_mend((enum http_failure)i, "other words"));
}

static void
machine_ids(void **state)
{
    struct files *files = *state;
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {
        {"", false},
        {"\n", false},
        {"uninitialized\n", false},
        {"0123456789abcdef0123456789abcdef\n", true},
        {"0123456789abcdef0123456789abcdef", true},
        {"0123456789abcdef0123456789abcdef0", false},
        {"0123456789abcdef0123456789abcde\n", false},
    };
    char path[256];

    snprintf(path, sizeof(path), "%s/machine-id", files->root);
    assert_false(host_machine_id_valid(path));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        files_write(files, "machine-id", cases[i].text);
        assert_int_equal(host_machine_id_valid(path), cases[i].valid);
    }
}

int
main(void)
{
#define WITH_FILES(test)                                                       \
    cmocka_unit_test_setup_teardown(test, files_setup, files_teardown)
    const struct CMUnitTest tests[] = {
        WITH_FILES(good_configuration),
        WITH_FILES(a_user_who_may_not),
        WITH_FILES(tokens_that_die_or_do_not),
        WITH_FILES(trust),
        WITH_FILES(people),
        WITH_FILES(directories),
        WITH_FILES(group_names),
        WITH_FILES(rules),
        WITH_FILES(origins),
        cmocka_unit_test(every_failure_has_a_mend),
        WITH_FILES(machine_ids),
    };

    return cmocka_run_group_tests_name("check-warnings", tests, NULL, NULL);
}
