/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message: each type carries its fields, once each, and no others.  Damaged
 * messages are refused, or still well formed.
 */
#include "message-help.h"

#include <errno.h>

#define ID  "0123456789abcdef0123456789abcdef"
#define END WIRE_FIELD_NONE

/* Said once more, on purpose apart from the table in message.c. */
static const struct type_case {
    enum wire_type type;
    enum wire_field must[6], may[7];
} cases[] = {
    {WIRE_BEGIN, {END}, {END}},
    {WIRE_PLACE,
     {WIRE_SHARD, WIRE_GID, WIRE_ID, WIRE_ON_NO_KEYRING, END},
     {END}},
    {WIRE_AUTHENTICATE,
     {WIRE_USER, WIRE_UID, WIRE_PASSWORD, WIRE_SERVICE, END},
     {WIRE_RHOST, WIRE_TTY, WIRE_PROVIDER, WIRE_KEEP, END}},
    {WIRE_VERIFY,
     {WIRE_USER, WIRE_UID, WIRE_PASSWORD, WIRE_SERVICE, END},
     {WIRE_RHOST, WIRE_TTY, WIRE_PROVIDER, END}},
    {WIRE_VERDICT,
     {WIRE_RESULT, END},
     {WIRE_TICKET, WIRE_MESSAGE, WIRE_RETRY_AFTER, WIRE_EXPIRES_AT, WIRE_KEEP,
      END}},
    {WIRE_CLAIM,
     {WIRE_TICKET, WIRE_USER, WIRE_UID, WIRE_START_TIME, END},
     {WIRE_SERVICE, END}},
    {WIRE_CLAIMED, {WIRE_ID, WIRE_KEEP, WIRE_ON_NO_KEYRING, END}, {END}},
    {WIRE_PLACED, {WIRE_RING, END}, {END}},
    {WIRE_ABANDON, {WIRE_TICKET, END}, {END}},
    {WIRE_ACCOUNT,
     {WIRE_USER, WIRE_UID, WIRE_SERVICE, END},
     {WIRE_PROVIDER, WIRE_RHOST, END}},
    {WIRE_CLOSE, {WIRE_ID, END}, {END}},
    {WIRE_RENEW, {WIRE_ID, END}, {END}},
    {WIRE_SESSIONS, {END}, {END}},
    {WIRE_END_ALL, {END}, {END}},
    {WIRE_REFRESH,
     {WIRE_ID, WIRE_SECRET, END},
     {WIRE_MIN_VALID, WIRE_FORCE, END}},
    {WIRE_LOGOUT, {WIRE_ID, WIRE_SECRET, END}, {END}},
    {WIRE_SESSION,
     {WIRE_ID, WIRE_USER, WIRE_UID, WIRE_PROVIDER, WIRE_STATE, END},
     {WIRE_OPENED_AT, WIRE_EXPIRES_AT, WIRE_OPENER, WIRE_TTY, WIRE_RHOST,
      WIRE_SERVICE, END}},
    {WIRE_REUSE,
     {WIRE_USER, WIRE_UID, WIRE_SERVICE, WIRE_ID, WIRE_SECRET, END},
     {WIRE_PROVIDER, END}},
    {WIRE_USERS, {END}, {END}},
    {WIRE_GROUPS, {END}, {END}},
    {WIRE_SHOW_USER, {WIRE_USER, END}, {END}},
    {WIRE_REFRESH_USERS, {END}, {END}},
    {WIRE_FORGET, {WIRE_USER, END}, {END}},
    {WIRE_KEYS, {WIRE_USER, END}, {END}},
    {WIRE_LOOKUP, {WIRE_USER, END}, {WIRE_SERVICE, END}},
    {WIRE_ITEM,
     {WIRE_NAME, END},
     {WIRE_VALUE, WIRE_ORIGIN, WIRE_UID, WIRE_GID, WIRE_STATE, END}},
    {WIRE_ENTRY, {WIRE_PERSON, END}, {END}},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

static int
put(struct message *message, enum wire_field field)
{
    /* 1 is in every number's range. */
    return message_is_text(field)
               ? message_put_text(message, field, message_sample(field))
               : message_put_number(message, field, 1);
}

static bool
lists(const enum wire_field *list, enum wire_field field)
{
    for (; *list != END; list++)
        if (*list == field)
            return true;
    return false;
}

static bool
carries(const struct type_case *type_case, enum wire_field field)
{
    return lists(type_case->must, field) || lists(type_case->may, field);
}

static void
put_list(struct message *message, const enum wire_field *list)
{
    for (; *list != END; list++)
        assert_int_equal(put(message, *list), 0);
}

static void
build(const struct type_case *type_case, struct message *message, bool full)
{
    message_init(message, type_case->type);
    put_list(message, type_case->must);
    if (full)
        put_list(message, type_case->may);
    assert_int_equal(message_check(message), 0);
}

static void
every_type_has_a_case(void **state)
{
    (void)state;
    assert_int_equal(CASES, WIRE_TYPES - 1);
    for (size_t i = 0; i < CASES; i++)
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(cases[i].type, cases[j].type);
}

static void
round_trip(void **state)
{
    struct message message, copy;

    (void)state;
    for (size_t i = 0; i < 2 * CASES; i++) {
        const struct type_case *type_case = &cases[i / 2];
        bool full = i % 2 == 1;

        build(type_case, &message, full);
        assert_int_equal(decode_exactly(&copy, message.data, message.length),
                         0);
        assert_int_equal(copy.type, type_case->type);
        for (enum wire_field field = 1; field < WIRE_FIELDS; field++) {
            bool there = lists(type_case->must, field) ||
                         (full && lists(type_case->may, field));
            uint64_t number = 77;

            if (there && message_is_text(field))
                assert_string_equal(message_text(&copy, field),
                                    message_sample(field));
            else
                assert_null(message_text(&copy, field));
            assert_int_equal(message_number(&copy, field, &number),
                             there && !message_is_text(field));
            assert_int_equal(number, there && !message_is_text(field) ? 1 : 77);
        }
        message_done(&message);
        assert_empty(&message);
    }
}

static void
truncated_anywhere_is_refused(void **state)
{
    struct message message, shorter;

    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        build(&cases[i], &message, true);
        for (size_t length = 0; length < message.length; length++) {
            int r = decode_exactly(&shorter, message.data, length);

            /* Cut between two fields, what is left may be complete. */
            if (r == 0)
                assert_int_equal(message_check(&shorter), 0);
            else
                assert_int_equal(r, -EPROTO);
        }
        assert_refused(message.data, message.length - 1, -EPROTO);
    }
}

static void
flipped_bits_never_harm(void **state)
{
    struct message message, flipped;

    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        build(&cases[i], &message, true);
        for (size_t bit = 0; bit < message.length * 8; bit++) {
            message.data[bit / 8] ^= (unsigned char)(1U << bit % 8);
            if (decode_exactly(&flipped, message.data, message.length) == 0) {
                assert_int_equal(message_check(&flipped), 0);
                for (enum wire_field field = 1; field < WIRE_FIELDS; field++) {
                    const char *text = message_text(&flipped, field);

                    if (text != NULL)
                        assert_true((const unsigned char *)text + strlen(text) <
                                    flipped.data + flipped.length);
                }
            } else {
                assert_empty(&flipped);
            }
            message.data[bit / 8] ^= (unsigned char)(1U << bit % 8);
        }
    }
}

static void
missing_fields_are_refused(void **state)
{
    struct message message;

    (void)state;
    for (size_t i = 0; i < CASES; i++)
        for (const enum wire_field *left_out = cases[i].must; *left_out != END;
             left_out++) {
            message_init(&message, cases[i].type);
            for (const enum wire_field *f = cases[i].must; *f != END; f++)
                if (f != left_out)
                    assert_int_equal(put(&message, *f), 0);
            assert_int_equal(message_check(&message), -EPROTO);
            assert_refused(message.data, message.length, -EPROTO);
        }
}

static void
repeated_fields_are_refused(void **state)
{
    struct message message;

    (void)state;
    for (size_t i = 0; i < CASES; i++)
        for (enum wire_field field = 1; field < WIRE_FIELDS; field++) {
            size_t length;

            if (!carries(&cases[i], field))
                continue;
            build(&cases[i], &message, true);
            length = message.length;
            assert_int_equal(put(&message, field), -EINVAL);
            assert_int_equal(message.length, length);
            message_append_sample(&message, field);
            assert_refused(message.data, message.length, -EPROTO);
        }
}

static void
foreign_fields_are_refused(void **state)
{
    struct message message;

    (void)state;
    for (size_t i = 0; i < CASES; i++)
        for (enum wire_field field = 0; field < WIRE_FIELDS + 2; field++) {
            size_t length;

            if (carries(&cases[i], field))
                continue;
            build(&cases[i], &message, false);
            length = message.length;
            assert_int_equal(put(&message, field), -EINVAL);
            assert_int_equal(message.length, length);
            message_append_sample(&message, field);
            assert_refused(message.data, message.length, -EPROTO);
        }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_a_case),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(truncated_anywhere_is_refused),
        cmocka_unit_test(flipped_bits_never_harm),
        cmocka_unit_test(missing_fields_are_refused),
        cmocka_unit_test(repeated_fields_are_refused),
        cmocka_unit_test(foreign_fields_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
