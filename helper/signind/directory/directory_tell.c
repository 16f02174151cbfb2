/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What NSS is told: when the snapshot is written, and how much of it at once.
 * Where a login waits for it, all; else it is written in slices, between which
 * the loop serves everybody.
 */
#include <errno.h>

#include "directory_private.h"
#include "signind/log.h"
#include "wire/channel.h"

/* What changes within this time goes into one snapshot, in milliseconds; but
 * writing takes at most a share of all time, however many there are. */
#define TELL_AFTER_MS 100
#define TELL_SHARE    10
/* What takes no longer is written at once, in ms. */
#define TELL_AT_ONCE_MS 50
/* A snapshot that could not be written is tried again after, in ms. */
#define TELL_AGAIN_MS 60000
/* One slice, in ms; and how often the store may change under the slices before
 * the whole is written in one go: NSS must not wait for quieter times. */
#define TELL_SLICE_MS 5
#define TELL_RESTARTS 3

/* A snapshot is written anew after so long although nothing has changed:
 * somebody's disabled_grace may be over. */
#define TELL_ALWAYS_S 3600

#define MS_PER_S 1000

static void
tell_at(struct directory *directory, int64_t after_ms)
{
    const struct timeval after = {.tv_sec = after_ms / MS_PER_S,
                                  .tv_usec =
                                      after_ms % MS_PER_S * (int64_t)1000};

    if (evtimer_pending(directory->tell_timer, NULL) == 0)
        event_add(directory->tell_timer, &after);
}

static bool
tell_is_outdated(const struct directory *directory)
{
    return !directory->told ||
           store_version(directory->store) != directory->told_version;
}

void
tell_cancel(struct directory *directory)
{
    snapshot_cancel(directory->telling);
    directory->telling = NULL;
    directory->tell_restarts = 0;
    directory->telling_ms = 0;
}

/* What was begun is done, or has failed for now: error. */
static int
tell_end(struct directory *directory, uint64_t version, int error)
{
    directory->told_cost_ms = directory->telling_ms;
    directory->telling = NULL; /* snapshot_step() has freed it */
    tell_cancel(directory);
    event_del(directory->tell_timer);
    if (error != 0) {
        directory->tell_always = true;
        tell_at(directory, TELL_AGAIN_MS);
    } else {
        log_debug("NSS is told anew, in %lld ms",
                  (long long)directory->told_cost_ms);
        directory->told = true;
        directory->tell_always = false;
        directory->told_version = version;
        directory->told_at_s = directory_now_s();
    }
    if (directory->tell_is_awaited) {
        directory->tell_is_awaited = false;
        refresh_tell_waiters(directory);
    }
    return error;
}

int
directory_tell(struct directory *directory, bool always)
{
    const int64_t begun_ms = channel_now_ms();
    uint64_t version;
    int error;

    if (directory->store == NULL)
        return -EUCLEAN;
    if (!always && !tell_is_outdated(directory))
        return 0;
    tell_cancel(directory); /* one at a time */
    version = store_version(directory->store);
    error =
        snapshot_write(directory->store, directory->files, directory->config,
                       directory->paths.snapshot, directory_now_s());
    directory->telling_ms = channel_now_ms() - begun_ms;
    return tell_end(directory, version, error);
}

/* For about so long.  As snapshot_step(). */
static int
tell_slice(struct directory *directory, int64_t budget_ms)
{
    const int64_t begun_ms = channel_now_ms();
    int status = 0;

    if (directory->telling == NULL) {
        directory->telling_version = store_version(directory->store);
        status = snapshot_begin(directory->store, directory->files,
                                directory->config, directory->paths.snapshot,
                                directory_now_s(), &directory->telling);
    }
    if (status == 0)
        status = snapshot_step(directory->telling, budget_ms);
    directory->telling_ms += channel_now_ms() - begun_ms;
    return status;
}

/* Go on for about so long, and when the loop has had its turn. */
static void
tell_go_on(struct directory *directory, int64_t budget_ms)
{
    int status;

    if (directory->telling == NULL && !directory->tell_always &&
        !tell_is_outdated(directory))
        return;
    status = tell_slice(directory, budget_ms);
    if (status == -EAGAIN) {
        directory->telling = NULL;
        if (++directory->tell_restarts > TELL_RESTARTS) {
            directory_tell(directory, true);
            return;
        }
    } else if (status <= 0) {
        tell_end(directory, directory->telling_version, status);
        return;
    }
    directory_event_now(directory->tell_timer);
}

static void
tell_on_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    tell_go_on(context, TELL_SLICE_MS);
}

void
directory_tell_soon(struct directory *directory, bool always)
{
    int64_t after_ms = directory->told_cost_ms * TELL_SHARE;

    if (directory->store == NULL)
        return;
    directory->tell_always = directory->tell_always || always;
    if (directory->tell_always || tell_is_outdated(directory))
        tell_at(directory, after_ms < TELL_AFTER_MS ? TELL_AFTER_MS : after_ms);
}

void
directory_tell_if_quick(struct directory *directory, bool always)
{
    directory_tell_soon(directory, always);
    if (directory->store != NULL && directory->told_cost_ms <= TELL_AT_ONCE_MS)
        tell_go_on(directory, TELL_AT_ONCE_MS);
}

void
directory_tell_refreshed(struct directory *directory)
{
    bool always = directory_now_s() - directory->told_at_s >= TELL_ALWAYS_S;

    directory_tell_if_quick(directory, always);
    if (LIST_EMPTY(&directory->refresh_waiters) ||
        evtimer_pending(directory->tell_timer, NULL) == 0)
        return;
    directory->tell_is_awaited = true;
    directory_event_now(directory->tell_timer);
}

int
tell_start(struct directory *directory)
{
    directory->tell_timer =
        evtimer_new(directory->base, tell_on_timer, directory);
    return directory->tell_timer == NULL ? -ENOMEM : 0;
}

void
tell_stop(struct directory *directory)
{
    if (directory->tell_timer == NULL)
        return;
    /* What was taken in a moment ago must be found after the end, too. */
    if (evtimer_pending(directory->tell_timer, NULL) != 0)
        directory_tell(directory, false);
    tell_cancel(directory);
    event_free(directory->tell_timer);
    directory->tell_timer = NULL;
}
