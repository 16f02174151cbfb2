/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Anybody may ask NSS for any name, and each that is not known costs a question
 * to the directories: so many a second and no more.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "directory_private.h"

/* Lookups a second, and at once after a pause: in all, and of one uid. */
#define PACE_ALL 20
#define PACE_UID 5
#define MILLI    1000

int
pace_start(struct lookup_pace *pace)
{
    memset(pace, 0, sizeof(*pace));
    if (getrandom(pace->key, sizeof(pace->key), 0) != sizeof(pace->key))
        return -EIO;
    pace->all.milli = PACE_ALL * MILLI;
    for (size_t i = 0; i < PACE_UIDS; i++)
        pace->uids[i].milli = PACE_UID * MILLI;
    return 0;
}

/* rate a second are rate thousandths a millisecond. */
static void
bucket_fill(struct bucket *bucket, unsigned rate, int64_t now_ms)
{
    int64_t passed_ms = now_ms - bucket->at_ms;

    if (passed_ms > MILLI)
        passed_ms = MILLI;
    if (passed_ms > 0)
        bucket->milli += (unsigned)passed_ms * rate;
    if (bucket->milli > rate * MILLI)
        bucket->milli = rate * MILLI;
    bucket->at_ms = now_ms;
}

bool
pace_take(struct lookup_pace *pace, uid_t uid, int64_t now_ms)
{
    struct bucket *own = &pace->uids[uid % PACE_UIDS];
    /* Users leave half of it to root's login services. */
    const unsigned reserve = uid == 0 ? 0 : PACE_ALL * MILLI / 2;

    bucket_fill(&pace->all, PACE_ALL, now_ms);
    bucket_fill(own, PACE_UID, now_ms);
    if (pace->all.milli < reserve + MILLI || (uid != 0 && own->milli < MILLI))
        return false;
    pace->all.milli -= MILLI;
    if (uid != 0)
        own->milli -= MILLI;
    return true;
}

bool
pace_is_recent(const struct lookup_pace *pace, const char *name, int64_t now_ms)
{
    uint64_t hash = people_hash(pace->key, name, strlen(name));

    return pace->recent[hash % PACE_RECENT].hash == hash &&
           now_ms < pace->recent[hash % PACE_RECENT].until_ms;
}

void
pace_set_recent(struct lookup_pace *pace, const char *name, int64_t until_ms)
{
    uint64_t hash = people_hash(pace->key, name, strlen(name));

    pace->recent[hash % PACE_RECENT].hash = hash;
    pace->recent[hash % PACE_RECENT].until_ms = until_ms;
}
