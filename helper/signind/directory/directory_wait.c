/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who waits for a refresh of all directories.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory_private.h"
#include "wire/channel.h"

#define MS_PER_S 1000

struct refresh_waiter {
    LIST_ENTRY(refresh_waiter) link;
    struct directory *directory;
    struct event *event;
    void (*done)(void *context, enum wire_result result, const char *why);
    void *context;
    enum wire_result result; /* the first failure, or WIRE_OK */
    char why[320];
};

void
waiters_note(struct directory *directory, const char *name,
             enum wire_result result, const char *why)
{
    struct refresh_waiter *waiter;

    LIST_FOREACH(waiter, &directory->refresh_waiters, link)
    {
        if (waiter->result != WIRE_OK)
            continue;
        waiter->result = result;
        snprintf(waiter->why, sizeof(waiter->why), "directory %s: %s", name,
                 why);
    }
}

static void
waiter_on_event(evutil_socket_t fd, short what, void *context)
{
    struct refresh_waiter *waiter = context;

    (void)fd;
    (void)what;
    LIST_REMOVE(waiter, link);
    waiter->done(waiter->context, waiter->result, waiter->why);
    event_free(waiter->event);
    free(waiter);
}

void
refresh_tell_waiters(struct directory *directory)
{
    struct refresh_waiter *waiter;

    if (directory->tell_is_awaited)
        return;
    for (size_t i = 0; i < directory->source_count; i++) {
        if (directory->sources[i].refresh != NULL ||
            directory->sources[i].once_more)
            return;
    }
    LIST_FOREACH(waiter, &directory->refresh_waiters, link)
    {
        directory_event_now(waiter->event);
    }
}

static void
refresh_start_all(struct directory *directory)
{
    if (directory->store == NULL)
        waiters_note(directory, "store", WIRE_INTERNAL, "it cannot be used");
    for (size_t i = 0; i < directory->source_count; i++) {
        struct people_source *source = &directory->sources[i];
        char why[64];
        int64_t left_ms = source->not_before_ms - channel_now_ms();

        if (source->fetcher == NULL || directory->store == NULL)
            continue;
        /* Even an administrator does not overrule Retry-After. */
        if (left_ms > 0 && source->refresh == NULL) {
            snprintf(why, sizeof(why), "it can be asked in %lld s",
                     (long long)(left_ms / MS_PER_S + 1));
            waiters_note(directory, source->config->name, WIRE_SLOW_DOWN, why);
        } else if (refresh_start_anew(source) != 0) {
            waiters_note(directory, source->config->name, WIRE_INTERNAL,
                         "see signind's log");
        }
    }
    refresh_tell_waiters(directory);
}

bool
directory_refresh(struct directory *directory,
                  void (*done)(void *context, enum wire_result result,
                               const char *why),
                  void *context)
{
    struct refresh_waiter *waiter = calloc(1, sizeof(*waiter));

    if (waiter == NULL)
        return false;
    waiter->event = evtimer_new(directory->base, waiter_on_event, waiter);
    if (waiter->event == NULL) {
        free(waiter);
        return false;
    }
    waiter->directory = directory;
    waiter->done = done;
    waiter->context = context;
    waiter->result = WIRE_OK;
    LIST_INSERT_HEAD(&directory->refresh_waiters, waiter, link);
    refresh_start_all(directory);
    return true;
}

static void
waiter_free(struct refresh_waiter *waiter)
{
    LIST_REMOVE(waiter, link);
    event_free(waiter->event);
    free(waiter);
}

void
directory_refresh_forget(struct directory *directory, void *context)
{
    struct refresh_waiter *waiter, *next;

    for (waiter = LIST_FIRST(&directory->refresh_waiters); waiter != NULL;
         waiter = next) {
        next = LIST_NEXT(waiter, link);
        if (waiter->context == context)
            waiter_free(waiter);
    }
}

void
refresh_restart_for_waiters(struct directory *directory)
{
    if (!LIST_EMPTY(&directory->refresh_waiters))
        refresh_start_all(directory);
}

void
refresh_free_waiters(struct directory *directory)
{
    while (!LIST_EMPTY(&directory->refresh_waiters))
        waiter_free(LIST_FIRST(&directory->refresh_waiters));
}
