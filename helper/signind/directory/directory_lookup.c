/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the NSS module asks: from the store alone, at once.
 */
#include <errno.h>
#include <string.h>

#include "directory_private.h"
#include "local_files.h"
#include "wire/channel.h"

/* Lookups under way that nobody but NSS waits for; users leave half of them to
 * root's login services. */
#define BACKGROUND_MAX  8
#define BACKGROUND_USER 4

static bool
lookup_is_useful(const struct directory *directory)
{
    for (size_t i = 0; i < directory->source_count; i++) {
        if (directory->sources[i].fetcher != NULL &&
            fetch_can_find(directory->sources[i].config))
            return true;
    }
    return false;
}

/* The store does not know the name.  A directory may. */
static void
lookup_unknown(struct directory *directory, const char *name, uid_t uid)
{
    const int64_t now_ms = channel_now_ms();
    bool useful =
        lookup_is_useful(directory) &&
        local_files_name_fits(directory->files,
                              directory->config->accounts.name_pattern, name);
    const unsigned room = uid == 0 ? BACKGROUND_MAX : BACKGROUND_USER;
    bool asked = !useful;

    /* It is being asked for, or was a moment ago: callers need not heed the
     * misses, and root's login services do not. */
    if (pace_is_recent(&directory->pace, name, now_ms))
        return;
    if (useful && directory->background < room &&
        pace_take(&directory->pace, uid, now_ms) &&
        lookup_begin(directory, name, NULL) == 0)
        asked = true;
    /* Whoever has used up his share must not make a name missing for those who
     * have not: a new user would never be found. */
    if (!asked && uid != 0)
        return;
    /* Missing until the answer comes, or for good. */
    lookup_remember_miss(directory, name, asked);
}

static int
lookup_known(struct directory *directory, const struct user_record *record,
             char *text)
{
    const struct directory_config *config =
        config_directory(directory->config, record->directory);

    /* As in the snapshot. */
    if (!people_is_told(config, record, directory_now_s()) ||
        local_files_has_any(directory->files, record->name, record->uid))
        return -ENOENT;
    /* The number and the groups are in the snapshot alone: the name is not
     * told before it is there. */
    directory_tell_if_quick(directory, false);
    if (directory->told_version != store_version(directory->store))
        return -EAGAIN;
    return snapshot_entry(record, text) == 0 ? 0 : -ENOENT;
}

int
directory_lookup(struct directory *directory, const char *name, uid_t uid,
                 bool login_service, char *text)
{
    struct user_record record = {0};
    int error;

    if (directory->store == NULL || !people_name_valid(name))
        return -ENOENT;
    if (local_files_has_user(directory->files, name)) {
        lookup_remember_miss(directory, name, true);
        return -ENOENT;
    }
    error = store_user_by_name(directory->store, name, &record);
    if (error == 0) {
        error = lookup_known(directory, &record, text);
        store_user_done(&record);
        if (error == -ENOENT)
            lookup_remember_miss(directory, name, true);
        return error == 0 ? 0 : -ENOENT;
    }
    if (error != -ENOENT)
        return -ENOENT;
    if (login_service && new_user_entry(directory, name, text) == 0)
        return 0;
    lookup_unknown(directory, name, uid);
    return -ENOENT;
}
