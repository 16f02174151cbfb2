/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fetchers and fetches: made, ended, cancelled.
 */
#include "fetch.h"

#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fetch_private.h"

int64_t
fetch_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- fetchers ---------------------------------------------------------------
 */

static bool
fetch_can_ask(const struct directory_config *directory,
              enum directory_request request)
{
    return (directory->type == DIRECTORY_SCIM ||
            directory->type == DIRECTORY_REST) &&
           directory->requests[request].request.configured;
}

bool
fetch_can_list(const struct directory_config *directory)
{
    return fetch_can_ask(directory, DIRECTORY_USERS);
}

bool
fetch_can_find(const struct directory_config *directory)
{
    return fetch_can_ask(directory, DIRECTORY_USER_BY_NAME);
}

struct fetcher *
fetcher_new(const struct provider_context *context, const struct config *config,
            const struct directory_config *directory)
{
    struct fetcher *fetcher = calloc(1, sizeof(*fetcher));

    if (fetcher == NULL)
        return NULL;
    fetcher->context = context;
    fetcher->directory = directory;
    fetcher->token_secrets.context = context;
    LIST_INIT(&fetcher->fetches);
    if (person_reader_init(&fetcher->reader, config, directory,
                           context->host_name) < 0) {
        fetcher_free(fetcher);
        return NULL;
    }
    return fetcher;
}

void
fetcher_free(struct fetcher *fetcher)
{
    struct fetch *fetch;

    if (fetcher == NULL)
        return;
    while ((fetch = LIST_FIRST(&fetcher->fetches)) != NULL)
        fetch_cancel(fetch);
    http_cancel(fetcher->token_http);
    request_secrets_done(&fetcher->token_secrets);
    secret_done(&fetcher->token);
    person_reader_done(&fetcher->reader);
    free(fetcher);
}

/* ---- fetches ----------------------------------------------------------------
 */

static void
fetch_free(struct fetch *fetch)
{
    http_cancel(fetch->http);
    if (fetch->later != NULL)
        event_free(fetch->later);
    request_secrets_done(&fetch->secrets);
    wipe_free(fetch->requested);
    free(fetch->name);
    wipe_free(fetch->login);
    person_done(&fetch->person);
    page_walk_done(&fetch->walk);
    free(fetch);
}

static void
fetch_on_later(evutil_socket_t fd, short what, void *context)
{
    struct fetch *fetch = context;

    (void)fd;
    (void)what;
    if (fetch->ended)
        fetch_end(fetch);
    else
        fetch_send(fetch);
}

struct fetch *
fetch_new(struct fetcher *fetcher)
{
    struct fetch *fetch = calloc(1, sizeof(*fetch));

    if (fetch == NULL)
        return NULL;
    fetch->fetcher = fetcher;
    fetch->secrets.context = fetcher->context;
    /* Made now, so that a fetch can always be ended. */
    fetch->later =
        evtimer_new(http_base(fetcher->context->http), fetch_on_later, fetch);
    if (fetch->later == NULL) {
        free(fetch);
        return NULL;
    }
    LIST_INSERT_HEAD(&fetcher->fetches, fetch, link);
    return fetch;
}

void
fetch_go_on(struct fetch *fetch)
{
    static const struct timeval at_once = {0, 0};

    event_add(fetch->later, &at_once);
}

void
fetch_end_later(struct fetch *fetch)
{
    fetch->ended = true;
    fetch_go_on(fetch);
}

void
fetch_cancel(struct fetch *fetch)
{
    if (fetch == NULL || fetch->cancelled)
        return;
    LIST_REMOVE(fetch, link);
    if (fetch->busy)
        fetch->cancelled = true;
    else
        fetch_free(fetch);
}

bool
fetch_leave(struct fetch *fetch)
{
    fetch->busy = false;
    if (!fetch->cancelled)
        return true;
    fetch_free(fetch);
    return false;
}

void
fetch_end(struct fetch *fetch)
{
    bool ok = fetch->result.result == WIRE_OK;

    fetch->busy = true;
    if (fetch->user_done != NULL)
        fetch->user_done(fetch->user_context, &fetch->result,
                         ok ? &fetch->person : NULL);
    else
        fetch->calls.done(fetch->calls.context, &fetch->result, fetch->users,
                          fetch->groups, fetch->dropped);
    if (fetch_leave(fetch))
        fetch_cancel(fetch);
}

void
fetch_fail(struct fetch *fetch, enum wire_result what, const char *format, ...)
{
    char text[sizeof(fetch->result.why)];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    why_set(&fetch->result, what, "%s", text);
    fetch_end(fetch);
}
