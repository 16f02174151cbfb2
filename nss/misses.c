/* SPDX-License-Identifier: BSD-2-Clause */
#include "misses.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#include "file.h"
#include "wire/memory.h"
#include "wire/people.h"

#define MAGIC         "signin misses 1\n"
#define MAGIC_LENGTH  (sizeof(MAGIC) - 1)
#define KEY_AT        16
#define SLOTS_AT      32
#define FLAGS_AT      36
#define FLAG_FOR_ROOT UINT32_C(1)
#define SLOT_LENGTH   16

static uint64_t
load(const unsigned char *from, size_t length)
{
    uint64_t value = 0;

    for (size_t i = 0; i < length; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

/* How many slots the table says it has, if it can be so.  0: it cannot. */
static uint32_t
count_slots(const unsigned char *header, const struct stat *status)
{
    uint32_t slots = (uint32_t)load(header + SLOTS_AT, 4);

    if (memcmp(header, MAGIC, MAGIC_LENGTH) != 0 || slots == 0 ||
        slots > PEOPLE_MISSES_SLOTS_MAX || (slots & (slots - 1)) != 0 ||
        status->st_size != PEOPLE_MISSES_HEADER + (off_t)slots * SLOT_LENGTH)
        return 0;
    return slots;
}

/* Until when: not over, and not farther off than a miss may last. */
static bool
still_missing(uint64_t until_s)
{
    struct timespec now;

    if (clock_gettime(CLOCK_REALTIME, &now) < 0 || now.tv_sec < 0)
        return false;
    return until_s > (uint64_t)now.tv_sec &&
           until_s - (uint64_t)now.tv_sec <= PEOPLE_MISS_MAX_S;
}

bool
misses_hold(uid_t owner, const char *name, bool *ret_ask_for_root)
{
    unsigned char header[PEOPLE_MISSES_HEADER], slot[SLOT_LENGTH];
    cleanup_close int fd = -1;
    struct stat status;
    uint32_t slots;
    uint64_t hash;

    if (file_open(PEOPLE_MISSES, owner, &fd, &status) < 0 ||
        file_read(fd, header, sizeof(header), 0) < 0)
        return false;
    slots = count_slots(header, &status);
    if (slots == 0)
        return false;
    hash = people_hash(header + KEY_AT, name, strlen(name));
    if (file_read(fd, slot, sizeof(slot),
                  PEOPLE_MISSES_HEADER + hash % slots * SLOT_LENGTH) < 0 ||
        load(slot, 8) != hash || !still_missing(load(slot + 8, 8)))
        return false;
    *ret_ask_for_root = (load(header + FLAGS_AT, 4) & FLAG_FOR_ROOT) != 0;
    return true;
}
