/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's keys, as far as the module and helper/keyring go there. */
#include "fake.h"

#include <errno.h>
#include <string.h>

#include "keyring/record.h"

int __wrap_keyring_check(key_serial_t key, const char *type, const char *name,
                         gid_t gid);
int __wrap_keyring_make_keep(key_serial_t shard, gid_t gid, const char *id,
                             struct keyring_session *ret_keys);
int __wrap_keyring_forget(const struct keyring_session *keys,
                          key_serial_t shard);
int __wrap_keyring_open_keep(key_serial_t keep, gid_t gid,
                             struct keyring_session *keys);
int __wrap_keyring_mend(struct keyring_session *keys, gid_t gid);
int __wrap_keyring_make_ring(struct keyring_session *keys, gid_t gid);
int __wrap_keyring_end_session(const struct keyring_session *keys);
int __wrap_keyring_walk_session(gid_t gid,
                                int (*each)(const struct keyring_session *,
                                            void *),
                                void *context);
int __wrap_record_read(struct record *record, key_serial_t key);
key_serial_t __wrap_keyctl_get_keyring_ID(key_serial_t id, int create);
long __wrap_keyctl_describe(key_serial_t key, char *buffer, size_t size);
key_serial_t __wrap_keyctl_join_session_keyring(const char *name);
long __wrap_keyctl_link(key_serial_t key, key_serial_t ring);
long __wrap_keyctl_unlink(key_serial_t key, key_serial_t ring);

int
__wrap_keyring_check(key_serial_t key, const char *type, const char *name,
                     gid_t gid)
{
    if (fake.check_error != 0)
        return fake.check_error;
    if (strcmp(type, "keyring") != 0 || gid != FAKE_GID)
        return -EPERM;
    if (key == FAKE_SHARD)
        return strcmp(name, fake.shard_name) == 0 ? 0 : -EPERM;
    if (key == FAKE_RING)
        return strcmp(name, "signin:" FAKE_ID) == 0 ? 0 : -EPERM;
    return -EPERM;
}

static struct keyring_session
make_session(void)
{
    struct keyring_session keys = {.keep = FAKE_KEEP, .session = FAKE_RECORD};

    snprintf(keys.id, sizeof(keys.id), "%s", fake.keep_id);
    return keys;
}

int
__wrap_keyring_make_keep(key_serial_t shard, gid_t gid, const char *id,
                         struct keyring_session *ret_keys)
{
    fake_note("make keep in %d", shard);
    if (fake.make_keep_error != 0)
        return fake.make_keep_error;
    if (gid != FAKE_GID || strcmp(id, FAKE_ID) != 0)
        return -EINVAL;
    *ret_keys = make_session();
    return 0;
}

int
__wrap_keyring_forget(const struct keyring_session *keys, key_serial_t shard)
{
    fake_note("forget %d in %d", keys->keep, shard);
    return 0;
}

int
__wrap_keyring_open_keep(key_serial_t keep, gid_t gid,
                         struct keyring_session *keys)
{
    fake_note("open keep");
    if (fake.open_keep_error != 0)
        return fake.open_keep_error;
    if (keep != FAKE_KEEP || gid != FAKE_GID)
        return -EPERM;
    *keys = make_session();
    for (size_t i = 0; i < 3; i++)
        if (strcmp(fake.rings[i].id, keys->id) == 0)
            keys->ring = fake.rings[i].ring;
    return 0;
}

int
__wrap_keyring_mend(struct keyring_session *keys, gid_t gid)
{
    (void)keys;
    (void)gid;
    return fake.mend_error;
}

int
__wrap_keyring_make_ring(struct keyring_session *keys, gid_t gid)
{
    fake_note("make ring");
    if (fake.make_ring_error != 0) {
        int error = fake.make_ring_error;

        if (fake.make_ring_once)
            fake.make_ring_error = 0;
        return error;
    }
    if (gid != FAKE_GID)
        return -EPERM;
    keys->ring = FAKE_RING;
    fake.rings[0] = *keys;
    fake.ring_uids[0] = FAKE_UID;
    return 0;
}

int
__wrap_keyring_end_session(const struct keyring_session *keys)
{
    fake_note("end %d %d", keys->ring, keys->session);
    return fake.end_error;
}

int
__wrap_keyring_walk_session(gid_t gid,
                            int (*each)(const struct keyring_session *, void *),
                            void *context)
{
    int result = fake.walk_error;

    if (gid != FAKE_GID)
        return -EPERM;
    for (size_t i = 0; i < 3 && result == 0 && fake.rings[i].ring != 0; i++)
        result = each(&fake.rings[i], context);
    return result;
}

/* The record of ring n has the serial FAKE_RECORD + n. */
int
__wrap_record_read(struct record *record, key_serial_t key)
{
    size_t n = (size_t)(key - FAKE_RECORD);

    record_init(record);
    if (fake.record_error != 0 || n >= 3)
        return fake.record_error != 0 ? fake.record_error : -ENOKEY;
    if (fake.ring_uids[n] >= 0)
        record_put_number(record, "uid", fake.ring_uids[n]);
    if (fake.ring_users[n] != NULL)
        record_put(record, "user", fake.ring_users[n]);
    record_put(record, "secret", FAKE_SECRET);
    return 0;
}

/* ---- libkeyutils
 * --------------------------------------------------------------- */

key_serial_t
__wrap_keyctl_get_keyring_ID(key_serial_t id, int create)
{
    if (id != KEY_SPEC_SESSION_KEYRING || create != 0) {
        errno = EINVAL;
        return -1;
    }
    if (fake.session_keyring_error != 0) {
        errno = fake.session_keyring_error;
        return -1;
    }
    return 600;
}

long
__wrap_keyctl_describe(key_serial_t key, char *buffer, size_t size)
{
    if (key != KEY_SPEC_SESSION_KEYRING || fake.session_keyring == NULL) {
        errno = EKEYREVOKED;
        return -1;
    }
    return snprintf(buffer, size, "%s", fake.session_keyring) + 1;
}

key_serial_t
__wrap_keyctl_join_session_keyring(const char *name)
{
    static const char as_user[] = "keyring;30001;30002;3f030000;_ses";
    int error = fake.join_errors[0];

    fake.join_errors[0] = fake.join_errors[1];
    fake_note("join %s", name == NULL ? "fresh" : name);
    if (error != 0) {
        errno = error;
        return -1;
    }
    memset(fake.rings, 0, sizeof(fake.rings));
    fake.session_keyring = as_user;
    return 601;
}

long
__wrap_keyctl_link(key_serial_t key, key_serial_t ring)
{
    if (ring != KEY_SPEC_SESSION_KEYRING) {
        errno = EINVAL;
        return -1;
    }
    if (fake.link_error != 0) {
        errno = fake.link_error;
        return -1;
    }
    if (key == KEY_SPEC_USER_KEYRING)
        fake_note("link user keyring of %u", fake.ruid);
    else
        fake_note("link %d", key);
    return 0;
}

long
__wrap_keyctl_unlink(key_serial_t key, key_serial_t ring)
{
    (void)ring;
    fake_note("unlink %d", key);
    return 0;
}
