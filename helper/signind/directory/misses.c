/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "signind/log.h"
#include "snapshot.h"
#include "wire/people.h"

/* As many names as are missing at once; another with the same slot takes the
 * place of the first, which is then asked for once more. */
#define MISSES_SLOTS 16384
#define SLOT_BYTES   16

static const char misses_magic[16] = "signin misses 1\n";

struct misses {
    int file;
    unsigned char key[16];
    bool complained;
};

static void
put_number(unsigned char *bytes, uint64_t number, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
}

/* ---- the file ------------------------------------------------------------ */

/* Allocated as a whole: a full disk is found now, not by a lookup. */
static int
misses_fill(struct misses *misses, bool for_root)
{
    unsigned char header[PEOPLE_MISSES_HEADER] = {0};
    ssize_t written;
    int failed = posix_fallocate(
        misses->file, 0, PEOPLE_MISSES_HEADER + MISSES_SLOTS * SLOT_BYTES);

    if (failed != 0)
        return -failed;
    memcpy(header, misses_magic, sizeof(misses_magic));
    memcpy(header + 16, misses->key, sizeof(misses->key));
    put_number(header + 32, MISSES_SLOTS, 4);
    put_number(header + 36, for_root ? 1 : 0, 4);
    written = pwrite(misses->file, header, sizeof(header), 0);
    if (written != (ssize_t)sizeof(header))
        return written < 0 ? -errno : -ENOSPC;
    return fchmod(misses->file, 0644) < 0 ? -errno : 0;
}

static int
misses_make(struct misses *misses, const char *path, bool for_root)
{
    char name[PATH_MAX];
    int status;

    if (snprintf(name, sizeof(name), "%s.new", path) >= (int)sizeof(name))
        return -ENAMETOOLONG;
    if (getrandom(misses->key, sizeof(misses->key), 0) !=
        (ssize_t)sizeof(misses->key))
        return -EIO;
    if (unlink(name) < 0 && errno != ENOENT)
        return -errno;
    misses->file =
        open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (misses->file < 0)
        return -errno;
    status = misses_fill(misses, for_root);
    if (status == 0 && rename(name, path) < 0)
        status = -errno;
    if (status < 0)
        unlink(name);
    return status;
}

struct misses *
misses_new(const char *path, bool for_root)
{
    struct misses *misses = calloc(1, sizeof(*misses));
    int status = misses == NULL ? -ENOMEM : 0;

    if (misses != NULL) {
        misses->file = -1;
        status = misses_make(misses, path, for_root);
    }
    if (status < 0) {
        log_error("%s cannot be written: %s", path, strerror(-status));
        misses_free(misses);
        return NULL;
    }
    return misses;
}

void
misses_free(struct misses *misses)
{
    if (misses == NULL)
        return;
    if (misses->file >= 0)
        close(misses->file);
    free(misses);
}

/* ---- slots --------------------------------------------------------------- */

static off_t
slot_place(uint64_t hash)
{
    return PEOPLE_MISSES_HEADER + (off_t)(hash % MISSES_SLOTS) * SLOT_BYTES;
}

static void
slot_write(struct misses *misses, uint64_t place_of, uint64_t hash,
           uint64_t until_s)
{
    unsigned char slot[SLOT_BYTES];

    put_number(slot, hash, 8);
    put_number(slot + 8, until_s, 8);
    if (pwrite(misses->file, slot, sizeof(slot), slot_place(place_of)) !=
            (ssize_t)sizeof(slot) &&
        !misses->complained) {
        misses->complained = true;
        log_warning("the table of unknown names cannot be written: %s",
                    strerror(errno));
    }
}

void
misses_add(struct misses *misses, const char *name, unsigned seconds)
{
    struct timespec now;
    uint64_t hash;

    if (misses == NULL || !people_name_valid(name) || seconds == 0)
        return;
    if (seconds > PEOPLE_MISS_MAX_S)
        seconds = PEOPLE_MISS_MAX_S;
    clock_gettime(CLOCK_REALTIME, &now);
    hash = people_hash(misses->key, name, strlen(name));
    slot_write(misses, hash, hash, (uint64_t)now.tv_sec + seconds);
}

void
misses_remove(struct misses *misses, const char *name)
{
    unsigned char slot[SLOT_BYTES], expected[8];
    uint64_t hash;

    if (misses == NULL || !people_name_valid(name))
        return;
    hash = people_hash(misses->key, name, strlen(name));
    put_number(expected, hash, sizeof(expected));
    /* The slot may be another name's by now: that one stays. */
    if (pread(misses->file, slot, sizeof(slot), slot_place(hash)) ==
            (ssize_t)sizeof(slot) &&
        memcmp(slot, expected, sizeof(expected)) == 0)
        slot_write(misses, hash, 0, 0);
}
