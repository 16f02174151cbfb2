/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process: one process, as proc(5) tells.
 */
#ifndef SIGNIN_PROCESS_H
#define SIGNIN_PROCESS_H

#include <stdbool.h>
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

/* This process; its pid is the one that /proc knows it by. */
int process_read_self(struct process *ret_process);

/* The same from its text, NUL-terminated.  0 or -EPROTO. */
int process_parse(const char *text, struct process *ret_process);

#endif
