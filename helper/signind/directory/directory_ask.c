/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lookups: ask the directories for one name, once for all who want to know.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory_private.h"
#include "signind/log.h"
#include "wire/channel.h"

/* A directory that could not be asked is left alone for so long, so that each
 * login need not wait for it to fail again. */
#define PAUSE_MS 5000
/* A name that could not be asked for is missing for so long, in seconds. */
#define FAILED_MISS_S 5
/* Without a directory that says how long (missing_for), in seconds. */
#define MISS_S 60

#define MS_PER_S 1000

struct lookup {
    LIST_ENTRY(lookup) link;
    struct directory *directory;
    char name[PEOPLE_NAME_MAX + 1];
    bool background;              /* NSS began it */
    size_t next;                  /* source to ask */
    struct people_source *source; /* being asked */
    struct fetch *fetch;          /* by name */
    bool listing;                 /* for everybody */
    int64_t started_s;            /* when it was asked */
    struct event *event;          /* goes on */
    bool found;                   /* and taken into the store */
    bool failed;                  /* some source could not be asked */
    bool broken;                  /* an answer could not be stored */
    char why[256];                /* the first that could not */
    LIST_HEAD(, directory_check) waiters;
};

static void
lookup_free(struct lookup *lookup)
{
    fetch_cancel(lookup->fetch);
    if (lookup->background)
        lookup->directory->background--;
    event_free(lookup->event);
    LIST_REMOVE(lookup, link);
    free(lookup);
}

static void
lookup_fail(struct lookup *lookup, const char *why)
{
    if (!lookup->failed)
        snprintf(lookup->why, sizeof(lookup->why), "%s", why);
    lookup->failed = true;
}

/* What the directory said is not known here: what is stored may be of somebody
 * who is disabled by now, and no stale_ok makes that good. */
static void
lookup_break(struct lookup *lookup)
{
    lookup->broken = true;
    lookup_fail(lookup, "the store cannot be written");
}

/* ---- the end ---------------------------------------------------------------
 */

/* How long a name is missing that no directory knows. */
static unsigned
lookup_missing_for(const struct directory *directory)
{
    unsigned seconds = PEOPLE_MISS_MAX_S;
    bool said = false;

    for (size_t i = 0; i < directory->source_count; i++) {
        const struct people_source *source = &directory->sources[i];

        if (source->config->missing_for_s < seconds)
            seconds = source->config->missing_for_s;
        said = true;
    }
    return said ? seconds : MISS_S;
}

void
lookup_remember_miss(struct directory *directory, const char *name, bool asked)
{
    unsigned seconds = lookup_missing_for(directory);

    if (!asked && seconds > FAILED_MISS_S)
        seconds = FAILED_MISS_S;
    pace_set_recent(&directory->pace, name,
                    channel_now_ms() + (int64_t)seconds * MS_PER_S);
    if (directory->misses != NULL)
        misses_add(directory->misses, name, seconds);
}

static void
lookup_finish(struct lookup *lookup)
{
    struct directory *directory = lookup->directory;
    struct directory_check *check;

    directory_tell_soon(directory, false);
    if (lookup->found) {
        pace_set_recent(&directory->pace, lookup->name, 0);
        if (directory->misses != NULL)
            misses_remove(directory->misses, lookup->name);
    } else if (lookup->background) {
        lookup_remember_miss(directory, lookup->name, !lookup->failed);
    }
    /* Whom done() asks about again gets a lookup of his own. */
    LIST_REMOVE(lookup, link);
    while ((check = LIST_FIRST(&lookup->waiters)) != NULL) {
        LIST_REMOVE(check, link);
        if (lookup->broken)
            check_fail(check, "the store cannot be written");
        else
            check_answer(check, lookup->failed && !lookup->found, lookup->why);
    }
    LIST_INSERT_HEAD(&directory->lookups, lookup, link);
    lookup_free(lookup);
}

/* ---- what a directory said -------------------------------------------------
 */

/* The directory has no such user any more, or one who is refused here: another
 * subject under that name, for instance. */
static void
lookup_mark_missing(struct lookup *lookup)
{
    struct store *store = lookup->directory->store;
    struct user_record record = {0};
    int error = store_user_by_name(store, lookup->name, &record);

    if (error == 0 &&
        strcmp(record.directory, lookup->source->config->name) == 0) {
        if (!record.missing)
            log_notice("directory %s: %s is gone there, or refused here: no "
                       "sign-in from now on",
                       record.directory, record.name);
        record.missing = true;
        if (record.gone_since_s == 0)
            record.gone_since_s = lookup->started_s;
        record.checked_at_s = lookup->started_s;
        error = store_put_user(store, &record);
    }
    store_user_done(&record);
    if (error != 0 && error != -ENOENT)
        lookup_break(lookup);
}

static void
lookup_take(struct lookup *lookup, const struct person *person)
{
    struct directory *directory = lookup->directory;
    const struct directory_config *config = lookup->source->config;
    struct user_record before = {0};
    bool is_new =
        store_user_by_name(directory->store, lookup->name, &before) == -ENOENT;
    int error;

    store_user_done(&before);
    error =
        people_take(directory->store, directory->files, directory->config,
                    lookup->source->config, person, lookup->started_s, NULL);
    if (error == 0)
        lookup->found = true;
    if (error == 0 && is_new && !person->groups_known &&
        config->requests[DIRECTORY_GROUPS].request.configured)
        refresh_plan_soon(lookup->source);
    if (error == 0)
        return;
    if (directory_is_refusal(error) && error != -ENOSPC)
        lookup_mark_missing(lookup);
    else
        lookup_break(lookup);
}

static void
lookup_pause(struct people_source *source, const struct provider_result *result)
{
    const int64_t now_ms = channel_now_ms();

    source->pause_until_ms = now_ms + PAUSE_MS;
    if (result->retry_after_s > 0)
        source->not_before_ms =
            now_ms + (int64_t)result->retry_after_s * MS_PER_S;
    log_warning("directory %s cannot be asked: %s: %s", source->config->name,
                wire_result_name(result->result), result->why);
}

static void
lookup_fetched(void *context, const struct provider_result *result,
               struct person *person)
{
    struct lookup *lookup = context;

    lookup->fetch = NULL;
    if (result->result == WIRE_OK) {
        lookup_take(lookup, person);
    } else if (result->result == WIRE_UNKNOWN_USER) {
        lookup_mark_missing(lookup);
    } else {
        lookup_pause(lookup->source, result);
        lookup_fail(lookup, result->why);
    }
    directory_event_now(lookup->event);
}

/* ---- asking ----------------------------------------------------------------
 */

/* The source that a known name is of: the only one to be asked.  NULL: the
 * name is not known. */
static struct people_source *
lookup_owner(struct lookup *lookup, bool *ret_known)
{
    struct directory *directory = lookup->directory;
    struct user_record record = {0};
    struct people_source *source = NULL;

    *ret_known =
        directory->store != NULL &&
        store_user_by_name(directory->store, lookup->name, &record) == 0;
    if (*ret_known)
        source = directory_source(directory, record.directory);
    store_user_done(&record);
    return source;
}

/* Ask one.  false: it need not, or cannot, be asked. */
static bool
lookup_ask(struct lookup *lookup, struct people_source *source, bool is_owner)
{
    const bool find = fetch_can_find(source->config);

    if (source->fetcher == NULL || (!find && !is_owner)) {
        /* Nobody can say any more whether its people may still in. */
        if (is_owner)
            lookup_fail(lookup, "it cannot be asked");
        return false;
    }
    if (channel_now_ms() < source->pause_until_ms ||
        channel_now_ms() < source->not_before_ms) {
        lookup_fail(lookup, "it could not be asked just now");
        return false;
    }
    lookup->source = source;
    lookup->started_s = directory_now_s();
    if (find) {
        lookup->fetch =
            fetch_user(source->fetcher, lookup->name, lookup_fetched, lookup);
    } else if (refresh_start(source) == 0) {
        lookup->listing = true;
    }
    if (lookup->fetch == NULL && !lookup->listing)
        lookup_fail(lookup, "out of memory");
    return lookup->fetch != NULL || lookup->listing;
}

static void
lookup_step(evutil_socket_t fd, short what, void *context)
{
    struct lookup *lookup = context;
    struct directory *directory = lookup->directory;
    bool known = false;
    struct people_source *owner = NULL;

    (void)fd;
    (void)what;
    if (lookup->next == 0 && !lookup->found)
        owner = lookup_owner(lookup, &known);
    if (known) {
        lookup->next = directory->source_count;
        if (owner != NULL && lookup_ask(lookup, owner, true))
            return;
    }
    while (!lookup->found && lookup->next < directory->source_count) {
        if (lookup_ask(lookup, &directory->sources[lookup->next++], false))
            return;
    }
    lookup_finish(lookup);
}

int
lookup_begin(struct directory *directory, const char *name,
             struct directory_check *check)
{
    struct lookup *lookup;

    LIST_FOREACH(lookup, &directory->lookups, link)
    {
        if (strcmp(lookup->name, name) == 0)
            break;
    }
    if (lookup == NULL) {
        lookup = calloc(1, sizeof(*lookup));
        if (lookup == NULL)
            return -ENOMEM;
        lookup->event = evtimer_new(directory->base, lookup_step, lookup);
        if (lookup->event == NULL || directory_event_now(lookup->event) != 0) {
            if (lookup->event != NULL)
                event_free(lookup->event);
            free(lookup);
            return -ENOMEM;
        }
        lookup->directory = directory;
        strcpy(lookup->name, name);
        lookup->background = check == NULL;
        directory->background += lookup->background;
        LIST_INIT(&lookup->waiters);
        LIST_INSERT_HEAD(&directory->lookups, lookup, link);
    }
    if (check != NULL)
        LIST_INSERT_HEAD(&lookup->waiters, check, link);
    return 0;
}

void
lookup_refreshed(struct people_source *source, enum wire_result result,
                 const char *why)
{
    struct lookup *lookup;

    LIST_FOREACH(lookup, &source->directory->lookups, link)
    {
        if (!lookup->listing || lookup->source != source)
            continue;
        lookup->listing = false;
        lookup->found = result == WIRE_OK;
        lookup->broken = result == WIRE_INTERNAL;
        if (result != WIRE_OK)
            lookup_fail(lookup, why);
        directory_event_now(lookup->event);
    }
}

void
lookup_restart_all(struct directory *directory)
{
    struct lookup *lookup;

    LIST_FOREACH(lookup, &directory->lookups, link)
    {
        /* It went with its fetcher. */
        lookup->fetch = NULL;
        lookup->source = NULL;
        lookup->listing = false;
        lookup->broken = false;
        lookup->next = 0;
        directory_event_now(lookup->event);
    }
}

void
lookup_free_all(struct directory *directory)
{
    struct lookup *lookup;
    struct directory_check *check;

    while ((lookup = LIST_FIRST(&directory->lookups)) != NULL) {
        while ((check = LIST_FIRST(&lookup->waiters)) != NULL)
            directory_check_cancel(check);
        lookup_free(lookup);
    }
    while ((check = LIST_FIRST(&directory->answered)) != NULL)
        directory_check_cancel(check);
}
