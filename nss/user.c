/* SPDX-License-Identifier: BSD-2-Clause */
#include "user.h"

#include <errno.h>
#include <string.h>

#include "daemon.h"
#include "file.h"
#include "local_groups.h"

/* The entry's strings are ours to point to: they are in the buffer. */
static char *
in_buffer(char *buffer, const char *text)
{
    return buffer + (text - buffer);
}

int
user_from_line(char *buffer, size_t length, const char *name,
               struct passwd *ret_entry)
{
    struct local_groups groups = {0};
    struct people_user user;
    char *password = buffer + length + 1;
    int r;

    r = people_user_parse(buffer, length, &user);
    if (r < 0)
        return r;
    if ((name != NULL && strcmp(user.name, name) != 0) ||
        !local_groups_allow(&groups, user.gid))
        return -EBADMSG;
    memcpy(password, "*", sizeof("*"));
    *ret_entry = (struct passwd){.pw_name = in_buffer(buffer, user.name),
                                 .pw_passwd = password,
                                 .pw_uid = user.uid,
                                 .pw_gid = user.gid,
                                 .pw_gecos = in_buffer(buffer, user.gecos),
                                 .pw_dir = in_buffer(buffer, user.home),
                                 .pw_shell = in_buffer(buffer, user.shell)};
    return 0;
}

int
user_from_record(const struct snapshot *snapshot,
                 const struct snapshot_record *record, const char *name,
                 struct passwd *ret_entry, char *buffer, size_t size)
{
    int r;

    if (record->length > PEOPLE_USER_MAX)
        return -EBADMSG;
    if (size < record->length + USER_EXTRA)
        return -ERANGE;
    r = snapshot_read(snapshot, record, 0, buffer, record->length);
    if (r < 0)
        return r;
    return user_from_line(buffer, record->length, name, ret_entry);
}

static int
find_name(uid_t owner, const char *name, struct passwd *ret_entry, char *buffer,
          size_t size)
{
    cleanup_snapshot struct snapshot snapshot = {.fd = -1};
    struct snapshot_record record;
    int r;

    r = snapshot_open(owner, &snapshot);
    if (r == 0)
        r = snapshot_find(&snapshot, 'N', name, &record);
    if (r == 0)
        r = user_from_record(&snapshot, &record, name, ret_entry, buffer, size);
    return r;
}

int
user_by_name(const char *name, struct passwd *ret_entry, char *buffer,
             size_t size)
{
    uid_t owner;
    int r;

    if (!people_name_valid(name))
        return -ENOENT;
    r = file_owner(&owner);
    if (r < 0)
        return r;
    r = find_name(owner, name, ret_entry, buffer, size);
    if (r == 0 || r == -ERANGE)
        return r;
    return daemon_find(owner, name, r, ret_entry, buffer, size);
}

int
user_by_uid(uid_t uid, struct passwd *ret_entry, char *buffer, size_t size)
{
    cleanup_snapshot struct snapshot snapshot = {.fd = -1};
    struct snapshot_record record;
    struct passwd entry;
    uid_t owner;
    int r;

    if (!people_id_valid(uid))
        return -ENOENT;
    r = file_owner(&owner);
    if (r == 0)
        r = snapshot_open(owner, &snapshot);
    if (r == 0)
        r = snapshot_find_number(&snapshot, 'U', uid, &record);
    if (r == 0)
        r = user_from_record(&snapshot, &record, NULL, &entry, buffer, size);
    if (r == 0 && entry.pw_uid != uid)
        r = -EBADMSG;
    if (r == 0)
        *ret_entry = entry;
    return r;
}
