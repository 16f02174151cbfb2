/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A provider that says "not before" (Retry-After, RFC 9110, 10.2.3) is left
 * alone until then: by all its sessions' refreshes, whoever asks for them, or
 * by one user's sign-ins.  Not by everybody's: who guesses at one account must
 * not keep the others out.
 */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/channel.h"

/* So many at most: who guesses at names must not fill the memory. */
#define PACES_MAX 1024

struct pace {
    SLIST_ENTRY(pace) link;
    int64_t until_ms; /* channel_now_ms() */
    char what[];      /* "PROVIDER", or "PROVIDER USER" */
};

static struct pace *
pace_find(const struct session_table *table, const char *what)
{
    struct pace *pace;

    SLIST_FOREACH(pace, &table->paces, link)
    {
        if (strcmp(pace->what, what) == 0)
            return pace;
    }
    return NULL;
}

/* Forget what is over first, or has been: if that is not yet, the provider
 * says it once more. */
static void
pace_make_room(struct session_table *table)
{
    struct pace *pace, *first = NULL;
    unsigned count = 0;

    SLIST_FOREACH(pace, &table->paces, link)
    {
        count++;
        if (first == NULL || pace->until_ms < first->until_ms)
            first = pace;
    }
    if (count < PACES_MAX)
        return;
    SLIST_REMOVE(&table->paces, first, pace, link);
    free(first);
}

void
pace_name(char name[PACE_NAME_MAX], const char *provider, const char *user)
{
    snprintf(name, PACE_NAME_MAX, "%s %s", provider, user);
}

void
pace_note(struct session_table *table, const char *what,
          const struct provider_result *result)
{
    struct pace *pace = pace_find(table, what);
    int64_t until_ms = channel_now_ms() + (int64_t)result->retry_after_s * 1000;

    if (result->retry_after_s == 0 || (result->result != WIRE_SLOW_DOWN &&
                                       result->result != WIRE_UNAVAILABLE))
        return;
    if (pace == NULL) {
        pace_make_room(table);
        pace = calloc(1, sizeof(*pace) + strlen(what) + 1);
        if (pace == NULL)
            return;
        strcpy(pace->what, what);
        SLIST_INSERT_HEAD(&table->paces, pace, link);
    }
    if (pace->until_ms < until_ms)
        pace->until_ms = until_ms;
}

unsigned
pace_wait_s(const struct session_table *table, const char *what)
{
    const struct pace *pace = pace_find(table, what);
    int64_t left_ms = pace == NULL ? 0 : pace->until_ms - channel_now_ms();

    return left_ms <= 0 ? 0 : (unsigned)((left_ms + 999) / 1000);
}

void
pace_forget(struct session_table *table)
{
    struct pace *pace;

    while ((pace = SLIST_FIRST(&table->paces)) != NULL) {
        SLIST_REMOVE_HEAD(&table->paces, link);
        free(pace);
    }
}
