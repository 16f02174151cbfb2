/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Groups as a directory describes them: those of a user, and one with its
 * members.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fetch_private.h"

/* Name and id of an element, which is a string or an object.  What has a
 * usable id alone goes by it: a rule about that id must not miss it. */
static int
person_take_group(const struct directory_config *directory, const json_t *json,
                  struct person_group *ret_group)
{
    const struct group_attributes *group = &directory->group;
    const json_t *name = json, *id = NULL;
    int r;

    if (json_is_object(json)) {
        name = group->name == NULL ? NULL : json_at(json, group->name);
        id = group->id == NULL ? NULL : json_at(json, group->id);
        /* RFC 7643, 4.1.2: a user's "groups" have names of their own. */
        if (directory->type == DIRECTORY_SCIM && name == NULL)
            name = json_at(json, "/display");
        if (directory->type == DIRECTORY_SCIM && id == NULL)
            id = json_at(json, "/value");
    }
    r = json_plain_text(id, PERSON_VALUE_MAX, &ret_group->id);
    /* Whoever may rename a group shall not choose its id. */
    if (r < 0 && (r != -ENOENT || (group->id != NULL && json_is_object(json))))
        return r == -ENOMEM ? r : -EINVAL;
    r = json_plain_text(name, PERSON_VALUE_MAX, &ret_group->name);
    if (r == -ENOMEM)
        return r;
    if (ret_group->id == NULL && ret_group->name == NULL)
        return -EINVAL;
    if (ret_group->id == NULL)
        ret_group->id = strdup(ret_group->name);
    else if (ret_group->name == NULL)
        ret_group->name = strdup(ret_group->id);
    return ret_group->id == NULL || ret_group->name == NULL ? -ENOMEM : 0;
}

static void
person_group_done(struct person_group *group)
{
    free(group->id);
    free(group->name);
}

int
person_read_group(const struct directory_config *directory, const json_t *json,
                  struct person *person)
{
    struct person_group group = {0};
    int r;

    if (person->group_count >= PERSON_GROUPS_MAX)
        return -E2BIG;
    r = person_take_group(directory, json, &group);
    if (r == 0)
        r = person_add_group(person, group.id, group.name);
    person_group_done(&group);
    return r;
}

int
person_read_groups(const struct directory_config *directory, const json_t *json,
                   struct person *person)
{
    const char *pointer = directory->attribute.groups;
    const json_t *list = pointer == NULL ? NULL : json_at(json, pointer);
    size_t count = json_array_size(list);

    if (pointer == NULL || count > PERSON_GROUPS_MAX)
        return 0;
    if (list == NULL ? directory->type != DIRECTORY_SCIM
                     : !json_is_array(list) && !json_is_null(list))
        return 0;
    for (size_t i = 0; i < count; i++) {
        int r = person_read_group(directory, json_array_get(list, i), person);

        if (r == -ENOMEM)
            return r;
    }
    person->groups_known = true;
    return 0;
}

static int
person_take_members(const struct directory_config *directory,
                    const json_t *json, struct person_team *team)
{
    const struct group_attributes *group = &directory->group;
    const json_t *list =
        group->members == NULL ? NULL : json_at(json, group->members);
    size_t count = json_array_size(list);

    if (count == 0)
        return 0;
    team->members = calloc(count, sizeof(*team->members));
    if (team->members == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const json_t *member = json_array_get(list, i);
        char *subject = NULL;

        if (json_is_object(member))
            member =
                group->member == NULL ? NULL : json_at(member, group->member);
        if (json_plain_text(member, PERSON_SUBJECT_MAX, &subject) == -ENOMEM)
            return -ENOMEM;
        if (subject != NULL)
            team->members[team->member_count++] = subject;
    }
    return 0;
}

int
person_read_team(const struct directory_config *directory, const json_t *json,
                 struct person_team *ret_team)
{
    struct person_team team = {0};
    int r = json_is_object(json)
                ? person_take_group(directory, json, &team.group)
                : -EINVAL;

    if (r == 0)
        r = person_take_members(directory, json, &team);
    if (r < 0)
        person_team_done(&team);
    else
        *ret_team = team;
    return r;
}
