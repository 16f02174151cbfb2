/* SPDX-License-Identifier: BSD-2-Clause */
#include "local_files.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "signind/log.h"
#include "wire/people.h"

/* As many complaints as are remembered; after others, one may come again. */
#define COMPLAINTS 64

struct local_files {
    struct local_files_paths paths;
    struct local_table tables[FILES];
    unsigned held;
    char *pattern; /* what regex was compiled from */
    regex_t regex;
    char *complaints[COMPLAINTS]; /* a ring */
    size_t complained;
};

/* ---- new, free ----------------------------------------------------------- */

struct local_files *
local_files_new_at(const struct local_files_paths *paths)
{
    struct local_files *files = calloc(1, sizeof(*files));

    if (files != NULL)
        files->paths = *paths;
    return files;
}

struct local_files *
local_files_new(void)
{
    static const struct local_files_paths paths = {
        .passwd = "/etc/passwd",
        .group = "/etc/group",
        .shells = "/etc/shells",
        .local_groups = PEOPLE_LOCAL_GROUPS,
        .owner = 0,
    };

    return local_files_new_at(&paths);
}

static void
pattern_forget(struct local_files *files)
{
    if (files->pattern != NULL)
        regfree(&files->regex);
    free(files->pattern);
    files->pattern = NULL;
}

void
local_files_free(struct local_files *files)
{
    if (files == NULL)
        return;
    for (size_t i = 0; i < FILES; i++)
        local_table_done(&files->tables[i]);
    for (size_t i = 0; i < COMPLAINTS; i++)
        free(files->complaints[i]);
    pattern_forget(files);
    free(files);
}

/* ---- what is remembered between questions -------------------------------- */

bool
local_files_complain_once(struct local_files *files, const char *text)
{
    char **oldest = &files->complaints[files->complained % COMPLAINTS];

    for (size_t i = 0; i < COMPLAINTS; i++)
        if (files->complaints[i] != NULL &&
            strcmp(files->complaints[i], text) == 0)
            return false;
    free(*oldest);
    *oldest = strdup(text);
    files->complained++;
    return true;
}

bool
local_files_name_fits(struct local_files *files, const char *pattern,
                      const char *name)
{
    if (pattern == NULL)
        return true;
    if (files->pattern == NULL || strcmp(files->pattern, pattern) != 0) {
        char *anchored;
        int failed;

        pattern_forget(files);
        /* The whole name, whatever alternatives the pattern has. */
        if (asprintf(&anchored, "^(%s)$", pattern) < 0)
            return false;
        failed = regcomp(&files->regex, anchored, REG_EXTENDED | REG_NOSUB);
        free(anchored);
        if (failed != 0)
            return false;
        files->pattern = strdup(pattern);
        if (files->pattern == NULL) {
            regfree(&files->regex);
            return false;
        }
    }
    return regexec(&files->regex, name, 0, NULL, 0) == 0;
}

/* ---- keeping them fresh -------------------------------------------------- */

static const char *
file_path(const struct local_files *files, enum local_file which)
{
    const char *paths[FILES] = {
        [FILE_PASSWD] = files->paths.passwd,
        [FILE_GROUP] = files->paths.group,
        [FILE_SHELLS] = files->paths.shells,
        [FILE_ALLOWED] = files->paths.local_groups,
    };

    return paths[which];
}

static bool
same_file(const struct stat *one, const struct stat *other)
{
    return one->st_ino == other->st_ino && one->st_dev == other->st_dev &&
           one->st_size == other->st_size &&
           one->st_mtim.tv_sec == other->st_mtim.tv_sec &&
           one->st_mtim.tv_nsec == other->st_mtim.tv_nsec &&
           one->st_ctim.tv_sec == other->st_ctim.tv_sec &&
           one->st_ctim.tv_nsec == other->st_ctim.tv_nsec;
}

/* The table, read anew if the file is another.  NULL: it was never readable,
 * and nothing can be said. */
static const struct local_table *
table_of(struct local_files *files, enum local_file which)
{
    struct local_table *table = &files->tables[which], fresh = {0};
    const char *path = file_path(files, which);
    struct stat entry;
    int status;

    if (files->held > 0 && table->read)
        return table;
    status = stat(path, &entry) < 0 ? -errno : 0;
    if (status == 0 && table->read && same_file(&entry, &table->entry))
        return table;
    if (status == 0)
        status = local_table_read(path, which, files->paths.owner, &fresh);
    if (status == -ENOENT && which == FILE_SHELLS)
        local_table_default_shells(&fresh);
    if (fresh.read || which == FILE_ALLOWED) {
        /* What root no longer allows is not allowed. */
        local_table_done(table);
        *table = fresh;
        if (status != 0 && status != -ENOENT &&
            local_files_complain_once(files, path))
            log_error("%s: %s; no directory group opens a local one", path,
                      status == -EPERM ? "not root's alone to write"
                                       : strerror(-status));
    } else if (status != 0 && local_files_complain_once(files, path)) {
        log_error("%s: %s", path, strerror(-status));
    }
    return table->read ? table : NULL;
}

void
local_files_hold(struct local_files *files)
{
    for (int which = 0; files->held == 0 && which < FILES; which++)
        table_of(files, (enum local_file)which);
    files->held++;
}

void
local_files_release(struct local_files *files)
{
    files->held--;
}

/* ---- questions: a file that cannot be read says yes to "is it local?" -----
 */

bool
local_files_readable(struct local_files *files)
{
    return table_of(files, FILE_PASSWD) != NULL &&
           table_of(files, FILE_GROUP) != NULL;
}

static bool
has_name(struct local_files *files, enum local_file which, const char *name)
{
    const struct local_table *table = table_of(files, which);

    return table == NULL || local_table_find(table, name) != NULL;
}

static bool
has_number(struct local_files *files, enum local_file which, uint32_t id)
{
    const struct local_table *table = table_of(files, which);

    return table == NULL || local_table_has(table, id);
}

bool
local_files_has_user(struct local_files *files, const char *name)
{
    return has_name(files, FILE_PASSWD, name);
}

bool
local_files_has_group(struct local_files *files, const char *name)
{
    return has_name(files, FILE_GROUP, name);
}

bool
local_files_has_id(struct local_files *files, uint32_t id)
{
    return has_number(files, FILE_PASSWD, id) ||
           has_number(files, FILE_GROUP, id);
}

bool
local_files_has_any(struct local_files *files, const char *name, uint32_t id)
{
    return local_files_has_user(files, name) ||
           local_files_has_group(files, name) || local_files_has_id(files, id);
}

bool
local_files_has_shell(struct local_files *files, const char *path)
{
    const struct local_table *table = table_of(files, FILE_SHELLS);

    return table != NULL && local_table_find(table, path) != NULL;
}

int
local_files_allowed_group(struct local_files *files, const char *name,
                          uint32_t *ret_gid)
{
    const struct local_table *table = table_of(files, FILE_ALLOWED);
    const struct local_line *line =
        table == NULL ? NULL : local_table_find(table, name);

    if (line == NULL)
        return -ENOENT;
    *ret_gid = line->id;
    return 0;
}
