/* SPDX-License-Identifier: BSD-2-Clause */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "signind/throttle.h"

static const struct throttle_limits limits = {
    .per_user = 3, .per_host = 5, .window_s = 100};

static int
begin(void **state)
{
    *state = throttle_new();
    return *state == NULL;
}

static int
end(void **state)
{
    throttle_free(*state);
    return 0;
}

/* One attempt at a time; false: it was refused. */
static bool
attempt(struct throttle *throttle, const char *user, const char *host,
        int64_t now_s, bool wrong)
{
    unsigned wait_s = 0;

    if (!throttle_enter(throttle, &limits, user, host, now_s, &wait_s))
        return false;
    throttle_leave(throttle, user, host, wrong, !wrong);
    return true;
}

static void
user_is_refused_after_its_failures(void **state)
{
    unsigned wait_s = 0;

    for (int i = 0; i < 3; i++)
        assert_true(attempt(*state, "alice", NULL, 1000 + i, true));
    assert_false(throttle_enter(*state, &limits, "alice", NULL, 1010, &wait_s));
    /* The window began with the first failure. */
    assert_int_equal(wait_s, 90);
    assert_true(attempt(*state, "bob", NULL, 1010, true));
}

static void
window_ends(void **state)
{
    for (int i = 0; i < 3; i++)
        assert_true(attempt(*state, "alice", NULL, 1000, true));
    assert_false(attempt(*state, "alice", NULL, 1099, true));
    assert_true(attempt(*state, "alice", NULL, 1100, true));
}

static void
host_is_refused_over_all_users(void **state)
{
    char user[16];

    for (int i = 0; i < 5; i++) {
        snprintf(user, sizeof(user), "u%d", i);
        assert_true(attempt(*state, user, "192.0.2.1", 1000, true));
    }
    assert_false(attempt(*state, "fresh", "192.0.2.1", 1000, true));
    assert_true(attempt(*state, "fresh", "192.0.2.2", 1000, true));
    /* An empty host is a local terminal: no host at all. */
    assert_true(attempt(*state, "other", "", 1000, true));
}

static void
success_forgets_the_user(void **state)
{
    assert_true(attempt(*state, "alice", NULL, 1000, true));
    assert_true(attempt(*state, "alice", NULL, 1000, true));
    assert_true(attempt(*state, "alice", NULL, 1000, false));
    for (int i = 0; i < 3; i++)
        assert_true(attempt(*state, "alice", NULL, 1000, true));
    assert_false(attempt(*state, "alice", NULL, 1000, true));
}

/* Many guesses at once must not all be let through before the first fails. */
static void
attempts_under_way_count(void **state)
{
    unsigned wait_s = 0;

    for (int i = 0; i < 3; i++)
        assert_true(
            throttle_enter(*state, &limits, "alice", NULL, 1000, &wait_s));
    assert_false(throttle_enter(*state, &limits, "alice", NULL, 1000, &wait_s));
    /* The provider was unreachable: not the user's fault. */
    throttle_leave(*state, "alice", NULL, false, false);
    assert_true(throttle_enter(*state, &limits, "alice", NULL, 1000, &wait_s));
}

static void
table_stays_bounded(void **state)
{
    char host[64];

    for (int i = 0; i < 40000; i++) {
        snprintf(host, sizeof(host), "10.%d.%d.%d", i >> 16, i >> 8 & 255,
                 i & 255);
        assert_true(attempt(*state, "", host, 1000, true));
    }
    assert_true(attempt(*state, "alice", "192.0.2.9", 1000, true));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(user_is_refused_after_its_failures,
                                        begin, end),
        cmocka_unit_test_setup_teardown(window_ends, begin, end),
        cmocka_unit_test_setup_teardown(host_is_refused_over_all_users, begin,
                                        end),
        cmocka_unit_test_setup_teardown(success_forgets_the_user, begin, end),
        cmocka_unit_test_setup_teardown(attempts_under_way_count, begin, end),
        cmocka_unit_test_setup_teardown(table_stays_bounded, begin, end),
    };

    return cmocka_run_group_tests_name("throttle", tests, NULL, NULL);
}
