/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * processes: whom a session consists of, as proc(5) tells.
 */
#ifndef SIGNIN_ENFORCE_PROCESSES_H
#define SIGNIN_ENFORCE_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
    pid_t pid, parent;
    uint64_t start; /* clock ticks since boot: with pid, it for good */
    dev_t tty;      /* the controlling terminal; 0: none */
    bool ended;     /* a zombie, which its parent has not heard of */
};

/* /proc/PID/stat.  0, -ESRCH, or -EPROTO: it cannot be read or understood. */
int process_read(pid_t pid, struct process *ret_process);

/* The same from its text, NUL-terminated.  0 or -EPROTO. */
int process_parse(const char *text, struct process *ret_process);

/*
 * A pidfd of exactly this process, while its parent is still the same one.
 * -ESRCH: it has ended, or is no longer where it was.  The caller closes it.
 */
int process_open(const struct process *process);

/*
 * The opener, first, and all that descend from it.  0 and a list to free(3),
 * or -ESRCH: no such process that began then, or another negative errno.
 */
int process_family(pid_t opener, uint64_t start, struct process **ret_family,
                   size_t *ret_count);

#endif
