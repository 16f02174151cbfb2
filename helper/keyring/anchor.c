/* SPDX-License-Identifier: BSD-2-Clause */
#include "layout.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
anchor_name(char ret_name[LAYOUT_NAME_MAX], const char *machine_id)
{
    if (!keyring_id_valid(machine_id))
        return -EINVAL;
    snprintf(ret_name, LAYOUT_NAME_MAX, LAYOUT_PREFIX "%s", machine_id);
    return 0;
}

/* The keyring of ours with that name among ring's links, or 0. */
static int
anchor_find(key_serial_t ring, const char *name, gid_t gid,
            key_serial_t *ret_key)
{
    key_serial_t *links = NULL;
    size_t count = 0;
    int error = layout_links(ring, &links, &count);

    if (error != 0)
        return error;
    *ret_key = 0;
    for (size_t i = 0; i < count && *ret_key == 0; i++) {
        if (keyring_check(links[i], "keyring", name, gid) == 0)
            *ret_key = links[i];
    }
    free(links);
    return 0;
}

/* Find or make a keyring called name in parent. */
static int
anchor_find_or_make(key_serial_t parent, const char *name, gid_t gid,
                    key_serial_t *ret_key)
{
    key_serial_t key = 0;
    int error = anchor_find(parent, name, gid, &key);

    if (error == 0 && key == 0) {
        error = layout_make(name, NULL, LAYOUT_CLOSED, &key);
        if (error == 0) {
            error = layout_error(keyctl_link(key, parent));
            layout_release(key);
        }
    }
    if (error == 0)
        *ret_key = key;
    return error;
}

int
keyring_anchor_make(const char *machine_id, gid_t gid,
                    struct keyring_anchor *ret_anchor)
{
    struct keyring_anchor made = {0};
    char name[LAYOUT_NAME_MAX];
    gid_t previous;
    int error = anchor_name(name, machine_id);

    if (error != 0)
        return error;
    error = layout_enter_group(gid, &previous);
    if (error != 0)
        return error;
    error = anchor_find_or_make(KEY_SPEC_USER_KEYRING, name, gid, &made.anchor);
    for (unsigned i = 0; i < KEYRING_SHARDS && error == 0; i++) {
        layout_shard_name(name, i);
        error = anchor_find_or_make(made.anchor, name, gid, &made.shards[i]);
    }
    layout_leave_group(previous);
    if (error == 0)
        *ret_anchor = made;
    return error;
}

int
keyring_anchor_relink(key_serial_t before, const char *machine_id, gid_t gid)
{
    char name[LAYOUT_NAME_MAX];
    int error = anchor_name(name, machine_id);

    if (error == 0)
        error = keyring_check(before, "keyring", name, gid);
    if (error == 0)
        error = layout_error(keyctl_link(before, KEY_SPEC_USER_KEYRING));
    return error;
}

int
keyring_anchor_open(key_serial_t anchor, const char *machine_id, gid_t gid,
                    struct keyring_anchor *ret_anchor)
{
    struct keyring_anchor found = {.anchor = anchor};
    char name[LAYOUT_NAME_MAX];
    int error = anchor_name(name, machine_id);

    if (error == 0)
        error = keyring_check(anchor, "keyring", name, gid);
    for (unsigned i = 0; i < KEYRING_SHARDS && error == 0; i++) {
        layout_shard_name(name, i);
        error = anchor_find(anchor, name, gid, &found.shards[i]);
    }
    if (error == 0)
        error = layout_error(keyctl_link(anchor, KEY_SPEC_PROCESS_KEYRING));
    if (error == 0)
        *ret_anchor = found;
    return error;
}

/* Is this link a K, by its name alone? */
static bool
anchor_is_keep(key_serial_t key)
{
    struct layout_description found;
    size_t length;

    if (layout_describe(key, &found) != 0 || strcmp(found.type, "keyring") != 0)
        return false;
    length = strlen(found.name);
    return length ==
               strlen(LAYOUT_PREFIX LAYOUT_KEEP_SUFFIX) + KEYRING_ID_LENGTH &&
           strcmp(found.name + length - strlen(LAYOUT_KEEP_SUFFIX),
                  LAYOUT_KEEP_SUFFIX) == 0;
}

int
keyring_anchor_walk(const struct keyring_anchor *anchor,
                    int (*each)(key_serial_t keep, key_serial_t shard,
                                void *context),
                    void *context)
{
    int result = 0;

    for (unsigned i = 0; i < KEYRING_SHARDS && result == 0; i++) {
        key_serial_t *links = NULL;
        size_t count = 0;

        if (anchor->shards[i] == 0)
            continue;
        result = layout_links(anchor->shards[i], &links, &count);
        for (size_t k = 0; k < count && result == 0; k++) {
            if (anchor_is_keep(links[k]))
                result = each(links[k], anchor->shards[i], context);
        }
        free(links);
    }
    return result;
}
