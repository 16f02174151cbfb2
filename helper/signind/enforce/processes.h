/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * processes: whom a session consists of, as proc(5) tells.
 */
#ifndef SIGNIN_ENFORCE_PROCESSES_H
#define SIGNIN_ENFORCE_PROCESSES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/process.h"

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
