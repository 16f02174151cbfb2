/* SPDX-License-Identifier: BSD-2-Clause */
#include "processes.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

int
process_open(const struct process *process)
{
    int fd = pidfd_open(process->pid, 0);
    struct process now;

    if (fd < 0)
        return -errno;
    /* Read after the pidfd was got: a process that has the number now but
     * began when the one meant did is the one meant. */
    if (process_read(process->pid, &now) != 0 || now.start != process->start ||
        now.parent != process->parent) {
        close(fd);
        return -ESRCH;
    }
    return fd;
}

/* ---- all of them ----------------------------------------------------------
 */

struct table {
    struct process *items; /* by pid */
    size_t count, room;
};

static int
table_add(struct table *table, const struct process *process)
{
    if (table->count == table->room) {
        size_t room = table->room == 0 ? 256 : table->room * 2;
        struct process *items =
            reallocarray(table->items, room, sizeof(*items));

        if (items == NULL)
            return -ENOMEM;
        table->items = items;
        table->room = room;
    }
    table->items[table->count++] = *process;
    return 0;
}

static int
table_compare(const void *left, const void *right)
{
    pid_t a = ((const struct process *)left)->pid;
    pid_t b = ((const struct process *)right)->pid;

    return (a > b) - (a < b);
}

static int
table_read(struct table *table)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    int error = 0;

    if (proc == NULL)
        return -errno;
    while (error == 0 && (entry = readdir(proc)) != NULL) {
        struct process process;
        char *rest;
        long pid = strtol(entry->d_name, &rest, 10);

        /* One that has ended meanwhile is none. */
        if (pid > 0 && pid <= INT32_MAX && *rest == '\0' &&
            process_read((pid_t)pid, &process) == 0)
            error = table_add(table, &process);
    }
    closedir(proc);
    if (table->count > 0)
        qsort(table->items, table->count, sizeof(*table->items), table_compare);
    return error;
}

static const struct process *
table_find(const struct table *table, pid_t pid)
{
    const struct process key = {.pid = pid};

    if (table->count == 0)
        return NULL;
    return bsearch(&key, table->items, table->count, sizeof(key),
                   table_compare);
}

/*
 * Keep what a later table has as well, with the same parent.  Numbers are used
 * again while a table is read, and then a child and its parent in it were
 * never there together; these were, at the moment between the two tables.
 */
static void
table_keep_lasting(struct table *table, const struct table *later)
{
    size_t kept = 0;

    for (size_t i = 0; i < table->count; i++) {
        const struct process *now = table_find(later, table->items[i].pid);

        if (now != NULL && now->start == table->items[i].start &&
            now->parent == table->items[i].parent)
            table->items[kept++] = *now;
    }
    table->count = kept;
}

static int
table_read_twice(struct table *table)
{
    struct table later = {0};
    int error = table_read(table);

    if (error == 0)
        error = table_read(&later);
    if (error == 0)
        table_keep_lasting(table, &later);
    free(later.items);
    return error;
}

/* ---- who descends from whom -----------------------------------------------
 */

enum kin { KIN_UNKNOWN = 0, KIN_NONE, KIN_DESCENDS };

/* A parent never began after its child: else the number is another process's
 * by now. */
static const struct process *
table_parent(const struct table *table, const struct process *process)
{
    const struct process *parent = table_find(table, process->parent);

    return parent == NULL || parent->start > process->start ? NULL : parent;
}

/*
 * Does item i descend from the one that alone was known to?  Each item is
 * walked over once in all, however long a line of ancestors somebody makes.
 */
static bool
table_descends(const struct table *table, enum kin *kin, size_t i)
{
    const struct process *at = &table->items[i];

    /* A loop, which should not be, comes back to a KIN_NONE of this walk. */
    for (; at != NULL && kin[at - table->items] == KIN_UNKNOWN;
         at = table_parent(table, at))
        kin[at - table->items] = KIN_NONE;
    if (at == NULL || kin[at - table->items] != KIN_DESCENDS)
        return false;
    for (at = &table->items[i]; kin[at - table->items] != KIN_DESCENDS;
         at = table_parent(table, at))
        kin[at - table->items] = KIN_DESCENDS;
    return true;
}

/* Add first, and what descends from it, to family. */
static int
table_add_family(const struct table *table, const struct process *first,
                 struct table *family)
{
    enum kin *kin = calloc(table->count, sizeof(*kin));
    int error = kin == NULL ? -ENOMEM : table_add(family, first);

    if (error == 0)
        kin[first - table->items] = KIN_DESCENDS;
    for (size_t i = 0; error == 0 && i < table->count; i++) {
        if (&table->items[i] != first && table_descends(table, kin, i))
            error = table_add(family, &table->items[i]);
    }
    free(kin);
    return error;
}

int
process_family(pid_t opener, uint64_t start, struct process **ret_family,
               size_t *ret_count)
{
    struct table all = {0}, family = {0};
    const struct process *first;
    int error = table_read_twice(&all);

    first = table_find(&all, opener);
    if (error == 0 && (first == NULL || first->start != start || first->ended))
        error = -ESRCH;
    if (error == 0)
        error = table_add_family(&all, first, &family);
    free(all.items);
    if (error != 0) {
        free(family.items);
        return error;
    }
    *ret_family = family.items;
    *ret_count = family.count;
    return 0;
}
