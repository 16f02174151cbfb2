/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making the keys of a session, as root.
 *
 * Every key is born in the thread keyring: a new key gives its owner VIEW
 * alone unless it is possessed, and what hangs from _uid.0 is not possessed
 * after pam_keyinit or under KeyringMode=private.  There its rights are set,
 * then it is linked to its place, then taken out of the thread keyring again.
 */
#include "layout.h"

#include <errno.h>
#include <string.h>

struct pocket {
    const char *name;
    key_perm_t rights;
    size_t offset; /* of its serial in struct keyring_session */
};

static const struct pocket pockets[] = {
    {KEYRING_PRIVATE, LAYOUT_CLOSED,
     offsetof(struct keyring_session, private_key)},
    {KEYRING_ACCESS_TOKEN, LAYOUT_READABLE,
     offsetof(struct keyring_session, access_token)},
    {KEYRING_SESSION, LAYOUT_READABLE,
     offsetof(struct keyring_session, session)},
};

#define POCKETS (sizeof(pockets) / sizeof(pockets[0]))

static key_serial_t *
make_slot(struct keyring_session *keys, const struct pocket *pocket)
{
    return (key_serial_t *)(void *)((char *)keys + pocket->offset);
}

/* Make an empty pocket and link it into K, and into S where it is readable
 * and S is there. */
static int
make_pocket(struct keyring_session *keys, const struct pocket *pocket)
{
    key_serial_t key = 0;
    int error = layout_make(pocket->name, LAYOUT_EMPTY, pocket->rights, &key);

    if (error != 0)
        return error;
    error = layout_error(keyctl_link(key, keys->keep));
    if (error == 0 && keys->ring != 0 && pocket->rights == LAYOUT_READABLE)
        error = layout_error(keyctl_link(key, keys->ring));
    layout_release(key);
    if (error == 0)
        *make_slot(keys, pocket) = key;
    return error;
}

int
keyring_make_keep(key_serial_t shard, gid_t gid, const char *id,
                  struct keyring_session *ret_keys)
{
    struct keyring_session made = {0};
    char name[LAYOUT_NAME_MAX];
    gid_t previous;
    int error;

    if (!keyring_id_valid(id))
        return -EINVAL;
    strcpy(made.id, id);
    error = layout_enter_group(gid, &previous);
    if (error != 0)
        return error;
    layout_keep_name(name, id);
    error = layout_make(name, NULL, LAYOUT_CLOSED, &made.keep);
    for (size_t i = 0; i < POCKETS && error == 0; i++)
        error = make_pocket(&made, &pockets[i]);
    if (error == 0)
        error = keyring_timeout(made.keep, KEYRING_FRESH_TIMEOUT_S);
    /* Last: a half-made K is never seen by signind. */
    if (error == 0)
        error = layout_error(keyctl_link(made.keep, shard));
    layout_release(made.keep);
    layout_leave_group(previous);
    if (error == 0)
        *ret_keys = made;
    return error;
}

int
keyring_make_ring(struct keyring_session *keys, gid_t gid)
{
    char name[LAYOUT_NAME_MAX];
    key_serial_t ring = 0;
    gid_t previous;
    int error = layout_enter_group(gid, &previous);

    if (error != 0)
        return error;
    layout_ring_name(name, keys->id);
    error = layout_make(name, NULL, LAYOUT_READABLE, &ring);
    /* A token that has expired by now: signind links its successor. */
    if (error == 0)
        error = layout_error(keyctl_link(keys->access_token, ring));
    if (error == -EKEYEXPIRED)
        error = 0;
    if (error == 0)
        error = layout_error(keyctl_link(keys->session, ring));
    if (error == 0)
        error = layout_error(keyctl_link(ring, keys->keep));
    if (error == 0) {
        error = layout_error(keyctl_link(ring, KEY_SPEC_SESSION_KEYRING));
        if (error != 0)
            keyctl_unlink(ring, keys->keep);
    }
    layout_release(ring);
    layout_leave_group(previous);
    if (error == 0)
        keys->ring = ring;
    return error;
}

int
keyring_mend(struct keyring_session *keys, gid_t gid)
{
    gid_t previous;
    int error = layout_enter_group(gid, &previous);

    if (error != 0)
        return error;
    for (size_t i = 0; i < POCKETS && error == 0; i++) {
        if (*make_slot(keys, &pockets[i]) == 0)
            error = make_pocket(keys, &pockets[i]);
    }
    layout_leave_group(previous);
    return error;
}
