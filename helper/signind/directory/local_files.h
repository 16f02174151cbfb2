/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * local_files: what people_rules.c, ids.c and snapshot.c need beyond
 * people_rules.h of the host's own files.
 */
#ifndef SIGNIN_LOCAL_FILES_H
#define SIGNIN_LOCAL_FILES_H

#include <sys/stat.h>
#include <sys/types.h>

#include "people_rules.h"

/* Tests have others.  owner: whose local_groups must be. */
struct local_files_paths {
    const char *passwd, *group, *shells, *local_groups;
    uid_t owner;
};
/* The paths are borrowed.  NULL: out of memory. */
struct local_files *local_files_new_at(const struct local_files_paths *paths);

/*
 * Can passwd and group be read, or could they once?  If not (logged), every
 * name and number counts as local, and nothing that rests on that may be done.
 */
bool local_files_readable(struct local_files *files);

/*
 * Look at the files once now and not again for each question, until released:
 * for a hundred thousand questions in a row.  May be nested.
 */
void local_files_hold(struct local_files *files);
void local_files_release(struct local_files *files);

/*
 * Does a name match [accounts] name_pattern (NULL: every name) as a whole?  The
 * compiled pattern is kept here between calls.
 */
bool local_files_name_fits(struct local_files *files, const char *pattern,
                           const char *name);

/* True once for each text, as far as can be remembered (the last 64). */
bool local_files_complain_once(struct local_files *files, const char *text);

/* ---- local_files_read.c ----------------------------------------------------
 */

enum local_file { FILE_PASSWD, FILE_GROUP, FILE_SHELLS, FILE_ALLOWED, FILES };

/* A name, with the number that stands beside it. */
struct local_line {
    char *name;
    uint32_t id;
};

struct local_table {
    struct local_line *lines; /* in order of name */
    uint32_t *ids;            /* in order */
    size_t count;
    bool read;         /* once at least: an old state is better than none */
    struct stat entry; /* of what was read */
};

/* 0; -EPERM: not a regular file, or for FILE_ALLOWED not owner's alone to
 * write; another negative errno. */
int local_table_read(const char *path, enum local_file which, uid_t owner,
                     struct local_table *ret_table);
/* Where there is no /etc/shells: as getusershell(3) has it. */
void local_table_default_shells(struct local_table *table);
void local_table_done(struct local_table *table);
const struct local_line *local_table_find(const struct local_table *table,
                                          const char *name);
bool local_table_has(const struct local_table *table, uint32_t id);

#endif
