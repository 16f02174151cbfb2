/* SPDX-License-Identifier: BSD-2-Clause */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "memory.h"

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

static int
process_read_file(const char *path, struct process *ret_process)
{
    char text[1024];
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

    if (length < 0)
        return errno == ENOENT || errno == ESRCH ? -ESRCH : -EPROTO;
    text[length] = '\0';
    return process_parse(text, ret_process);
}

int
process_read(pid_t pid, struct process *ret_process)
{
    char path[40];
    int error;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    error = process_read_file(path, ret_process);
    return error == 0 && ret_process->pid != pid ? -EPROTO : error;
}

int
process_read_self(struct process *ret_process)
{
    return process_read_file("/proc/self/stat", ret_process);
}
