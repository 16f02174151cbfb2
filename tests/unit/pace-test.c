/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "Not before" (Retry-After): who is left alone, how long, and what is kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "signind/session/session.h"

static int64_t now_ms;

int64_t __wrap_channel_now_ms(void);
int64_t
__wrap_channel_now_ms(void)
{
    return now_ms;
}

static void
note(struct session_table *table, const char *what, enum wire_result result,
     unsigned wait_s)
{
    const struct provider_result told = {
        .result = result, .retry_after_s = wait_s, .why = "as told"};

    pace_note(table, what, &told);
}

static int
begin(void **state)
{
    static struct session_table table;

    now_ms = 1000000;
    table = (struct session_table){0};
    *state = &table;
    return 0;
}

static int
end(void **state)
{
    pace_forget(*state);
    return 0;
}

static void
each_is_left_alone_as_long_as_it_was_said(void **state)
{
    note(*state, "corp", WIRE_SLOW_DOWN, 10);
    note(*state, "corp alice", WIRE_UNAVAILABLE, 5);
    note(*state, "corp bob", WIRE_REFUSED, 5);
    note(*state, "corp carol", WIRE_SLOW_DOWN, 0);
    assert_int_equal(pace_wait_s(*state, "corp"), 10);
    assert_int_equal(pace_wait_s(*state, "corp alice"), 5);
    assert_int_equal(pace_wait_s(*state, "corp bob"), 0);
    assert_int_equal(pace_wait_s(*state, "corp carol"), 0);
    /* Never shorter than before. */
    note(*state, "corp", WIRE_SLOW_DOWN, 1);
    now_ms += 5001;
    assert_int_equal(pace_wait_s(*state, "corp"), 5);
    assert_int_equal(pace_wait_s(*state, "corp alice"), 0);
}

/* Tell so many users to wait; from number first on. */
static void
note_users(struct session_table *table, unsigned first, unsigned users,
           unsigned wait_s)
{
    char name[PACE_NAME_MAX];

    for (unsigned i = first; i < first + users; i++) {
        snprintf(name, sizeof(name), "corp user%u", i);
        note(table, name, WIRE_SLOW_DOWN, wait_s);
    }
}

static unsigned
who_wait(const struct session_table *table, unsigned users)
{
    char name[PACE_NAME_MAX];
    unsigned count = 0;

    for (unsigned i = 0; i < users; i++) {
        snprintf(name, sizeof(name), "corp user%u", i);
        count += pace_wait_s(table, name) > 0;
    }
    return count;
}

/* Names without end: the memory has its; who must wait for long stays. */
static void
guessing_at_names_does_not_fill_the_memory(void **state)
{
    note(*state, "corp", WIRE_SLOW_DOWN, 3600);
    note_users(*state, 0, 5000, 60);
    assert_int_equal(who_wait(*state, 5000), 1023);
    assert_int_equal(pace_wait_s(*state, "corp"), 3600);
    assert_int_equal(pace_wait_s(*state, "corp user4999"), 60);
}

/* ... so what is over takes nobody's place. */
static void
what_is_over_is_forgotten(void **state)
{
    note_users(*state, 0, 1000, 10);
    now_ms += 10000;
    note_users(*state, 1000, 1000, 5);
    assert_int_equal(who_wait(*state, 2000), 1000);
}

#define PACE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        PACE_TEST(each_is_left_alone_as_long_as_it_was_said),
        PACE_TEST(what_is_over_is_forgotten),
        PACE_TEST(guessing_at_names_does_not_fill_the_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
