/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snapshot: reading PEOPLE_SNAPSHOT, a cdb (people.h), with pread(2) alone.
 *
 * A position or length in the file is believed only after it was held against
 * the file's size, and no search looks at more than so many slots: a file cut
 * short, damaged or made by an enemy costs a bounded time, and all that can
 * come of it is an error, or a record that people.h's parsers then refuse.
 */
#ifndef SIGNIN_NSS_SNAPSHOT_H
#define SIGNIN_NSS_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/people.h"

/* Longest key: kind and name; a number has 10 digits. */
#define SNAPSHOT_KEY_MAX (1 + PEOPLE_NAME_MAX)

struct snapshot {
    int fd;
    uint32_t size;     /* of the file, in bytes */
    uint32_t identity; /* a digest of which file this is; for listing.c */
};

/*
 * A record.  Its first bytes are read together with its key, which is most
 * often all of it.
 */
struct snapshot_record {
    char key[SNAPSHOT_KEY_MAX + 1]; /* NUL-terminated; "": none of ours */
    uint32_t position;              /* of the data */
    uint32_t length;                /* of the data, inside the file */
    uint32_t ahead;                 /* bytes of data in read_ahead */
    char read_ahead[192];
};

/* Where the records begin. */
#define SNAPSHOT_FIRST 2048

/*
 * Open it.  owner: file_owner().  0 or negative errno (call.h).  Close with
 * snapshot_close(), or declare it cleanup_snapshot, with an fd of -1.
 */
int snapshot_open(uid_t owner, struct snapshot *ret_snapshot);
void snapshot_close(struct snapshot *snapshot);
#define cleanup_snapshot __attribute__((cleanup(snapshot_close)))

/*
 * Find the record with the key kind followed by text, of at most
 * SNAPSHOT_KEY_MAX bytes together.  0, -ENOENT, -EBADMSG or -EIO.
 */
int snapshot_find(const struct snapshot *snapshot, char kind, const char *text,
                  struct snapshot_record *ret_record);
int snapshot_find_number(const struct snapshot *snapshot, char kind,
                         uint32_t number, struct snapshot_record *ret_record);

/* Copy length bytes of the data, beginning with byte offset.  0, -EBADMSG
 * (there are not so many) or -EIO. */
int snapshot_read(const struct snapshot *snapshot,
                  const struct snapshot_record *record, uint32_t offset,
                  void *to, size_t length);

/* Where the records end, as far as the file says; inside it.  0, -EBADMSG or
 * -EIO. */
int snapshot_end(const struct snapshot *snapshot, uint32_t *ret_end);

/*
 * The record at *position, which is before snapshot_end(), in the order of
 * writing, beginning with SNAPSHOT_FIRST; *position moves on, always, so that
 * a walk ends.  0, -EBADMSG or -EIO.
 */
int snapshot_next(const struct snapshot *snapshot, uint32_t *position,
                  struct snapshot_record *ret_record);

#endif
