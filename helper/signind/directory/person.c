/* SPDX-License-Identifier: BSD-2-Clause */
#include "person.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void
person_group_done(struct person_group *group)
{
    free(group->id);
    free(group->name);
    *group = (struct person_group){0};
}

void
person_done(struct person *person)
{
    free(person->name);
    free(person->subject);
    free(person->gecos);
    free(person->home);
    free(person->shell);
    for (size_t i = 0; i < person->ssh_key_count; i++)
        free(person->ssh_keys[i]);
    free(person->ssh_keys);
    for (size_t i = 0; i < person->group_count; i++)
        person_group_done(&person->groups[i]);
    free(person->groups);
    *person = (struct person){0};
}

void
person_team_done(struct person_team *team)
{
    person_group_done(&team->group);
    for (size_t i = 0; i < team->member_count; i++)
        free(team->members[i]);
    free(team->members);
    *team = (struct person_team){0};
}

int
person_add_group(struct person *person, const char *id, const char *name)
{
    struct person_group group = {0}, *grown;

    grown = reallocarray(person->groups, person->group_count + 1,
                         sizeof(person->groups[0]));
    if (grown == NULL)
        return -ENOMEM;
    person->groups = grown;
    group.id = id == NULL ? NULL : strdup(id);
    group.name = name == NULL ? NULL : strdup(name);
    if ((id != NULL && group.id == NULL) ||
        (name != NULL && group.name == NULL)) {
        person_group_done(&group);
        return -ENOMEM;
    }
    person->groups[person->group_count++] = group;
    return 0;
}
