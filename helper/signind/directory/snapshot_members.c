/* SPDX-License-Identifier: BSD-2-Clause */
#include "snapshot_members.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for one more element of an array; grows by doubling. */
static int
grow(void **array, size_t *room, size_t used, size_t more, size_t size)
{
    size_t wanted = *room == 0 ? 64 : *room;
    void *grown;

    while (wanted < used + more)
        wanted *= 2;
    if (wanted == *room)
        return 0;
    grown = reallocarray(*array, wanted, size);
    if (grown == NULL)
        return -ENOMEM;
    *array = grown;
    *room = wanted;
    return 0;
}

int
members_add_group(struct members *members, int64_t number, const char *name,
                  uint32_t gid, bool local)
{
    void *array = members->groups;
    struct members_group *group;

    if (grow(&array, &members->group_room, members->group_count, 1,
             sizeof(*group)) < 0)
        return -ENOMEM;
    members->groups = array;
    group = &members->groups[members->group_count];
    *group = (struct members_group){
        .name = strdup(name), .number = number, .gid = gid, .local = local};
    if (group->name == NULL)
        return -ENOMEM;
    members->group_count++;
    return 0;
}

static int
compare_numbers(const void *left, const void *right, void *context)
{
    const struct members_group *groups = context;
    int64_t one = groups[*(const uint32_t *)left].number;
    int64_t other = groups[*(const uint32_t *)right].number;

    return (one > other) - (one < other);
}

static int
index_groups(struct members *members)
{
    members->by_number =
        calloc(members->group_count + 1, sizeof(members->by_number[0]));
    if (members->by_number == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < members->group_count; i++)
        members->by_number[i] = (uint32_t)i;
    qsort_r(members->by_number, members->group_count,
            sizeof(members->by_number[0]), compare_numbers, members->groups);
    return 0;
}

static const uint32_t *
find_group(const struct members *members, int64_t number)
{
    size_t low = 0, high = members->group_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const uint32_t *index = &members->by_number[middle];

        if (members->groups[*index].number == number)
            return index;
        if (members->groups[*index].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

int
members_add(struct members *members, uint32_t uid, int64_t number)
{
    const uint32_t *group;
    void *array = members->pairs;

    if (members->by_number == NULL && index_groups(members) < 0)
        return -ENOMEM;
    group = find_group(members, number);
    if (group == NULL)
        return 0;
    /* The same group by two origins: they come one after the other. */
    if (members->pair_count > 0 &&
        members->pairs[members->pair_count - 1].uid == uid &&
        members->pairs[members->pair_count - 1].group == *group)
        return 0;
    if (grow(&array, &members->pair_room, members->pair_count, 1,
             sizeof(members->pairs[0])) < 0)
        return -ENOMEM;
    members->pairs = array;
    members->pairs[members->pair_count++] =
        (struct members_pair){.uid = uid, .group = *group};
    members->groups[*group].count++;
    return 0;
}

/* The first pair of a uid, or of a larger one. */
static size_t
find_user(const struct members *members, uint32_t uid)
{
    size_t low = 0, high = members->pair_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (members->pairs[middle].uid < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Give each group its part of who. */
static int
divide_who(struct members *members)
{
    size_t first = 0;

    members->who = calloc(members->pair_count + 1, sizeof(members->who[0]));
    if (members->who == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < members->group_count; i++) {
        members->groups[i].first = first;
        first += members->groups[i].count;
    }
    return 0;
}

int
members_tell_user(struct members *members, uint32_t uid, const char *name,
                  size_t *ret_first, size_t *ret_count)
{
    size_t first = find_user(members, uid), i = first;
    size_t length = strlen(name) + 1;
    void *array = members->names;

    *ret_first = first;
    *ret_count = 0;
    if (i == members->pair_count || members->pairs[i].uid != uid)
        return 0;
    if (members->who == NULL && divide_who(members) < 0)
        return -ENOMEM;
    if (members->names_used + length > UINT32_MAX ||
        grow(&array, &members->names_room, members->names_used, length, 1) < 0)
        return -ENOMEM;
    members->names = array;
    for (; i < members->pair_count && members->pairs[i].uid == uid; i++) {
        struct members_group *group = &members->groups[members->pairs[i].group];

        members->who[group->first + group->told++] =
            (uint32_t)members->names_used;
    }
    memcpy(members->names + members->names_used, name, length);
    members->names_used += length;
    *ret_count = i - first;
    return 0;
}

bool
members_format(const struct members *members, size_t i, char *text, size_t size,
               size_t *ret_length)
{
    const struct members_group *group = &members->groups[i];
    size_t used =
        (size_t)snprintf(text, size, "%s:%u:", group->name, group->gid);

    for (size_t j = 0; j < group->told; j++) {
        const char *name = members->names + members->who[group->first + j];
        size_t length = strlen(name);

        /* With its comma, and the NUL at the end. */
        if (used + length + 2 > size) {
            *ret_length = used;
            return false;
        }
        if (j > 0)
            text[used++] = ',';
        memcpy(text + used, name, length + 1);
        used += length;
    }
    *ret_length = used;
    return true;
}

void
members_done(struct members *members)
{
    for (size_t i = 0; i < members->group_count; i++)
        free(members->groups[i].name);
    free(members->groups);
    free(members->by_number);
    free(members->names);
    free(members->pairs);
    free(members->who);
    *members = (struct members){0};
}
