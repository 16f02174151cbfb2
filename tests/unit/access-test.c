/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of who is let in, and by which provider: choose.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config-files.h"

#define REST                                                                   \
    "sign_in.url = https://idp.example.com/token\n"                            \
    "sign_in.body = u={{login}}&p={{password}}\n"                              \
    "answer.access_token = /access_token\n"                                    \
    "identity.user = /user\n"
#define PROVIDER "[provider corp]\n" REST

static const struct config *
load(struct files *files, const char *text)
{
    files_expect(files, text, "");
    return files->config;
}

static void
test_nobody(void **state)
{
    const struct config *config = load(*state, PROVIDER);

    assert_false(config_access(config, "sshd", "alice"));
    assert_false(config_access(config, NULL, "alice"));
    assert_false(config_access(config, "sshd", ""));
    assert_false(config_local_user(config, "alice"));

    config = load(*state, PROVIDER "[access]\nallow_users =\n");
    assert_false(config_access(config, "sshd", "alice"));
}

static void
test_allow_and_deny(void **state)
{
    const struct config *config =
        load(*state, PROVIDER "[access]\n"
                              "allow_users = alice  bob\n"
                              "deny_users = bob root\n"
                              "[accounts]\n"
                              "local_users = alice bob\n");

    assert_true(config_access(config, "sshd", "alice"));
    assert_true(config_access(config, NULL, "alice"));
    assert_false(config_access(config, "sshd", "bob"));
    assert_false(config_access(config, "sshd", "carol"));
    assert_false(config_access(config, "sshd", "Alice"));
    assert_false(config_access(config, "sshd", "alic"));
    assert_false(config_access(config, "sshd", "alice bob"));
    assert_true(config_local_user(config, "alice"));
    assert_true(config_local_user(config, "bob"));
    assert_false(config_local_user(config, "carol"));
    assert_false(config_local_user(config, "alice "));
}

static void
test_everybody(void **state)
{
    const struct config *config = load(*state, PROVIDER "[access]\n"
                                                        "allow_users = *\n"
                                                        "deny_users = bob\n");

    assert_true(config_access(config, "sshd", "alice"));
    assert_false(config_access(config, "sshd", "bob"));
    assert_false(config_local_user(config, "*"));
}

static void
test_services(void **state)
{
    const struct config *config = load(*state, PROVIDER "[access sudo]\n"
                                                        "allow_users = carol\n"
                                                        "[access]\n"
                                                        "allow_users = *\n"
                                                        "deny_users = bob\n"
                                                        "[access login]\n"
                                                        "deny_users = dave\n"
                                                        "[access su]\n");

    /* What a service does not say holds for it as well. */
    assert_true(config_access(config, "sudo", "carol"));
    assert_false(config_access(config, "sudo", "alice"));
    assert_false(config_access(config, "sudo", "bob"));
    assert_true(config_access(config, "login", "alice"));
    assert_true(config_access(config, "login", "bob"));
    assert_false(config_access(config, "login", "dave"));
    assert_true(config_access(config, "su", "alice"));
    assert_false(config_access(config, "su", "bob"));
    assert_true(config_access(config, "sshd", "dave"));
    /* sudo also stands for sudo-i, and for no other service. */
    assert_false(config_access(config, "sudo-i", "alice"));
    assert_true(config_access(config, "sudo-i", "carol"));
    assert_true(config_access(config, "sudo-e", "alice"));
    assert_true(config_access(config, "su-l", "alice"));

    config = load(*state, PROVIDER "[access]\n"
                                   "allow_users = *\n"
                                   "[access sudo]\n"
                                   "allow_users = carol\n"
                                   "[access sudo-i]\n"
                                   "allow_users = dave\n");
    assert_true(config_access(config, "sudo-i", "dave"));
    assert_false(config_access(config, "sudo-i", "carol"));
}

#define PEOPLE                                                                 \
    PROVIDER "identity.groups = /groups\n"                                     \
             "[directory corp]\ntype = first_sign_in\n"

static void
test_groups(void **state)
{
    const struct config *config =
        load(*state, PEOPLE "[access]\n"
                            "allow_users = alice id:a|*7\n"
                            "allow_groups = linux-users  id:Domain:1\n"
                            "deny_groups = guests\n"
                            "stale_ok = 0\n"
                            "[access sudo]\n"
                            "allow_groups = admins\n"
                            "reuse_sign_in = 5m\n"
                            "[access cron]\n"
                            "deny_groups = nightly\n"
                            "stale_ok = 7d\n");
    const struct access_config *access = config_access_of(config, NULL);

    assert_null(access->service);
    assert_ptr_equal(access, config_access_of(config, "sshd"));
    assert_string_equal(access->allow_users.items[1], "id:a|*7");
    assert_string_equal(access->allow_groups.items[1], "id:Domain:1");
    assert_int_equal(access->stale_ok_s, 0);
    assert_int_equal(access->reuse_sign_in_s, 0);

    /* Who is allowed is said anew as a whole; what is denied, key by key. */
    access = config_access_of(config, "sudo-i");
    assert_string_equal(access->service, "sudo");
    assert_int_equal(access->allow_users.count, 0);
    assert_string_equal(access->allow_groups.items[0], "admins");
    assert_string_equal(access->deny_groups.items[0], "guests");
    assert_int_equal(access->stale_ok_s, 0);
    assert_int_equal(access->reuse_sign_in_s, 300);
    assert_false(config_access(config, "sudo", "alice"));

    access = config_access_of(config, "cron");
    assert_int_equal(access->allow_users.count, 2);
    assert_int_equal(access->allow_groups.count, 2);
    assert_string_equal(access->deny_groups.items[0], "nightly");
    assert_int_equal(access->stale_ok_s, 7 * 86400);
    assert_true(config_access(config, "cron", "alice"));

    /* "*" of [access] is not what a narrower section means. */
    config = load(*state, PEOPLE "[access]\nallow_users = *\n"
                                 "[access sudo]\nallow_groups = admins\n");
    assert_true(config_access(config, "sshd", "alice"));
    assert_false(config_access(config, "sudo", "alice"));
    assert_int_equal(config_access_of(config, NULL)->stale_ok_s, 86400);
}

static void
assert_chosen(const struct config *config, const char *asked, const char *user,
              const char *name)
{
    const struct provider_config *provider = config_choose(config, asked, user);

    if (name == NULL) {
        assert_null(provider);
    } else {
        assert_non_null(provider);
        assert_string_equal(provider->name, name);
    }
}

static void
test_choose(void **state)
{
    const struct config *config = load(*state, PROVIDER);

    assert_chosen(config, NULL, "alice", "corp");
    assert_chosen(config, "corp", "alice", "corp");
    assert_chosen(config, "other", "alice", NULL);

    config = load(*state, "[signin]\ndefault_provider = corp\n" PROVIDER
                          "[provider tables]\nsuffix = @t.example\n" REST
                          "[provider deep]\nsuffix = @a@t.example\n" REST);
    assert_chosen(config, NULL, "alice", "corp");
    assert_chosen(config, NULL, "alice@t.example", "tables");
    assert_chosen(config, NULL, "alice@a@t.example", "deep");
    assert_chosen(config, NULL, "@t.example", "corp");
    assert_chosen(config, NULL, "alice@T.example", "corp");
    assert_chosen(config, NULL, "alice@t.example.org", "corp");
    assert_chosen(config, "corp", "alice@t.example", "corp");
    assert_chosen(config, "deep", "alice", "deep");

    config = load(*state, "[provider a]\nsuffix = @a\n" REST
                          "[provider b]\nsuffix = @b\n" REST);
    assert_chosen(config, NULL, "alice@a", "a");
    assert_chosen(config, NULL, "alice@b", "b");
    assert_chosen(config, NULL, "alice", NULL);
    assert_null(config_provider(config, "c"));
}

static void
test_names(void **state)
{
    (void)state;
    assert_string_equal(request_kind_name(REQUEST_SIGN_IN), "sign_in");
    assert_string_equal(request_kind_name(REQUEST_REVOKE_ACCESS),
                        "revoke.access");
    assert_string_equal(request_kind_name(REQUEST_KINDS), "?");
}

static void
test_statuses(void **state)
{
    const struct config *config =
        load(*state, PROVIDER "sign_in.success = 200-204 302\n");
    const struct status_list *success =
        &config->providers[0].requests[REQUEST_SIGN_IN].success;
    static const struct status_list none;

    assert_false(status_list_has(success, 199));
    assert_true(status_list_has(success, 200));
    assert_true(status_list_has(success, 204));
    assert_false(status_list_has(success, 205));
    assert_true(status_list_has(success, 302));
    assert_false(status_list_has(&none, 200));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nobody, files_setup,
                                        files_teardown),
        cmocka_unit_test_setup_teardown(test_allow_and_deny, files_setup,
                                        files_teardown),
        cmocka_unit_test_setup_teardown(test_everybody, files_setup,
                                        files_teardown),
        cmocka_unit_test_setup_teardown(test_services, files_setup,
                                        files_teardown),
        cmocka_unit_test_setup_teardown(test_groups, files_setup,
                                        files_teardown),
        cmocka_unit_test_setup_teardown(test_choose, files_setup,
                                        files_teardown),
        cmocka_unit_test_setup_teardown(test_statuses, files_setup,
                                        files_teardown),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
