/* SPDX-License-Identifier: BSD-2-Clause */
#include "people_rules_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "signind/log.h"
#include "store_private.h"
#include "wire/memory.h"
#include "wire/people.h"

static int
name_is_there(struct store *store, enum store_statement which, const char *name)
{
    struct query query cleanup_query = query_start(store, which);

    query_text(&query, 1, name);
    return query_next(&query);
}

int
people_name_is_group(struct store *store, const char *name)
{
    return name_is_there(store, SQL_NAME_OF_GROUP, name);
}

int
people_name_is_user(struct store *store, const char *name)
{
    return name_is_there(store, SQL_NAME_OF_USER, name);
}

static bool
is_local_group(const struct config *config, const char *name)
{
    const struct text_list *list = &config->accounts.local_groups;

    for (size_t i = 0; name != NULL && i < list->count; i++)
        if (strcmp(list->items[i], name) == 0)
            return true;
    return false;
}

/* ---- what NSS calls it --------------------------------------------------- */

/*
 * The name of a group that is told as one of its own; NULL: none fits, or one
 * does that is somebody's already.  A user's private group has the user's
 * name, and sudoers cannot tell it from a directory group of that name.
 */
static int
group_own_name(const struct taking *taking, const char *plain, char *name,
               const char **ret_name)
{
    const char *prefix = taking->config->accounts.group_prefix;
    int length, taken;

    *ret_name = NULL;
    if (plain == NULL)
        return 0;
    length = snprintf(name, PEOPLE_NAME_MAX + 2, "%s%s",
                      prefix == NULL ? "" : prefix, plain);
    if (length > PEOPLE_NAME_MAX || !people_name_valid(name))
        return 0;
    if (local_files_has_group(taking->files, name)) {
        if (local_files_complain_once(taking->files, name))
            log_warning("directory %s: its group %s is not told to NSS: "
                        "/etc/group has one of that name; set group_prefix in "
                        "[accounts], or list it in local_groups",
                        taking->directory->name, name);
        return 0;
    }
    taken = people_name_is_user(taking->store, name);
    if (taken < 0)
        return taken;
    if (taken > 0) {
        if (local_files_complain_once(taking->files, name))
            log_warning("directory %s: its group %s is not told to NSS: a "
                        "user has that name; set group_prefix in [accounts]",
                        taking->directory->name, name);
        return 0;
    }
    *ret_name = name;
    return 0;
}

/* A group that cannot have a number is stored all the same: rules go by its
 * id, and a group that is denied must be seen. */
static int
group_number(const struct taking *taking, const char *id, const char *name,
             uint32_t *ret_gid)
{
    struct identity identity = {
        .group = true, .issuer = taking->issuer, .subject = id};
    int status =
        ids_give(taking->store, taking->files, &taking->config->accounts,
                 &identity, name, 0, ret_gid);

    if (status == -EEXIST || status == -ERANGE || status == -ENODATA ||
        status == -ENOSPC) {
        *ret_gid = 0;
        return 0;
    }
    return status;
}

/*
 * Store a group.  In a local one's place when [accounts] local_groups has its
 * plain name and root has written down its number; if root has not, it is in
 * neither.
 */
static int
group_take(const struct taking *taking, const struct person_group *group)
{
    const char *id = group->id != NULL ? group->id : group->name;
    char buffer[PEOPLE_NAME_MAX + 2];
    const char *name = NULL;
    struct group_record record = {
        .directory = (char *)(uintptr_t)taking->directory->name,
        .id = (char *)(uintptr_t)id,
        .plain_name = group->name,
    };
    int status = 0;

    if (is_local_group(taking->config, group->name)) {
        if (local_files_allowed_group(taking->files, group->name,
                                      &record.gid) == 0) {
            record.local = true;
            name = group->name;
        } else if (local_files_complain_once(taking->files, group->name)) {
            log_warning("[accounts] local_groups: %s is not in %s: there is "
                        "no such group in /etc/group, or signind --prepare "
                        "has not run since; nobody becomes a member",
                        group->name, PEOPLE_LOCAL_GROUPS);
        }
    } else {
        status = group_own_name(taking, group->name, buffer, &name);
        if (status == 0)
            status = group_number(taking, id, name != NULL ? name : group->name,
                                  &record.gid);
    }
    record.name = (char *)(uintptr_t)name;
    return status < 0 ? status : store_put_group(taking->store, &record);
}

/* Something that can be stored: an id of its own, or a name. */
static bool
group_fits(const struct person_group *group)
{
    const char *id = group->id != NULL ? group->id : group->name;

    return id != NULL && id[0] != '\0' && strlen(id) <= PERSON_SUBJECT_MAX &&
           (group->name == NULL || strlen(group->name) <= PERSON_VALUE_MAX);
}

/*
 * Is this no name but the id once more, of a group whose name is known?  Claims
 * and lists of ids must not rename a group: rules would no longer find it by
 * the name that the directory gave it.  1, 0 or negative errno.
 */
static int
group_is_named(const struct taking *taking, const struct person_group *group)
{
    const char *id = group->id != NULL ? group->id : group->name;
    struct group_record known = {0};
    int status;

    if (group->name != NULL && strcmp(group->name, id) != 0)
        return 0;
    status =
        store_group_by_id(taking->store, taking->directory->name, id, &known);
    if (status == 0)
        status = known.plain_name != NULL && strcmp(known.plain_name, id) != 0;
    else if (status == -ENOENT)
        status = 0;
    store_group_done(&known);
    return status;
}

/* ---- a user's groups, a group's users -------------------------------------
 */

int
people_take_groups(const struct taking *taking, const char *subject,
                   const char *origin, const struct person_group *groups,
                   size_t count)
{
    const char **ids cleanup_free = calloc(count + 1, sizeof(ids[0]));
    size_t used = 0;

    if (ids == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        int status;

        if (!group_fits(&groups[i]))
            continue;
        status = group_is_named(taking, &groups[i]);
        if (status == 0)
            status = group_take(taking, &groups[i]);
        if (status < 0)
            return status;
        ids[used++] = groups[i].id != NULL ? groups[i].id : groups[i].name;
    }
    return store_set_membership(taking->store, taking->issuer, subject, origin,
                                taking->directory->name, ids, used);
}

int
people_take_team(struct store *store, struct local_files *files,
                 const struct config *config,
                 const struct directory_config *directory,
                 const struct person_team *team)
{
    struct taking taking = {store, files, config, directory,
                            config_directory_issuer(config, directory)};
    const char *id = team->group.id != NULL ? team->group.id : team->group.name;
    int status;

    if (!group_fits(&team->group))
        return -EINVAL;
    status = store_enter(store);
    if (status < 0)
        return status;
    status = group_take(&taking, &team->group);
    if (status == 0)
        status = store_set_members(store, directory->name, id, taking.issuer,
                                   (const char *const *)team->members,
                                   team->member_count);
    return store_leave(store, status);
}

int
people_take_claims(struct store *store, struct local_files *files,
                   const struct config *config,
                   const struct directory_config *directory,
                   const struct user_record *user,
                   const struct person_group *groups, size_t count)
{
    struct taking taking = {store, files, config, directory, user->issuer};
    int status = store_enter(store);

    if (status < 0)
        return status;
    status =
        people_take_groups(&taking, user->subject, "sign-in", groups, count);
    return store_leave(store, status);
}
