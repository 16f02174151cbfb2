/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a refresh brings, taken into the store: in slices, so that logins are
 * served in between however long the list is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "directory_refresh.h"
#include "local_files.h"
#include "signind/log.h"

/* People in one transaction; and waiting in memory at most: then they are taken
 * at once, which holds up the network. */
#define SLICE       250
#define WAITING_MAX 20000
/* A list that takes longer than this, in seconds, is told to NSS in parts. */
#define TELL_EVERY_S 10

struct item {
    STAILQ_ENTRY(item) link;
    bool is_team;
    struct person person;
    struct person_team team;
};

static void
item_free(struct item *item)
{
    person_done(&item->person);
    person_team_done(&item->team);
    free(item);
}

void
items_free(struct refresh *refresh)
{
    struct item *item;

    while ((item = STAILQ_FIRST(&refresh->items)) != NULL) {
        STAILQ_REMOVE_HEAD(&refresh->items, link);
        item_free(item);
    }
    refresh->waiting = 0;
}

/* A refusal is not a fault: nobody else has to wait for this one to be mended.
 */
static void
item_take(struct refresh *refresh, const struct item *item)
{
    struct directory *directory = refresh->source->directory;
    const struct directory_config *config = refresh->source->config;
    int error;

    if (item->is_team)
        error = people_take_team(directory->store, directory->files,
                                 directory->config, config, &item->team);
    else
        error =
            people_take(directory->store, directory->files, directory->config,
                        config, &item->person, refresh->started_s, NULL);
    if (error == 0)
        refresh->taken += !item->is_team;
    else if (directory_is_refusal(error))
        refresh->refused++;
    else
        refresh->error = error;
}

void
items_take_slice(struct refresh *refresh)
{
    struct directory *directory = refresh->source->directory;
    struct item *item;
    int error =
        refresh->error != 0 ? refresh->error : store_begin(directory->store);

    if (error != 0) {
        refresh->error = error;
        items_free(refresh);
        return;
    }
    local_files_hold(directory->files);
    for (size_t i = 0; i < SLICE && refresh->error == 0 &&
                       (item = STAILQ_FIRST(&refresh->items)) != NULL;
         i++) {
        STAILQ_REMOVE_HEAD(&refresh->items, link);
        refresh->waiting--;
        item_take(refresh, item);
        item_free(item);
    }
    local_files_release(directory->files);
    error = store_end(directory->store, refresh->error == 0);
    if (refresh->error == 0)
        refresh->error = error;
    if (refresh->error == 0 &&
        directory_now_s() - directory->told_at_s >= TELL_EVERY_S)
        directory_tell_soon(directory, false);
}

static void
item_add(struct refresh *refresh, struct item *item)
{
    STAILQ_INSERT_TAIL(&refresh->items, item, link);
    if (++refresh->waiting >= WAITING_MAX)
        items_take_slice(refresh);
    directory_event_now(refresh->event);
}

void
items_on_user(void *context, struct person *person)
{
    struct refresh *refresh = context;
    struct item *item = calloc(1, sizeof(*item));

    if (item == NULL) {
        refresh->error = -ENOMEM;
        return;
    }
    item->person = *person;
    *person = (struct person){0};
    item_add(refresh, item);
}

void
items_on_group(void *context, struct person_team *team)
{
    struct refresh *refresh = context;
    struct item *item = calloc(1, sizeof(*item));

    if (item == NULL) {
        refresh->error = -ENOMEM;
        return;
    }
    item->is_team = true;
    item->team = *team;
    *team = (struct person_team){0};
    item_add(refresh, item);
}

/* ---- the end of a list -----------------------------------------------------
 */

static int
list_is_known(void *context, const struct user_record *user)
{
    return strcmp(user->directory, context) == 0 && user->gone_since_s == 0;
}

/* Do we know anybody of that directory who is not gone? */
static int
list_knows_somebody(const struct refresh *refresh)
{
    return store_each_user(refresh->source->directory->store, list_is_known,
                           refresh->source->config->name);
}

/* Who was not in the list is missing, in one transaction with the groups. */
static int
list_close(const struct refresh *refresh, int *ret_missing)
{
    struct store *store = refresh->source->directory->store;
    const char *name = refresh->source->config->name;
    int missing = 0, error = store_begin(store);

    if (error != 0)
        return error;
    missing =
        store_mark_missing(store, name, refresh->started_s, directory_now_s());
    error =
        missing < 0 ? missing : store_list_end(store, name, refresh->started_s);
    if (error == 0)
        error = store_end(store, true);
    else
        store_end(store, false);
    *ret_missing = missing;
    return error;
}

enum wire_result
list_complete(struct refresh *refresh, const char **ret_why)
{
    const char *name = refresh->source->config->name;
    int missing = 0, known = 0;

    if (refresh->taken == 0)
        known = list_knows_somebody(refresh);
    if (known > 0) {
        *ret_why = "its list has nobody of those who are known here: that is "
                   "taken for a fault of the directory, and nobody is missing "
                   "for it";
        return WIRE_MISCONFIGURED;
    }
    refresh->error = known < 0 ? known : list_close(refresh, &missing);
    if (refresh->error != 0) {
        *ret_why = "the store cannot be written";
        return WIRE_INTERNAL;
    }
    log_line(missing > 0 ? LOG_NOTICE : LOG_INFO,
             "directory %s: %zu users, %zu groups; %d of those known before "
             "are missing, %zu are refused here, %zu do not fit",
             name, refresh->users, refresh->groups, missing, refresh->refused,
             refresh->dropped);
    return WIRE_OK;
}
