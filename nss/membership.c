/* SPDX-License-Identifier: BSD-2-Clause */
#include "membership.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "snapshot.h"

#define SIZE_AT_FIRST 16

/* Room for one more.  1, 0 (full, at the limit) or -ENOMEM. */
static int
make_room(const struct membership *list)
{
    long size = *list->size;
    gid_t *groups;

    if (*list->start < size)
        return 1;
    if (list->limit > 0 && size >= list->limit)
        return 0;
    if (size > LONG_MAX / 2 / (long)sizeof(*groups))
        return -ENOMEM;
    size = size < SIZE_AT_FIRST / 2 ? SIZE_AT_FIRST : 2 * size;
    if (list->limit > 0 && size > list->limit)
        size = list->limit;
    groups = realloc(*list->groups, (size_t)size * sizeof(*groups));
    if (groups == NULL)
        return -ENOMEM;
    *list->groups = groups;
    *list->size = size;
    return 1;
}

/* 1, 0 (full, at the limit) or -ENOMEM. */
static int
append(struct membership *list, gid_t gid)
{
    int r;

    if (gid == list->primary || !local_groups_allow(&list->local, gid))
        return 1;
    r = make_room(list);
    if (r > 0)
        (*list->groups)[(*list->start)++] = gid;
    return r;
}

/* The entry, which may be long, piece by piece. */
struct piece {
    char text[512];
    size_t length; /* bytes in text that are not used up yet */
    uint32_t next; /* of the entry: what to read next */
};

/*
 * Read on, and end the text behind its last whole gid: at a comma, or at the
 * end of the entry.  What follows the comma is kept for the next time.
 * *ret_whole: how long the text is.
 */
static int
piece_fill(struct piece *piece, const struct snapshot *snapshot,
           const struct snapshot_record *record, size_t *ret_whole)
{
    size_t length = sizeof(piece->text) - 1 - piece->length;
    const char *comma;
    int r;

    if (length > record->length - piece->next)
        length = record->length - piece->next;
    r = snapshot_read(snapshot, record, piece->next,
                      piece->text + piece->length, length);
    if (r < 0)
        return r;
    piece->next += (uint32_t)length;
    piece->length += length;
    if (piece->next == record->length) {
        *ret_whole = piece->length;
        return 0;
    }
    comma = memrchr(piece->text, ',', piece->length);
    if (comma == NULL)
        return -EBADMSG; /* no number is as long as that */
    *ret_whole = (size_t)(comma - piece->text);
    return 0;
}

/* Forget the first used bytes, and the comma that stood behind them. */
static void
piece_advance(struct piece *piece, size_t used)
{
    used++;
    piece->length -= used;
    memmove(piece->text, piece->text + used, piece->length);
}

/* 1, 0 (full, at the limit) or negative errno. */
static int
append_all(struct membership *list, char *gids, unsigned *count)
{
    uint32_t gid;
    int r;

    while ((r = people_next_gid(&gids, &gid)) > 0) {
        if (++*count > PEOPLE_GIDS_MAX)
            return -EBADMSG;
        r = append(list, gid);
        if (r <= 0)
            return r;
    }
    return r < 0 ? r : 1;
}

/* The entry begins with the name.  0 or -EBADMSG, -EPROTO. */
static int
skip_name(char *text, size_t length, const char *wanted, char **ret_gids)
{
    const char *name;
    int r = people_gids_parse(text, length, &name, ret_gids);

    if (r < 0)
        return r;
    return strcmp(name, wanted) == 0 ? 0 : -EBADMSG;
}

static int
append_record(struct membership *list, const char *wanted,
              const struct snapshot *snapshot,
              const struct snapshot_record *record)
{
    struct piece piece = {.length = 0};
    bool first = true, last = false;
    unsigned count = 0;
    size_t whole;
    int r = 1;

    if (record->length > PEOPLE_GROUP_MAX)
        return -EBADMSG;
    while (!last && r > 0) {
        char *gids = piece.text;

        r = piece_fill(&piece, snapshot, record, &whole);
        if (r < 0)
            return r;
        last = whole == piece.length;
        /* A NUL would hide what stands behind it. */
        if (memchr(piece.text, '\0', whole) != NULL)
            return -EBADMSG;
        piece.text[whole] = '\0';
        if (first)
            r = skip_name(piece.text, whole, wanted, &gids);
        first = false;
        if (r == 0)
            r = append_all(list, gids, &count);
        if (!last)
            piece_advance(&piece, whole);
    }
    return r < 0 ? r : 0;
}

int
membership_of_name(const char *name, struct membership *list)
{
    cleanup_snapshot struct snapshot snapshot = {.fd = -1};
    struct snapshot_record record;
    long start = *list->start;
    uid_t owner;
    int r;

    if (!people_name_valid(name))
        return -ENOENT;
    r = file_owner(&owner);
    if (r == 0)
        r = snapshot_open(owner, &snapshot);
    if (r == 0)
        r = snapshot_find(&snapshot, 'M', name, &record);
    if (r == 0)
        r = append_record(list, name, &snapshot, &record);
    if (r < 0)
        *list->start = start;
    return r;
}
