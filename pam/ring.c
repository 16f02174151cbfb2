/* SPDX-License-Identifier: BSD-2-Clause */
#include "ring.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "keyring/record.h"

/* 32-bit uids on every architecture. */
#ifdef SYS_setresuid32
#define RING_SETRESUID SYS_setresuid32
#define RING_SETRESGID SYS_setresgid32
#else
#define RING_SETRESUID SYS_setresuid
#define RING_SETRESGID SYS_setresgid
#endif

struct ring_search {
    uid_t uid;
    const char *id;
    struct ring_survey *survey;
};

static bool
ring_belongs_to(const struct keyring_session *keys, uid_t uid)
{
    __attribute__((cleanup(record_done))) struct record record;
    int64_t owner = -1;

    record_init(&record);
    return record_read(&record, keys->session) == 0 &&
           record_get_number(&record, "uid", &owner) == 0 &&
           owner == (int64_t)uid;
}

static int
ring_survey_one(const struct keyring_session *keys, void *context)
{
    const struct ring_search *search = context;
    struct ring_survey *survey = search->survey;

    if (search->id != NULL && strcmp(keys->id, search->id) == 0)
        survey->own = true;
    else
        survey->others = true;
    if (!ring_belongs_to(keys, search->uid))
        survey->strangers = true;
    else if (survey->mine.id[0] == '\0')
        survey->mine = *keys;
    return 0;
}

/* No @s to speak of: nothing can be in it. */
static bool
ring_error_means_none(int error)
{
    return error == -ENOKEY || error == -EKEYREVOKED || error == -EKEYEXPIRED;
}

int
ring_survey(gid_t gid, uid_t uid, const char *id,
            struct ring_survey *ret_survey)
{
    struct ring_survey survey = {0};
    struct ring_search search = {.uid = uid, .id = id, .survey = &survey};
    int error;

    /* Where the kernel has no keyrings or a container's filter forbids them
     * (EPERM: the kernel itself does not say that here), there are no keys
     * to reach either: a filter is inherited. */
    if (keyctl_get_keyring_ID(KEY_SPEC_SESSION_KEYRING, 0) < 0) {
        error = -errno;
        if (error != -ENOSYS && error != -EPERM &&
            !ring_error_means_none(error))
            return error;
    } else {
        error = keyring_walk_session(gid, ring_survey_one, &search);
        if (error != 0 && !ring_error_means_none(error))
            return error;
    }
    *ret_survey = survey;
    return 0;
}

/* Who owns @s, and is it one of those that a user's processes share?  False:
 * it cannot be described. */
static bool
ring_describe(uid_t *ret_owner, bool *ret_shared)
{
    char text[256], *end = NULL;
    long length = keyctl_describe(KEY_SPEC_SESSION_KEYRING, text, sizeof(text));
    long long owner;

    /* "keyring;UID;GID;RIGHTS;NAME" (keyctl_describe(3)); the kernel writes
     * the ids as signed numbers. */
    if (length <= 0 || (size_t)length > sizeof(text) ||
        strncmp(text, "keyring;", strlen("keyring;")) != 0)
        return false;
    errno = 0;
    owner = strtoll(text + strlen("keyring;"), &end, 10);
    if (*end != ';' || errno != 0 || owner < INT32_MIN || owner > UINT32_MAX)
        return false;
    *ret_owner = (uid_t)owner;
    *ret_shared = strncmp(strrchr(text, ';') + 1, "_uid", strlen("_uid")) == 0;
    return true;
}

bool
ring_is_private(uid_t uid)
{
    uid_t owner;
    bool shared;

    return ring_describe(&owner, &shared) && owner == uid && !shared;
}

bool
ring_is_foreign(uid_t uid)
{
    uid_t owner;
    bool shared;

    return ring_describe(&owner, &shared) && owner != 0 && owner != uid;
}

/*
 * Raw system calls: glibc's wrappers change every thread of the host.  Only
 * the real ids change: they decide who owns a new @s and whose @u is meant,
 * and with an effective uid of 0 the way back stays open.
 */
static int
ring_set_real_ids(uid_t uid, gid_t gid)
{
    if (syscall(RING_SETRESGID, gid, (gid_t)-1, (gid_t)-1) != 0 ||
        syscall(RING_SETRESUID, uid, (uid_t)-1, (uid_t)-1) != 0)
        return -errno;
    return 0;
}

static int
ring_join_now(void)
{
    return keyctl_join_session_keyring(NULL) < 0 ? -errno : 0;
}

/* A full quota may forbid even the link: then the session lacks @u. */
static int
ring_link_user_keyring(void)
{
    keyctl_link(KEY_SPEC_USER_KEYRING, KEY_SPEC_SESSION_KEYRING);
    return 0;
}

/* Run act() with other real ids, and put them back whatever happens. */
static int
ring_act_as(uid_t uid, gid_t gid, int (*act)(void))
{
    uid_t old_uid = getuid();
    gid_t old_gid = getgid();
    int error = ring_set_real_ids(uid, gid);

    if (error == 0)
        error = act();
    if (ring_set_real_ids(old_uid, old_gid) != 0 || getuid() != old_uid ||
        getgid() != old_gid)
        return -ENOTRECOVERABLE;
    return error;
}

int
ring_join(uid_t uid, gid_t gid)
{
    int error = ring_act_as(uid, gid, ring_join_now);

    if (error == -EDQUOT)
        return ring_join_as_root(uid, gid);
    if (error != 0)
        return error;
    return ring_act_as(uid, gid, ring_link_user_keyring);
}

int
ring_join_as_root(uid_t uid, gid_t gid)
{
    int error = ring_join_now();

    if (error != 0)
        return error;
    return ring_act_as(uid, gid, ring_link_user_keyring);
}
