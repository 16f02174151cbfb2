/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

bool
directory_name_valid(const char *name)
{
    size_t length = strlen(name);

    return length >= 1 && length <= 32 &&
           strchr("abcdefghijklmnopqrstuvwxyz_", name[0]) != NULL &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == length;
}

bool
directory_uid_valid(uid_t uid)
{
    /* systemd.io/UIDS-GIDS: 61184-65519 dynamic users, 65534 nobody, 65535
     * and 2^32-1 are "no uid" (16 and 32 bits). */
    return uid >= 1000 && !(uid >= 61184 && uid <= 65519) && uid != 65534 &&
           uid != 65535 && uid < (uid_t)-2;
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
