/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may sign in here for the first time (type = first_sign_in): the number
 * is known before anybody has proved to be that user, and nothing is stored.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory_private.h"
#include "local_files.h"
#include "people_rules_private.h"
#include "signind/log.h"
#include "wire/memory.h"

/* Of one name, on one host: whoever forgets so often has another problem. */
#define NEW_SUBJECTS 1000

/*
 * The first subject of that name that has no number yet.  One that has was
 * somebody whom the administrator made signind forget, or it would not be asked
 * here: the number stays that one's for ever.
 */
static int
new_user_subject(struct store *store, const char *name,
                 struct identity *identity, char subject[NEW_SUBJECT_MAX])
{
    identity->subject = subject;
    for (unsigned i = 1; i <= NEW_SUBJECTS; i++) {
        uint32_t id;
        int error;

        if (i == 1)
            snprintf(subject, NEW_SUBJECT_MAX, "name:%s", name);
        else
            snprintf(subject, NEW_SUBJECT_MAX, "name:%s %u", name, i);
        error = store_find_id(store, identity, &id);
        if (error != 0)
            return error == -ENOENT ? 0 : error;
    }
    return -ENOENT;
}

/* The one whose provider is asked for that name. */
static const struct directory_config *
new_user_directory(const struct config *config, const char *name)
{
    const struct provider_config *chosen = config_choose(config, NULL, name);

    for (size_t i = 0; chosen != NULL && i < config->directory_count; i++) {
        const struct directory_config *one = &config->directories[i];

        if (one->type == DIRECTORY_FIRST_SIGN_IN &&
            config_directory_provider(config, one) == chosen)
            return one;
    }
    return NULL;
}

static int
new_user_number(const struct accounts_config *accounts, const char *name,
                const struct identity *identity, uint32_t *ret_id)
{
    for (size_t i = 0; i < accounts->id_count; i++) {
        if (!accounts->ids[i].group &&
            strcmp(accounts->ids[i].name, name) == 0) {
            *ret_id = accounts->ids[i].id;
            return 0;
        }
    }
    return accounts->id_derived ? ids_derive(accounts, identity, ret_id)
                                : -ENOENT;
}

/* 0, -ENOENT: it is somebody else's (logged once), or negative errno. */
static int
new_user_number_is_free(struct directory *directory, const char *name,
                        uint32_t id)
{
    cleanup_free char *issuer = NULL, *subject = NULL;
    const char *why = NULL;
    char once[128];
    bool group = false;
    int error =
        store_find_owner(directory->store, id, &group, &issuer, &subject);

    if (error != 0 && error != -ENOENT)
        return error;
    if (!people_id_valid(id))
        why = "it is reserved";
    else if (local_files_has_id(directory->files, id))
        why = "it stands in /etc/passwd or /etc/group";
    else if (error == 0)
        why = "it was given to somebody else";
    if (why == NULL)
        return 0;
    snprintf(once, sizeof(once), "first sign-in %s %u %s", name, id, why);
    if (local_files_complain_once(directory->files, once))
        log_error("%s cannot sign in for the first time with the id %u: %s; "
                  "write id.%s = NUMBER, a free one, in [accounts] of "
                  "signin.conf, the same on every host",
                  name, id, why, name);
    return -ENOENT;
}

int
new_user_find(struct directory *directory, const char *name,
              struct new_user *ret_new)
{
    const struct config *config = directory->config;
    struct new_user new = {0};
    struct identity identity = {0};
    int error;

    if (directory->store == NULL || !people_name_valid(name))
        return -ENOENT;
    new.config = new_user_directory(config, name);
    if (new.config == NULL ||
        !local_files_name_fits(directory->files, config->accounts.name_pattern,
                               name) ||
        local_files_has_user(directory->files, name) ||
        local_files_has_group(directory->files, name))
        return -ENOENT;
    identity.issuer = config_directory_issuer(config, new.config);
    error = new_user_subject(directory->store, name, &identity, new.subject);
    if (error != 0)
        return error;
    /* Somebody else has the name, or had it before. */
    error = store_name_is_taken(directory->store, name, identity.issuer,
                                new.subject);
    if (error != 0)
        return error > 0 ? -ENOENT : error;
    error = new_user_number(&config->accounts, name, &identity, &new.uid);
    if (error == 0)
        error = new_user_number_is_free(directory, name, new.uid);
    if (error == 0)
        *ret_new = new;
    return error;
}

int
new_user_entry(struct directory *directory, const char *name, char *text)
{
    char copy[PEOPLE_NAME_MAX + 1];
    struct new_user new = {0};
    struct user_record record = {0};
    int error = new_user_find(directory, name, &new);

    if (error == 0) {
        const struct person person = {
            .name = copy, .subject = new.subject, .enabled = true};
        const struct taking taking = {
            .store = directory->store,
            .files = directory->files,
            .config = directory->config,
            .directory = new.config,
            .issuer = config_directory_issuer(directory->config, new.config)};

        strcpy(copy, name);
        record.uid = record.gid = new.uid;
        error = people_fill_values(&taking, &person, "first sign-in", &record);
    }
    if (error == 0)
        error = snapshot_entry(&record, text);
    store_user_done(&record);
    return error;
}
