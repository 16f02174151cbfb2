/* SPDX-License-Identifier: BSD-2-Clause */
#include "people_rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "people_rules_private.h"
#include "signind/log.h"
#include "store_private.h"
#include "wire/people.h"

/* ---- who may have that name ---------------------------------------------- */

/*
 * A group counts as well as an account: the private group of a user called
 * sudo would be called sudo, and so would be seen by whoever asks for the
 * groups' names.
 */
static int
name_check_local(const struct taking *taking, const struct person *person)
{
    const char *file;

    if (local_files_has_user(taking->files, person->name))
        file = "/etc/passwd";
    else if (local_files_has_group(taking->files, person->name))
        file = "/etc/group";
    else
        return 0;
    log_warning("directory %s: %s (subject %.64s) is left out: the name stands "
                "in %s; rename one of the two",
                taking->directory->name, person->name, person->subject, file);
    return -EPERM;
}

static int
name_check_taken(const struct taking *taking, const struct person *person)
{
    int status = store_name_is_taken(taking->store, person->name,
                                     taking->issuer, person->subject);

    if (status > 0) {
        log_error("directory %s: %s (subject %.64s) is left out: the name "
                  "belongs to another subject, now or before; if that one's "
                  "files, sudoers and rules are seen to: signin users --forget "
                  "%s",
                  taking->directory->name, person->name, person->subject,
                  person->name);
        return -EEXIST;
    }
    return status;
}

/* A user who is known keeps the name: then the group has none. */
static int
name_check_group(const struct taking *taking, const struct person *person)
{
    int status = people_name_is_user(taking->store, person->name);

    if (status != 0)
        return status < 0 ? status : 0;
    status = people_name_is_group(taking->store, person->name);
    if (status > 0) {
        log_error("directory %s: %s (subject %.64s) is left out: a group has "
                  "that name, and the user's private group would pass for it; "
                  "set group_prefix in [accounts], or rename one of the two",
                  taking->directory->name, person->name, person->subject);
        return -EEXIST;
    }
    return status;
}

static int
name_check(const struct taking *taking, const struct person *person)
{
    int status;

    if (!people_name_valid(person->name) ||
        !local_files_name_fits(taking->files,
                               taking->config->accounts.name_pattern,
                               person->name) ||
        person->subject == NULL || person->subject[0] == '\0' ||
        strlen(person->subject) > PERSON_SUBJECT_MAX) {
        log_warning("directory %s: %.64s is left out: no name by "
                    "name_pattern, or no subject",
                    taking->directory->name,
                    person->name == NULL ? "?" : person->name);
        return -EINVAL;
    }
    status = name_check_local(taking, person);
    if (status == 0)
        status = name_check_taken(taking, person);
    return status == 0 ? name_check_group(taking, person) : status;
}

/* ---- the record ---------------------------------------------------------- */

/* Which of its sources a number came from, in the order they are asked. */
static void
id_origin(const struct taking *taking, const struct person *person,
          const struct user_record *user, bool known, char *text, size_t size)
{
    const struct accounts_config *accounts = &taking->config->accounts;
    struct identity identity = {.issuer = taking->issuer,
                                .subject = person->subject};
    const char *origin =
        known ? "given before" : "the next free one (id_collision = next)";
    uint32_t derived = 0;
    bool differs;

    if (ids_derive(accounts, &identity, &derived) == 0 && derived == user->uid)
        origin = "derived from issuer and id";
    if (accounts->id_from_attribute && person->uid == user->uid)
        origin = "the directory";
    for (size_t i = 0; i < accounts->id_count; i++)
        if (accounts->ids[i].id == user->uid && !accounts->ids[i].group &&
            strcmp(accounts->ids[i].name, person->name) == 0)
            origin = "id.NAME in [accounts]";
    differs = accounts->id_from_attribute && person->uid != 0 &&
              person->uid != user->uid;
    snprintf(text, size, "%s", origin);
    if (differs)
        snprintf(text, size,
                 "%s (the directory's %u is not taken: an id "
                 "stays)",
                 origin, person->uid);
}

static int
record_make(const struct taking *taking, const struct person *person,
            const struct user_record *old, int64_t now_s,
            struct user_record *user)
{
    char origin[128];

    user->gid = user->uid;
    user->enabled = person->enabled;
    user->first_seen_s = old->name != NULL ? old->first_seen_s : now_s;
    user->checked_at_s = now_s;
    user->missing = false;
    if (!person->enabled)
        user->gone_since_s = old->gone_since_s != 0 ? old->gone_since_s : now_s;
    user->directory = strdup(taking->directory->name);
    user->issuer = strdup(taking->issuer);
    user->subject = strdup(person->subject);
    if (user->directory == NULL || user->issuer == NULL ||
        user->subject == NULL)
        return -ENOMEM;
    if (old->sign_in_subject != NULL) {
        user->sign_in_subject = strdup(old->sign_in_subject);
        if (user->sign_in_subject == NULL)
            return -ENOMEM;
    }
    id_origin(taking, person, user, old->name != NULL, origin, sizeof(origin));
    return people_fill_values(taking, person, origin, user);
}

/* ---- taking -------------------------------------------------------------- */

/* What is stored now: the caller's old must be empty. */
static int
record_find(const struct taking *taking, const struct person *person,
            struct user_record *old)
{
    int status = store_user_by_subject(taking->store, taking->issuer,
                                       person->subject, old);

    return status == -ENOENT ? 0 : status;
}

static void
record_tell(const struct taking *taking, const struct user_record *old,
            const struct user_record *user)
{
    if (old->name == NULL)
        log_debug("directory %s: %s (subject %.64s) is known now, with the id "
                  "%u",
                  taking->directory->name, user->name, user->subject,
                  user->uid);
    else if (strcmp(old->name, user->name) != 0)
        log_notice("directory %s: %s is called %s now; the id stays %u, the "
                   "old name is kept for this subject",
                   taking->directory->name, old->name, user->name, user->uid);
    if (old->name != NULL && old->enabled && !user->enabled)
        log_notice("directory %s: %s is disabled", taking->directory->name,
                   user->name);
    if (old->name != NULL && old->gone_since_s != 0 && user->gone_since_s == 0)
        log_notice("directory %s: %s is back", taking->directory->name,
                   user->name);
}

/* Was this one asked about after now_s, when what came now was asked for?  A
 * long list is older at its end than what somebody has asked for since.  A time
 * to come is no answer, but a clock that was set back. */
static bool
record_is_newer(const struct user_record *old, int64_t now_s)
{
    return old->name != NULL && old->checked_at_s > now_s &&
           old->checked_at_s <= (int64_t)time(NULL);
}

/* *user stays empty where the old one is newer. */
static int
person_take(const struct taking *taking, const struct person *person,
            int64_t now_s, struct user_record *old, struct user_record *user)
{
    struct identity identity = {.issuer = taking->issuer,
                                .subject = person->subject};
    int status = record_find(taking, person, old);

    if (status == 0 && record_is_newer(old, now_s))
        return 0;
    if (status == 0)
        status =
            ids_give(taking->store, taking->files, &taking->config->accounts,
                     &identity, person->name, person->uid, &user->uid);
    if (status == 0)
        status = record_make(taking, person, old, now_s, user);
    if (status == 0)
        status = store_put_user(taking->store, user);
    if (status == 0 && person->groups_known)
        status = people_take_groups(taking, user->subject, "directory",
                                    person->groups, person->group_count);
    return status;
}

int
people_take(struct store *store, struct local_files *files,
            const struct config *config,
            const struct directory_config *directory,
            const struct person *person, int64_t now_s,
            struct user_record *ret_user)
{
    struct taking taking = {store, files, config, directory,
                            config_directory_issuer(config, directory)};
    struct user_record old = {0}, user = {0};
    int status = taking.issuer == NULL ? -EINVAL : 0;

    /* Nobody is refused, and so missing, for a host that cannot be read. */
    if (status == 0 && !local_files_readable(files))
        status = -EIO;
    if (status == 0)
        status = name_check(&taking, person);
    if (status == 0)
        status = store_enter(store);
    if (status < 0)
        return status;
    status =
        store_leave(store, person_take(&taking, person, now_s, &old, &user));
    if (status == 0 && user.name != NULL)
        record_tell(&taking, &old, &user);
    if (status == 0 && ret_user != NULL) {
        struct user_record *now = user.name != NULL ? &user : &old;

        *ret_user = *now;
        *now = (struct user_record){0};
    }
    store_user_done(&old);
    store_user_done(&user);
    return status;
}

bool
people_is_told(const struct directory_config *directory,
               const struct user_record *user, int64_t now_s)
{
    /* A clock that was set back makes nobody gone for longer. */
    return directory == NULL || user->gone_since_s == 0 ||
           now_s - user->gone_since_s <= (int64_t)directory->disabled_grace_s;
}
