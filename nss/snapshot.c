/* SPDX-License-Identifier: BSD-2-Clause */
#include "snapshot.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

#define TABLES        256
#define PAIR_LENGTH   8 /* two u32: also a slot, also a record's head */
#define SLOTS_AT_ONCE 16

/*
 * A table is at most half full, so that a search ends after a few slots.  In
 * a table of any honest snapshot runs are far shorter than this.
 */
#define PROBES_MAX 1024

static uint32_t
load_u32(const unsigned char *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 |
           (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static uint32_t
hash_key(const char *key, size_t length)
{
    uint32_t hash = 5381;

    for (size_t i = 0; i < length; i++)
        hash = ((hash << 5) + hash) ^ (unsigned char)key[i];
    return hash;
}

/* Which file this is, as far as 32 bits can tell. */
static uint32_t
identify(const struct stat *status)
{
    static const unsigned char key[16] = "signin snapshot";
    const uint64_t marks[] = {
        (uint64_t)status->st_dev,         (uint64_t)status->st_ino,
        (uint64_t)status->st_mtim.tv_sec, (uint64_t)status->st_mtim.tv_nsec,
        (uint64_t)status->st_size,
    };

    return (uint32_t)people_hash(key, marks, sizeof(marks));
}

int
snapshot_open(uid_t owner, struct snapshot *ret_snapshot)
{
    struct stat status;
    int fd, r;

    r = file_open(PEOPLE_SNAPSHOT, owner, &fd, &status);
    if (r < 0)
        return r;
    if (status.st_size < SNAPSHOT_FIRST || status.st_size > UINT32_MAX) {
        close(fd);
        return -EBADMSG;
    }
    ret_snapshot->fd = fd;
    ret_snapshot->size = (uint32_t)status.st_size;
    ret_snapshot->identity = identify(&status);
    return 0;
}

void
snapshot_close(struct snapshot *snapshot)
{
    if (snapshot->fd >= 0)
        close(snapshot->fd);
    snapshot->fd = -1;
}

/* Are length bytes at position inside the file, behind the header? */
static bool
inside(const struct snapshot *snapshot, uint64_t position, uint64_t length)
{
    return position >= SNAPSHOT_FIRST && position <= snapshot->size &&
           length <= snapshot->size - position;
}

/*
 * Read the record at position: head, key, and what follows into read_ahead.
 * *ret_end: where the next one begins.
 */
static int
read_record(const struct snapshot *snapshot, uint32_t position,
            struct snapshot_record *ret_record, uint32_t *ret_end)
{
    unsigned char
        bytes[PAIR_LENGTH + SNAPSHOT_KEY_MAX + sizeof(ret_record->read_ahead)];
    uint32_t key_length, length, there, ahead = 0;
    int r;

    if (!inside(snapshot, position, PAIR_LENGTH))
        return -EBADMSG;
    there = snapshot->size - position;
    if (there > sizeof(bytes))
        there = sizeof(bytes);
    r = file_read(snapshot->fd, bytes, there, position);
    if (r < 0)
        return r;
    key_length = load_u32(bytes);
    length = load_u32(bytes + 4);
    if (!inside(snapshot, position,
                (uint64_t)PAIR_LENGTH + key_length + length))
        return -EBADMSG;

    ret_record->key[0] = '\0';
    if (key_length <= SNAPSHOT_KEY_MAX) {
        memcpy(ret_record->key, bytes + PAIR_LENGTH, key_length);
        ret_record->key[key_length] = '\0';
        /* Keys have no NUL inside: such a one is nobody's. */
        if (strlen(ret_record->key) != key_length)
            ret_record->key[0] = '\0';
        ahead = there - PAIR_LENGTH - key_length;
        if (ahead > length)
            ahead = length;
        if (ahead > sizeof(ret_record->read_ahead))
            ahead = sizeof(ret_record->read_ahead);
        memcpy(ret_record->read_ahead, bytes + PAIR_LENGTH + key_length, ahead);
    }
    ret_record->position = position + PAIR_LENGTH + key_length;
    ret_record->length = length;
    ret_record->ahead = ahead;
    *ret_end = ret_record->position + length;
    return 0;
}

/* A hash table of the file. */
struct table {
    uint32_t position, slots;
};

/* Look at one slot.  0: found; -EAGAIN: look further; -ENOENT: the end. */
static int
try_slot(const struct snapshot *snapshot, const unsigned char *slot,
         uint32_t hash, const char *key, struct snapshot_record *ret_record)
{
    uint32_t position = load_u32(slot + 4), end;
    int r;

    if (position == 0)
        return -ENOENT;
    if (load_u32(slot) != hash)
        return -EAGAIN;
    r = read_record(snapshot, position, ret_record, &end);
    if (r < 0)
        return r;
    return strcmp(ret_record->key, key) == 0 ? 0 : -EAGAIN;
}

static int
search(const struct snapshot *snapshot, const struct table *table,
       uint32_t hash, const char *key, struct snapshot_record *ret_record)
{
    unsigned char slots[SLOTS_AT_ONCE * PAIR_LENGTH];
    uint32_t at = (hash / TABLES) % table->slots, probed = 0;

    while (probed < table->slots) {
        uint32_t count = table->slots - at;
        int r;

        if (probed >= PROBES_MAX)
            return -EBADMSG;
        if (count > SLOTS_AT_ONCE)
            count = SLOTS_AT_ONCE;
        r = file_read(snapshot->fd, slots, (size_t)count * PAIR_LENGTH,
                      table->position + (uint64_t)at * PAIR_LENGTH);
        if (r < 0)
            return r;
        for (uint32_t i = 0; i < count; i++) {
            r = try_slot(snapshot, slots + (size_t)i * PAIR_LENGTH, hash, key,
                         ret_record);
            if (r != -EAGAIN)
                return r;
        }
        probed += count;
        at = (at + count) % table->slots;
    }
    return -ENOENT;
}

static int
find_key(const struct snapshot *snapshot, const char *key,
         struct snapshot_record *ret_record)
{
    uint32_t hash = hash_key(key, strlen(key));
    unsigned char pair[PAIR_LENGTH];
    struct table table;
    int r;

    r = file_read(snapshot->fd, pair, sizeof(pair),
                  (uint64_t)(hash % TABLES) * PAIR_LENGTH);
    if (r < 0)
        return r;
    table.position = load_u32(pair);
    table.slots = load_u32(pair + 4);
    if (table.slots == 0)
        return -ENOENT;
    if (!inside(snapshot, table.position, (uint64_t)table.slots * PAIR_LENGTH))
        return -EBADMSG;
    return search(snapshot, &table, hash, key, ret_record);
}

int
snapshot_find(const struct snapshot *snapshot, char kind, const char *text,
              struct snapshot_record *ret_record)
{
    char key[SNAPSHOT_KEY_MAX + 1];
    size_t length = strlen(text);

    if (length > sizeof(key) - 2)
        return -ENOENT;
    key[0] = kind;
    memcpy(key + 1, text, length + 1);
    return find_key(snapshot, key, ret_record);
}

int
snapshot_find_number(const struct snapshot *snapshot, char kind,
                     uint32_t number, struct snapshot_record *ret_record)
{
    char text[sizeof("4294967295")];
    size_t at = sizeof(text) - 1;

    text[at] = '\0';
    do {
        text[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return snapshot_find(snapshot, kind, text + at, ret_record);
}

int
snapshot_read(const struct snapshot *snapshot,
              const struct snapshot_record *record, uint32_t offset, void *to,
              size_t length)
{
    size_t copied = 0;

    if (offset > record->length || length > record->length - offset)
        return -EBADMSG;
    if (offset < record->ahead) {
        copied = record->ahead - offset;
        if (copied > length)
            copied = length;
        memcpy(to, record->read_ahead + offset, copied);
    }
    return file_read(snapshot->fd, (char *)to + copied, length - copied,
                     (uint64_t)record->position + offset + copied);
}

int
snapshot_end(const struct snapshot *snapshot, uint32_t *ret_end)
{
    unsigned char position[4];
    uint32_t end;
    int r;

    /* The first hash table follows the last record. */
    r = file_read(snapshot->fd, position, sizeof(position), 0);
    if (r < 0)
        return r;
    end = load_u32(position);
    *ret_end = end < snapshot->size ? end : snapshot->size;
    return 0;
}

int
snapshot_next(const struct snapshot *snapshot, uint32_t *position,
              struct snapshot_record *ret_record)
{
    uint32_t next;
    int r;

    r = read_record(snapshot, *position, ret_record, &next);
    if (r == 0)
        *position = next;
    return r;
}
