/* SPDX-License-Identifier: BSD-2-Clause */
#include "throttle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* Entries, over users and hosts together.  When full, the oldest goes: an
 * attacker with that many addresses is not stopped by counting them. */
#define THROTTLE_ENTRIES  16384
#define THROTTLE_BUCKETS  1024
#define THROTTLE_NAME_MAX 256

struct entry {
    TAILQ_ENTRY(entry) bucket;
    TAILQ_ENTRY(entry) age; /* oldest first */
    unsigned count;
    int64_t since_s; /* of the window */
    char name[];     /* "u:alice", "h:192.0.2.1" */
};

struct throttle {
    TAILQ_HEAD(entries, entry) buckets[THROTTLE_BUCKETS];
    TAILQ_HEAD(, entry) ages;
    unsigned count;
};

struct throttle *
throttle_new(void)
{
    struct throttle *throttle = calloc(1, sizeof(*throttle));

    if (throttle == NULL)
        return NULL;
    for (size_t i = 0; i < THROTTLE_BUCKETS; i++)
        TAILQ_INIT(&throttle->buckets[i]);
    TAILQ_INIT(&throttle->ages);
    return throttle;
}

static struct entries *
throttle_bucket(struct throttle *throttle, const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return &throttle->buckets[hash % THROTTLE_BUCKETS];
}

static struct entry *
throttle_find(struct throttle *throttle, const char *name)
{
    struct entry *entry;

    TAILQ_FOREACH(entry, throttle_bucket(throttle, name), bucket)
    {
        if (strcmp(entry->name, name) == 0)
            return entry;
    }
    return NULL;
}

static void
throttle_remove(struct throttle *throttle, struct entry *entry)
{
    TAILQ_REMOVE(throttle_bucket(throttle, entry->name), entry, bucket);
    TAILQ_REMOVE(&throttle->ages, entry, age);
    throttle->count--;
    free(entry);
}

void
throttle_free(struct throttle *throttle)
{
    struct entry *entry;

    if (throttle == NULL)
        return;
    while ((entry = TAILQ_FIRST(&throttle->ages)) != NULL)
        throttle_remove(throttle, entry);
    free(throttle);
}

static bool
throttle_name(char name[THROTTLE_NAME_MAX], char kind, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return false;
    snprintf(name, THROTTLE_NAME_MAX, "%c:%s", kind, value);
    return true;
}

/* Over the limit?  An entry whose window has passed starts anew. */
static bool
throttle_over(struct throttle *throttle, const char *name, unsigned limit,
              const struct throttle_limits *limits, int64_t now_s,
              unsigned *ret_wait_s)
{
    struct entry *entry = throttle_find(throttle, name);

    if (entry == NULL || limit == 0)
        return false;
    if (now_s - entry->since_s >= limits->window_s) {
        throttle_remove(throttle, entry);
        return false;
    }
    if (entry->count < limit)
        return false;
    *ret_wait_s = (unsigned)(entry->since_s + limits->window_s - now_s);
    return true;
}

static void
throttle_add(struct throttle *throttle, const char *name, int64_t now_s)
{
    struct entry *entry = throttle_find(throttle, name);

    if (entry == NULL) {
        if (throttle->count >= THROTTLE_ENTRIES)
            throttle_remove(throttle, TAILQ_FIRST(&throttle->ages));
        entry = calloc(1, sizeof(*entry) + strlen(name) + 1);
        if (entry == NULL)
            return;
        strcpy(entry->name, name);
        entry->since_s = now_s;
        TAILQ_INSERT_TAIL(throttle_bucket(throttle, name), entry, bucket);
        TAILQ_INSERT_TAIL(&throttle->ages, entry, age);
        throttle->count++;
    }
    entry->count++;
}

bool
throttle_enter(struct throttle *throttle, const struct throttle_limits *limits,
               const char *user, const char *rhost, int64_t now_s,
               unsigned *ret_wait_s)
{
    char name[THROTTLE_NAME_MAX];

    if (throttle_name(name, 'h', rhost) &&
        throttle_over(throttle, name, limits->per_host, limits, now_s,
                      ret_wait_s))
        return false;
    if (throttle_name(name, 'u', user) &&
        throttle_over(throttle, name, limits->per_user, limits, now_s,
                      ret_wait_s))
        return false;
    if (throttle_name(name, 'u', user))
        throttle_add(throttle, name, now_s);
    if (throttle_name(name, 'h', rhost))
        throttle_add(throttle, name, now_s);
    return true;
}

static void
throttle_give_back(struct throttle *throttle, const char *name, bool all)
{
    struct entry *entry = throttle_find(throttle, name);

    if (entry == NULL)
        return;
    if (entry->count > 0)
        entry->count--;
    if (all || entry->count == 0)
        throttle_remove(throttle, entry);
}

void
throttle_leave(struct throttle *throttle, const char *user, const char *rhost,
               bool failed, bool ok)
{
    char name[THROTTLE_NAME_MAX];

    if (failed)
        return;
    if (throttle_name(name, 'u', user))
        throttle_give_back(throttle, name, ok);
    if (throttle_name(name, 'h', rhost))
        throttle_give_back(throttle, name, false);
}
