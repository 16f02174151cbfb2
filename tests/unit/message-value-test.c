/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message: what a header and each kind of field may hold.
 */
#include "message-help.h"

#include <errno.h>

static void
packet_is_as_documented(void **state)
{
    static const unsigned char expected[] = {0, WIRE_VERSION,
                                             0, WIRE_PLACED,
                                             0, WIRE_RING,
                                             0, 8,
                                             0, 0,
                                             0, 0,
                                             1, 2,
                                             3, 4};
    struct message message;

    (void)state;
    message_init(&message, WIRE_PLACED);
    assert_int_equal(message_put_number(&message, WIRE_RING, 0x01020304), 0);
    assert_int_equal(message.length, sizeof(expected));
    assert_memory_equal(message.data, expected, sizeof(expected));
}

static void
other_kinds_are_refused(void **state)
{
    struct message message;

    (void)state;
    message_init(&message, WIRE_VERDICT);
    assert_int_equal(message_put_number(&message, WIRE_MESSAGE, 1), -EINVAL);
    assert_int_equal(message_put_text(&message, WIRE_RESULT, "1"), -EINVAL);
    assert_int_equal(message_put_text(&message, WIRE_RESULT, NULL), -EINVAL);
    assert_int_equal(message_put_text(&message, WIRE_MESSAGE, NULL), 0);
    assert_null(message_text(&message, WIRE_MESSAGE));
}

static void
texts_have_limits(void **state)
{
    char text[WIRE_TEXT_MAX + 2];
    struct message message, copy;

    (void)state;
    memset(text, 'x', sizeof(text));
    text[WIRE_TEXT_MAX + 1] = '\0';
    message_init(&message, WIRE_VERIFY);
    assert_int_equal(message_put_text(&message, WIRE_PASSWORD, text),
                     -EMSGSIZE);
    text[WIRE_TEXT_MAX] = '\0';
    assert_int_equal(message_put_text(&message, WIRE_PASSWORD, text), 0);
    assert_int_equal(message_put_text(&message, WIRE_USER, text), -EMSGSIZE);
    text[WIRE_SHORT_TEXT_MAX + 1] = '\0';
    assert_int_equal(message_put_text(&message, WIRE_USER, text), -EMSGSIZE);

    /* Every field at its longest fits. */
    text[WIRE_SHORT_TEXT_MAX] = '\0';
    assert_int_equal(message_put_text(&message, WIRE_USER, text), 0);
    assert_int_equal(message_put_text(&message, WIRE_SERVICE, text), 0);
    assert_int_equal(message_put_text(&message, WIRE_RHOST, text), 0);
    assert_int_equal(message_put_text(&message, WIRE_TTY, text), 0);
    assert_int_equal(message_put_text(&message, WIRE_PROVIDER, text), 0);
    assert_int_equal(message_put_number(&message, WIRE_UID, 1000), 0);
    assert_int_equal(decode_exactly(&copy, message.data, message.length), 0);

    /* The same limit holds for what comes in. */
    message_init(&message, WIRE_ACCOUNT);
    memset(text, 'x', sizeof(text));
    text[WIRE_SHORT_TEXT_MAX + 1] = '\0';
    message_append_sample(&message, WIRE_UID);
    message_append_sample(&message, WIRE_SERVICE);
    message_append(&message, WIRE_USER, text, WIRE_SHORT_TEXT_MAX + 2);
    assert_refused(message.data, message.length, -EPROTO);
}

static void
bad_texts_are_refused(void **state)
{
    static const struct {
        const char *value;
        size_t length;
    } bad[] = {{"", 0}, {"abc", 3}, {"a\0c", 4}, {"abc\0", 5}, {"\0", 2}};
    struct message message;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        message_init(&message, WIRE_VERDICT);
        message_append_sample(&message, WIRE_RESULT);
        message_append(&message, WIRE_MESSAGE, bad[i].value, bad[i].length);
        assert_refused(message.data, message.length, -EPROTO);
    }
}

static void
bad_ids_are_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "0123456789abcdef0123456789abcde",
                                      "0123456789abcdef0123456789abcdef0",
                                      "0123456789ABCDEF0123456789abcdef",
                                      "0123456789abcdeg0123456789abcdef",
                                      "0123456789abcde/0123456789abcdef"};
    struct message message;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        message_init(&message, WIRE_CLOSE);
        assert_int_equal(message_put_text(&message, WIRE_ID, bad[i]), -EINVAL);
        message_append(&message, WIRE_ID, bad[i], strlen(bad[i]) + 1);
        assert_refused(message.data, message.length, -EPROTO);
    }
}

static void
numbers_have_ranges(void **state)
{
    static const struct {
        enum wire_type type;
        enum wire_field field;
        uint64_t number;
        int expected;
    } numbers[] = {
        {WIRE_VERDICT, WIRE_RESULT, WIRE_RESULT_NONE, -EINVAL},
        {WIRE_VERDICT, WIRE_RESULT, WIRE_RESULTS - 1, 0},
        {WIRE_VERDICT, WIRE_RESULT, WIRE_RESULTS, -EINVAL},
        {WIRE_CLAIM, WIRE_UID, UINT32_MAX, -EINVAL},
        {WIRE_CLAIM, WIRE_UID, UINT32_MAX - 1, 0},
        {WIRE_CLAIM, WIRE_START_TIME, UINT64_MAX, 0},
        {WIRE_PLACE, WIRE_GID, UINT32_MAX, -EINVAL},
        {WIRE_PLACED, WIRE_RING, (uint64_t)INT32_MAX + 1, -EINVAL},
        {WIRE_PLACED, WIRE_RING, UINT64_MAX, -EINVAL},
        {WIRE_PLACED, WIRE_RING, 0, 0},
        {WIRE_PLACE, WIRE_ON_NO_KEYRING, 2, -EINVAL},
        {WIRE_REFRESH, WIRE_FORCE, 2, -EINVAL},
        {WIRE_SESSION, WIRE_EXPIRES_AT, (uint64_t)INT64_MAX + 1, -EINVAL},
    };
    struct message message;

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        unsigned char value[8];

        message_init(&message, numbers[i].type);
        assert_int_equal(
            message_put_number(&message, numbers[i].field, numbers[i].number),
            numbers[i].expected);
        if (numbers[i].expected == 0 || numbers[i].type != WIRE_VERDICT)
            continue;
        for (unsigned j = 0; j < 8; j++)
            value[j] = (unsigned char)(numbers[i].number >> (56 - 8 * j));
        message_append(&message, numbers[i].field, value, sizeof(value));
        assert_refused(message.data, message.length, -EPROTO);
    }
    /* A number of another width is not a number. */
    for (size_t length = 0; length < 16; length++) {
        static const unsigned char bytes[16] = {1};

        message_init(&message, WIRE_CLAIM);
        message_append_sample(&message, WIRE_TICKET);
        message_append_sample(&message, WIRE_USER);
        message_append_sample(&message, WIRE_UID);
        message_append(&message, WIRE_START_TIME, bytes, length);
        if (length != 8)
            assert_refused(message.data, message.length, -EPROTO);
    }
}

static void
headers_are_checked(void **state)
{
    static const unsigned char version_0[] = {0, 0, 0, WIRE_BEGIN},
                               version_2[] = {0, 2, 0, WIRE_BEGIN},
                               version_257[] = {1, 1, 0, WIRE_BEGIN},
                               type_0[] = {0, 1, 0, 0},
                               type_high[] = {0, 1, 0, WIRE_TYPES},
                               type_257[] = {0, 1, 1, WIRE_BEGIN};
    static unsigned char huge[WIRE_MESSAGE_MAX + 1] = {0, 1, 0, WIRE_BEGIN};

    (void)state;
    assert_refused("", 0, -EPROTO);
    assert_refused(version_0, 3, -EPROTO);
    assert_refused(version_0, 4, -EPROTONOSUPPORT);
    assert_refused(version_2, 4, -EPROTONOSUPPORT);
    assert_refused(version_257, 4, -EPROTONOSUPPORT);
    assert_refused(type_0, 4, -EPROTO);
    assert_refused(type_high, 4, -EPROTO);
    assert_refused(type_257, 4, -EPROTO);
    assert_refused(huge, sizeof(huge), -EMSGSIZE);
    assert_refused(huge, sizeof(huge) - 1, -EPROTO);
}

static void
unknown_types_carry_nothing(void **state)
{
    static const unsigned types[] = {WIRE_NONE, WIRE_TYPES, 1000};
    struct message message;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        message_init(&message, (enum wire_type)types[i]);
        assert_int_equal(message_put_text(&message, WIRE_ID, ID), -EINVAL);
        assert_int_equal(message_check(&message), -EPROTO);
    }
    message_done(NULL);
}

static void
everything_has_a_name(void **state)
{
    (void)state;
    for (enum wire_result result = 0; result < WIRE_RESULTS; result++) {
        assert_string_not_equal(wire_result_name(result), "unknown");
        assert_int_equal(
            strspn(wire_result_name(result), "abcdefghijklmnopqrstuvwxyz_"),
            strlen(wire_result_name(result)));
    }
    for (enum wire_type type = 1; type < WIRE_TYPES; type++)
        assert_string_not_equal(wire_type_name(type), "?");
    assert_string_equal(wire_result_name(WIRE_WRONG_CREDENTIALS),
                        "wrong_credentials");
    assert_string_equal(wire_result_name(WIRE_RESULTS), "unknown");
    assert_string_equal(wire_type_name(WIRE_AUTHENTICATE), "AUTHENTICATE");
    assert_string_equal(wire_type_name(WIRE_NONE), "?");
    assert_string_equal(wire_type_name(WIRE_TYPES), "?");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packet_is_as_documented),
        cmocka_unit_test(other_kinds_are_refused),
        cmocka_unit_test(texts_have_limits),
        cmocka_unit_test(bad_texts_are_refused),
        cmocka_unit_test(bad_ids_are_refused),
        cmocka_unit_test(numbers_have_ranges),
        cmocka_unit_test(headers_are_checked),
        cmocka_unit_test(unknown_types_carry_nothing),
        cmocka_unit_test(everything_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
