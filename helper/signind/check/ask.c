/* SPDX-License-Identifier: BSD-2-Clause */
#include "ask.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "wire/wire.h"

static const int ask_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
#define ASK_SIGNALS (sizeof(ask_signals) / sizeof(ask_signals[0]))

/* For the handler alone: a program asks at one terminal. */
static struct {
    int fd;
    struct termios loud;
} ask_terminal;

/* Put the terminal right, and end as the signal would have it: the handler
 * was good for once (SA_RESETHAND).  tcsetattr() is safe here (POSIX). */
static void
ask_on_signal(int number)
{
    tcsetattr(ask_terminal.fd, TCSAFLUSH, &ask_terminal.loud);
    raise(number);
}

/* Byte by byte: what is behind the line is somebody else's. */
static int
ask_read_line(int fd, struct secret *ret_password)
{
    char line[WIRE_TEXT_MAX + 1];
    size_t length = 0;
    ssize_t got;
    int r = 0;

    while ((got = read(fd, &line[length], 1)) == 1 && line[length] != '\n')
        if (++length == sizeof(line))
            break;
    if (got < 0)
        r = -errno;
    else if (length == sizeof(line))
        r = -EMSGSIZE;
    else if (length == 0)
        r = -ENODATA;
    else
        r = secret_set(ret_password, line, length);
    explicit_bzero(line, sizeof(line));
    return r;
}

/* out is where the prompt goes: the terminal, if it can be written to. */
static int
ask_at_terminal(int fd, int out, const struct termios *loud, const char *prompt,
                struct secret *ret_password)
{
    const struct sigaction act = {.sa_handler = ask_on_signal,
                                  .sa_flags = (int)SA_RESETHAND};
    struct sigaction before[ASK_SIGNALS];
    struct termios quiet = *loud;
    int r;

    ask_terminal.fd = fd;
    ask_terminal.loud = *loud;
    for (size_t i = 0; i < ASK_SIGNALS; i++) {
        sigaction(ask_signals[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(ask_signals[i], &act, NULL);
    }
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    r = tcsetattr(fd, TCSAFLUSH, &quiet) == 0 ? 0 : -errno;
    /* Whoever answers the prompt is not echoed any more. */
    if (r == 0) {
        dprintf(out, "%s", prompt);
        r = ask_read_line(fd, ret_password);
        dprintf(out, "\n");
    }
    tcsetattr(fd, TCSAFLUSH, loud);
    for (size_t i = 0; i < ASK_SIGNALS; i++)
        sigaction(ask_signals[i], &before[i], NULL);
    return r;
}

int
ask_password(const char *prompt, struct secret *ret_password)
{
    cleanup_close int terminal = -1;
    struct termios loud;

    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &loud) != 0)
        return ask_read_line(STDIN_FILENO, ret_password);
    /* Standard error may lead elsewhere. */
    terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal >= 0 && tcgetattr(terminal, &loud) == 0)
        return ask_at_terminal(terminal, terminal, &loud, prompt, ret_password);
    return ask_at_terminal(STDIN_FILENO, STDERR_FILENO, &loud, prompt,
                           ret_password);
}
