/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of one-line templates (template.h): above all, that a value stays a
 * value. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

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

/* Bind a one-line template; NULL words: expect the error r. */
static void
expect_text(const char *text, enum template_where where, const char *user,
            const char *words, int r)
{
    struct template_values values = values_with(user, user);
    const char *mistake = NULL;
    struct template *template = template_parse(text, where, &mistake);
    cleanup_wipe char *bound = NULL;

    assert_non_null(template);
    assert_int_equal(template_bind(template, &values, &bound), r);
    if (words == NULL)
        assert_null(bound);
    else
        assert_string_equal(bound, words);
    template_free(template);
}

static void
refuse_text(const char *text, enum template_where where, const char *words)
{
    const char *mistake = NULL;

    assert_null(template_parse(text, where, &mistake));
    assert_non_null(mistake);
    assert_string_equal(mistake, words);
}

static const char unknown_name[] =
    "unknown name in {{ }}: known are user, login, password, otp, "
    "access_token, refresh_token, subject, host, base_url, client_id, scope "
    "and secret.NAME";

static void
test_plain(void **state)
{
    (void)state;
    expect_text("{{user}}@example.com", TEMPLATE_PLAIN, "alice",
                "alice@example.com", 0);
    expect_text("{{user}}{{user}}", TEMPLATE_PLAIN, "a", "aa", 0);
    expect_text("", TEMPLATE_PLAIN, "a", "", 0);
    expect_text("a { b } c", TEMPLATE_PLAIN, "a", "a { b } c", 0);
    /* A value is not a template. */
    expect_text("{{user}}", TEMPLATE_PLAIN, "{{password}}", "{{password}}", 0);
    expect_text("{{otp}}", TEMPLATE_PLAIN, "a", NULL, -ENODATA);
    expect_text("x{{secret.none}}", TEMPLATE_PLAIN, "a", NULL, -ENODATA);
    expect_text("{{secret.corp-apikey}}", TEMPLATE_PLAIN, "a", "s3cret&key", 0);
}

static void
test_grammar(void **state)
{
    (void)state;
    refuse_text("{{user", TEMPLATE_PLAIN, "{{ without }}");
    refuse_text("{{user}", TEMPLATE_PLAIN, "{{ without }}");
    refuse_text("user}}", TEMPLATE_PLAIN, "}} without {{");
    refuse_text("}}{{user}}", TEMPLATE_PLAIN, "}} without {{");
    refuse_text("{{}}", TEMPLATE_PLAIN, unknown_name);
    refuse_text("{{ user }}", TEMPLATE_PLAIN, unknown_name);
    refuse_text("{{{user}}}", TEMPLATE_PLAIN, unknown_name);
    refuse_text("{{User}}", TEMPLATE_PLAIN, unknown_name);
    refuse_text("{{secret}}", TEMPLATE_PLAIN, unknown_name);
    refuse_text("{{secret.}}", TEMPLATE_PLAIN,
                "{{secret.NAME}}: NAME consists of letters, digits, '_', '.' "
                "and '-', at most 64");
    refuse_text("{{secret.../shadow}}", TEMPLATE_PLAIN,
                "{{secret.NAME}}: NAME consists of letters, digits, '_', '.' "
                "and '-', at most 64");
    template_free(NULL);
    template_body_free(NULL);
}

static void
test_header(void **state)
{
    (void)state;
    expect_text("Bearer {{password}}", TEMPLATE_HEADER, "tok.en",
                "Bearer tok.en", 0);
    expect_text("x {{user}}", TEMPLATE_HEADER, "J\xc3\xb6rg \"q\" %0d%0a",
                "x J\xc3\xb6rg \"q\" %0d%0a", 0);
    expect_text("{{user}}", TEMPLATE_HEADER, "a\r\nX-Admin: 1", NULL, -EINVAL);
    expect_text("{{user}}", TEMPLATE_HEADER, "a\nb", NULL, -EINVAL);
    expect_text("{{user}}", TEMPLATE_HEADER, "a\tb", NULL, -EINVAL);
    expect_text("{{user}}", TEMPLATE_HEADER, "a\x7f", NULL, -EINVAL);
    expect_text("{{user}}", TEMPLATE_HEADER, "\x01", NULL, -EINVAL);
    refuse_text("a\rb", TEMPLATE_HEADER,
                "a control character cannot stand in a header");
}

static void
test_url(void **state)
{
    (void)state;
    expect_text("{{base_url}}/token?x=1", TEMPLATE_URL, "a",
                "https://idp.example.com/api/token?x=1", 0);
    expect_text("{{base_url}}", TEMPLATE_URL, "a",
                "https://idp.example.com/api", 0);
    expect_text("https://h/users/{{user}}", TEMPLATE_URL, "a/../b?x=1#y&z=%0d",
                "https://h/users/a%2F..%2Fb%3Fx%3D1%23y%26z%3D%250d", 0);
    expect_text("https://h/?q={{user}}", TEMPLATE_URL, "J\xc3\xb6 \"\r\n",
                "https://h/?q=J%C3%B6%20%22%0D%0A", 0);
    expect_text("https://h/?q={{user}}", TEMPLATE_URL, "Az09-._~+",
                "https://h/?q=Az09-._~%2B", 0);
    expect_text("https://h/?q={{user}}", TEMPLATE_URL, "", "https://h/?q=", 0);
    expect_text("https://h//a", TEMPLATE_URL, "", "https://h//a", 0);
}

/* GET /users/ lists everybody, and /users/.. is something else. */
static void
test_url_segments(void **state)
{
    (void)state;
    expect_text("https://h/users/{{user}}", TEMPLATE_URL, "", NULL, -EINVAL);
    expect_text("https://h/u/{{user}}/x", TEMPLATE_URL, "", NULL, -EINVAL);
    expect_text("https://h/u/{{user}}?x=1", TEMPLATE_URL, "", NULL, -EINVAL);
    expect_text("{{base_url}}/{{user}}", TEMPLATE_URL, "", NULL, -EINVAL);
    expect_text("https://h/u/{{user}}", TEMPLATE_URL, ".", NULL, -EINVAL);
    expect_text("https://h/u/{{user}}", TEMPLATE_URL, "..", NULL, -EINVAL);
    expect_text("https://h/u/{{user}}/x", TEMPLATE_URL, "..", NULL, -EINVAL);
    expect_text("https://h/u/.{{user}}/x", TEMPLATE_URL, ".", NULL, -EINVAL);
    expect_text("https://h/u/%2e{{user}}", TEMPLATE_URL, ".", NULL, -EINVAL);
    expect_text("https://h/u/id-{{user}}", TEMPLATE_URL, "", "https://h/u/id-",
                0);
    expect_text("https://h/u/{{user}}", TEMPLATE_URL, "...a",
                "https://h/u/...a", 0);
    expect_text("https://h/u/{{user}}", TEMPLATE_URL, "%2e%2e",
                "https://h/u/%252e%252e", 0);
}

static void
test_url_grammar(void **state)
{
    static const char character[] =
        "a character that cannot stand in a URL: write it as %XX";
    static const char host[] = "the scheme and host of a URL cannot hold "
                               "{{ }}, except {{base_url}}";

    (void)state;
    refuse_text("https://h/a b", TEMPLATE_URL, character);
    refuse_text("https://h/\"", TEMPLATE_URL, character);
    refuse_text("https://h/%zz", TEMPLATE_URL, character);
    refuse_text("https://h/\xc3\xb6", TEMPLATE_URL, character);
    refuse_text("https://h/x#y", TEMPLATE_URL,
                "a URL that is fetched has no #fragment");
    refuse_text("https://{{user}}/x", TEMPLATE_URL, host);
    refuse_text("https://h{{user}}/x", TEMPLATE_URL, host);
    refuse_text("{{user}}", TEMPLATE_URL, host);
    refuse_text("{{base_url}}.evil/x", TEMPLATE_URL,
                "{{base_url}} is followed by /");
    refuse_text("{{base_url}}{{user}}", TEMPLATE_URL,
                "{{base_url}} is followed by /");
    refuse_text("https://h/{{base_url}}", TEMPLATE_URL,
                "{{base_url}} stands only at the beginning of a URL");
}

static void
count_secret(const char *name, void *context)
{
    int *count = context;

    assert_true(strcmp(name, "one") == 0 || strcmp(name, "two") == 0);
    (*count)++;
}

static void
test_uses(void **state)
{
    const char *mistake = NULL;
    struct template *template = template_parse(
        "{{secret.one}} {{user}} {{secret.two}}", TEMPLATE_PLAIN, &mistake);
    struct template_body *body;
    int count = 0;

    (void)state;
    assert_non_null(template);
    assert_true(template_uses(template, NAME_USER));
    assert_true(template_uses(template, NAME_SECRET));
    assert_false(template_uses(template, NAME_LOGIN));
    template_each_secret(template, count_secret, &count);
    assert_int_equal(count, 2);
    template_free(template);

    body = template_body_parse("{\"a\": [\"{{secret.one}}\", {\"b\": "
                               "\"{{password}}{{secret.two}}\"}]}",
                               TEMPLATE_JSON, &mistake);
    assert_non_null(body);
    assert_true(template_body_uses(body, NAME_PASSWORD));
    assert_true(template_body_uses(body, NAME_SECRET));
    assert_false(template_body_uses(body, NAME_USER));
    template_body_each_secret(body, count_secret, &count);
    assert_int_equal(count, 4);
    template_body_free(body);

    body = template_body_parse("a=1&b={{secret.one}}{{password}}",
                               TEMPLATE_FORM, &mistake);
    assert_non_null(body);
    assert_true(template_body_uses(body, NAME_PASSWORD));
    assert_false(template_body_uses(body, NAME_USER));
    template_body_each_secret(body, count_secret, &count);
    assert_int_equal(count, 5);
    template_body_free(body);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),        cmocka_unit_test(test_grammar),
        cmocka_unit_test(test_header),       cmocka_unit_test(test_url),
        cmocka_unit_test(test_url_segments), cmocka_unit_test(test_url_grammar),
        cmocka_unit_test(test_uses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
