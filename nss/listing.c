/* SPDX-License-Identifier: BSD-2-Clause */
#include "listing.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "file.h"
#include "group.h"
#include "snapshot.h"
#include "user.h"

/*
 * 0: at the beginning; else the position of the next record in the upper half,
 * and which snapshot it is in (snapshot.h, identity) in the lower one.
 */
static _Atomic uint64_t listing_cursors[LISTINGS];

#define POSITION_END UINT32_MAX

void
listing_rewind(enum listing listing)
{
    atomic_store(&listing_cursors[listing], 0);
}

static uint64_t
make_cursor(const struct snapshot *snapshot, uint32_t position)
{
    return (uint64_t)position << 32 | snapshot->identity;
}

/* "V" says "1", and for us " enumerate" behind it. */
static bool
may_enumerate(const struct snapshot *snapshot)
{
    static const char wanted[] = "1 enumerate";
    struct snapshot_record record;
    char value[sizeof(wanted) - 1];

    return snapshot_find(snapshot, 'V', "", &record) == 0 &&
           record.length == sizeof(value) &&
           snapshot_read(snapshot, &record, 0, value, sizeof(value)) == 0 &&
           memcmp(value, wanted, sizeof(value)) == 0;
}

/* A listing in the course of one call. */
struct walk {
    enum listing listing;
    char kind; /* of the records that count */
    struct snapshot snapshot;
    uint32_t position, end;
    struct snapshot_record record;
};

static void
walk_done(struct walk *walk)
{
    snapshot_close(&walk->snapshot);
}
#define cleanup_walk __attribute__((cleanup(walk_done)))

/* Open the snapshot at where the listing stands.  0, -ENOENT or errno. */
static int
walk_begin(struct walk *walk)
{
    uint64_t cursor = atomic_load(&listing_cursors[walk->listing]);
    uid_t owner;
    int r;

    walk->position = (uint32_t)(cursor >> 32);
    if (walk->position == POSITION_END)
        return -ENOENT;
    r = file_owner(&owner);
    if (r == 0)
        r = snapshot_open(owner, &walk->snapshot);
    if (r == 0)
        r = snapshot_end(&walk->snapshot, &walk->end);
    if (r < 0)
        return r;
    if (cursor == 0) {
        walk->position = SNAPSHOT_FIRST;
        return may_enumerate(&walk->snapshot) ? 0 : -ENOENT;
    }
    return cursor == make_cursor(&walk->snapshot, walk->position) ? 0 : -ENOENT;
}

/* The next record of the kind; -ENOENT and the end, too, if it is damaged. */
static int
walk_next(struct walk *walk)
{
    while (walk->position < walk->end) {
        int r = snapshot_next(&walk->snapshot, &walk->position, &walk->record);

        if (r < 0)
            break;
        if (walk->record.key[0] == walk->kind)
            return 0;
    }
    walk->position = POSITION_END;
    return -ENOENT;
}

/* Remember where it stands now. */
static void
walk_store(const struct walk *walk)
{
    atomic_store(&listing_cursors[walk->listing],
                 make_cursor(&walk->snapshot, walk->position));
}

/*
 * What came of the record: 0, an error that ends the call, or somebody who
 * cannot be: then the walk goes on (true).
 */
static bool
walk_goes_on(const struct walk *walk, int *r)
{
    if (*r == -EBADMSG || *r == -EPROTO) {
        *r = 0;
        return true;
    }
    if (*r != -ERANGE)
        walk_store(walk);
    return false;
}

int
listing_next_user(struct passwd *ret_entry, char *buffer, size_t size)
{
    cleanup_walk struct walk walk = {
        .listing = LISTING_USERS, .kind = 'N', .snapshot = {.fd = -1}};
    int r = walk_begin(&walk);

    if (r < 0)
        return r;
    do {
        r = walk_next(&walk);
        if (r == 0)
            r = user_from_record(&walk.snapshot, &walk.record,
                                 walk.record.key + 1, ret_entry, buffer, size);
    } while (walk_goes_on(&walk, &r));
    return r;
}

int
listing_next_group(struct group *ret_entry, char *buffer, size_t size)
{
    cleanup_walk struct walk walk = {
        .listing = LISTING_GROUPS, .kind = 'G', .snapshot = {.fd = -1}};
    int r = walk_begin(&walk);

    if (r < 0)
        return r;
    do {
        r = walk_next(&walk);
        if (r == 0)
            r = group_from_record(&walk.snapshot, &walk.record,
                                  walk.record.key + 1, ret_entry, buffer, size);
    } while (walk_goes_on(&walk, &r));
    return r;
}
