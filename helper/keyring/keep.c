/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What signind does with the keys of a session, with the rights of the group
 * and no possession.
 */
#include "layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Put one link of K where it belongs in *keys. */
static void
keep_sort_link(key_serial_t link, gid_t gid,
               const struct keyring_session *before,
               struct keyring_session *keys)
{
    struct layout_description found;
    char ring_name[LAYOUT_NAME_MAX];
    int error = layout_describe(link, &found);

    if (error != 0) {
        /* Only the access token ever expires by itself, and only S and the
         * session's record are ever revoked. */
        if (error == -EKEYEXPIRED)
            keys->access_token = link;
        else if (error == -EKEYREVOKED && link == before->ring)
            keys->ring = link;
        return;
    }
    if (!layout_is_ours(&found, gid))
        return;
    layout_ring_name(ring_name, keys->id);
    if (strcmp(found.type, "keyring") == 0) {
        if (strcmp(found.name, ring_name) == 0)
            keys->ring = link;
    } else if (strcmp(found.name, KEYRING_PRIVATE) == 0) {
        keys->private_key = link;
    } else if (strcmp(found.name, KEYRING_ACCESS_TOKEN) == 0) {
        keys->access_token = link;
    } else if (strcmp(found.name, KEYRING_SESSION) == 0) {
        keys->session = link;
    }
}

int
keyring_open_keep(key_serial_t keep, gid_t gid, struct keyring_session *keys)
{
    struct keyring_session found = {.keep = keep};
    struct layout_description description;
    char name[LAYOUT_NAME_MAX];
    key_serial_t *links = NULL;
    size_t count = 0;
    int error;

    if (keep <= 0)
        return -EPERM;
    error = layout_describe(keep, &description);
    if (error != 0)
        return error;
    if (!layout_is_ours(&description, gid) ||
        strlen(description.name) !=
            strlen(LAYOUT_PREFIX LAYOUT_KEEP_SUFFIX) + KEYRING_ID_LENGTH)
        return -EPERM;
    memcpy(found.id, description.name + strlen(LAYOUT_PREFIX),
           KEYRING_ID_LENGTH);
    layout_keep_name(name, found.id);
    if (!keyring_id_valid(found.id) || strcmp(name, description.name) != 0 ||
        strcmp(description.type, "keyring") != 0)
        return -EPERM;
    error = layout_links(keep, &links, &count);
    if (error != 0)
        return error;
    for (size_t i = 0; i < count; i++)
        keep_sort_link(links[i], gid, keys, &found);
    free(links);
    *keys = found;
    return 0;
}

int
keyring_timeout(key_serial_t key, unsigned timeout_s)
{
    return layout_error(keyctl_set_timeout(key, timeout_s));
}

static key_serial_t
keep_pocket(const struct keyring_session *keys, const char *name)
{
    if (strcmp(name, KEYRING_PRIVATE) == 0)
        return keys->private_key;
    if (strcmp(name, KEYRING_ACCESS_TOKEN) == 0)
        return keys->access_token;
    if (strcmp(name, KEYRING_SESSION) == 0)
        return keys->session;
    return 0;
}

int
keyring_write(const struct keyring_session *keys, const char *name,
              const void *payload, size_t length, unsigned timeout_s)
{
    key_serial_t pocket = keep_pocket(keys, name), key;

    if (pocket == 0)
        return -ENOKEY;
    if (length == 0 || length > KEYRING_PAYLOAD_MAX)
        return -EMSGSIZE;
    key = add_key("user", name, payload, length, keys->keep);
    if (key < 0)
        return -errno;
    if (key != pocket) {
        /* The pocket had been collected and this is a key of our own: it
         * would have the wrong owner, rights and quota. */
        keyctl_invalidate(key);
        keyctl_unlink(key, keys->keep);
        return -ENOKEY;
    }
    return timeout_s == 0 ? 0 : keyring_timeout(key, timeout_s);
}

ssize_t
keyring_read(key_serial_t key, void *buffer, size_t size)
{
    long length = keyctl_read(key, buffer, size);

    if (length >= 0 && (size_t)length <= size)
        return length;
    length = length < 0 ? -errno : -EMSGSIZE;
    explicit_bzero(buffer, size);
    return length;
}

int
keyring_park(const struct keyring_session *keys)
{
    /* First out of S, so that no reader takes "-" for a token. */
    if (keys->ring != 0)
        keyctl_unlink(keys->access_token, keys->ring);
    return keyring_write(keys, KEYRING_ACCESS_TOKEN, LAYOUT_EMPTY,
                         strlen(LAYOUT_EMPTY), 0);
}

int
keyring_unpark(const struct keyring_session *keys)
{
    if (keys->access_token == 0 || keys->ring == 0)
        return -ENOKEY;
    return layout_error(keyctl_link(keys->access_token, keys->ring));
}

int
keyring_end_session(const struct keyring_session *keys)
{
    int error = 0;

    if (keys->ring != 0)
        error = layout_error(keyctl_revoke(keys->ring));
    if (error == -EKEYREVOKED || error == -ENOKEY)
        error = 0;
    if (keys->session != 0)
        keyctl_revoke(keys->session);
    return error;
}

int
keyring_forget(const struct keyring_session *keys, key_serial_t shard)
{
    const key_serial_t all[] = {keys->private_key, keys->access_token,
                                keys->session, keys->ring, keys->keep};
    int error = 0;

    if (shard != 0)
        error = layout_error(keyctl_unlink(keys->keep, shard));
    /* Invalidated keys free their quota within a second; what is revoked or
     * expired goes with its last link. */
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i] != 0)
            keyctl_invalidate(all[i]);
    }
    return error;
}

int
keyring_exists(key_serial_t key)
{
    struct layout_description found;

    return key <= 0 ? -ENOKEY : layout_describe(key, &found);
}

int
keyring_alive(const struct keyring_session *keys)
{
    return keyring_exists(keys->ring);
}
