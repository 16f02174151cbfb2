/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of source.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "signind/config/source.h"

static void
expect(const char *text, enum source_kind kind, const char *pointer)
{
    const char *mistake = NULL;
    struct source *source = source_parse(text, &mistake);

    assert_non_null(source);
    assert_null(mistake);
    assert_int_equal(source->kind, kind);
    assert_string_equal(source->text, text);
    assert_string_equal(source->pointer, pointer);
    source_free(source);
}

static void
refuse(const char *text, const char *words)
{
    const char *mistake = NULL;

    assert_null(source_parse(text, &mistake));
    assert_non_null(mistake);
    assert_string_equal(mistake, words);
}

static void
test_kinds(void **state)
{
    (void)state;
    expect("/access_token", SOURCE_ANSWER, "/access_token");
    expect("/", SOURCE_ANSWER, "/");
    expect("/a~1b/m~0n/0/-", SOURCE_ANSWER, "/a~1b/m~0n/0/-");
    expect("access:/exp", SOURCE_ACCESS, "/exp");
    expect("access:/realm/roles/0", SOURCE_ACCESS, "/realm/roles/0");
    expect("userinfo:/email", SOURCE_USERINFO, "/email");
    expect("introspect:/username", SOURCE_INTROSPECT, "/username");
    expect("header:X-Token", SOURCE_HEADER, "X-Token");
    expect("/access:/x", SOURCE_ANSWER, "/access:/x");
}

static void
test_refused(void **state)
{
    static const char shape[] =
        "must be a JSON Pointer that begins with /, or begins with "
        "access:/, userinfo:/, introspect:/ or header:";
    static const char pointer[] = "a JSON Pointer begins with / (RFC 6901)";
    static const char tilde[] = "in a JSON Pointer ~ is written ~0, and / "
                                "inside a name ~1 (RFC 6901)";
    static const char header[] = "header: is followed by the name of a "
                                 "header, such as header:X-Token";

    (void)state;
    refuse("", shape);
    refuse("access_token", shape);
    refuse("Access:/exp", shape);
    refuse("answer:/exp", shape);
    refuse(" /exp", shape);
    refuse("access:", pointer);
    refuse("access:exp", pointer);
    refuse("introspect:username", pointer);
    refuse("/a~", tilde);
    refuse("/a~2b", tilde);
    refuse("/~~0", tilde);
    refuse("userinfo:/a~b", tilde);
    refuse("header:", header);
    refuse("header:X Token", header);
    refuse("header:X:Token", header);
    refuse("id:/sub",
           "id: (a verified ID token) is not supported by this version");
    source_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
