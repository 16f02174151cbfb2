/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `signin check` tells of a directory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake-directory.h"
#include "signind/check/directory.h"

static struct fake_idp *idp;
static struct fake_directory fake;
static char *text;

/* Run the check; what it told, after the endpoint's line, into text. */
static enum report_status
check(const char *user, bool secrets)
{
    struct check one = {.user = user,
                        .base = fake.base,
                        .context = fake.context,
                        .reads_secrets = true};
    enum report_status status;
    size_t length;
    FILE *out;

    free(text);
    out = open_memstream(&text, &length);
    assert_non_null(out);
    report_open(&one.report, false, out);
    directory_check_config(&one, &fake.config, &fake.directory, secrets);
    status = report_close(&one.report);
    fclose(out);
    return status;
}

static const char *
told(void)
{
    const char *rest = strstr(text, "questions");

    return rest == NULL ? text : rest;
}

static int
stop(void **state)
{
    (void)state;
    free(text);
    text = NULL;
    fake_directory_stop(&fake);
    return 0;
}

static void
test_well(void **state)
{
    (void)state;
    fake_directory_start(&fake, idp);
    fake_directory_client(&fake, CLIENT_AUTH_BASIC);
    fake_directory_ask(&fake, DIRECTORY_USERS, "/users", "");
    fake_directory_ask(&fake, DIRECTORY_USER_BY_NAME, "/users/{{user}}", "");
    fake_directory_page(&fake.directory.users_page, PAGE_NUMBER, "p", NULL, 2);
    fake.directory.attribute.enabled = fake_text("/on");
    fake.directory.attribute.groups = fake_text("/groups");
    fake.directory.attribute.uid = fake_text("/uid");
    fake_idp_say(idp, 200, "", "{\"access_token\":\"t-1\",\"expires_in\":99}");
    fake_idp_say(idp, 200, "",
                 "[{\"name\":\"alice\",\"id\":1},{\"name\":\"bob\",\"id\":2}]");
    fake_idp_say(idp, 200, "",
                 "{\"name\":\"alice\",\"id\":1,\"on\":false,\"uid\":7000,"
                 "\"groups\":[{\"id\":9,\"name\":\"ops\\\\\"}]}");
    assert_int_equal(check("alice", true), REPORT_WELL);
    assert_non_null(strstr(text, "directory fake: https://localhost:"));
    assert_non_null(strstr(text, ": ok: 127.0.0.1, certificate trusted"));
    assert_string_equal(told(), "questions to directory fake:\n"
                                "  token\n"
                                "    -> ok: token\n"
                                "  users\n"
                                "    users: 2 on the first page\n"
                                "    -> ok: 200 users\n"
                                "  user_by_name\n"
                                "    name: alice\n"
                                "    subject: 1\n"
                                "    enabled: no: may not sign in\n"
                                "    uid: 7000\n"
                                "    group: ops\\, id 9\n"
                                "    -> ok: 200 user_by_name\n"
                                "all is well\n");
    assert_int_equal(fake_idp_requests(idp), 3);
    assert_null(strstr(text, "t-1"));
}

static void
test_not_well(void **state)
{
    (void)state;
    fake_directory_start(&fake, idp);
    fake_directory_ask(&fake, DIRECTORY_USER_BY_NAME, "/users/{{user}}", "");
    /* Another directory may know the user. */
    fake_idp_say(idp, 404, "", "");
    assert_int_equal(check("alice", true), REPORT_WELL);
    assert_non_null(strstr(told(), "-> unknown_user: 404 user_by_name: no such "
                                   "user\n"));
    fake_idp_say(idp, 200, "", "{\"name\":\"bob\",\"id\":1}");
    assert_int_equal(check("alice", true), REPORT_MISTAKE);
    assert_int_equal(check("alice", false), REPORT_MISTAKE);
    assert_non_null(strstr(told(), "not tried: a secret is missing"));
    assert_int_equal(fake_idp_requests(idp), 2);
    fake.directory.tls.ca_file = NULL;
    assert_int_equal(check("alice", true), REPORT_UNREACHABLE);
    assert_non_null(strstr(told(), "not tried: the directory cannot be "
                                   "reached"));
    /* Nobody asks that one. */
    fake.directory.type = DIRECTORY_FIRST_SIGN_IN;
    assert_int_equal(check("alice", true), REPORT_WELL);
    assert_string_equal(text, "all is well\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_well, stop),
        cmocka_unit_test_teardown(test_not_well, stop),
    };
    int failed;

    idp = fake_idp_start();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    fake_idp_stop(idp);
    return failed;
}
