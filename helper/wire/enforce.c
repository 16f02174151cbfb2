/* SPDX-License-Identifier: BSD-2-Clause */
#include "enforce.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"

#define OPENING_HEAD "signin session 1\n"
#define REQUEST_HEAD "signin request 1\n"

static const char *const action_names[] = {
    [ENFORCE_NONE] = "none",
    [ENFORCE_NOTIFY] = "notify",
    [ENFORCE_LOCK] = "lock",
    [ENFORCE_TERMINATE] = "terminate",
};

const char *
enforce_action_name(enum enforce_action action)
{
    return (unsigned)action < sizeof(action_names) / sizeof(action_names[0])
               ? action_names[action]
               : action_names[ENFORCE_NONE];
}

static bool
text_is_printable(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < 0x20 || *text > 0x7e)
            return false;
    }
    return true;
}

void
enforce_set_text(char member[ENFORCE_TEXT_MAX + 1], const char *text)
{
    size_t used = 0;

    for (; text != NULL && text[used] != '\0' && used < ENFORCE_TEXT_MAX;
         used++)
        member[used] =
            text[used] < 0x20 || text[used] > 0x7e ? '?' : text[used];
    member[used] = '\0';
}

/* ---- writing --------------------------------------------------------------
 */

static int
format_result(int length)
{
    return length < 0 || length > ENFORCE_FILE_MAX ? -EINVAL : 0;
}

int
enforce_format_opening(const struct enforce_opening *opening,
                       char text[ENFORCE_FILE_MAX + 1])
{
    if (!people_name_valid(opening->user) || opening->pid <= 1 ||
        !text_is_printable(opening->service) ||
        !text_is_printable(opening->tty))
        return -EINVAL;
    return format_result(
        snprintf(text, ENFORCE_FILE_MAX + 1,
                 OPENING_HEAD "user %s\nuid %" PRIu32 "\npid %d\n"
                              "start %" PRIu64 "\nservice %s\ntty %s\n",
                 opening->user, (uint32_t)opening->uid, (int)opening->pid,
                 opening->start, opening->service, opening->tty));
}

int
enforce_format_request(const struct enforce_request *request,
                       char text[ENFORCE_FILE_MAX + 1])
{
    if (request->action <= ENFORCE_NONE ||
        request->action > ENFORCE_TERMINATE ||
        !text_is_printable(request->provider) ||
        !text_is_printable(request->reason))
        return -EINVAL;
    return format_result(snprintf(text, ENFORCE_FILE_MAX + 1,
                                  REQUEST_HEAD
                                  "action %s\nprovider %s\nreason %s\n",
                                  enforce_action_name(request->action),
                                  request->provider, request->reason));
}

/* ---- reading --------------------------------------------------------------
 */

/* The rest of the text, line by line. */
struct lines {
    const char *at, *end;
};

/* The next line, which must be "NAME VALUE": the value.  False: it is not. */
static bool
lines_take(struct lines *lines, const char *name,
           char value[ENFORCE_TEXT_MAX + 1])
{
    const size_t name_length = strlen(name);
    const char *end = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
    const char *from = lines->at + name_length + 1;

    if (end == NULL || end < from || end - from > ENFORCE_TEXT_MAX ||
        memcmp(lines->at, name, name_length) != 0 || from[-1] != ' ' ||
        memchr(from, '\0', (size_t)(end - from)) != NULL)
        return false;
    memcpy(value, from, (size_t)(end - from));
    value[end - from] = '\0';
    lines->at = end + 1;
    return text_is_printable(value);
}

/* Digits alone, no zero before them. */
static bool
lines_take_number(struct lines *lines, const char *name, uint64_t max,
                  uint64_t *ret_number)
{
    char value[ENFORCE_TEXT_MAX + 1];
    uint64_t number = 0;

    if (!lines_take(lines, name, value) || value[0] == '\0' ||
        (value[0] == '0' && value[1] != '\0'))
        return false;
    for (const char *digit = value; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9' ||
            __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(*digit - '0'), &number))
            return false;
    }
    *ret_number = number;
    return number <= max;
}

static bool
lines_begin(struct lines *lines, const char *text, size_t length,
            const char *head)
{
    if (length > ENFORCE_FILE_MAX || length < strlen(head) ||
        memcmp(text, head, strlen(head)) != 0)
        return false;
    lines->at = text + strlen(head);
    lines->end = text + length;
    return true;
}

int
enforce_parse_opening(const char *text, size_t length,
                      struct enforce_opening *ret_opening)
{
    struct enforce_opening opening = {0};
    char user[ENFORCE_TEXT_MAX + 1];
    uint64_t uid = 0, pid = 0;
    struct lines lines;

    if (!lines_begin(&lines, text, length, OPENING_HEAD) ||
        !lines_take(&lines, "user", user) || !people_name_valid(user) ||
        !lines_take_number(&lines, "uid", UINT32_MAX, &uid) ||
        !lines_take_number(&lines, "pid", INT32_MAX, &pid) || pid <= 1 ||
        !lines_take_number(&lines, "start", UINT64_MAX, &opening.start) ||
        !lines_take(&lines, "service", opening.service) ||
        !lines_take(&lines, "tty", opening.tty) || lines.at != lines.end)
        return -EPROTO;
    memcpy(opening.user, user, strlen(user) + 1);
    opening.uid = (uid_t)uid;
    opening.pid = (pid_t)pid;
    *ret_opening = opening;
    return 0;
}

int
enforce_parse_request(const char *text, size_t length,
                      struct enforce_request *ret_request)
{
    struct enforce_request request = {0};
    char action[ENFORCE_TEXT_MAX + 1];
    struct lines lines;

    if (!lines_begin(&lines, text, length, REQUEST_HEAD) ||
        !lines_take(&lines, "action", action) ||
        !lines_take(&lines, "provider", request.provider) ||
        !lines_take(&lines, "reason", request.reason) || lines.at != lines.end)
        return -EPROTO;
    for (int i = ENFORCE_NOTIFY; i <= ENFORCE_TERMINATE; i++) {
        if (strcmp(action, action_names[i]) == 0)
            request.action = (enum enforce_action)i;
    }
    if (request.action == ENFORCE_NONE)
        return -EPROTO;
    *ret_request = request;
    return 0;
}

/* ---- files ----------------------------------------------------------------
 */

static int
directory_open(const char *directory)
{
    int fd = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

static int
write_all(int fd, const char *text, mode_t mode)
{
    size_t length = strlen(text);
    ssize_t written = write(fd, text, length);

    if (written < 0)
        return -errno;
    if ((size_t)written != length)
        return -ENOSPC;
    return fchmod(fd, mode) != 0 ? -errno : 0;
}

int
enforce_write_file(const char *directory, const char *name, const char *text,
                   mode_t mode)
{
    cleanup_close int directory_fd = directory_open(directory);
    cleanup_close int fd = -1;
    char new_name[64];
    int error;

    if (directory_fd < 0)
        return directory_fd;
    if (snprintf(new_name, sizeof(new_name), ".%s", name) >=
        (int)sizeof(new_name))
        return -ENAMETOOLONG;
    /* One that was left half written. */
    unlinkat(directory_fd, new_name, 0);
    fd = openat(directory_fd, new_name,
                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    error = write_all(fd, text, mode);
    if (error == 0 && renameat(directory_fd, new_name, directory_fd, name) != 0)
        error = -errno;
    if (error != 0)
        unlinkat(directory_fd, new_name, 0);
    return error;
}

int
enforce_remove_file(const char *directory, const char *name)
{
    cleanup_close int directory_fd = directory_open(directory);

    if (directory_fd < 0)
        return directory_fd;
    return unlinkat(directory_fd, name, 0) != 0 ? -errno : 0;
}
