/* SPDX-License-Identifier: BSD-2-Clause */
#include "group.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>

#include "file.h"

/* What a line takes in a buffer beside its own bytes: its NUL, "*". */
#define LINE_EXTRA (1 + sizeof("*"))

static size_t
count_members(const char *list)
{
    size_t count = list[0] != '\0';

    for (; *list != '\0'; list++)
        count += *list == ',';
    return count;
}

/*
 * Cut the list of members up; the pointers to them go behind the first used
 * bytes of the buffer.
 */
static int
place_members(char *list, char *buffer, size_t used, size_t size,
              char ***ret_members)
{
    size_t misaligned = (uintptr_t)(buffer + used) % alignof(char *);
    size_t room, count = count_members(list);
    const char *name;
    char **members;
    int r;

    if (misaligned != 0)
        used += alignof(char *) - misaligned;
    room = size > used ? (size - used) / sizeof(*members) : 0;
    if (room < count + 1)
        return -ERANGE;
    members = (char **)(void *)(buffer + used);
    for (size_t i = 0; i < count; i++) {
        r = people_next_member(&list, &name);
        if (r <= 0)
            return -EBADMSG;
        members[i] = buffer + (name - buffer);
    }
    members[count] = NULL;
    *ret_members = members;
    return 0;
}

int
group_from_record(const struct snapshot *snapshot,
                  const struct snapshot_record *record, const char *wanted,
                  struct group *ret_entry, char *buffer, size_t size)
{
    size_t used = record->length + LINE_EXTRA;
    const char *name;
    char **members;
    char *list;
    uint32_t gid;
    int r;

    if (record->length > PEOPLE_GROUP_MAX)
        return -EBADMSG;
    if (size < used)
        return -ERANGE;
    r = snapshot_read(snapshot, record, 0, buffer, record->length);
    if (r == 0)
        r = people_group_parse(buffer, record->length, &name, &gid, &list);
    if (r == 0 && wanted != NULL && strcmp(name, wanted) != 0)
        r = -EBADMSG;
    if (r == 0)
        r = place_members(list, buffer, used, size, &members);
    if (r < 0)
        return r;
    memcpy(buffer + record->length + 1, "*", sizeof("*"));
    *ret_entry = (struct group){.gr_name = buffer + (name - buffer),
                                .gr_passwd = buffer + record->length + 1,
                                .gr_gid = gid,
                                .gr_mem = members};
    return 0;
}

int
group_by_name(const char *name, struct group *ret_entry, char *buffer,
              size_t size)
{
    cleanup_snapshot struct snapshot snapshot = {.fd = -1};
    struct snapshot_record record;
    uid_t owner;
    int r;

    if (!people_name_valid(name))
        return -ENOENT;
    r = file_owner(&owner);
    if (r == 0)
        r = snapshot_open(owner, &snapshot);
    if (r == 0)
        r = snapshot_find(&snapshot, 'G', name, &record);
    if (r == 0)
        r = group_from_record(&snapshot, &record, name, ret_entry, buffer,
                              size);
    return r;
}

int
group_by_gid(gid_t gid, struct group *ret_entry, char *buffer, size_t size)
{
    cleanup_snapshot struct snapshot snapshot = {.fd = -1};
    struct snapshot_record record;
    struct group entry;
    uid_t owner;
    int r;

    if (!people_id_valid(gid))
        return -ENOENT;
    r = file_owner(&owner);
    if (r == 0)
        r = snapshot_open(owner, &snapshot);
    if (r == 0)
        r = snapshot_find_number(&snapshot, 'I', gid, &record);
    if (r == 0)
        r = group_from_record(&snapshot, &record, NULL, &entry, buffer, size);
    if (r == 0 && entry.gr_gid != gid)
        r = -EBADMSG;
    if (r == 0)
        *ret_entry = entry;
    return r;
}
