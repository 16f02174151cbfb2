/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a check tells, to people and as JSON, and its exit status.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signind/check/report.h"
#include "signind/check/sign_in.h"

static struct report report;
static FILE *out;
static char *text;
static size_t length;

static void
begin(bool json)
{
    out = open_memstream(&text, &length);
    assert_non_null(out);
    report_open(&report, json, out);
}

static enum report_status
end(void)
{
    enum report_status status = report_close(&report);

    fclose(out);
    return status;
}

/* Ends the report and reads it. */
static json_t *
end_json(enum report_status expected)
{
    json_t *root;

    assert_int_equal(end(), expected);
    root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    free(text);
    return root;
}

static void
mistakes_have_file_and_line(void **state)
{
    (void)state;
    begin(false);
    report_mistake(&report, "/etc/x.conf", 7, "unknown key \"a\"");
    report_mistake(&report, "/etc/x.conf", 0, "is empty");
    report_mistake(&report, NULL, 0, "out of luck");
    report_configured(&report, 0);
    assert_int_equal(end(), REPORT_MISTAKE);
    assert_string_equal(text, "/etc/x.conf:7: unknown key \"a\"\n"
                              "/etc/x.conf: is empty\n"
                              "out of luck\n"
                              "configuration: 3 mistakes\n"
                              "not well: see above\n");
    free(text);
}

static void
nobody_forges_a_line(void **state)
{
    (void)state;
    begin(false);
    report_mistake(&report, "/x\ny", 1, "a\nb\x1b[1m\x7f \xc3\xa9");
    report_warning(&report, "w", "p\r", "%s", "z\n");
    report_mistake(&report, "/x", 2, "\xff \xc3\xa9");
    end();
    assert_string_equal(text, "/x\\x0ay:1: a\\x0ab\\x1b[1m\\x7f \xc3\xa9\n"
                              "warning: provider p\\x0d: z\\x0a\n"
                              "/x:2: \\xff \\xc3\\xa9\n"
                              "not well: see above\n");
    free(text);
}

static void
json_is_one_object(void **state)
{
    json_t *root, *provider, *request;

    (void)state;
    begin(true);
    report_mistake(&report, "/x", 3, "m\n\xff");
    report_configured(&report, 1);
    report_warning(&report, "nobody", NULL, "number %d", 1);
    report_provider(&report, "corp");
    report_endpoint(&report, "https://a", true, "fine");
    report_sign_in(&report, "alice");
    report_request(&report, "sign_in");
    report_step(&report, "user", "/u = \"alice\"");
    report_request_end(&report, REPORT_WELL, "ok", "200 sign_in");
    root = end_json(REPORT_MISTAKE);
    assert_true(json_is_false(json_object_get(root, "ok")));
    assert_int_equal(json_object_size(root), 5);
    provider = json_array_get(json_object_get(root, "providers"), 0);
    request = json_array_get(
        json_object_get(json_object_get(provider, "sign_in"), "requests"), 0);
    assert_string_equal(
        json_string_value(json_object_get(
            json_array_get(json_object_get(request, "steps"), 0), "detail")),
        "/u = \"alice\"");
    assert_true(json_is_true(json_object_get(request, "ok")));
    assert_true(json_is_null(json_object_get(
        json_array_get(json_object_get(root, "warnings"), 0), "provider")));
    json_decref(root);
}

static void
a_well_report_says_so(void **state)
{
    json_t *root;

    (void)state;
    begin(true);
    report_configured(&report, 1);
    report_warning(&report, "nobody", NULL, "only a warning");
    report_provider(&report, "corp");
    root = end_json(REPORT_WELL);
    assert_true(json_is_true(json_object_get(root, "ok")));
    assert_true(json_is_null(json_object_get(
        json_array_get(json_object_get(root, "providers"), 0), "sign_in")));
    json_decref(root);
}

static void
status_names_the_first_cause(void **state)
{
    (void)state;
    begin(true);
    report_provider(&report, "corp");
    report_endpoint(&report, "https://a", false, "down");
    json_decref(end_json(REPORT_UNREACHABLE));

    begin(true);
    report_provider(&report, "corp");
    report_sign_in(&report, "alice");
    report_request(&report, "sign_in");
    report_request_end(&report, REPORT_REFUSED, "wrong_credentials", "403");
    json_decref(end_json(REPORT_REFUSED));

    begin(true);
    report_provider(&report, "corp");
    report_endpoint(&report, "https://a", false, "down");
    report_sign_in(&report, "alice");
    report_not_tried(&report, REPORT_UNREACHABLE, "down");
    report_usage(&report, "no such provider");
    json_decref(end_json(REPORT_USAGE));

    begin(true);
    report_usage(&report, "no such provider");
    report_mistake(&report, "/x", 1, "m");
    json_decref(end_json(REPORT_MISTAKE));
}

static void
a_report_that_cannot_be_written_is_not_well(void **state)
{
    FILE *full = fopen("/dev/full", "we");

    (void)state;
    assert_non_null(full);
    report_open(&report, true, full);
    assert_int_equal(report_close(&report), REPORT_MISTAKE);
    fclose(full);
}

static void
every_result_has_its_status(void **state)
{
    (void)state;
    for (int i = 0; i < WIRE_RESULTS; i++) {
        enum report_status status = sign_in_status((enum wire_result)i);

        assert_int_equal(status == REPORT_WELL, i == WIRE_OK);
    }
    assert_int_equal(sign_in_status(WIRE_WRONG_CREDENTIALS), REPORT_REFUSED);
    assert_int_equal(sign_in_status(WIRE_IDENTITY_MISMATCH), REPORT_REFUSED);
    assert_int_equal(sign_in_status(WIRE_UNAVAILABLE), REPORT_UNREACHABLE);
    assert_int_equal(sign_in_status(WIRE_MISCONFIGURED), REPORT_MISTAKE);
}

static void
a_directory_is_told_as_a_provider(void **state)
{
    json_t *root, *directory;

    (void)state;
    begin(false);
    report_directory(&report, "corp");
    report_endpoint(&report, "https://d", true, "fine");
    report_directory_asked(&report);
    report_request(&report, "users");
    report_step(&report, "users", "2 on the first page");
    report_request_end(&report, REPORT_WELL, "ok", "200 users");
    report_not_tried(&report, REPORT_UNREACHABLE, "gone");
    assert_int_equal(end(), REPORT_UNREACHABLE);
    assert_string_equal(text, "directory corp: https://d: ok: fine\n"
                              "questions to directory corp:\n"
                              "  users\n"
                              "    users: 2 on the first page\n"
                              "    -> ok: 200 users\n"
                              "  not tried: gone\n"
                              "not well: see above\n");
    free(text);
    begin(true);
    report_directory(&report, "corp");
    report_request(&report, "token");
    report_request_end(&report, REPORT_MISTAKE, "misconfigured", "401 token");
    root = end_json(REPORT_MISTAKE);
    directory = json_array_get(json_object_get(root, "directories"), 0);
    assert_true(json_is_false(json_object_get(directory, "ok")));
    assert_int_equal(json_array_size(json_object_get(directory, "requests")),
                     1);
    json_decref(root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_have_file_and_line),
        cmocka_unit_test(nobody_forges_a_line),
        cmocka_unit_test(json_is_one_object),
        cmocka_unit_test(a_well_report_says_so),
        cmocka_unit_test(status_names_the_first_cause),
        cmocka_unit_test(a_report_that_cannot_be_written_is_not_well),
        cmocka_unit_test(every_result_has_its_status),
        cmocka_unit_test(a_directory_is_told_as_a_provider),
    };

    return cmocka_run_group_tests_name("check-report", tests, NULL, NULL);
}
