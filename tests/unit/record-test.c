/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record: the text in a session's keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyring/record.h"

static struct record record;

/* The key that record_read() reads: serial 1 holds this, others an error. */
static const char *payload;

ssize_t __wrap_keyring_read(key_serial_t key, void *buffer, size_t size);

ssize_t
__wrap_keyring_read(key_serial_t key, void *buffer, size_t size)
{
    size_t length = payload == NULL ? 0 : strlen(payload);

    if (key != 1)
        return -EKEYEXPIRED;
    if (length > size)
        return -EMSGSIZE;
    memcpy(buffer, payload, length);
    return (ssize_t)length;
}

/* Parse from an allocation of exactly that size: ASan sees a byte too far. */
static int
parse(const void *bytes, size_t length)
{
    void *copy = malloc(length == 0 ? 1 : length);
    int r;

    assert_non_null(copy);
    memcpy(copy, bytes, length);
    r = record_parse(&record, copy, length);
    free(copy);
    return r;
}

static void
assert_value(const char *name, const char *expected)
{
    char value[KEYRING_PAYLOAD_MAX + 1];

    assert_int_equal(record_get(&record, name, value, sizeof(value)),
                     strlen(expected));
    assert_string_equal(value, expected);
}

static void
round_trip(void **state)
{
    static const char *const values[] = {"",
                                         "x",
                                         "a=b",
                                         "two\nlines\n",
                                         "back\\slash\\n",
                                         "\n",
                                         "\\",
                                         "\x01\x7f\r\t\xc3\xa4"};
    char name[8];

    (void)state;
    record_init(&record);
    for (size_t i = 0; i < 8; i++) {
        snprintf(name, sizeof(name), "keep.%zu", i);
        assert_int_equal(record_put(&record, name, values[i]), 0);
    }
    assert_int_equal(record_put_number(&record, "low", INT64_MIN), 0);
    assert_int_equal(record_put_number(&record, "high", INT64_MAX), 0);
    assert_int_equal(record.length, strlen(record.text));
    for (int pass = 0; pass < 2; pass++) {
        int64_t number;

        for (size_t i = 0; i < 8; i++) {
            snprintf(name, sizeof(name), "keep.%zu", i);
            assert_value(name, values[i]);
        }
        assert_int_equal(record_get_number(&record, "low", &number), 0);
        assert_true(number == INT64_MIN);
        assert_int_equal(record_get_number(&record, "high", &number), 0);
        assert_true(number == INT64_MAX);
        assert_int_equal(parse(record.text, record.length), 0);
    }
}

static void
text_is_as_documented(void **state)
{
    (void)state;
    record_init(&record);
    assert_int_equal(record_put(&record, "user", "a\\b\nc"), 0);
    assert_int_equal(record_put_number(&record, "uid", 1000), 0);
    assert_string_equal(record.text, "v=1\nuser=a\\\\b\\nc\nuid=1000\n");
}

static void
names_are_listed_in_order(void **state)
{
    static const char *const expected[] = {"id", "keep.abc", "user"};
    char name[65], shorter[4];
    size_t position = 0;

    (void)state;
    assert_int_equal(parse("v=1\nid=1\nkeep.abc=2\nuser=3\n", 27), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_true(record_next(&record, &position, name, sizeof(name)));
        assert_string_equal(name, expected[i]);
    }
    assert_false(record_next(&record, &position, name, sizeof(name)));
    position = 0;
    assert_true(record_next(&record, &position, shorter, sizeof(shorter)));
    assert_true(record_next(&record, &position, shorter, sizeof(shorter)));
    assert_string_equal(shorter, "kee");
    position = SIZE_MAX;
    assert_false(record_next(&record, &position, name, sizeof(name)));
}

static void
bad_puts_change_nothing(void **state)
{
    static const char *const bad[] = {
        "",
        "A",
        "a b",
        "a=b",
        "a\n",
        "a-b",
        "v",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    struct record before;

    (void)state;
    record_init(&record);
    assert_int_equal(record_put(&record, bad[7] + 1, "longest name"), 0);
    memcpy(&before, &record, sizeof(before));
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(record_put(&record, bad[i], "x"), -EINVAL);
    assert_int_equal(record_put(&record, bad[7] + 1, "again"), -EINVAL);
    assert_int_equal(record_put(&record, "ok", NULL), -EINVAL);
    assert_memory_equal(&before, &record, sizeof(before));
}

static void
records_have_limits(void **state)
{
    static char value[KEYRING_PAYLOAD_MAX + 1];
    char name[16];

    (void)state;
    /* "v=1\n" and "a=" and "\n": 7 bytes beside the value. */
    memset(value, 'x', sizeof(value) - 1);
    record_init(&record);
    value[KEYRING_PAYLOAD_MAX - 6] = '\0';
    assert_int_equal(record_put(&record, "a", value), -EMSGSIZE);
    value[KEYRING_PAYLOAD_MAX - 7] = '\0';
    assert_int_equal(record_put(&record, "a", value), 0);
    assert_int_equal(record.length, KEYRING_PAYLOAD_MAX);
    assert_int_equal(record_put(&record, "b", ""), -EMSGSIZE);
    assert_value("a", value);
    assert_int_equal(parse(record.text, record.length), 0);
    assert_int_equal(parse(record.text, sizeof(record.text)), -EPROTO);

    /* Escapes count. */
    memset(value, '\n', sizeof(value) - 1);
    value[KEYRING_PAYLOAD_MAX / 2] = '\0';
    record_init(&record);
    assert_int_equal(record_put(&record, "a", value), -EMSGSIZE);

    for (int i = 1; i < RECORD_LINES_MAX; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        assert_int_equal(record_put_number(&record, name, i), 0);
    }
    assert_int_equal(record_put(&record, "n", ""), -EMSGSIZE);
    assert_int_equal(parse(record.text, record.length), 0);
    memcpy(record.text + record.length, "n=\n", 4);
    assert_int_equal(parse(record.text, record.length + 3), -EPROTO);
}

static void
malformed_is_refused(void **state)
{
    static const struct {
        const char *text;
        size_t length; /* 0: all of it */
    } bad[] = {
        {"", 0},
        {"v=1", 0},
        {"v=2\n", 0},
        {"v=10\n", 0},
        {"\nv=1\n", 0},
        {"user=a\nv=1\n", 0},
        {"v=1\nuser=a", 0},
        {"v=1\nuser\n", 0},
        {"v=1\n=a\n", 0},
        {"v=1\nUser=a\n", 0},
        {"v=1\n\n", 0},
        {"v=1\nuser=a\nuser=b\n", 0},
        {"v=1\nv=1\n", 0},
        {"v=1\nuser=\\\n", 0},
        {"v=1\nuser=\\x\n", 0},
        {"v=1\nuser=a\\\nb=\n", 0},
        {"v=1\nuser=a\0b\n", 13},
        {"v=1\nuser=a\n\0", 12},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        record_init(&record);
        assert_int_equal(parse(bad[i].text, bad[i].length != 0
                                                ? bad[i].length
                                                : strlen(bad[i].text)),
                         -EPROTO);
        assert_int_equal(record.length, 0);
        assert_int_equal(record.text[0], '\0');
    }
}

static void
damage_never_harms(void **state)
{
    static const char text[] = "v=1\nid=0123\nuser=al\\\\ice\nkeep.x=a\\nb\n";
    char copy[sizeof(text)], value[64];

    (void)state;
    for (size_t length = 0; length < strlen(text); length++)
        assert_true(parse(text, length) == 0 || record.length == 0);
    for (size_t bit = 0; bit < 8 * strlen(text); bit++) {
        memcpy(copy, text, sizeof(text));
        copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
        if (parse(copy, strlen(text)) == 0)
            assert_true(record_get(&record, "id", value, sizeof(value)) >= 0 ||
                        bit < 8 * strlen("v=1\nid="));
    }
}

static void
values_need_room(void **state)
{
    char value[4] = "zzz";

    (void)state;
    assert_int_equal(parse("v=1\na=123\nb=1234\nc=\n", 20), 0);
    assert_int_equal(record_get(&record, "a", value, 4), 3);
    assert_string_equal(value, "123");
    assert_int_equal(record_get(&record, "b", value, 4), -EMSGSIZE);
    assert_string_equal(value, "123");
    assert_int_equal(record_get(&record, "c", value, 0), -EMSGSIZE);
    assert_int_equal(record_get(&record, "d", value, 4), -ENOENT);
    assert_int_equal(record_get(&record, "", value, 4), -ENOENT);
    assert_int_equal(record_get(&record, "a", value, 1), -EMSGSIZE);
    assert_int_equal(record_get(&record, "c", value, 1), 0);
}

static void
numbers_are_strict(void **state)
{
    static const char text[] = "v=1\na=\nb=-\nc=+1\nd= 1\ne=1 \nf=0x1\n"
                               "g=9223372036854775808\nh=1.0\n"
                               "i=00000000000000000000000001\nj=-5\n";
    char name[2] = "a";
    int64_t number = 42;

    (void)state;
    assert_int_equal(parse(text, strlen(text)), 0);
    for (; name[0] <= 'i'; name[0]++)
        assert_int_equal(record_get_number(&record, name, &number), -EPROTO);
    assert_int_equal(record_get_number(&record, "k", &number), -ENOENT);
    assert_int_equal(number, 42);
    assert_int_equal(record_get_number(&record, "j", &number), 0);
    assert_int_equal(number, -5);
}

static void
keys_are_read(void **state)
{
    (void)state;
    payload = "v=1\nuser=alice\n";
    assert_int_equal(record_read(&record, 1), 0);
    assert_value("user", "alice");
    assert_int_equal(record_read(&record, 2), -EKEYEXPIRED);
    assert_int_equal(record.length, 0);
    payload = "-";
    assert_int_equal(record_read(&record, 1), -EPROTO);
    payload = "";
    assert_int_equal(record_read(&record, 1), -EPROTO);
}

static void
done_wipes(void **state)
{
    static const struct record empty;

    (void)state;
    record_init(&record);
    assert_int_equal(record_put(&record, "secret", "xyz"), 0);
    record_done(&record);
    assert_memory_equal(&record, &empty, sizeof(empty));
    record_done(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(text_is_as_documented),
        cmocka_unit_test(names_are_listed_in_order),
        cmocka_unit_test(bad_puts_change_nothing),
        cmocka_unit_test(records_have_limits),
        cmocka_unit_test(malformed_is_refused),
        cmocka_unit_test(damage_never_harms),
        cmocka_unit_test(values_need_room),
        cmocka_unit_test(numbers_are_strict),
        cmocka_unit_test(keys_are_read),
        cmocka_unit_test(done_wipes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
