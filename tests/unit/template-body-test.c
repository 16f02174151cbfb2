/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of bodies (template.h): above all, that a value stays a value. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "signind/config/buffer.h"
#include "signind/config/template.h"
#include "wire/memory.h"

static const char *
secret_value(void *context, const char *name)
{
    (void)context;
    if (strcmp(name, "corp-apikey") == 0)
        return "s3cret&key";
    return NULL;
}

static struct template_values
values_with(const char *user, const char *password)
{
    struct template_values values = {.secret = secret_value};

    values.value[NAME_USER] = user;
    values.value[NAME_LOGIN] = user;
    values.value[NAME_PASSWORD] = password;
    values.value[NAME_BASE_URL] = "https://idp.example.com/api";
    return values;
}

static void
expect_body(const char *text, enum template_body_kind kind, const char *user,
            const char *words, int r)
{
    struct template_values values = values_with(user, user);
    const char *mistake = NULL;
    struct template_body *body = template_body_parse(text, kind, &mistake);
    cleanup_wipe char *bound = NULL;
    size_t length = 77;

    assert_non_null(body);
    assert_int_equal(template_body_bind(body, &values, &bound, &length), r);
    if (words == NULL) {
        assert_null(bound);
        assert_int_equal(length, 77);
    } else {
        assert_string_equal(bound, words);
        assert_int_equal(length, strlen(words));
    }
    template_body_free(body);
}

static void
refuse_body(const char *text, enum template_body_kind kind, const char *words)
{
    const char *mistake = NULL;

    assert_null(template_body_parse(text, kind, &mistake));
    assert_non_null(mistake);
    assert_string_equal(mistake, words);
}

static const char unknown_name[] =
    "unknown name in {{ }}: known are user, login, password, otp, "
    "access_token, refresh_token, subject, host, base_url, client_id, scope "
    "and secret.NAME";

static const char json_body[] =
    "{\"email\": \"{{login}}\", \"password\": \"{{password}}\"}";

/* What Jansson reads back out of the bound body, against the value. */
static void
expect_json_value(const char *value)
{
    struct template_values values = values_with("alice", value);
    const char *mistake = NULL;
    struct template_body *body =
        template_body_parse(json_body, TEMPLATE_JSON, &mistake);
    cleanup_wipe char *bound = NULL;
    size_t length = 0;
    json_t *json;

    assert_non_null(body);
    assert_int_equal(template_body_bind(body, &values, &bound, &length), 0);
    json = json_loadb(bound, length, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    assert_int_equal(json_object_size(json), 2);
    assert_string_equal(json_string_value(json_object_get(json, "password")),
                        value);
    json_decref(json);
    template_body_free(body);
}

static void
test_json_injection(void **state)
{
    (void)state;
    expect_json_value("\",\"admin\":true,\"x\":\"");
    expect_json_value("\\\",\"admin\":true,\"x\":\"");
    expect_json_value("%0d%0a");
    expect_json_value("\r\n\t\b\f\x01\x1f\x7f");
    expect_json_value("\\u0000");
    expect_json_value("{{user}}");
    expect_json_value("\\");
    expect_json_value("</script>");
    expect_json_value("J\xc3\xb6rg \xe2\x80\xa8 \xf0\x9f\x98\x80");
    expect_json_value("");
    expect_body(json_body, TEMPLATE_JSON, "a\"\\\n",
                "{\"email\":\"a\\\"\\\\\\u000a\",\"password\":\"a\\\"\\\\"
                "\\u000a\"}",
                0);
}

static void
test_json_not_utf8(void **state)
{
    static const char *const bad[] = {
        "\xff",
        "a\xc3",
        "\xc0\xaf",
        "\xed\xa0\x80",
        "\xf4\x90\x80\x80",
        "\xe0\x80\xaf",
        "\xf0\x80\x80\xaf",
        "\x80",
        "\xe2\x82(",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(utf8_valid(bad[i], strlen(bad[i])));
        expect_body(json_body, TEMPLATE_JSON, bad[i], NULL, -EILSEQ);
    }
}

static void
test_json_shapes(void **state)
{
    (void)state;
    expect_body("{\"a\": {\"b\": [1, \"{{user}}\", null, true, 1.5]}, "
                "\"c\": {}, \"d\": []}",
                TEMPLATE_JSON, "u",
                "{\"a\":{\"b\":[1,\"u\",null,true,1.5]},\"c\":{},\"d\":[]}", 0);
    /* What has no value at all is left out, with its comma. */
    expect_body("{\"o\": \"{{otp}}\", \"u\": \"{{user}}\", \"s\": "
                "\"{{scope}}\"}",
                TEMPLATE_JSON, "u", "{\"u\":\"u\"}", 0);
    expect_body("[\"{{otp}}\", \"{{otp}}\"]", TEMPLATE_JSON, "u", "[]", 0);
    expect_body("{\"o\": \"x{{otp}}\"}", TEMPLATE_JSON, "u", NULL, -ENODATA);
    expect_body("{\"k\": \"{{secret.none}}\"}", TEMPLATE_JSON, "u", NULL,
                -ENODATA);
    expect_body("{\"q\\\"\": \"\\u00e9\"}", TEMPLATE_JSON, "u",
                "{\"q\\\"\":\"\xc3\xa9\"}", 0);
}

static void
test_json_grammar(void **state)
{
    static const char not_json[] =
        "not JSON: check quotes (around {{ }} as well), commas, colons and "
        "braces";

    (void)state;
    refuse_body("{\"a\": {{user}}}", TEMPLATE_JSON, not_json);
    refuse_body("{\"a\": \"b\"", TEMPLATE_JSON, not_json);
    refuse_body("{\"a\": \"b\"} x", TEMPLATE_JSON, not_json);
    refuse_body("{\"a\": \"\\u0000\"}", TEMPLATE_JSON, not_json);
    refuse_body("", TEMPLATE_JSON, not_json);
    refuse_body("{\"a\": \"b\", \"a\": \"c\"}", TEMPLATE_JSON,
                "not JSON: a member stands twice in one object");
    refuse_body("{\"{{user}}\": \"b\"}", TEMPLATE_JSON,
                "the name of a JSON member cannot hold {{ }}");
    refuse_body("{\"a\": \"{{user\"}", TEMPLATE_JSON, "{{ without }}");
    refuse_body("{\"a\": [{\"b\": \"{{nobody}}\"}]}", TEMPLATE_JSON,
                unknown_name);
}

static const char form_body[] = "grant_type=password&username={{login}}";

static void
test_form(void **state)
{
    (void)state;
    expect_body(form_body, TEMPLATE_FORM, "alice",
                "grant_type=password&username=alice", 0);
    expect_body(form_body, TEMPLATE_FORM, "a&admin=1",
                "grant_type=password&username=a%26admin%3D1", 0);
    expect_body(form_body, TEMPLATE_FORM, "\",\"admin\":true,\"x\":\"",
                "grant_type=password&username=%22%2C%22admin%22%3Atrue%2C%22x"
                "%22%3A%22",
                0);
    expect_body(form_body, TEMPLATE_FORM, "%0d%0a\r\n +",
                "grant_type=password&username=%250d%250a%0D%0A+%2B", 0);
    expect_body(form_body, TEMPLATE_FORM, "J\xc3\xb6\xff{{user}}",
                "grant_type=password&username=J%C3%B6%FF%7B%7Buser%7D%7D", 0);
    expect_body(form_body, TEMPLATE_FORM, "",
                "grant_type=password&username=", 0);
    /* Decoded as a form when read, encoded as one when bound. */
    expect_body("a+b=c%26d+e{{user}}", TEMPLATE_FORM, "~", "a+b=c%26d+e%7E", 0);
    expect_body("a=b=c&d=", TEMPLATE_FORM, "", "a=b%3Dc&d=", 0);
    expect_body("s={{scope}}&u={{user}}&o={{otp}}", TEMPLATE_FORM, "u", "u=u",
                0);
    expect_body("o={{otp}}", TEMPLATE_FORM, "u", "", 0);
    expect_body("o=x{{otp}}", TEMPLATE_FORM, "u", NULL, -ENODATA);
    expect_body("k={{secret.corp-apikey}}", TEMPLATE_FORM, "u",
                "k=s3cret%26key", 0);
}

static void
test_form_grammar(void **state)
{
    static const char pairs[] = "a form is name=value pairs joined by &";
    static const char percent[] = "in a form % begins a code of two "
                                  "hexadecimal digits: write %25 for %";

    (void)state;
    refuse_body("", TEMPLATE_FORM, pairs);
    refuse_body("a", TEMPLATE_FORM, pairs);
    refuse_body("=a", TEMPLATE_FORM, pairs);
    refuse_body("a=b&", TEMPLATE_FORM, pairs);
    refuse_body("a=b&&c=d", TEMPLATE_FORM, pairs);
    refuse_body("a=100%", TEMPLATE_FORM, percent);
    refuse_body("a%4=b", TEMPLATE_FORM, percent);
    refuse_body("a=%00", TEMPLATE_FORM, "%00 cannot stand in a form");
    refuse_body("{{user}}=b", TEMPLATE_FORM,
                "the name of a form's field cannot hold {{ }}");
    refuse_body("a={{user", TEMPLATE_FORM, "{{ without }}");
}

/* A password longer than any buffer's first size comes through whole. */
static void
test_long(void **state)
{
    static char value[40001], wanted[40100];

    (void)state;
    memset(value, 'x', sizeof(value) - 1);
    snprintf(wanted, sizeof(wanted), "p=%s", value);
    expect_body("p={{password}}", TEMPLATE_FORM, value, wanted, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_injection),
        cmocka_unit_test(test_json_not_utf8),
        cmocka_unit_test(test_json_shapes),
        cmocka_unit_test(test_json_grammar),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_form_grammar),
        cmocka_unit_test(test_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
