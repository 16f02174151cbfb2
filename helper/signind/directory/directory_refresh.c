/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Refreshes: when, and from the first request to the end.
 */
#include "directory_refresh.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "signind/jitter.h"
#include "signind/log.h"
#include "wire/channel.h"

/* The first refresh comes within, the first try after a failure after, in
 * milliseconds. */
#define FIRST_WITHIN_MS 5000
#define BACKOFF_MS      5000
#define BACKOFF_MAX_MS  3600000
/* A refresh is moved by up to so much, in percent: hosts that were started
 * together must not ask together for ever. */
#define JITTER_PERCENT 10
/* Out of turn, for somebody new: so soon, and never for more than a share of
 * all time, however many are new. */
#define SOON_MS    1000
#define SOON_SHARE 10

#define MS_PER_S  1000
#define NS_PER_MS 1000000

struct known_user {
    char *name;
    uid_t uid;
};

/* ---- when ------------------------------------------------------------------
 */

static void
plan_at(struct people_source *source, int64_t at_ms)
{
    int64_t after_ms = at_ms - channel_now_ms();
    struct timeval after = {0, 0};

    if (after_ms > 0) {
        after.tv_sec = after_ms / MS_PER_S;
        after.tv_usec = after_ms % MS_PER_S * MS_PER_S;
    }
    source->planned_at_ms = at_ms;
    event_add(source->timer, &after);
}

void
refresh_plan_soon(struct people_source *source)
{
    int64_t at_ms = channel_now_ms() + SOON_MS;

    if (source->refresh != NULL) {
        source->again = true;
        return;
    }
    if (at_ms < source->soon_at_ms)
        at_ms = source->soon_at_ms;
    if (at_ms < source->planned_at_ms)
        plan_at(source, at_ms);
}

static int64_t
plan_regular_ms(const struct people_source *source)
{
    const unsigned every_s = source->config->refresh_every_s;
    const unsigned jitter_ms = every_s * (MS_PER_S / 100) * JITTER_PERCENT;

    return channel_now_ms() + (int64_t)every_s * MS_PER_S - jitter_ms +
           jitter_below(2 * jitter_ms + 1);
}

void
refresh_plan_first(struct people_source *source)
{
    source->regular_at_ms = plan_regular_ms(source);
    plan_at(source, channel_now_ms() + jitter_below(FIRST_WITHIN_MS + 1));
}

/* After a failure: decorrelated jitter, each pause between the first and three
 * times the one before; but never beyond the regular time, so that a failure
 * costs no refresh. */
void
refresh_plan(struct people_source *source, bool ok, unsigned retry_after_s)
{
    const int64_t now_ms = channel_now_ms();
    const int64_t every_ms =
        (int64_t)source->config->refresh_every_s * MS_PER_S;
    int64_t next_ms;

    if (ok || now_ms >= source->regular_at_ms)
        source->regular_at_ms = plan_regular_ms(source);
    next_ms = source->regular_at_ms;
    if (ok) {
        source->backoff_ms = 0;
        source->pause_until_ms = source->not_before_ms = 0;
    } else {
        source->backoff_ms =
            jitter_pause_ms(source->backoff_ms, BACKOFF_MS, BACKOFF_MAX_MS);
        if (source->backoff_ms > every_ms)
            source->backoff_ms = (unsigned)every_ms;
        if (next_ms > now_ms + source->backoff_ms)
            next_ms = now_ms + source->backoff_ms;
        if (retry_after_s > 0)
            source->not_before_ms = now_ms + (int64_t)retry_after_s * MS_PER_S;
        if (next_ms < source->not_before_ms)
            next_ms = source->not_before_ms;
    }
    plan_at(source, next_ms);
}

void
refresh_due(struct people_source *source)
{
    /* A lookup may have been told to come later. */
    if (channel_now_ms() < source->not_before_ms) {
        plan_at(source, source->not_before_ms);
    } else if (refresh_start(source) != 0) {
        refresh_plan(source, false, 0);
        waiters_note(source->directory, source->config->name, WIRE_INTERNAL,
                     "see signind's log");
        refresh_tell_waiters(source->directory);
    }
}

int
refresh_start_anew(struct people_source *source)
{
    struct timespec now;

    if (source->refresh != NULL) {
        source->once_more = true;
        return 0;
    }
    if (source->started_s != directory_now_s())
        return refresh_start(source);
    /* Times are kept in seconds: who was confirmed in this one could not be
     * told from who is confirmed again. */
    clock_gettime(CLOCK_REALTIME, &now);
    source->once_more = true;
    plan_at(source, channel_now_ms() + MS_PER_S - now.tv_nsec / NS_PER_MS);
    return 0;
}

/* ---- the end ---------------------------------------------------------------
 */

static void
refresh_free(struct refresh *refresh)
{
    refresh->source->refresh = NULL;
    fetch_cancel(refresh->fetch);
    directory_check_cancel(refresh->check);
    items_free(refresh);
    for (size_t i = 0; i < refresh->known_count; i++)
        free(refresh->known[i].name);
    free(refresh->known);
    if (refresh->event != NULL)
        event_free(refresh->event);
    free(refresh);
}

void
refresh_cancel(struct people_source *source)
{
    if (source->refresh != NULL)
        refresh_free(source->refresh);
}

static void
refresh_finish(struct refresh *refresh, enum wire_result result,
               const char *why, unsigned retry_after_s)
{
    struct people_source *source = refresh->source;
    struct directory *directory = source->directory;
    const int64_t now_ms = channel_now_ms();
    const char *name = source->config->name;

    if (result != WIRE_OK) {
        log_warning("directory %s is not refreshed: %s: %s", name,
                    wire_result_name(result), why);
        waiters_note(directory, name, result, why);
    }
    directory_tell_refreshed(directory);
    source->soon_at_ms =
        now_ms + SOON_MS + (now_ms - refresh->started_ms) * SOON_SHARE;
    refresh_plan(source, result == WIRE_OK, retry_after_s);
    lookup_refreshed(source, result, why);
    refresh_free(refresh);
    if (source->again) {
        source->again = false;
        refresh_plan_soon(source);
    }
    if (source->once_more) {
        source->once_more = false;
        /* Who waits has heard why, if this one has failed. */
        if (result == WIRE_OK && refresh_start_anew(source) != 0)
            waiters_note(directory, name, WIRE_INTERNAL, "see signind's log");
    }
    refresh_tell_waiters(directory);
}

/* ---- a list ----------------------------------------------------------------
 */

static void
list_end(struct refresh *refresh)
{
    const char *why = refresh->result.why;
    enum wire_result result = refresh->result.result;

    if (refresh->error != 0) {
        result = WIRE_INTERNAL;
        why = refresh->error == -ENOMEM ? "out of memory"
                                        : "the store cannot be written";
    } else if (result == WIRE_OK) {
        result = list_complete(refresh, &why);
    }
    refresh_finish(refresh, result, why, refresh->result.retry_after_s);
}

static void
list_ended(void *context, const struct provider_result *result, size_t users,
           size_t groups, size_t dropped)
{
    struct refresh *refresh = context;

    refresh->fetch = NULL;
    refresh->ended = true;
    refresh->result = *result;
    refresh->users = users;
    refresh->groups = groups;
    refresh->dropped = dropped;
    directory_event_now(refresh->event);
}

static void
list_on_event(evutil_socket_t fd, short what, void *context)
{
    struct refresh *refresh = context;

    (void)fd;
    (void)what;
    if (!STAILQ_EMPTY(&refresh->items))
        items_take_slice(refresh);
    /* There is no use in more of it. */
    if (refresh->error != 0) {
        fetch_cancel(refresh->fetch);
        refresh->fetch = NULL;
        refresh->ended = true;
    }
    if (!STAILQ_EMPTY(&refresh->items))
        directory_event_now(refresh->event);
    else if (refresh->ended)
        list_end(refresh);
}

static int
list_start(struct refresh *refresh)
{
    struct people_source *source = refresh->source;
    const struct fetch_list_calls calls = {.on_user = items_on_user,
                                           .on_group = items_on_group,
                                           .done = list_ended,
                                           .context = refresh};
    int error =
        store_list_begin(source->directory->store, source->config->name);

    if (error != 0)
        return error;
    refresh->event =
        evtimer_new(source->directory->base, list_on_event, refresh);
    if (refresh->event != NULL)
        refresh->fetch = fetch_list(source->fetcher, &calls);
    return refresh->fetch == NULL ? -ENOMEM : 0;
}

/* ---- one by one ------------------------------------------------------------
 */

static void
known_checked(void *context, enum wire_result result,
              struct directory_user *user, const char *why)
{
    struct refresh *refresh = context;

    refresh->check = NULL;
    if (result == WIRE_INTERNAL)
        refresh_finish(refresh, result, why, 0);
    else if (user->unreachable)
        refresh_finish(refresh, WIRE_UNAVAILABLE, why, 0);
    else
        directory_event_now(refresh->event);
}

static void
known_on_event(evutil_socket_t fd, short what, void *context)
{
    struct refresh *refresh = context;
    const struct known_user *user;

    (void)fd;
    (void)what;
    if (refresh->known_next == refresh->known_count) {
        log_info("directory %s: asked about %zu known users",
                 refresh->source->config->name, refresh->known_count);
        refresh_finish(refresh, WIRE_OK, "", 0);
        return;
    }
    user = &refresh->known[refresh->known_next++];
    /* An administrator who has just changed somebody there asks for this. */
    refresh->check =
        directory_check_when(refresh->source->directory, user->name, user->uid,
                             CHECK_ALWAYS, known_checked, refresh);
    if (refresh->check == NULL)
        refresh_finish(refresh, WIRE_INTERNAL, "out of memory", 0);
}

static int
known_add(void *context, const struct user_record *user)
{
    struct refresh *refresh = context;
    const struct people_source *source = refresh->source;
    struct known_user *known;

    if (strcmp(user->directory, source->config->name) != 0 ||
        !people_is_told(source->config, user, refresh->started_s))
        return 0;
    known = reallocarray(refresh->known, refresh->known_count + 1,
                         sizeof(*refresh->known));
    if (known == NULL)
        return -ENOMEM;
    refresh->known = known;
    known += refresh->known_count;
    known->uid = user->uid;
    known->name = strdup(user->name);
    if (known->name == NULL)
        return -ENOMEM;
    refresh->known_count++;
    return 0;
}

/* A directory without a list is asked about each of its users that NSS is told
 * of, one after the other. */
static int
known_start(struct refresh *refresh)
{
    struct directory *directory = refresh->source->directory;
    int error = store_each_user(directory->store, known_add, refresh);

    if (error != 0)
        return error;
    refresh->event = evtimer_new(directory->base, known_on_event, refresh);
    return refresh->event == NULL ? -ENOMEM
                                  : directory_event_now(refresh->event);
}

int
refresh_start(struct people_source *source)
{
    struct refresh *refresh;
    int error;

    if (source->refresh != NULL)
        return 0;
    source->once_more = false;
    if (source->directory->store == NULL)
        return -EUCLEAN;
    refresh = calloc(1, sizeof(*refresh));
    if (refresh == NULL)
        return -ENOMEM;
    STAILQ_INIT(&refresh->items);
    refresh->source = source;
    refresh->started_s = directory_now_s();
    refresh->started_ms = channel_now_ms();
    source->refresh = refresh;
    source->started_s = refresh->started_s;
    error = fetch_can_list(source->config) ? list_start(refresh)
                                           : known_start(refresh);
    if (error != 0) {
        log_error("directory %s cannot be refreshed: %s", source->config->name,
                  strerror(-error));
        refresh_free(refresh);
    }
    return error;
}
