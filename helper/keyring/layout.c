/* SPDX-License-Identifier: BSD-2-Clause */
#include "layout.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/random.h>

bool
keyring_id_valid(const char *text)
{
    return strlen(text) == KEYRING_ID_LENGTH &&
           strspn(text, "0123456789abcdef") == KEYRING_ID_LENGTH;
}

int
keyring_id_make(char ret_id[KEYRING_ID_LENGTH + 1])
{
    unsigned char bytes[KEYRING_ID_LENGTH / 2];
    size_t filled = 0;

    while (filled < sizeof(bytes)) {
        ssize_t got = getrandom(bytes + filled, sizeof(bytes) - filled, 0);

        if (got < 0) {
            if (errno == EINTR)
                continue;
            return -errno;
        }
        filled += (size_t)got;
    }
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(ret_id + 2 * i, 3, "%02x", bytes[i]);
    explicit_bzero(bytes, sizeof(bytes));
    return 0;
}

void
layout_ring_name(char ret_name[LAYOUT_NAME_MAX], const char *id)
{
    snprintf(ret_name, LAYOUT_NAME_MAX, LAYOUT_PREFIX "%s", id);
}

void
layout_keep_name(char ret_name[LAYOUT_NAME_MAX], const char *id)
{
    snprintf(ret_name, LAYOUT_NAME_MAX, LAYOUT_PREFIX "%s" LAYOUT_KEEP_SUFFIX,
             id);
}

void
layout_shard_name(char ret_name[LAYOUT_NAME_MAX], unsigned number)
{
    snprintf(ret_name, LAYOUT_NAME_MAX, LAYOUT_PREFIX "shard:%u", number);
}

int
layout_error(long returned)
{
    return returned < 0 ? -errno : 0;
}

int
layout_describe(key_serial_t key, struct layout_description *ret)
{
    /* "type;uid;gid;rights;name" (keyctl_describe(3)); uid and gid are signed
     * there, -1 where they do not map into our user namespace. */
    struct layout_description found = {0};
    char text[256];
    int uid, gid, used = 0;
    unsigned rights;
    long length = keyctl_describe(key, text, sizeof(text));

    if (length < 0)
        return -errno;
    if ((size_t)length > sizeof(text))
        return -EPERM;
    if (sscanf(text, "%31[^;];%d;%d;%x;%n", found.type, &uid, &gid, &rights,
               &used) != 4 ||
        used == 0 || strlen(text + used) >= sizeof(found.name))
        return -EPERM;
    found.uid = (uid_t)uid;
    found.gid = (gid_t)gid;
    found.rights = rights;
    strcpy(found.name, text + used);
    *ret = found;
    return 0;
}

bool
layout_is_ours(const struct layout_description *description, gid_t gid)
{
    return description->uid == 0 && description->gid == gid && gid != 0 &&
           (description->rights & KEY_OTH_ALL) == 0;
}

int
keyring_check(key_serial_t key, const char *type, const char *name, gid_t gid)
{
    struct layout_description found;
    int error;

    /* Special ids (@s is -3) are never what a peer may name. */
    if (key <= 0)
        return -EPERM;
    error = layout_describe(key, &found);
    if (error != 0)
        return error;
    if (!layout_is_ours(&found, gid) || strcmp(found.type, type) != 0 ||
        strcmp(found.name, name) != 0)
        return -EPERM;
    return 0;
}

int
layout_links(key_serial_t ring, key_serial_t **ret_links, size_t *ret_count)
{
    key_serial_t *links = NULL;
    size_t size = 0;
    long length;

    /* The ring may grow between two reads; 1 MiB is 16 times its limit. */
    for (;;) {
        length = keyctl_read(ring, (char *)links, size);
        if (length < 0) {
            int error = -errno;

            free(links);
            return error;
        }
        if ((size_t)length <= size)
            break;
        free(links);
        size = (size_t)length + 16 * sizeof(*links);
        if (size > 1024 * 1024)
            return -EMSGSIZE;
        links = malloc(size);
        if (links == NULL)
            return -ENOMEM;
    }
    *ret_links = links;
    *ret_count = (size_t)length / sizeof(*links);
    return 0;
}

int
layout_make(const char *name, const char *payload, key_perm_t rights,
            key_serial_t *ret_key)
{
    key_serial_t key;

    key = payload == NULL
              ? add_key("keyring", name, NULL, 0, KEY_SPEC_THREAD_KEYRING)
              : add_key("user", name, payload, strlen(payload),
                        KEY_SPEC_THREAD_KEYRING);
    if (key < 0)
        return -errno;
    if (keyctl_setperm(key, rights) < 0) {
        int error = -errno;

        layout_release(key);
        return error;
    }
    *ret_key = key;
    return 0;
}

void
layout_release(key_serial_t key)
{
    int saved = errno;

    if (key > 0)
        keyctl_unlink(key, KEY_SPEC_THREAD_KEYRING);
    errno = saved;
}

int
layout_enter_group(gid_t gid, gid_t *ret_previous)
{
    gid_t previous = (gid_t)setfsgid(gid);

    /* setfsgid(2) has no error return: asking again tells. */
    if ((gid_t)setfsgid(gid) != gid) {
        layout_leave_group(previous);
        return -EPERM;
    }
    *ret_previous = previous;
    return 0;
}

void
layout_leave_group(gid_t previous)
{
    setfsgid(previous);
}
