/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's own files as sorted tables. */
#include "local_files.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/memory.h"
#include "wire/people.h"

/* ---- tables -------------------------------------------------------------- */

void
local_table_done(struct local_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->lines[i].name);
    free(table->lines);
    free(table->ids);
    *table = (struct local_table){0};
}

static int
table_add(struct local_table *table, const char *name, uint32_t id)
{
    if ((table->count & (table->count - 1)) == 0) {
        size_t room = table->count == 0 ? 1 : table->count * 2;
        struct local_line *grown =
            reallocarray(table->lines, room, sizeof(table->lines[0]));

        if (grown == NULL)
            return -ENOMEM;
        table->lines = grown;
    }
    table->lines[table->count] = (struct local_line){strdup(name), id};
    if (table->lines[table->count].name == NULL)
        return -ENOMEM;
    table->count++;
    return 0;
}

static int
line_compare(const void *left, const void *right)
{
    const struct local_line *one = left, *other = right;

    return strcmp(one->name, other->name);
}

static int
id_compare(const void *left, const void *right)
{
    const uint32_t *one = left, *other = right;

    return (*one > *other) - (*one < *other);
}

static int
table_sort(struct local_table *table)
{
    if (table->count == 0)
        return 0;
    table->ids = calloc(table->count, sizeof(table->ids[0]));
    if (table->ids == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < table->count; i++)
        table->ids[i] = table->lines[i].id;
    qsort(table->ids, table->count, sizeof(table->ids[0]), id_compare);
    qsort(table->lines, table->count, sizeof(table->lines[0]), line_compare);
    return 0;
}

const struct local_line *
local_table_find(const struct local_table *table, const char *name)
{
    struct local_line key = {.name = (char *)(uintptr_t)name};

    if (table->count == 0)
        return NULL;
    return bsearch(&key, table->lines, table->count, sizeof(table->lines[0]),
                   line_compare);
}

bool
local_table_has(const struct local_table *table, uint32_t id)
{
    return table->count > 0 && bsearch(&id, table->ids, table->count,
                                       sizeof(id), id_compare) != NULL;
}

/* ---- reading: never through NSS, which would ask us -----------------------
 */

static int
read_passwd(FILE *file, struct local_table *table)
{
    struct passwd *entry;
    int status = 0;

    while (status == 0 && (entry = fgetpwent(file)) != NULL)
        status = table_add(table, entry->pw_name, entry->pw_uid);
    return status;
}

static int
read_group(FILE *file, struct local_table *table)
{
    struct group *entry;
    int status = 0;

    while (status == 0 && (entry = fgetgrent(file)) != NULL)
        status = table_add(table, entry->gr_name, entry->gr_gid);
    return status;
}

/* Lines; cut(): the name and number of one, or NULL to leave it out. */
static int
read_lines(FILE *file, struct local_table *table, size_t most,
           const char *(*cut)(char *line, uint32_t *ret_id))
{
    char *line cleanup_free = NULL;
    size_t room = 0;
    int status = 0;

    while (status == 0 && table->count < most &&
           getline(&line, &room, file) >= 0) {
        uint32_t id = 0;
        const char *name;

        line[strcspn(line, "\n")] = '\0';
        name = cut(line, &id);
        if (name != NULL)
            status = table_add(table, name, id);
    }
    return status;
}

/* shells(5): a path a line, comments. */
static const char *
cut_shell(char *line, uint32_t *ret_id)
{
    line += strspn(line, " \t");
    line[strcspn(line, " \t#")] = '\0';
    *ret_id = 0;
    return line[0] == '/' ? line : NULL;
}

/* people.h, PEOPLE_LOCAL_GROUPS: NAME:GID. */
static const char *
cut_allowed(char *line, uint32_t *ret_id)
{
    char *digits = strchr(line, ':'), *end;
    unsigned long long gid;

    if (digits == NULL)
        return NULL;
    *digits++ = '\0';
    if (digits[0] < '0' || digits[0] > '9')
        return NULL;
    errno = 0;
    gid = strtoull(digits, &end, 10);
    /* Group root is nobody's to give. */
    if (errno != 0 || *end != '\0' || gid == 0 || gid >= UINT32_MAX)
        return NULL;
    *ret_id = (uint32_t)gid;
    return line;
}

static int
read_table(enum local_file which, FILE *file, struct local_table *table)
{
    int status;

    switch (which) {
    case FILE_PASSWD:
        status = read_passwd(file, table);
        break;
    case FILE_GROUP:
        status = read_group(file, table);
        break;
    case FILE_SHELLS:
        status = read_lines(file, table, SIZE_MAX, cut_shell);
        break;
    case FILE_ALLOWED:
        status = read_lines(file, table, PEOPLE_LOCAL_GROUPS_MAX, cut_allowed);
        break;
    case FILES:
    default:
        return -EINVAL;
    }
    if (status == 0 && ferror(file) != 0)
        status = -EIO;
    return status == 0 ? table_sort(table) : status;
}

/* ---- files --- */

/* Only root may open a local group to a directory. */
static bool
allowed_is_roots(const struct stat *entry, uid_t owner)
{
    return entry->st_uid == owner && (entry->st_mode & 022) == 0;
}

int
local_table_read(const char *path, enum local_file which, uid_t owner,
                 struct local_table *ret_table)
{
    struct local_table table = {0};
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
                            (which == FILE_ALLOWED ? O_NOFOLLOW : 0));
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    int status = file == NULL ? -errno : 0;

    if (file == NULL) {
        if (fd >= 0)
            close(fd);
        return status;
    }
    if (fstat(fd, &table.entry) < 0)
        status = -errno;
    else if (!S_ISREG(table.entry.st_mode) ||
             (which == FILE_ALLOWED && !allowed_is_roots(&table.entry, owner)))
        status = -EPERM;
    if (status == 0)
        status = read_table(which, file, &table);
    fclose(file);
    if (status < 0) {
        local_table_done(&table);
        return status;
    }
    table.read = true;
    *ret_table = table;
    return 0;
}

void
local_table_default_shells(struct local_table *table)
{
    if (table_add(table, "/bin/csh", 0) == 0 &&
        table_add(table, "/bin/sh", 0) == 0 && table_sort(table) == 0)
        table->read = true;
}
