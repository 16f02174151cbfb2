/* SPDX-License-Identifier: BSD-2-Clause */
#include "processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "wire/memory.h"

/* More than any line of ancestors is long. */
#define DEPTH_MAX 4096

int
process_parse(const char *text, struct process *ret_process)
{
    struct process process = {0};
    /* Field 2, the program's name, may hold blanks and parentheses. */
    const char *at = strrchr(text, ')');
    unsigned tty = 0;
    int pid = 0, parent = 0;
    char state = '?';

    /* Fields 1, 3, 4, 7 and 22. */
    if (at == NULL || sscanf(text, "%d (", &pid) != 1 ||
        sscanf(at + 1,
               " %c %d %*d %*d %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
               "%*s %*s %*s %*s %" SCNu64,
               &state, &parent, &tty, &process.start) != 4 ||
        pid <= 0 || parent < 0)
        return -EPROTO;
    process.pid = pid;
    process.parent = parent;
    process.ended = state == 'Z' || state == 'X';
    /* As the kernel packs a device number into 32 bits (new_encode_dev). */
    if (tty != 0)
        process.tty =
            makedev((tty >> 8) & 0xfff, (tty & 0xff) | ((tty >> 12) & 0xfff00));
    *ret_process = process;
    return 0;
}

int
process_read(pid_t pid, struct process *ret_process)
{
    char path[40], text[1024];
    cleanup_close int fd = -1;
    ssize_t length;
    int error;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (length < 0)
        return errno == ENOENT || errno == ESRCH ? -ESRCH : -EPROTO;
    text[length] = '\0';
    error = process_parse(text, ret_process);
    return error == 0 && ret_process->pid != pid ? -EPROTO : error;
}

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

/* Does it descend from that process?  A parent never began after its child:
 * else the number is another process's by now. */
static bool
table_descends(const struct table *table, const struct process *process,
               const struct process *from)
{
    for (int depth = 0; depth < DEPTH_MAX; depth++) {
        const struct process *parent = table_find(table, process->parent);

        if (parent == NULL || parent->start > process->start)
            return false;
        if (parent == from)
            return true;
        process = parent;
    }
    return false;
}

int
process_family(pid_t opener, uint64_t start, struct process **ret_family,
               size_t *ret_count)
{
    struct table all = {0}, family = {0};
    const struct process *first;
    int error = table_read(&all);

    first = table_find(&all, opener);
    if (error == 0 && (first == NULL || first->start != start || first->ended))
        error = -ESRCH;
    if (error == 0)
        error = table_add(&family, first);
    for (size_t i = 0; error == 0 && i < all.count; i++) {
        if (&all.items[i] != first &&
            table_descends(&all, &all.items[i], first))
            error = table_add(&family, &all.items[i]);
    }
    free(all.items);
    if (error != 0) {
        free(family.items);
        return error;
    }
    *ret_family = family.items;
    *ret_count = family.count;
    return 0;
}
