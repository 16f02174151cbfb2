/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reader.h"

/* Files like signin.conf.d/50-local.conf; editors' backups are not. */
static int
is_dropin(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return entry->d_name[0] != '.' && length > strlen(".conf") &&
           strcmp(entry->d_name + length - strlen(".conf"), ".conf") == 0;
}

/* In the C locale, whatever locale signind runs in. */
static int
compare_names(const struct dirent **one, const struct dirent **other)
{
    return strcmp((*one)->d_name, (*other)->d_name);
}

/* Who can write the directory can replace the files. */
static int
check_directory(struct reader *reader, const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return -errno;
    if ((st.st_uid != 0 && st.st_uid != reader->paths->owner) ||
        (st.st_mode & (S_IWGRP | S_IWOTH))) {
        reader_complain(reader, path, 0,
                        "can be changed by others than root: chown "
                        "root:root and chmod 0755 it");
        return -EPERM;
    }
    return 0;
}

/* Does /etc have a file of that name: to be read instead, or to mask it? */
static bool
replaced(const struct reader *reader, const char *name)
{
    char path[PATH_MAX];
    struct stat st;

    snprintf(path, sizeof(path), "%s/%s", reader->paths->dropins, name);
    return lstat(path, &st) == 0;
}

static bool
is_mask(const char *path)
{
    char target[sizeof("/dev/null")];
    ssize_t length = readlink(path, target, sizeof(target));

    return length == (ssize_t)strlen("/dev/null") &&
           memcmp(target, "/dev/null", (size_t)length) == 0;
}

static int
read_file(struct reader *reader, struct settings *settings, const char *path)
{
    int r = settings_read(reader, settings, path);

    /* Other mistakes are counted; reading goes on, to report them all. */
    if (r < 0 && r != -ENOENT)
        reader->lines_lost = true;
    return r == -ENOMEM ? r : 0;
}

static int
read_dropins(struct reader *reader, struct settings *settings,
             const char *directory, bool vendor)
{
    struct dirent **entries = NULL;
    int count, r;

    if (directory == NULL)
        return 0;
    r = check_directory(reader, directory);
    if (r < 0)
        return 0; /* none, or complained */
    count = scandir(directory, &entries, is_dropin, compare_names);
    if (count < 0) {
        reader_complain(reader, directory, 0, "cannot be listed: %s",
                        strerror(errno));
        return 0;
    }
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
        if (r == 0 && !is_mask(path) &&
            !(vendor && replaced(reader, entries[i]->d_name)))
            r = read_file(reader, settings, path);
        free(entries[i]);
    }
    free(entries);
    return r;
}

int
layers_read(struct reader *reader, struct settings *settings)
{
    const struct config_paths *paths = reader->paths;
    int r = read_file(reader, settings, paths->vendor);

    /* All of the vendor's below all of the administrator's. */
    if (r == 0)
        r = read_dropins(reader, settings, paths->vendor_dropins, true);
    if (r == 0)
        r = read_file(reader, settings, paths->main);
    if (r == 0)
        r = read_dropins(reader, settings, paths->dropins, false);
    return r;
}
