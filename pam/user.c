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

/* The longest line of /etc/passwd that is waited for, in bytes. */
#define PASSWD_LINE_MAX ((size_t)1 << 20)

/* What /etc/passwd itself, not NSS, says about a name and its uid. */
struct user_local {
    bool name; /* the name stands there */
    bool uid;  /* the uid stands there, under another name */
};

bool
user_name_valid(const char *name)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz_";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyz_0123456789-";
    size_t length = name == NULL ? 0 : strlen(name);

    return length >= 1 && length <= USER_NAME_MAX && strspn(name, first) >= 1 &&
           strspn(name, rest) == length;
}

static bool
user_uid_reserved(uid_t uid)
{
    return (uid >= 61184 && uid <= 65519) || /* systemd DynamicUser= */
           (uid >= 65534 && uid <= 65535) || /* nobody, 16-bit -1 */
           uid >= UINT32_MAX - 1;            /* 32-bit -2 and -1 */
}

/*
 * Read one entry; *buffer grows as needed.  Returns 0, -ENOENT at the end of
 * the file, or another negative errno.
 */
static int
user_read_entry(FILE *file, char **buffer, size_t *size, struct passwd *entry)
{
    struct passwd *found = NULL;
    long position = ftell(file);
    char *longer;
    int error;

    for (;;) {
        error = fgetpwent_r(file, entry, *buffer, *size, &found);
        if (error != ERANGE)
            return -error;
        if (*size >= PASSWD_LINE_MAX)
            return -ERANGE;
        longer = realloc(*buffer, *size * 2);
        if (longer == NULL)
            return -ENOMEM;
        *buffer = longer;
        *size *= 2;
        /* Where glibc leaves the file after ERANGE is not promised. */
        if (position < 0 || fseek(file, position, SEEK_SET) != 0)
            return -EIO;
    }
}

static int
user_read_local(const char *name, uid_t uid, struct user_local *ret_local)
{
    struct user_local local = {0};
    struct passwd entry;
    size_t size = 4096;
    cleanup_free char *buffer = malloc(size);
    FILE *file;
    int error;

    if (buffer == NULL)
        return -ENOMEM;
    file = fopen(PASSWD_FILE, "re");
    if (file == NULL)
        return -errno;
    while ((error = user_read_entry(file, &buffer, &size, &entry)) == 0) {
        if (strcmp(entry.pw_name, name) == 0)
            local.name = true;
        else if (entry.pw_uid == uid)
            local.uid = true;
    }
    /* A read error looks like the end of the file to fgetpwent_r(3). */
    if (error == -ENOENT && ferror(file))
        error = -EIO;
    fclose(file);
    if (error != -ENOENT)
        return error;
    *ret_local = local;
    return 0;
}

static enum user_standing
user_judge(const struct options *options, const struct user *user)
{
    struct user_local local = {0};

    if (user->uid < USER_UID_FLOOR || user->uid < options->min_uid)
        return USER_LOW_UID;
    if (user_uid_reserved(user->uid))
        return USER_RESERVED_UID;
    if (user_read_local(user->name, user->uid, &local) != 0)
        return USER_UNREADABLE;
    if (local.name && !options_list_user(options, user->name))
        return USER_LOCAL;
    if (!local.name && local.uid)
        return USER_UID_TAKEN;
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
    if (!user_name_valid(name)) {
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
    case USER_UNREADABLE:
        return "/etc/passwd cannot be read";
    case USER_BAD_OPTION:
        return "an option in pam.d cannot be read";
    case USER_UNCHECKED:
    default:
        return "not checked";
    }
}
