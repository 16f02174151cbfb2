/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "wire/people.h"

bool
directory_name_valid(const char *name)
{
    return people_name_valid(name);
}

bool
directory_uid_valid(uid_t uid)
{
    return people_id_valid(uid);
}

bool
directory_knows(const struct config *config, const char *name, uid_t uid)
{
    struct passwd *entry;
    bool found = false;
    FILE *file;

    if (!directory_name_valid(name) || !directory_uid_valid(uid) ||
        !config_local_user(config, name))
        return false;
    file = fopen("/etc/passwd", "re");
    if (file == NULL)
        return false;
    /* The first entry of that name is the one that counts everywhere. */
    while ((entry = fgetpwent(file)) != NULL) {
        if (strcmp(entry->pw_name, name) == 0) {
            found = entry->pw_uid == uid;
            break;
        }
    }
    fclose(file);
    return found;
}
