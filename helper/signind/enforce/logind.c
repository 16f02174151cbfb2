/* SPDX-License-Identifier: BSD-2-Clause */
#include "logind.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/channel.h"
#include "wire/memory.h"

/* What loginctl may take, in milliseconds. */
#define LOGIND_WITHIN_MS 5000
#define LOGIND_TEXT_MAX  4096

bool
logind_parse_cgroup(const char *text, char ret_id[LOGIND_ID_MAX + 1])
{
    static const char before[] = "/session-", after[] = ".scope";
    const char *from = strstr(text, before);
    size_t length;

    if (from == NULL)
        return false;
    from += strlen(before);
    length = strspn(from, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                          "0123456789");
    if (length == 0 || length > LOGIND_ID_MAX ||
        strncmp(from + length, after, strlen(after)) != 0)
        return false;
    from += length;
    /* Sub-groups of the scope, or the end of the line. */
    if (from[strlen(after)] != '\n' && from[strlen(after)] != '/' &&
        from[strlen(after)] != '\0')
        return false;
    memcpy(ret_id, from - length, length);
    ret_id[length] = '\0';
    return true;
}

/* ---- loginctl -------------------------------------------------------------
 */

/* In the child. */
static void
logind_exec(const struct enforce_place *place, char *const arguments[], int out)
{
    static char path[] = "PATH=/usr/bin:/bin", locale[] = "LC_ALL=C";
    char *environment[] = {path, locale, NULL};
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(out, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
        _exit(127);
    execve(place->loginctl, arguments, environment);
    _exit(127);
}

/* All that comes, up to size - 1 bytes, until the deadline. */
static int
logind_collect(int fd, int64_t deadline_ms, char *text, size_t size)
{
    size_t used = 0;

    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left = deadline_ms - channel_now_ms();
        char more[256];
        ssize_t length;

        if (left <= 0)
            return -ETIMEDOUT;
        if (poll(&wait, 1, (int)left) <= 0)
            continue;
        length = read(fd, more, sizeof(more));
        if (length < 0 && errno == EINTR)
            continue;
        if (length <= 0)
            break;
        if (used + (size_t)length < size) {
            memcpy(text + used, more, (size_t)length);
            used += (size_t)length;
        }
    }
    text[used] = '\0';
    return 0;
}

/* 0 if it ended so; out gets what it printed. */
static int
logind_run(const struct enforce_place *place, char *const arguments[],
           char text[LOGIND_TEXT_MAX])
{
    const int64_t deadline_ms = channel_now_ms() + LOGIND_WITHIN_MS;
    int ends[2], status = 0, error;
    pid_t child;

    if (place->loginctl == NULL || access(place->loginctl, X_OK) != 0)
        return -ENOENT;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    child = fork();
    if (child == 0)
        logind_exec(place, arguments, ends[1]);
    close(ends[1]);
    error = child < 0
                ? -errno
                : logind_collect(ends[0], deadline_ms, text, LOGIND_TEXT_MAX);
    close(ends[0]);
    if (child < 0)
        return error;
    if (error != 0)
        kill(child, SIGKILL);
    if (waitpid(child, &status, 0) != child)
        return -errno;
    if (error == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
        error = -EIO;
    return error;
}

/* The number behind "NAME=" at the beginning of a line; -1: none. */
static long long
logind_number(const char *text, const char *name)
{
    const size_t length = strlen(name);

    while (text != NULL && *text != '\0') {
        if (strncmp(text, name, length) == 0 && text[length] == '=')
            return strtoll(text + length + 1, NULL, 10);
        text = strchr(text, '\n');
        if (text != NULL)
            text++;
    }
    return -1;
}

bool
logind_find(const struct enforce_place *place,
            const struct enforce_opening *opening,
            char ret_id[LOGIND_ID_MAX + 1])
{
    static char show[] = "show-session", user[] = "--property=User",
                leader[] = "--property=Leader", name[] = "loginctl";
    char path[40], text[LOGIND_TEXT_MAX], id[LOGIND_ID_MAX + 1];
    char *arguments[] = {name, show, id, user, leader, NULL};
    FILE *file;
    size_t length;

    snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)opening->pid);
    file = fopen(path, "re");
    if (file == NULL)
        return false;
    length = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[length] = '\0';
    if (!logind_parse_cgroup(text, id) ||
        logind_run(place, arguments, text) != 0 ||
        logind_number(text, "User") != (long long)opening->uid ||
        logind_number(text, "Leader") != (long long)opening->pid)
        return false;
    memcpy(ret_id, id, sizeof(id));
    return true;
}

int
logind_do(const struct enforce_place *place, const char *verb, const char *id)
{
    static char name[] = "loginctl";
    char text[LOGIND_TEXT_MAX], verb_copy[32], id_copy[LOGIND_ID_MAX + 1];
    char *arguments[] = {name, verb_copy, id_copy, NULL};

    snprintf(verb_copy, sizeof(verb_copy), "%s", verb);
    snprintf(id_copy, sizeof(id_copy), "%s", id);
    return logind_run(place, arguments, text);
}
