/* SPDX-License-Identifier: BSD-2-Clause */
/* The room's beginning and end. */
#include "directory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "directory_private.h"
#include "signind/log.h"

int64_t
directory_now_s(void)
{
    return (int64_t)time(NULL);
}

int
directory_event_now(struct event *event)
{
    static const struct timeval at_once = {0, 0};

    return event_add(event, &at_once) == 0 ? 0 : -ENOMEM;
}

bool
directory_is_refusal(int error)
{
    return error == -EPERM || error == -EEXIST || error == -EINVAL ||
           error == -ERANGE || error == -ENODATA || error == -ENOSPC;
}

struct people_source *
directory_source(struct directory *directory, const char *name)
{
    for (size_t i = 0; i < directory->source_count; i++) {
        if (strcmp(directory->sources[i].config->name, name) == 0)
            return &directory->sources[i];
    }
    return NULL;
}

/* ---- sources ---------------------------------------------------------------
 */

static void
sources_free(struct directory *directory)
{
    for (size_t i = 0; i < directory->source_count; i++) {
        struct people_source *source = &directory->sources[i];

        refresh_cancel(source);
        if (source->timer != NULL)
            event_free(source->timer);
        fetcher_free(source->fetcher);
    }
    free(directory->sources);
    directory->sources = NULL;
    directory->source_count = 0;
}

static void
source_on_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    refresh_due(context);
}

static int
source_start(struct directory *directory, struct people_source *source,
             const struct directory_config *config)
{
    source->directory = directory;
    source->config = config;
    if (!fetch_can_list(config) && !fetch_can_find(config))
        return 0;
    source->fetcher =
        fetcher_new(directory->context, directory->config, config);
    source->timer = evtimer_new(directory->base, source_on_timer, source);
    if (source->fetcher == NULL || source->timer == NULL)
        return -ENOMEM;
    if (directory->store != NULL)
        refresh_plan_first(source);
    return 0;
}

/* Read the configuration that is in force now. */
static int
sources_start(struct directory *directory)
{
    const struct config *config = directory->config;
    bool for_root = false;
    int error = 0;

    if (directory->store == NULL)
        store_open(directory->paths.store, &directory->store);
    if (directory->store == NULL)
        log_error("the users of directories cannot sign in: their store cannot "
                  "be used; NSS goes on with what it was told before");
    directory->sources =
        calloc(config->directory_count + 1, sizeof(*directory->sources));
    if (directory->sources == NULL)
        return -ENOMEM;
    directory->source_count = config->directory_count;
    for (size_t i = 0; i < config->directory_count; i++)
        directory->sources[i].config = &config->directories[i];
    for (size_t i = 0; error == 0 && i < config->directory_count; i++) {
        const struct directory_config *one = &config->directories[i];

        if (one->type == DIRECTORY_FIRST_SIGN_IN)
            for_root = true;
        error = source_start(directory, &directory->sources[i], one);
    }
    misses_free(directory->misses);
    directory->misses = misses_new(directory->paths.misses, for_root);
    memset(directory->pace.recent, 0, sizeof(directory->pace.recent));
    return error;
}

/* ---- the room --------------------------------------------------------------
 */

struct directory *
directory_open_at(const struct provider_context *context,
                  const struct config *config,
                  const struct directory_paths *paths)
{
    struct directory *directory = calloc(1, sizeof(*directory));

    if (directory == NULL)
        return NULL;
    directory->context = context;
    directory->config = config;
    directory->base = http_base(context->http);
    directory->paths = *paths;
    LIST_INIT(&directory->lookups);
    LIST_INIT(&directory->answered);
    LIST_INIT(&directory->refresh_waiters);
    directory->files = local_files_new();
    if (directory->files == NULL || tell_start(directory) != 0 ||
        pace_start(&directory->pace) != 0 || sources_start(directory) != 0) {
        directory_close(directory);
        return NULL;
    }
    directory_tell(directory, true);
    return directory;
}

struct directory *
directory_open(const struct provider_context *context,
               const struct config *config)
{
    static const struct directory_paths paths = {
        PEOPLE_STATE "/users.db", PEOPLE_SNAPSHOT, PEOPLE_MISSES};

    return directory_open_at(context, config, &paths);
}

void
directory_reload(struct directory *directory,
                 const struct provider_context *context,
                 const struct config *config)
{
    sources_free(directory);
    tell_cancel(directory);
    /* Who waits for a refresh waits for one by the new configuration. */
    directory->tell_is_awaited = false;
    directory->context = context;
    directory->config = config;
    if (sources_start(directory) != 0)
        log_error("out of memory: some directories are not asked until "
                  "signind is reloaded");
    directory_tell(directory, true);
    lookup_restart_all(directory);
    refresh_restart_for_waiters(directory);
}

void
directory_close(struct directory *directory)
{
    if (directory == NULL)
        return;
    tell_stop(directory);
    /* A refresh may wait for a lookup, and a lookup for a fetcher's answer. */
    for (size_t i = 0; i < directory->source_count; i++)
        refresh_cancel(&directory->sources[i]);
    lookup_free_all(directory);
    refresh_free_waiters(directory);
    sources_free(directory);
    misses_free(directory->misses);
    local_files_free(directory->files);
    store_close(directory->store);
    free(directory);
}

struct store *
directory_store(struct directory *directory)
{
    return directory->store;
}

struct local_files *
directory_local_files(struct directory *directory)
{
    return directory->files;
}

int
directory_forget(struct directory *directory, const char *name)
{
    int error = directory->store == NULL ? -EUCLEAN
                                         : store_forget(directory->store, name);

    if (error != 0)
        return error;
    log_notice("user %s is forgotten, but for the id", name);
    return directory_tell(directory, false);
}
