/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memberships in one pass, in the order they are stored in, then the users
 * in one pass: no page is read twice, and a large store is read as fast as a
 * file is.
 */
#include "snapshot.h"

#include <cdb.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "local_files.h"
#include "signind/log.h"
#include "snapshot_members.h"
#include "store_private.h"
#include "wire/memory.h"
#include "wire/people.h"

struct snapshot {
    struct store *store;
    struct local_files *files;
    const struct config *config;
    int64_t now_s;
    struct cdb_make cdb;
    struct members members;
    size_t users, left_out;
    /* The directory of the last user: there are few, and many users. */
    char *directory_name;
    const struct directory_config *directory;
    char *text; /* of PEOPLE_GROUP_MAX + 1 bytes, for a group or gids entry */
};

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
group_is_told(struct snapshot *snapshot, const char *name, uint32_t gid,
              bool local)
{
    const struct text_list *list = &snapshot->config->accounts.local_groups;
    uint32_t allowed;

    if (!people_name_valid(name))
        return false;
    if (!local)
        return people_id_valid(gid) &&
               !local_files_has_group(snapshot->files, name) &&
               !local_files_has_id(snapshot->files, gid);
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], name) == 0)
            return local_files_allowed_group(snapshot->files, name, &allowed) ==
                       0 &&
                   allowed == gid;
    return false;
}

static int
groups_read(struct snapshot *snapshot)
{
    struct query query cleanup_query =
        query_start(snapshot->store, SQL_SNAPSHOT_GROUPS);
    int status;

    while ((status = query_next(&query)) > 0) {
        const char *name = query_column(&query, 1);
        uint32_t gid = (uint32_t)query_column_number(&query, 2);
        bool local = query_column_number(&query, 3) != 0;

        if (name == NULL || !group_is_told(snapshot, name, gid, local))
            continue;
        status =
            members_add_group(&snapshot->members,
                              query_column_number(&query, 0), name, gid, local);
        if (status < 0)
            return status;
    }
    return status;
}

static int
groups_write(struct snapshot *snapshot)
{
    struct members *members = &snapshot->members;
    int status = 0;

    for (size_t i = 0; status == 0 && i < members->group_count; i++) {
        const struct members_group *group = &members->groups[i];
        size_t length;
        bool whole;

        if (group->local)
            continue;
        whole = members_format(members, i, snapshot->text, PEOPLE_GROUP_MAX + 1,
                               &length);
        if (!whole)
            log_warning("group %s has more members than an entry holds: some "
                        "are not listed, but all are in it",
                        group->name);
        status = record_add_both(snapshot, "GI", group->name, group->gid,
                                 snapshot->text, length);
    }
    return status;
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
    if (!local_files_has_user(snapshot->files, user->name) &&
        !local_files_has_group(snapshot->files, user->name) &&
        !local_files_has_id(snapshot->files, user->uid))
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
    snapshot->users++;
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

static int
users_write(struct snapshot *snapshot)
{
    struct query query cleanup_query =
        query_start(snapshot->store, SQL_SNAPSHOT_USERS);
    int status;

    while ((status = query_next(&query)) > 0) {
        struct user_record user;

        user_borrow(&query, &user);
        if (user.name == NULL || user.gecos == NULL || user.home == NULL ||
            user.shell == NULL || user.directory == NULL)
            return -ENOMEM;
        if (!user_is_told(snapshot, &user))
            continue;
        status = user_write(snapshot, &user);
        if (status == 0)
            status = user_write_gids(snapshot, &user);
        if (status < 0 && status != -ENOENT)
            return status;
    }
    return status;
}

static int
members_read(struct snapshot *snapshot)
{
    struct query query cleanup_query =
        query_start(snapshot->store, SQL_SNAPSHOT_MEMBERS);
    int status;

    while ((status = query_next(&query)) > 0) {
        status = members_add(&snapshot->members,
                             (uint32_t)query_column_number(&query, 0),
                             query_column_number(&query, 1));
        if (status < 0)
            return status;
    }
    return status;
}

/* ---- the file ------------------------------------------------------------ */

static int
snapshot_fill(struct snapshot *snapshot, int file)
{
    const char *version =
        snapshot->config->accounts.enumerate ? "1 enumerate" : "1";
    int status, finished;

    if (cdb_make_start(&snapshot->cdb, file) < 0)
        return -errno;
    status = groups_read(snapshot);
    if (status == 0)
        status = members_read(snapshot);
    if (status == 0)
        status = users_write(snapshot);
    if (status == 0)
        status = groups_write(snapshot);
    if (status == 0)
        status = record_add(snapshot, 'V', "", version, strlen(version));
    /* Frees what it keeps, whatever came before. */
    errno = 0;
    finished = cdb_make_finish(&snapshot->cdb);
    if (status == 0 && finished < 0)
        status = errno == 0 ? -EIO : -errno;
    return status;
}

/*
 * Beside the old one, under one fixed name: that of a signind that died is
 * written over, and nothing can pile up.  Not synced: all of it can be made
 * again from the store, is at every start, and readers take nothing that is
 * not whole; to wait for a disk here would hold up every session's refresh.
 */
static int
snapshot_write_file(struct snapshot *snapshot, const char *path)
{
    char name[PATH_MAX];
    int file cleanup_close = -1;
    int status;

    if (snprintf(name, sizeof(name), "%s.new", path) >= (int)sizeof(name))
        return -ENAMETOOLONG;
    if (unlink(name) < 0 && errno != ENOENT)
        return -errno;
    file = open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0)
        return -errno;
    status = snapshot_fill(snapshot, file);
    /* Everybody's to read when it is whole, whatever the umask. */
    if (status == 0 && fchmod(file, 0644) < 0)
        status = -errno;
    if (status == 0 && rename(name, path) < 0)
        status = -errno;
    if (status < 0)
        unlink(name);
    return status;
}

int
snapshot_write(struct store *store, struct local_files *files,
               const struct config *config, const char *path, int64_t now_s)
{
    struct snapshot snapshot = {
        .store = store, .files = files, .config = config, .now_s = now_s};
    int status;

    snapshot.text = malloc(PEOPLE_GROUP_MAX + 1);
    local_files_hold(files);
    status =
        snapshot.text == NULL ? -ENOMEM : snapshot_write_file(&snapshot, path);
    local_files_release(files);
    members_done(&snapshot.members);
    free(snapshot.directory_name);
    free(snapshot.text);
    malloc_trim(0);
    if (status < 0)
        log_error("%s cannot be written: %s; NSS goes on with the old one",
                  path, strerror(-status));
    else if (snapshot.left_out > 0)
        log_warning("%s: %zu users have values that cannot stand in passwd(5) "
                    "and are left out",
                    path, snapshot.left_out);
    return status;
}
