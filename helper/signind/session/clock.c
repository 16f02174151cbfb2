/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A token lives so long, whatever the clock says meanwhile.  Its end is kept
 * as a time of day all the same, because that is what the kernel and the
 * session itself go by.  So, when the clock is set, every such time moves with
 * it; and when the host has slept, what fell due is done at once, for the
 * timers of the event loop stand still in a sleeping host.
 *
 * CLOCK_REALTIME less CLOCK_BOOTTIME changes only when the clock is set;
 * CLOCK_BOOTTIME less CLOCK_MONOTONIC only by sleep (clock_gettime(2)).
 */
#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "signind/log.h"

/* A timer that shall never be due, only be told when the clock is set. */
#define FAR_S ((int64_t)20 * 366 * 86400)
/* Less is no step: the two clocks are not read in the same instant. */
#define STEP_MS 1000

static int64_t
clock_read_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
clock_move(int64_t *at_s, int64_t step_s)
{
    if (*at_s != 0)
        *at_s += step_s;
}

void
session_shift(struct session *session, int64_t step_s)
{
    clock_move(&session->health_since_s, step_s);
    clock_move(&session->ticket_until_s, step_s);
    clock_move(&session->opened_at_s, step_s);
    clock_move(&session->refreshed_at_s, step_s);
    clock_move(&session->expires_at_s, step_s);
    clock_move(&session->previous_until_s, step_s);
    clock_move(&session->closed_at_s, step_s);
    if (session->refresh_at_ms != 0)
        session->refresh_at_ms += step_s * 1000;
}

struct clock_change {
    int64_t step_s, slept_s;
};

/* What the session reads of it, and the kernel's own end of the token. */
static void
clock_rewrite(struct session *session)
{
    int error;

    if (session->keys.keep == 0 || session->state == SESSION_CLOSING)
        return;
    error = session_write_token(session);
    if (error != 0)
        log_warning("session %.8s of %s: its keys cannot be set to the new "
                    "time: %s",
                    session->keys.id, session->user, strerrordesc_np(-error));
}

static void
clock_apply(struct session *session, void *context)
{
    const struct clock_change *change = context;

    if (change->step_s != 0) {
        session_shift(session, change->step_s);
        clock_rewrite(session);
    }
    /* No provider could be told of an end while the host slept. */
    if (session->state == SESSION_CLOSING)
        clock_move(&session->closed_at_s, change->slept_s);
}

static void
clock_due(struct session *session, void *context)
{
    (void)context;
    session_schedule(session);
    session_due(session);
}

void
session_clock_check(struct session_table *table)
{
    struct session_clock *clock = &table->clock;
    int64_t boot_ms = clock_read_ms(CLOCK_BOOTTIME);
    int64_t step_ms = clock_read_ms(CLOCK_REALTIME) - boot_ms - clock->wall_ms;
    int64_t slept_ms =
        boot_ms - clock_read_ms(CLOCK_MONOTONIC) - clock->slept_ms;
    struct clock_change change = {0};

    if (step_ms >= STEP_MS || step_ms <= -STEP_MS)
        change.step_s = (step_ms + (step_ms > 0 ? 500 : -500)) / 1000;
    if (slept_ms >= STEP_MS)
        change.slept_s = slept_ms / 1000;
    if (change.step_s == 0 && change.slept_s == 0)
        return;
    /* First: what follows may look at the clock again. */
    clock->wall_ms += change.step_s * 1000;
    clock->slept_ms += change.slept_s * 1000;
    if (change.step_s != 0)
        log_notice("the clock was set %s by %" PRId64 " s: what is left of "
                   "every token stays the same",
                   change.step_s > 0 ? "forward" : "back",
                   change.step_s > 0 ? change.step_s : -change.step_s);
    if (change.slept_s != 0)
        log_notice("the host has slept for %" PRId64 " s", change.slept_s);
    session_each(table, clock_apply, &change);
    session_each(table, clock_due, NULL);
}

static int
clock_arm(const struct session_clock *clock)
{
    const struct itimerspec far = {
        .it_value.tv_sec = clock_read_ms(CLOCK_REALTIME) / 1000 + FAR_S};

    return timerfd_settime(clock->fd,
                           TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far,
                           NULL) == 0
               ? 0
               : -errno;
}

/* The clock was set, or the host has slept (timerfd_create(2)): ECANCELED. */
static void
clock_told(evutil_socket_t fd, short what, void *context)
{
    struct session_table *table = context;
    uint64_t count;

    (void)what;
    if (read(fd, &count, sizeof(count)) < 0 && errno == EAGAIN)
        return;
    /* Armed again before the clock is read: no step falls between. */
    clock_arm(&table->clock);
    session_clock_check(table);
}

/* Without such a timer the table's sweep finds out. */
void
session_clock_start(struct session_table *table)
{
    struct session_clock *clock = &table->clock;
    int64_t boot_ms = clock_read_ms(CLOCK_BOOTTIME);

    clock->wall_ms = clock_read_ms(CLOCK_REALTIME) - boot_ms;
    clock->slept_ms = boot_ms - clock_read_ms(CLOCK_MONOTONIC);
    clock->event = NULL;
    clock->fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (clock->fd >= 0 && clock_arm(clock) == 0)
        clock->event = event_new(table->base, clock->fd, EV_READ | EV_PERSIST,
                                 clock_told, table);
    if (clock->event == NULL || event_add(clock->event, NULL) != 0) {
        log_warning("no timer tells when the clock is set: it is looked at "
                    "now and then");
        session_clock_stop(table);
    }
}

void
session_clock_stop(struct session_table *table)
{
    struct session_clock *clock = &table->clock;

    if (clock->event != NULL)
        event_free(clock->event);
    clock->event = NULL;
    if (clock->fd >= 0)
        close(clock->fd);
    clock->fd = -1;
}
