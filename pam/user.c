/* SPDX-License-Identifier: BSD-2-Clause */
#include "user.h"

#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <security/pam_modutil.h>

#include "wire/memory.h"

#define PASSWD_FILE "/etc/passwd"

/* The longest line of it that is believed, in bytes. */
#define PASSWD_LINE_MAX (1 << 20)

/* What /etc/passwd itself, not NSS, says about a name and its uid. */
struct user_local {
    bool name; /* the name stands there */
    bool uid;  /* the uid stands there, under another name */
};

/* One line, whatever else it holds: its name and its uid are taken, so that a
 * line that NSS would not accept cannot hide an account. */
static void
user_read_line(char *line, const char *name, uid_t uid,
               struct user_local *local)
{
    char *rest = line + strspn(line, " \t");
    const char *first = strsep(&rest, ":");
    const char *number;
    char *end = NULL;
    unsigned long value;

    if (strcmp(first, name) == 0) {
        local->name = true;
        return;
    }
    strsep(&rest, ":");
    number = strsep(&rest, ":");
    if (number == NULL || number[0] < '0' || number[0] > '9')
        return;
    value = strtoul(number, &end, 10);
    if (value == uid && end[0] == '\0')
        local->uid = true;
}

/* Not fgetpwent_r(3): it asks the kernel where it is before every line. */
static int
user_read_local(const char *name, uid_t uid, struct user_local *ret_local)
{
    struct user_local local = {0};
    cleanup_free char *line = NULL;
    FILE *file = fopen(PASSWD_FILE, "re");
    size_t size = 0;
    ssize_t length;
    int error = 0;

    if (file == NULL)
        return -errno;
    errno = 0;
    while ((length = getline(&line, &size, file)) >= 0 &&
           length <= PASSWD_LINE_MAX) {
        line[strcspn(line, "\n")] = '\0';
        user_read_line(line, name, uid, &local);
    }
    /* No end of the file: no memory, or a read error. */
    if (length >= 0)
        error = -ERANGE;
    else if (!feof(file))
        error = errno == 0 ? -EIO : -errno;
    fclose(file);
    if (error == 0)
        *ret_local = local;
    return error;
}

static enum user_standing
user_judge(const struct options *options, const struct user *user)
{
    struct user_local local = {0};

    if (user->uid < PEOPLE_ID_FLOOR || user->uid < options->min_uid)
        return USER_LOW_UID;
    if (!people_id_valid(user->uid))
        return USER_RESERVED_UID;
    if (user_read_local(user->name, user->uid, &local) != 0)
        return USER_UNREADABLE;
    if (local.name && !options_list_user(options, user->name))
        return USER_LOCAL;
    if (!local.name && local.uid)
        return USER_UID_TAKEN;
    /* Whatever source of NSS said so: a login would be of that group
     * (CVE-2025-5689). */
    if (!local.name && !people_id_valid(user->gid))
        return USER_BAD_GID;
    return options->broken ? USER_BAD_OPTION : USER_OURS;
}

void
user_check(pam_handle_t *pamh, const struct options *options, const char *name,
           struct user *ret_user)
{
    struct user user = {.uid = USER_NO_UID, .gid = USER_NO_GID};
    const struct passwd *entry;
    bool exact = false;

    if (name != NULL && name[0] != '\0') {
        entry = pam_modutil_getpwnam(pamh, name);
        if (entry != NULL) {
            user.uid = entry->pw_uid;
            user.gid = entry->pw_gid;
            exact = strcmp(entry->pw_name, name) == 0;
        }
    }
    if (!people_name_valid(name)) {
        user.standing = USER_BAD_NAME;
    } else {
        memcpy(user.name, name, strlen(name) + 1);
        /* A source that folds names must not lead to another account. */
        if (user.uid == USER_NO_UID || !exact)
            user.standing = USER_ABSENT;
        else
            user.standing = user_judge(options, &user);
    }
    *ret_user = user;
}

bool
user_is_undecided(const struct user *user)
{
    return user->standing == USER_UNREADABLE ||
           user->standing == USER_BAD_OPTION;
}

const char *
user_standing_text(enum user_standing standing)
{
    switch (standing) {
    case USER_OURS:
        return "may sign in";
    case USER_BAD_NAME:
        return "not a name that signin accepts";
    case USER_ABSENT:
        return "no such account on this host";
    case USER_LOW_UID:
        return "uid below min_uid";
    case USER_RESERVED_UID:
        return "uid in a reserved range";
    case USER_LOCAL:
        return "a local account; list it in local_users= to let it sign in "
               "at a provider";
    case USER_UID_TAKEN:
        return "an account in /etc/passwd has the same uid";
    case USER_BAD_GID:
        return "not a local account, but its primary group is one of the "
               "host's own";
    case USER_UNREADABLE:
        return "/etc/passwd cannot be read";
    case USER_BAD_OPTION:
        return "an option in pam.d cannot be read";
    case USER_UNCHECKED:
    default:
        return "not checked";
    }
}
