/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memberships in one pass, in the order they are stored in, then the users
 * in one pass: no page is read twice, and a large store is read as fast as a
 * file is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "local_files.h"
#include "people_rules_private.h"
#include "signind/log.h"
#include "snapshot_private.h"
#include "wire/people.h"

/* ---- records ------------------------------------------------------------- */

/* A number in decimal, with a NUL; returns where that is.  There are a
 * million of them in a large snapshot: printf took a third of all time. */
static char *
put_number(char *text, uint32_t number)
{
    char digits[10];
    size_t count = 0;

    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0)
        *text++ = digits[--count];
    *text = '\0';
    return text;
}

static int
record_add(struct snapshot *snapshot, char kind, const char *key,
           const char *text, size_t length)
{
    char bytes[PEOPLE_NAME_MAX + 2];
    size_t used = strnlen(key, PEOPLE_NAME_MAX);

    bytes[0] = kind;
    memcpy(bytes + 1, key, used);
    if (cdb_make_add(&snapshot->cdb, bytes, (unsigned)used + 1, text,
                     (unsigned)length) == 0)
        return 0;
    /* A file of 4 GB is ENOMEM to libcdb. */
    return errno == 0 ? -EIO : -errno;
}

/* By name and by number. */
static int
record_add_both(struct snapshot *snapshot, const char *kinds, const char *name,
                uint32_t id, const char *text, size_t length)
{
    char number[16];
    int status = record_add(snapshot, kinds[0], name, text, length);

    put_number(number, id);
    if (status == 0)
        status = record_add(snapshot, kinds[1], number, text, length);
    return status;
}

/* ---- groups that are told ------------------------------------------------ */

/* Root's word is asked anew: local groups come and go without a directory. */
static bool
local_group_is_told(struct snapshot *snapshot, const char *name, uint32_t gid)
{
    const struct text_list *list = &snapshot->config->accounts.local_groups;
    uint32_t allowed;

    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], name) == 0)
            return local_files_allowed_group(snapshot->files, name, &allowed) ==
                       0 &&
                   allowed == gid;
    return false;
}

/* 1, 0, or negative errno. */
static int
group_is_told(struct snapshot *snapshot, const char *name, uint32_t gid,
              bool local)
{
    int taken;

    if (!people_name_valid(name))
        return 0;
    if (local)
        return local_group_is_told(snapshot, name, gid);
    if (!people_id_valid(gid) || local_files_has_group(snapshot->files, name) ||
        local_files_has_id(snapshot->files, gid))
        return 0;
    /* A user of that name has a private group of it. */
    taken = people_name_is_user(snapshot->store, name);
    return taken < 0 ? taken : taken == 0;
}

int
snapshot_begin_content(struct snapshot *snapshot)
{
    struct query query cleanup_query =
        query_start(snapshot->store, SQL_SNAPSHOT_GROUPS);
    char previous[PEOPLE_NAME_MAX + 1] = "";
    int status;

    while ((status = query_next(&query)) > 0) {
        const char *name = query_column(&query, 1);
        uint32_t gid = (uint32_t)query_column_number(&query, 2);
        bool local = query_column_number(&query, 3) != 0;

        /* In order of name: two of one name, in both of which everybody is
         * gone, come one after the other. */
        if (name == NULL || strcmp(name, previous) == 0)
            continue;
        status = group_is_told(snapshot, name, gid, local);
        if (status > 0) {
            strcpy(previous, name);
            status = members_add_group(&snapshot->members,
                                       query_column_number(&query, 0), name,
                                       gid, local);
        }
        if (status < 0)
            return status;
    }
    if (status == 0)
        snapshot->query = query_start(snapshot->store, SQL_SNAPSHOT_MEMBERS);
    return status;
}

/* The next group's entry.  1: there may be more; 0: no more. */
static int
group_step(struct snapshot *snapshot)
{
    struct members *members = &snapshot->members;
    const struct members_group *group = &members->groups[snapshot->group];
    size_t length;
    bool whole;
    int status;

    if (snapshot->group == members->group_count)
        return 0;
    snapshot->group++;
    if (group->local)
        return 1;
    whole = members_format(members, snapshot->group - 1, snapshot->text,
                           PEOPLE_GROUP_MAX + 1, &length);
    if (!whole)
        log_warning("group %s has more members than an entry holds: some are "
                    "not listed, but all are in it",
                    group->name);
    status = record_add_both(snapshot, "GI", group->name, group->gid,
                             snapshot->text, length);
    return status < 0 ? status : 1;
}

/* ---- users --------------------------------------------------------------- */

static const struct directory_config *
directory_of(struct snapshot *snapshot, const char *name)
{
    if (snapshot->directory_name == NULL ||
        strcmp(snapshot->directory_name, name) != 0) {
        free(snapshot->directory_name);
        snapshot->directory_name = strdup(name);
        snapshot->directory = config_directory(snapshot->config, name);
    }
    return snapshot->directory;
}

/* A row's user; the texts are the row's. */
static void
user_borrow(const struct query *query, struct user_record *user)
{
    *user = (struct user_record){
        .name = query_column(query, 0),
        .uid = (uint32_t)query_column_number(query, 1),
        .gid = (uint32_t)query_column_number(query, 2),
        .gecos = query_column(query, 3),
        .home = query_column(query, 4),
        .shell = query_column(query, 5),
        .directory = query_column(query, 6),
        .gone_since_s = query_column_number(query, 7),
    };
}

/* An account that root made since takes both name and number. */
static bool
user_is_told(struct snapshot *snapshot, const struct user_record *user)
{
    if (!people_is_told(directory_of(snapshot, user->directory), user,
                        snapshot->now_s))
        return false;
    if (!local_files_has_any(snapshot->files, user->name, user->uid))
        return true;
    if (local_files_complain_once(snapshot->files, user->name))
        log_warning("%s (%u) is not told to NSS: /etc/passwd or /etc/group "
                    "has the name or the number now",
                    user->name, user->uid);
    return false;
}

int
snapshot_entry(const struct user_record *user, char *text)
{
    struct people_user entry = {.name = user->name,
                                .gecos = user->gecos,
                                .home = user->home,
                                .shell = user->shell,
                                .uid = user->uid,
                                .gid = user->gid};
    int status = people_user_format(&entry, text);

    return status == -EMSGSIZE ? -EINVAL : status;
}

/* A user, and the private group of the same name and number. */
static int
user_write(struct snapshot *snapshot, const struct user_record *user)
{
    char text[PEOPLE_USER_MAX + 1], *end;
    int status;

    if (snapshot_entry(user, text) < 0) {
        snapshot->left_out++;
        return -ENOENT;
    }
    status = record_add_both(snapshot, "NU", user->name, user->uid, text,
                             strlen(text));
    if (status < 0)
        return status;
    end = put_number(stpcpy(stpcpy(text, user->name), ":"), user->gid);
    *end++ = ':';
    return record_add_both(snapshot, "GI", user->name, user->gid, text,
                           (size_t)(end - text));
}

/* The user's groups, and the user as a member of them. */
static int
user_write_gids(struct snapshot *snapshot, const struct user_record *user)
{
    struct members *members = &snapshot->members;
    size_t first, count;
    char *end;
    int status =
        members_tell_user(members, user->uid, user->name, &first, &count);

    if (status < 0 || count == 0)
        return status;
    end = stpcpy(snapshot->text, user->name);
    for (size_t i = 0; i < count && i < PEOPLE_GIDS_MAX; i++) {
        *end++ = i == 0 ? ':' : ',';
        end = put_number(end,
                         members->groups[members->pairs[first + i].group].gid);
    }
    return record_add(snapshot, 'M', user->name, snapshot->text,
                      (size_t)(end - snapshot->text));
}

/* The next user.  1: there may be more; 0: no more. */
static int
user_step(struct snapshot *snapshot)
{
    struct user_record user;
    int status = query_next(&snapshot->query);

    if (status <= 0)
        return status;
    user_borrow(&snapshot->query, &user);
    if (user.name == NULL || user.gecos == NULL || user.home == NULL ||
        user.shell == NULL || user.directory == NULL)
        return -ENOMEM;
    if (!user_is_told(snapshot, &user))
        return 1;
    status = user_write(snapshot, &user);
    if (status == 0)
        status = user_write_gids(snapshot, &user);
    return status < 0 && status != -ENOENT ? status : 1;
}

/* The next membership.  1: there may be more; 0: no more. */
static int
member_step(struct snapshot *snapshot)
{
    int status = query_next(&snapshot->query);

    if (status > 0)
        status = members_add(&snapshot->members,
                             (uint32_t)query_column_number(&snapshot->query, 0),
                             query_column_number(&snapshot->query, 1));
    else
        return status;
    return status < 0 ? status : 1;
}

/* ---- one after the other ------------------------------------------------- */

static int
version_add(struct snapshot *snapshot)
{
    const char *version =
        snapshot->config->accounts.enumerate ? "1 enumerate" : "1";

    return record_add(snapshot, 'V', "", version, strlen(version));
}

int
snapshot_step_content(struct snapshot *snapshot)
{
    int status;

    switch (snapshot->phase) {
    case SNAPSHOT_MEMBERS:
        status = member_step(snapshot);
        if (status != 0)
            return status;
        query_done(&snapshot->query);
        snapshot->query = query_start(snapshot->store, SQL_SNAPSHOT_USERS);
        snapshot->phase = SNAPSHOT_USERS;
        return 1;
    case SNAPSHOT_USERS:
        status = user_step(snapshot);
        if (status == 0)
            snapshot->phase = SNAPSHOT_GROUPS;
        return status < 0 ? status : 1;
    case SNAPSHOT_GROUPS:
        status = group_step(snapshot);
        return status == 0 ? version_add(snapshot) : status;
    default:
        return -EINVAL;
    }
}
