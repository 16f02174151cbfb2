/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A provider that does not answer: who may still ask it, and when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "signind/session/session.h"

static int64_t now_ms;

int64_t __wrap_channel_now_ms(void);
int64_t
__wrap_channel_now_ms(void)
{
    return now_ms;
}

static void
note(struct session_table *table, enum wire_result result, unsigned times)
{
    const struct provider_result told = {.result = result, .why = "as told"};

    for (unsigned i = 0; i < times; i++)
        circuit_note(table, "corp", &told);
}

/* How many of so many sessions may ask now. */
static unsigned
may_ask(struct session_table *table, unsigned sessions, bool asked)
{
    unsigned count = 0;

    for (unsigned i = 0; i < sessions; i++)
        count += circuit_wait_ms(table, "corp", asked) == 0;
    return count;
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
    circuit_forget(*state);
    return 0;
}

static void
few_failures_stop_nobody(void **state)
{
    note(*state, WIRE_UNAVAILABLE, 2);
    assert_false(circuit_is_open(*state, "corp"));
    assert_int_equal(may_ask(*state, 8000, false), 8000);
    /* A success between them: they are not in a row. */
    note(*state, WIRE_OK, 1);
    note(*state, WIRE_UNAVAILABLE, 2);
    assert_false(circuit_is_open(*state, "corp"));
}

static void
one_session_asks_for_all(void **state)
{
    note(*state, WIRE_UNAVAILABLE, 3);
    assert_true(circuit_is_open(*state, "corp"));
    assert_false(circuit_is_open(*state, "other"));
    assert_int_equal(may_ask(*state, 8000, false), 0);
    now_ms += 1000;
    assert_int_equal(may_ask(*state, 8000, false), 1);
}

/* In ten minutes of outage: some dozens of requests, not a storm. */
static void
pauses_grow_and_stay_bounded(void **state)
{
    unsigned asked = 0;

    note(*state, WIRE_UNAVAILABLE, 3);
    for (unsigned second = 0; second < 600; second++) {
        unsigned now = may_ask(*state, 1000, false);

        assert_true(now <= 1);
        asked += now;
        now_ms += 500;
        note(*state, WIRE_UNAVAILABLE, now);
        now_ms += 500;
    }
    assert_true(asked >= 600 / 31);
    assert_true(asked <= 300);
}

/* What was under way when it went down fails all at once, and counts once. */
static void
failures_that_come_together_are_one(void **state)
{
    note(*state, WIRE_UNAVAILABLE, 500);
    now_ms += 1000;
    assert_int_equal(may_ask(*state, 10, false), 1);
}

static void
who_waits_may_ask_but_not_all_at_once(void **state)
{
    note(*state, WIRE_UNAVAILABLE, 3);
    assert_int_equal(may_ask(*state, 8000, true), 5);
    now_ms += 999;
    assert_int_equal(may_ask(*state, 8000, true), 0);
}

static void
those_who_wait_do_not_come_back_together(void **state)
{
    unsigned early = 0;

    note(*state, WIRE_UNAVAILABLE, 3);
    for (unsigned i = 0; i < 1000; i++)
        early += circuit_wait_ms(*state, "corp", false) < 16000;
    assert_true(early > 300 && early < 700);
}

static void
an_answer_of_any_kind_ends_it(void **state)
{
    static const enum wire_result answers[] = {WIRE_OK, WIRE_REFUSED,
                                               WIRE_WRONG_CREDENTIALS};

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        note(*state, WIRE_UNAVAILABLE, 3);
        note(*state, answers[i], 1);
        assert_int_equal(may_ask(*state, 100, false), 100);
    }
}

static void
our_own_faults_say_nothing(void **state)
{
    note(*state, WIRE_INTERNAL, 10);
    note(*state, WIRE_SLOW_DOWN, 10);
    assert_false(circuit_is_open(*state, "corp"));
    note(*state, WIRE_UNAVAILABLE, 3);
    note(*state, WIRE_INTERNAL, 1);
    note(*state, WIRE_SLOW_DOWN, 1);
    assert_true(circuit_is_open(*state, "corp"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(few_failures_stop_nobody),
        TEST(one_session_asks_for_all),
        TEST(pauses_grow_and_stay_bounded),
        TEST(failures_that_come_together_are_one),
        TEST(who_waits_may_ask_but_not_all_at_once),
        TEST(those_who_wait_do_not_come_back_together),
        TEST(an_answer_of_any_kind_ends_it),
        TEST(our_own_faults_say_nothing),
    };

    return cmocka_run_group_tests_name("circuit", tests, NULL, NULL);
}
