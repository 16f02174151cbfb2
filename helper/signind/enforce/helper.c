/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Without systemd: signind gives root up, and a process that it has started
 * before keeps it.  That one is told nothing but "look", and runs `signind
 * --enforce` then.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "enforce.h"
#include "signind/log.h"

/* This very program, whatever is at its path by now. */
#define HELPER_PROGRAM "/proc/self/exe"

static char helper_name[] = "signind";

/* In the child. */
static void
helper_exec(int end)
{
    static char option[] = "--enforce-when-asked";
    char *const arguments[] = {helper_name, option, NULL};

    /* Not for a terminal's Ctrl-C: it ends with signind. */
    setsid();
    if (dup2(end, STDIN_FILENO) == STDIN_FILENO)
        execv(HELPER_PROGRAM, arguments);
    _exit(127);
}

int
enforce_start_helper(int *ret_fd)
{
    int ends[2], error;
    pid_t child;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return -errno;
    child = fork();
    if (child == 0)
        helper_exec(ends[1]);
    error = child < 0 ? -errno : 0;
    close(ends[1]);
    if (error != 0) {
        close(ends[0]);
        log_error("cannot start the process for on_refusal: %s",
                  strerror(-error));
        return error;
    }
    *ret_fd = ends[0];
    return 0;
}

void
enforce_ask(void *context)
{
    const int *fd = context;

    if (*fd <= 0)
        return;
    /* A full socket is one that has been told often enough. */
    if (send(*fd, "!", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN)
        log_error("the process that enforces on_refusal is gone: restart "
                  "signind");
}

static void
helper_run(void)
{
    static char option[] = "--enforce";
    char *const arguments[] = {helper_name, option, NULL};
    pid_t child = fork();

    if (child == 0) {
        close(STDIN_FILENO);
        execv(HELPER_PROGRAM, arguments);
        _exit(127);
    }
    if (child < 0)
        log_error("cannot start signind --enforce: %s", strerror(errno));
    else
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            ;
}

int
enforce_help(void)
{
    /* _signin may ask as often as it likes. */
    const struct timespec pause = {.tv_nsec = 100000000};
    char asked[256];
    ssize_t length;

    if (geteuid() != 0) {
        log_error("--enforce-when-asked is for signind itself");
        return EXIT_FAILURE;
    }
    signal(SIGCHLD, SIG_DFL);
    while ((length = recv(STDIN_FILENO, asked, sizeof(asked), 0)) > 0 ||
           (length < 0 && errno == EINTR)) {
        if (length > 0) {
            helper_run();
            nanosleep(&pause, NULL);
        }
    }
    return EXIT_SUCCESS;
}
