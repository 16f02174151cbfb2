/* SPDX-License-Identifier: BSD-2-Clause */
#include "tell.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "wire/memory.h"

#define TERMINALS_MAX   64
#define PTS_MAJOR       136 /* Documentation/admin-guide/devices.txt */
#define DEVICE_NAME_MAX 64

static bool
tell_name_is_plain(const char *name)
{
    for (const char *at = name; *at != '\0'; at++) {
        if (!((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
              (*at >= '0' && *at <= '9') || *at == '-' || *at == '_'))
            return false;
    }
    return name[0] != '\0';
}

/* Where the device should be.  What is there is checked after it is open. */
static bool
tell_find_path(dev_t device, char path[DEVICE_NAME_MAX + 8])
{
    char link[48], target[256];
    const char *name;
    ssize_t length;

    if (major(device) == PTS_MAJOR) {
        snprintf(path, DEVICE_NAME_MAX + 8, "/dev/pts/%u", minor(device));
        return true;
    }
    snprintf(link, sizeof(link), "/sys/dev/char/%u:%u", major(device),
             minor(device));
    length = readlink(link, target, sizeof(target) - 1);
    if (length <= 0)
        return false;
    target[length] = '\0';
    name = strrchr(target, '/');
    if (name == NULL || strlen(name + 1) > DEVICE_NAME_MAX ||
        !tell_name_is_plain(name + 1))
        return false;
    snprintf(path, DEVICE_NAME_MAX + 8, "/dev/%s", name + 1);
    return true;
}

static bool
tell_one(dev_t device, uid_t uid, const char *line)
{
    char path[DEVICE_NAME_MAX + 8];
    struct stat status;
    cleanup_close int fd = -1;

    if (!tell_find_path(device, path))
        return false;
    fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 && fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) &&
           status.st_rdev == device && status.st_uid == uid &&
           write(fd, line, strlen(line)) > 0;
}

size_t
tell_terminals(const struct process *family, size_t count, uid_t uid,
               const char *line)
{
    dev_t seen[TERMINALS_MAX];
    size_t seen_count = 0, told = 0;

    for (size_t i = 0; i < count && seen_count < TERMINALS_MAX; i++) {
        bool again = family[i].tty == 0;

        for (size_t k = 0; k < seen_count && !again; k++)
            again = seen[k] == family[i].tty;
        if (again)
            continue;
        seen[seen_count++] = family[i].tty;
        if (tell_one(family[i].tty, uid, line))
            told++;
    }
    return told;
}
