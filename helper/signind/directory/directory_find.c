/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is it that wants in, and is what is known fresh enough?
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "directory_private.h"
#include "signind/log.h"

/* Asked for now, or gone: known no longer ago than this, in seconds. */
#define FRESH_S 30
/* A record from the future by more than this says that the clock was set. */
#define CLOCK_SLACK_S 60

void
directory_user_done(struct directory_user *user)
{
    store_user_done(&user->record);
    for (size_t i = 0; i < user->group_count; i++)
        store_group_done(&user->groups[i]);
    free(user->groups);
    *user = (struct directory_user){0};
}

/* ---- find ------------------------------------------------------------------
 */

static int
find_copy_text(char **to, const char *from)
{
    if (from != NULL && (*to = strdup(from)) == NULL)
        return -ENOMEM;
    return 0;
}

static int
find_add_group(void *context, const struct group_record *group)
{
    struct directory_user *user = context;
    struct group_record *groups = reallocarray(
        user->groups, user->group_count + 1, sizeof(*user->groups));
    struct group_record *copy;

    if (groups == NULL)
        return -ENOMEM;
    user->groups = groups;
    copy = &groups[user->group_count++];
    *copy = (struct group_record){.gid = group->gid,
                                  .local = group->local,
                                  .ambiguous = group->ambiguous};
    if (find_copy_text(&copy->name, group->name) != 0 ||
        find_copy_text(&copy->directory, group->directory) != 0 ||
        find_copy_text(&copy->id, group->id) != 0 ||
        find_copy_text(&copy->plain_name, group->plain_name) != 0)
        return -ENOMEM;
    return 0;
}

static int64_t
find_age_s(int64_t since_s)
{
    int64_t age_s = directory_now_s() - since_s;

    if (age_s < -CLOCK_SLACK_S)
        return INT64_MAX;
    return age_s < 0 ? 0 : age_s;
}

/* Do the groups of the claims come with the sign-in alone, and has there been
 * none? */
static bool
find_groups_to_come(const struct directory *directory,
                    const struct directory_user *user)
{
    const struct provider_config *provider =
        config_directory_provider(directory->config, user->config);

    return provider != NULL && provider->identity_groups != NULL &&
           user->config->type != DIRECTORY_FIRST_SIGN_IN &&
           user->record.sign_in_subject == NULL && user->group_count == 0;
}

/* Where groups come with the list alone: has there been one since the user is
 * known, and how old is it? */
static int
find_listed(struct directory *directory, struct directory_user *user)
{
    const struct directory_config *config = user->config;
    int64_t listed_s = 0;
    int error;

    if (!config->requests[DIRECTORY_GROUPS].request.configured ||
        config->requests[DIRECTORY_USER_GROUPS].request.configured ||
        config->attribute.groups != NULL)
        return 0;
    error = store_listed_at(directory->store, config->name, &listed_s);
    if (error != 0 && error != -ENOENT)
        return error;
    user->groups_age_s = find_age_s(listed_s);
    user->groups_not_listed =
        user->record.first_seen_s > listed_s || user->groups_age_s == INT64_MAX;
    return 0;
}

static int
find_known(struct directory *directory, uid_t uid, struct directory_user *user)
{
    const struct user_record *record = &user->record;
    int error;

    /* Another source of NSS has answered, root has given name or number to a
     * local account since, or the directory is not configured any more: known
     * to NSS, and nobody here. */
    if (record->uid != uid ||
        local_files_has_any(directory->files, record->name, uid))
        return -ENOENT;
    user->config = config_directory(directory->config, record->directory);
    if (user->config == NULL)
        return -ENOENT;
    error = store_groups_of(directory->store, record->issuer, record->subject,
                            find_add_group, user);
    if (error != 0)
        return error;
    user->kind = DIRECTORY_KNOWN;
    error = find_listed(directory, user);
    if (error != 0)
        return error;
    user->groups_known =
        !user->groups_not_listed && !find_groups_to_come(directory, user);
    if (user->config->type != DIRECTORY_FIRST_SIGN_IN)
        user->age_s = find_age_s(record->checked_at_s);
    return 0;
}

static int
find_new(struct directory *directory, const char *name, uid_t uid,
         struct directory_user *user)
{
    const struct provider_config *provider;
    struct new_user new = {0};
    int error = new_user_find(directory, name, &new);

    if (error == 0 && new.uid != uid)
        error = -ENOENT;
    if (error != 0)
        return error;
    user->config = new.config;
    provider = config_directory_provider(directory->config, user->config);
    user->kind = DIRECTORY_NEW;
    user->groups_known = provider == NULL || provider->identity_groups == NULL;
    user->record.uid = user->record.gid = uid;
    user->record.enabled = true;
    return find_copy_text(&user->record.name, name);
}

static int
find_external(struct directory *directory, const char *name, uid_t uid,
              struct directory_user *user)
{
    int error;

    if (!people_name_valid(name) || !people_id_valid(uid) ||
        local_files_has_user(directory->files, name) ||
        directory->config->directory_count == 0)
        return -ENOENT;
    if (directory->store == NULL) {
        log_error("%s cannot be told: the store of users cannot be used", name);
        return -EUCLEAN;
    }
    error = store_user_by_name(directory->store, name, &user->record);
    if (error == 0)
        return find_known(directory, uid, user);
    return error == -ENOENT ? find_new(directory, name, uid, user) : error;
}

int
directory_find(struct directory *directory, const char *name, uid_t uid,
               struct directory_user *ret_user)
{
    struct directory_user user = {0};
    int error = 0;

    if (directory_knows(directory->config, name, uid)) {
        user.kind = DIRECTORY_LOCAL;
        user.groups_known = true;
        user.record.uid = user.record.gid = uid;
        user.record.enabled = true;
        error = find_copy_text(&user.record.name, name);
    } else {
        error = find_external(directory, name, uid, &user);
    }
    if (error == -ENOENT) {
        directory_user_done(&user);
        error = 0;
    }
    if (error != 0) {
        log_error("%s cannot be told: %s", name, strerror(-error));
        directory_user_done(&user);
        return error;
    }
    *ret_user = user;
    return 0;
}

/* ---- check -----------------------------------------------------------------
 */

void
check_fail(struct directory_check *check, const char *why)
{
    directory_check_done *done = check->done;
    void *context = check->context;

    event_free(check->event);
    free(check);
    done(context, WIRE_INTERNAL, NULL, why);
}

void
check_answer(struct directory_check *check, bool unreachable, const char *why)
{
    directory_check_done *done = check->done;
    void *context = check->context;
    struct directory_user user = {0};
    int error =
        directory_find(check->directory, check->name, check->uid, &user);

    if (error != 0) {
        check_fail(check, "the store cannot be read");
        return;
    }
    event_free(check->event);
    free(check);
    user.unreachable = unreachable;
    done(context, access_standing(&user), &user, why);
    directory_user_done(&user);
}

static void
check_on_event(evutil_socket_t fd, short what, void *context)
{
    struct directory_check *check = context;

    (void)fd;
    (void)what;
    LIST_REMOVE(check, link);
    check_answer(check, false, "");
}

/* Must somebody be asked? */
static bool
check_is_due(const struct directory *directory,
             const struct directory_user *user, const char *name,
             enum check_when when)
{
    int64_t fresh_s = FRESH_S;

    if (user->kind == DIRECTORY_LOCAL || user->kind == DIRECTORY_NEW)
        return false;
    /* NSS has told of somebody whom the store does not know, perhaps no
     * longer: a directory may. */
    if (user->kind == DIRECTORY_NOBODY)
        return directory->store != NULL && people_name_valid(name) &&
               !local_files_has_user(directory->files, name);
    if (user->config->type == DIRECTORY_FIRST_SIGN_IN)
        return false;
    if (when == CHECK_ALWAYS)
        return true;
    if (when == CHECK_IF_OLD && user->record.gone_since_s == 0)
        fresh_s = (int64_t)user->config->refresh_every_s;
    return user->age_s > fresh_s;
}

struct directory_check *
directory_check_when(struct directory *directory, const char *name, uid_t uid,
                     enum check_when when, directory_check_done *done,
                     void *context)
{
    struct directory_check *check = calloc(1, sizeof(*check));
    struct directory_user user = {0};
    bool due = false;
    int error = -ENOMEM;

    if (check == NULL)
        return NULL;
    check->directory = directory;
    check->uid = uid;
    check->done = done;
    check->context = context;
    /* Else the name stays empty, which is nobody's. */
    if (people_name_valid(name))
        strcpy(check->name, name);
    check->event = evtimer_new(directory->base, check_on_event, check);
    if (directory_find(directory, check->name, uid, &user) == 0)
        due = check_is_due(directory, &user, check->name, when);
    directory_user_done(&user);
    if (check->event != NULL && due) {
        error = lookup_begin(directory, check->name, check);
    } else if (check->event != NULL) {
        error = directory_event_now(check->event);
        if (error == 0)
            LIST_INSERT_HEAD(&directory->answered, check, link);
    }
    if (error != 0) {
        if (check->event != NULL)
            event_free(check->event);
        free(check);
        return NULL;
    }
    return check;
}

struct directory_check *
directory_check(struct directory *directory, const char *name, uid_t uid,
                bool now, directory_check_done *done, void *context)
{
    return directory_check_when(directory, name, uid,
                                now ? CHECK_NOW : CHECK_IF_OLD, done, context);
}

void
directory_check_cancel(struct directory_check *check)
{
    if (check == NULL)
        return;
    LIST_REMOVE(check, link);
    event_free(check->event);
    free(check);
}
