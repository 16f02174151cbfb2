/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory: secrets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/memory.h"

/* free() in memory.c lands here, so that a freed block can be looked at. */
static const void *watched;
static size_t watched_length;
static bool watched_freed, watched_wiped;

void __real_free(void *block);
void __wrap_free(void *block);

void
__wrap_free(void *block)
{
    if (block != NULL && block == watched) {
        const char *bytes = block;

        watched_freed = true;
        watched_wiped = true;
        for (size_t i = 0; i < watched_length; i++)
            if (bytes[i] != '\0')
                watched_wiped = false;
    }
    __real_free(block);
}

static void
watch(const void *block, size_t length)
{
    watched = block;
    watched_length = length;
    watched_freed = watched_wiped = false;
}

static void
assert_wiped(void)
{
    assert_true(watched_freed);
    assert_true(watched_wiped);
    watched = NULL;
}

static void
secret_is_set_and_wiped(void **state)
{
    struct secret secret = {0};

    (void)state;
    assert_int_equal(secret_set(&secret, "hunter2 and more", 7), 0);
    assert_string_equal(secret.text, "hunter2");
    assert_int_equal(secret.length, 7);

    watch(secret.text, secret.length);
    assert_int_equal(secret_set(&secret, "a longer value", 14), 0);
    assert_wiped();

    assert_int_equal(secret_set(&secret, "a\0b", 3), -EINVAL);
    assert_string_equal(secret.text, "a longer value");

    watch(secret.text, secret.length);
    secret_done(&secret);
    assert_wiped();
    assert_null(secret.text);
    assert_int_equal(secret.length, 0);
    secret_done(&secret);
    secret_done(NULL);
}

static void
none_and_empty_differ(void **state)
{
    struct secret secret = {0};

    (void)state;
    assert_int_equal(secret_set(&secret, "", 0), 0);
    assert_string_equal(secret.text, "");
    assert_int_equal(secret_set(&secret, NULL, 5), 0);
    assert_null(secret.text);
    assert_int_equal(secret.length, 0);
}

static void
secret_may_be_set_from_itself(void **state)
{
    struct secret secret = {0};

    (void)state;
    assert_int_equal(secret_set(&secret, "0123456789", 10), 0);
    assert_int_equal(secret_set(&secret, secret.text + 2, 3), 0);
    assert_string_equal(secret.text, "234");
    secret_done(&secret);
}

static void
secret_moves(void **state)
{
    struct secret a = {0}, b = {0};

    (void)state;
    assert_int_equal(secret_set(&a, "first", 5), 0);
    assert_int_equal(secret_set(&b, "second", 6), 0);
    watch(a.text, a.length);
    secret_move(&a, &b);
    assert_wiped();
    assert_string_equal(a.text, "second");
    assert_null(b.text);
    assert_int_equal(b.length, 0);
    secret_move(&a, &a);
    assert_string_equal(a.text, "second");
    secret_done(&a);
}

static void
strings_are_wiped(void **state)
{
    char *text = strdup("password");

    (void)state;
    assert_non_null(text);
    watch(text, 8);
    wipe_free(text);
    assert_wiped();
    wipe_free(NULL);
}

static void
cleanup_attributes_clean_up(void **state)
{
    int closed;

    (void)state;
    {
        cleanup_free char *freed = malloc(8);
        cleanup_wipe char *wiped = strdup("password");
        cleanup_close int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        cleanup_close int none = -1;

        assert_non_null(freed);
        assert_non_null(wiped);
        assert_true(fd >= 0);
        assert_int_equal(none, -1);
        closed = fd;
        watch(wiped, 8);
        errno = EXDEV;
    }
    assert_int_equal(errno, EXDEV);
    assert_wiped();
    assert_int_equal(fcntl(closed, F_GETFD), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secret_is_set_and_wiped),
        cmocka_unit_test(none_and_empty_differ),
        cmocka_unit_test(secret_may_be_set_from_itself),
        cmocka_unit_test(secret_moves),
        cmocka_unit_test(strings_are_wiped),
        cmocka_unit_test(cleanup_attributes_clean_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
