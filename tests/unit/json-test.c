/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signind/json.h"
#include "signind/wipe.h"
#include "wire/memory.h"

static json_t *
read_ok(const char *text)
{
    const char *why = NULL;
    json_t *json = NULL;

    if (json_read(text, strlen(text), &json, &why) != 0)
        fail_msg("%s: %s", text, why);
    return json;
}

static void
refuses(const char *text, size_t length, const char *expected)
{
    const char *why = NULL;
    json_t *json = NULL;

    assert_int_equal(json_read(text, length, &json, &why), -EINVAL);
    assert_null(json);
    assert_string_equal(why, expected);
}

static void
test_objects_are_read(void **state)
{
    (void)state;
    json_decref(read_ok("{}"));
    json_decref(read_ok(" \r\n{\"a\":[1,2,{\"b\":null}]}\t"));
    json_decref(read_ok("{\"a\":\"}]}]{[{[\\\"{{\"}"));
}

static void
test_other_things_are_refused(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "empty body"},
        {" ", "cut off in the middle"},
        {"null", "not a JSON object"},
        {"[]", "not a JSON object"},
        {"[{\"access_token\":\"x\"}]", "not a JSON object"},
        {"\"access_token\"", "not a JSON object"},
        {"1", "not a JSON object"},
        {"true", "not a JSON object"},
        {"<html></html>", "not JSON"},
        {"{", "cut off in the middle"},
        {"{\"a\":1", "cut off in the middle"},
        {"{\"a\":1}x", "something after the JSON"},
        {"{\"a\":1}{\"a\":1}", "something after the JSON"},
        {"{\"a\":1,\"a\":2}", "a member name twice"},
        {"{\"a\":{\"b\":1,\"c\":2,\"b\":1}}", "a member name twice"},
        {"{\"a\":1,\"\\u0061\":2}", "a member name twice"},
        {"{\"a\":\"\\u0000\"}", "U+0000 in a string"},
        {"{\"a\\u0000b\":1}", "U+0000 in a string"},
        {"{\"a\":\"\xff\"}", "invalid UTF-8"},
        {"{\"a\":\"\xc0\xaf\"}", "invalid UTF-8"},
        {"{\"a\":\"\xed\xa0\x80\"}", "invalid UTF-8"},
        {"{\"a\":\"\\ud800\"}", "not JSON"},
        {"{\"a\":1e999}", "a number out of range"},
        {"{\"a\":99999999999999999999}", "a number out of range"},
        {"{\"a\":01}", "not JSON"},
        {"{\"a\":NaN}", "not JSON"},
        {"{a:1}", "not JSON"},
        {"{\"a\":1,}", "not JSON"},
        {"\xef\xbb\xbf{}", "not JSON"},
        {"\x1f\x8b\x08", "not JSON"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        refuses(cases[i].text, strlen(cases[i].text), cases[i].why);
    refuses("{}\0", 3, "something after the JSON");
}

/* {"a":{"a":...1...}} */
static void
nest(char *text, unsigned depth)
{
    *text = '\0';
    for (unsigned i = 0; i < depth; i++)
        strcat(text, "{\"a\":");
    strcat(text, "1");
    for (unsigned i = 0; i < depth; i++)
        strcat(text, "}");
}

static void
test_depth_is_limited(void **state)
{
    char text[8 * 3000];

    (void)state;
    nest(text, JSON_DEPTH_MAX);
    json_decref(read_ok(text));
    nest(text, JSON_DEPTH_MAX + 1);
    refuses(text, strlen(text), "nested too deeply");
    nest(text, 2500);
    refuses(text, strlen(text), "nested too deeply");
    memset(text, '[', sizeof(text));
    refuses(text, sizeof(text), "nested too deeply");
    /* Brackets in strings are none. */
    memset(text, '[', 500);
    memcpy(text, "{\"a\":\"\\\"", 8);
    strcpy(text + 500, "\"}");
    json_decref(read_ok(text));
}

static void
test_pointers(void **state)
{
    /* RFC 6901, 5, with an array of objects added. */
    json_t *root =
        read_ok("{\"foo\":[\"bar\",\"baz\",{\"x\":7}],\"\":0,\"a/b\":1,"
                "\"c%d\":2,\"m~n\":8,\"~1\":9,\"0\":10,"
                "\"m/\":11,\"m/n\":12}");
    static const struct {
        const char *pointer;
        long long value;
    } cases[] = {{"/", 0},    {"/a~1b", 1},    {"/c%d", 2}, {"/m~0n", 8},
                 {"/~01", 9}, {"/foo/2/x", 7}, {"/0", 10}};
    static const char *const nothing[] = {"/foo/3",
                                          "/foo/-",
                                          "/foo/01",
                                          "/foo/",
                                          "/foo/0/x",
                                          "/foo/+1",
                                          "/none",
                                          "foo",
                                          "/m~n",
                                          "/m~2n",
                                          "/foo/1e0",
                                          "/a~1b/c",
                                          "/m~",
                                          "/foo/99999999999999999999",
                                          "/foo/4294967297"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const json_t *value = json_at(root, cases[i].pointer);

        assert_non_null(value);
        assert_int_equal(json_integer_value(value), cases[i].value);
    }
    for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
        assert_null(json_at(root, nothing[i]));
    assert_ptr_equal(json_at(root, ""), root);
    assert_string_equal(json_string_value(json_at(root, "/foo/1")), "baz");
    assert_null(json_at(NULL, "/foo"));
    json_decref(root);
}

static void
test_scalars(void **state)
{
    json_t *root = read_ok("{\"s\":\"t\",\"i\":-42,\"t\":true,\"f\":false,"
                           "\"n\":null,\"r\":1.5,\"o\":{},\"a\":[],"
                           "\"e\":\"\",\"big\":9223372036854775807}");
    static const struct {
        const char *pointer, *text;
    } cases[] = {{"/s", "t"},    {"/i", "-42"},
                 {"/t", "true"}, {"/f", "false"},
                 {"/e", ""},     {"/big", "9223372036854775807"}};
    char *text = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(
            json_scalar_text(json_at(root, cases[i].pointer), &text), 0);
        assert_string_equal(text, cases[i].text);
        wipe_free(text);
    }
    text = NULL;
    assert_int_equal(json_scalar_text(json_at(root, "/n"), &text), -ENOENT);
    assert_int_equal(json_scalar_text(NULL, &text), -ENOENT);
    assert_int_equal(json_scalar_text(json_at(root, "/r"), &text), -EINVAL);
    assert_int_equal(json_scalar_text(json_at(root, "/o"), &text), -EINVAL);
    assert_int_equal(json_scalar_text(json_at(root, "/a"), &text), -EINVAL);
    assert_null(text);
    json_decref(root);
}

static void
test_the_wiping_allocator(void **state)
{
    char *text = wipe_strdup("secret");
    char *longer;

    (void)state;
    longer = wipe_realloc(text, 100000);
    assert_string_equal(longer, "secret");
    /* A smaller one stays where it is, whole. */
    assert_ptr_equal(wipe_realloc(longer, 10), longer);
    assert_null(wipe_realloc(longer, 0));
    longer = wipe_realloc(NULL, 10);
    assert_non_null(longer);
    /* It is malloc's memory. */
    free(longer);
    wipe_release(NULL);
    wipe_release(calloc(1, 10));
    longer = wipe_calloc(4, 4);
    assert_int_equal(longer[15], 0);
    wipe_release(longer);
}

static void
test_arrays_where_they_may_be(void **state)
{
    const char *why = NULL;
    json_t *json = NULL;

    (void)state;
    assert_int_equal(json_read_any("[{}]", 4, &json, &why), 0);
    assert_int_equal(json_array_size(json), 1);
    json_decref(json);
    assert_int_equal(json_read_any("{}", 2, &json, &why), 0);
    json_decref(json);
    assert_int_equal(json_read_any("\"x\"", 3, &json, &why), -EINVAL);
    assert_string_equal(why, "neither a JSON object nor an array");
    assert_int_equal(json_read_any("[1,", 3, &json, &why), -EINVAL);
}

static void
test_plain_text(void **state)
{
    static const struct {
        const char *json;
        int r;
        const char *text;
    } rows[] = {
        {"[\"abc\"]", 0, "abc"},
        {"[\"\\u00e4\\u4e2d\"]", 0, "\xc3\xa4\xe4\xb8\xad"},
        {"[-7]", 0, "-7"},
        {"[\"abcdefghi\"]", -EINVAL, NULL},
        {"[\"\"]", -ENOENT, NULL},
        {"[null]", -ENOENT, NULL},
        {"[]", -ENOENT, NULL},
        {"[true]", -EINVAL, NULL},
        {"[1.5]", -EINVAL, NULL},
        {"[{}]", -EINVAL, NULL},
        {"[\"a\\tb\"]", -EINVAL, NULL},
        {"[\"a\\u007f\"]", -EINVAL, NULL},
        {"[\"\\u009b1m\"]", -EINVAL, NULL},
        {"[\"\\u00a0\"]", 0, "\xc2\xa0"},
        {"[\"\\u2027\"]", 0, "\xe2\x80\xa7"},
        {"[\"\\u2028\"]", -EINVAL, NULL},
        {"[\"\\u202e\"]", -EINVAL, NULL},
        {"[\"\\u202f\"]", 0, "\xe2\x80\xaf"},
        {"[\"\\u2066\"]", -EINVAL, NULL},
        {"[\"\\u2069\"]", -EINVAL, NULL},
        {"[\"\\u206a\"]", 0, "\xe2\x81\xaa"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *why = NULL;
        json_t *json = NULL;
        char *text = NULL;

        assert_int_equal(
            json_read_any(rows[i].json, strlen(rows[i].json), &json, &why), 0);
        if (json_plain_text(json_array_get(json, 0), 8, &text) != rows[i].r)
            fail_msg("%s", rows[i].json);
        if (rows[i].text != NULL)
            assert_string_equal(text, rows[i].text);
        wipe_free(text);
        json_decref(json);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects_are_read),
        cmocka_unit_test(test_other_things_are_refused),
        cmocka_unit_test(test_depth_is_limited),
        cmocka_unit_test(test_pointers),
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_the_wiping_allocator),
        cmocka_unit_test(test_arrays_where_they_may_be),
        cmocka_unit_test(test_plain_text),
    };

    json_use_wiping_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
