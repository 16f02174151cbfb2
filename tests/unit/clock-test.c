/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock is set, or the host sleeps: clocks of the test's own, real keys.
 */
#include "session-test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define HOUR 3600
#define DAY  86400

/* How far our clocks are from the kernel's, in seconds. */
static int64_t set_s, slept_s;
/* An eventfd, which the test can make readable; and how it was armed. */
static int timer_fd;
static int timer_flags;

int __real_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_timerfd_create(int clock, int flags);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *value,
                           struct itimerspec *ret_before);

int
__wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
    int result = __real_clock_gettime(clock, ret);

    if (clock == CLOCK_REALTIME)
        ret->tv_sec += set_s + slept_s;
    else if (clock == CLOCK_BOOTTIME)
        ret->tv_sec += slept_s;
    return result;
}

int
__wrap_timerfd_create(int clock, int flags)
{
    assert_int_equal(clock, CLOCK_REALTIME);
    assert_int_equal(flags, TFD_NONBLOCK | TFD_CLOEXEC);
    timer_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return timer_fd;
}

int
__wrap_timerfd_settime(int fd, int flags, const struct itimerspec *value,
                       struct itimerspec *ret_before)
{
    assert_int_equal(fd, timer_fd);
    assert_null(ret_before);
    /* Never due by itself: a year from now at the least. */
    assert_true(value->it_value.tv_sec > session_now_s() + 365 * DAY);
    timer_flags = flags;
    return 0;
}

static int
clock_begin(void **state)
{
    set_s = slept_s = 0;
    timer_flags = 0;
    return fixture_begin(state);
}

/* What the kernel tells a timer that is told of such things. */
static void
tell(struct fixture *fixture)
{
    assert_int_equal(eventfd_write(timer_fd, 1), 0);
    assert_int_equal(
        event_base_loop(fixture->table.base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
}

static void
timer_is_told_when_the_clock_is_set(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_live(fixture, 300);
    int64_t expires = session->expires_at_s;

    assert_int_equal(timer_flags, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
    timer_flags = 0;
    set_s = HOUR;
    tell(fixture);
    assert_int_equal(session->expires_at_s, expires + HOUR);
    /* And is armed for the next time. */
    assert_int_equal(timer_flags, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
}

static void
check_kept(struct fixture *fixture, int64_t step_s)
{
    struct session *session = fixture_live(fixture, 300);
    int64_t expires = session->expires_at_s, due = session->refresh_at_ms;
    int64_t opened = session->opened_at_s, said;

    set_s = step_s;
    session_clock_check(&fixture->table);
    assert_int_equal(session->state, SESSION_LIVE);
    assert_int_equal(session->expires_at_s, expires + step_s);
    assert_int_equal(session->opened_at_s, opened + step_s);
    assert_int_equal(session->refresh_at_ms, due + step_s * 1000);
    assert_int_equal(fake.count, 0);
    assert_string_equal(fixture_session_token(), "A0");
    /* What `signin token` goes by. */
    said = atoll(fixture_field(session->keys.session, "expires_at"));
    assert_int_equal(said, session->expires_at_s);
    /* And it is renewed when it would have been. */
    session->refresh_at_ms = session_now_ms();
    session_due(session);
    fake_answer(WIRE_OK, "A1", "R1", 300);
    assert_string_equal(fixture_session_token(), "A1");
}

static void
clock_set_forward(void **state)
{
    check_kept(fixture_need(state), 30 * DAY);
}

static void
clock_set_back(void **state)
{
    check_kept(fixture_need(state), -30 * DAY);
}

/* The kernel goes by the clock: it let the token expire when that was set. */
static void
token_that_the_kernel_let_expire_comes_back(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_live(fixture, 300);
    char byte;

    assert_int_equal(keyring_timeout(session->keys.access_token, 1), 0);
    while (keyring_read(session->keys.access_token, &byte, 0) != -EKEYEXPIRED)
        usleep(10000);
    set_s = HOUR;
    session_clock_check(&fixture->table);
    assert_string_equal(fixture_session_token(), "A0");
    assert_false(session->parked);
    assert_int_equal(fake.count, 0);
}

static void
less_than_a_second_is_no_step(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_live(fixture, 300);
    int64_t expires = session->expires_at_s;

    fixture->table.clock.wall_ms += 900;
    session_clock_check(&fixture->table);
    assert_int_equal(session->expires_at_s, expires);
}

/* The timers of the event loop have stood still: all that is due is done. */
static void
refresh_comes_at_once_after_sleep(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_live(fixture, 300);
    int64_t expires = session->expires_at_s;

    slept_s = 240;
    tell(fixture);
    assert_int_equal(fake.count, 1);
    assert_int_equal(fake.kind, REQUEST_REFRESH);
    assert_int_equal(session->expires_at_s, expires);
    assert_false(session->parked);
    fake_answer(WIRE_OK, "A1", "R1", 300);
    assert_string_equal(fixture_session_token(), "A1");
}

static void
token_has_run_out_while_asleep(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_live(fixture, 300);

    slept_s = HOUR;
    tell(fixture);
    assert_true(session->parked);
    assert_string_equal(fixture_session_token(), "");
    assert_int_equal(fake.count, 1);
    fake_answer(WIRE_OK, "A1", "R1", 300);
    assert_string_equal(fixture_session_token(), "A1");
}

/* A sleeping host could tell nobody: that time does not count. */
static void
check_still_revoked(struct fixture *fixture, int64_t step_s, int64_t asleep_s)
{
    struct session *session = fixture_live(fixture, 300);
    unsigned before;

    session_close(session, "test");
    assert_int_equal(fake.kind, REQUEST_REVOKE_REFRESH);
    fake_fail(WIRE_UNAVAILABLE, false, 0);
    before = fake.count;
    set_s = step_s;
    slept_s = asleep_s;
    session_clock_check(&fixture->table);
    assert_int_equal(fixture->table.count, 1);
    if (fake.count == before) {
        session->refresh_at_ms = session_now_ms();
        session_due(session);
    }
    assert_int_equal(fake.count, before + 1);
    assert_string_equal(fake.refresh_token, "R0");
}

static void
revocation_is_not_given_up_when_the_clock_is_set(void **state)
{
    check_still_revoked(fixture_need(state), 30 * DAY, 0);
}

static void
revocation_is_not_given_up_after_sleep(void **state)
{
    check_still_revoked(fixture_need(state), 0, 3 * DAY);
}

/* Between the password and the session. */
static void
ticket_outlives_the_step(void **state)
{
    struct fixture *fixture = fixture_need(state);
    struct session *session = fixture_pending(fixture, 300);
    char ticket[WIRE_ID_LENGTH + 1];

    strcpy(ticket, session->ticket);
    set_s = HOUR;
    /* The session's own timer finds out first. */
    event_active(session->timer, EV_TIMEOUT, 1);
    event_base_loop(fixture->table.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    assert_ptr_equal(session_find_ticket(&fixture->table, ticket), session);
    assert_int_equal(fake.count, 0);
}

static void
check_restarted(struct fixture *fixture, int64_t step_s)
{
    struct session *session = fixture_live(fixture, 300);
    struct keyring_session keys = fixture_keys(session);
    int64_t expires = session->expires_at_s;

    set_s = step_s;
    fixture_restart(fixture);
    session = session_find(&fixture->table, keys.id);
    assert_non_null(session);
    assert_int_equal(session->expires_at_s, expires + step_s);
    assert_int_equal(fake.count, 0);
    assert_false(session->parked);
    assert_string_equal(fixture_session_token(), "A0");
}

static void
clock_set_forward_while_signind_was_away(void **state)
{
    check_restarted(fixture_need(state), 30 * DAY);
}

static void
clock_set_back_while_signind_was_away(void **state)
{
    check_restarted(fixture_need(state), -30 * DAY);
}

/* Sleep is no step: it counts for tokens. */
static void
sleep_while_signind_was_away(void **state)
{
    struct fixture *fixture = fixture_need(state);

    fixture_live(fixture, 300);
    slept_s = HOUR;
    fixture_restart(fixture);
    assert_int_equal(fake.count, 1);
    fake_answer(WIRE_OK, "A1", "R1", 300);
    assert_string_equal(fixture_session_token(), "A1");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, clock_begin, fixture_end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(timer_is_told_when_the_clock_is_set),
        TEST(clock_set_forward),
        TEST(clock_set_back),
        TEST(token_that_the_kernel_let_expire_comes_back),
        TEST(less_than_a_second_is_no_step),
        TEST(refresh_comes_at_once_after_sleep),
        TEST(token_has_run_out_while_asleep),
        TEST(revocation_is_not_given_up_when_the_clock_is_set),
        TEST(revocation_is_not_given_up_after_sleep),
        TEST(ticket_outlives_the_step),
        TEST(clock_set_forward_while_signind_was_away),
        TEST(clock_set_back_while_signind_was_away),
        TEST(sleep_while_signind_was_away),
    };

    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
