/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A provider that does not answer is asked by one session at a time, less and
 * less often, until it does: thousands of sessions that each try again on
 * their own would keep a sick server down.  People who wait for a token are
 * let through, a few a second.
 */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "signind/jitter.h"
#include "signind/log.h"
#include "wire/channel.h"

/* So many failures in a row, of any sessions, before it counts as down. */
#define FAILURES_TO_OPEN 3
/* Between two tries: decorrelated jitter from the first to the last. */
#define PAUSE_FIRST_MS 1000
#define PAUSE_MAX_MS   30000
/* Tries a second on behalf of somebody who waits. */
#define ASKED_PER_S 5

struct circuit {
    SLIST_ENTRY(circuit) link;
    unsigned failures; /* in a row */
    bool open;
    bool trying; /* one session does, for all */
    unsigned pause_ms;
    int64_t since_ms; /* open since; all times are channel_now_ms() */
    int64_t next_ms;  /* when the next session may try */
    int64_t asked_ms; /* begin of the second that asked counts in */
    unsigned asked;
    char provider[];
};

static struct circuit *
circuit_find(const struct session_table *table, const char *provider)
{
    struct circuit *circuit;

    SLIST_FOREACH(circuit, &table->circuits, link)
    {
        if (strcmp(circuit->provider, provider) == 0)
            return circuit;
    }
    return NULL;
}

static struct circuit *
circuit_make(struct session_table *table, const char *provider)
{
    struct circuit *circuit =
        calloc(1, sizeof(*circuit) + strlen(provider) + 1);

    if (circuit == NULL)
        return NULL;
    strcpy(circuit->provider, provider);
    SLIST_INSERT_HEAD(&table->circuits, circuit, link);
    return circuit;
}

static void
circuit_failed(struct circuit *circuit, const char *why, int64_t now_ms)
{
    circuit->failures++;
    if (!circuit->open && circuit->failures >= FAILURES_TO_OPEN) {
        circuit->open = true;
        circuit->since_ms = now_ms;
        circuit->pause_ms = PAUSE_FIRST_MS;
        circuit->next_ms = now_ms + PAUSE_FIRST_MS;
        log_warning("provider %s does not answer: %s; its sessions wait, and "
                    "one of them tries again now and then",
                    circuit->provider, why);
    } else if (circuit->trying) {
        circuit->trying = false;
        circuit->pause_ms =
            jitter_pause_ms(circuit->pause_ms, PAUSE_FIRST_MS, PAUSE_MAX_MS);
        circuit->next_ms = now_ms + circuit->pause_ms;
    }
}

void
circuit_note(struct session_table *table, const char *provider,
             const struct provider_result *result)
{
    struct circuit *circuit = circuit_find(table, provider);
    int64_t now_ms = channel_now_ms();

    /* "Not before" is an answer, and pace.c's; our own faults say nothing. */
    if (result->result == WIRE_SLOW_DOWN || result->result == WIRE_INTERNAL ||
        result->result == WIRE_MISCONFIGURED)
        return;
    if (result->result == WIRE_UNAVAILABLE) {
        if (circuit == NULL)
            circuit = circuit_make(table, provider);
        if (circuit != NULL)
            circuit_failed(circuit, result->why, now_ms);
    } else if (circuit != NULL) {
        if (circuit->open)
            log_notice("provider %s answers again, after %lld s", provider,
                       (long long)(now_ms - circuit->since_ms) / 1000);
        SLIST_REMOVE(&table->circuits, circuit, circuit, link);
        free(circuit);
    }
}

bool
circuit_is_open(const struct session_table *table, const char *provider)
{
    const struct circuit *circuit = circuit_find(table, provider);

    return circuit != NULL && circuit->open;
}

unsigned
circuit_wait_ms(struct session_table *table, const char *provider, bool asked)
{
    struct circuit *circuit = circuit_find(table, provider);
    int64_t now_ms = channel_now_ms();

    if (circuit == NULL || !circuit->open)
        return 0;
    if (now_ms >= circuit->next_ms) {
        /* This one tries; the others wait for what becomes of it. */
        circuit->trying = true;
        circuit->next_ms = now_ms + circuit->pause_ms;
        return 0;
    }
    if (now_ms - circuit->asked_ms >= 1000) {
        circuit->asked_ms = now_ms;
        circuit->asked = 0;
    }
    if (asked && circuit->asked++ < ASKED_PER_S)
        return 0;
    /* Spread, so that those who wait do not come back together. */
    return (unsigned)(circuit->next_ms - now_ms) + jitter_below(PAUSE_MAX_MS);
}

void
circuit_forget(struct session_table *table)
{
    struct circuit *circuit;

    while ((circuit = SLIST_FIRST(&table->circuits)) != NULL) {
        SLIST_REMOVE_HEAD(&table->circuits, link);
        free(circuit);
    }
}
