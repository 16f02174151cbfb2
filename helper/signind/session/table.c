/* SPDX-License-Identifier: BSD-2-Clause */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "signind/log.h"

/* How often all is looked at: keys that somebody has destroyed do not tell
 * (no Debian kernel has key notifications). */
#define SWEEP_S 15

static struct session_bucket *
table_bucket(struct session_table *table, const char *id)
{
    unsigned hash = 0;

    /* Ids are random: their first digits spread well. */
    for (size_t i = 0; i < 4 && id[i] != '\0'; i++)
        hash = hash * 16 + (unsigned char)id[i];
    return &table->buckets[hash % (sizeof(table->buckets) /
                                   sizeof(table->buckets[0]))];
}

static void
table_sweep_one(struct session *session, void *context)
{
    (void)context;
    session_due(session);
}

static void
table_sweep(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    session_table_look(context);
}

void
session_table_look(struct session_table *table)
{
    session_clock_check(table);
    session_check_anchor(table);
    session_enforce_sweep(table);
    session_each(table, table_sweep_one, NULL);
}

int
session_table_start(struct session_table *table)
{
    const struct timeval every = {.tv_sec = SWEEP_S};

    for (size_t i = 0; i < sizeof(table->buckets) / sizeof(table->buckets[0]);
         i++)
        TAILQ_INIT(&table->buckets[i]);
    table->count = 0;
    session_clock_start(table);
    table->sweep = event_new(table->base, -1, EV_PERSIST, table_sweep, table);
    if (table->sweep == NULL || event_add(table->sweep, &every) != 0)
        return -ENOMEM;
    return 0;
}

static void
table_free_one(struct session *session, void *context)
{
    (void)context;
    session_free(session);
}

void
session_table_stop(struct session_table *table)
{
    session_each(table, table_free_one, NULL);
    session_clock_stop(table);
    pace_forget(table);
    circuit_forget(table);
    if (table->sweep != NULL)
        event_free(table->sweep);
    table->sweep = NULL;
}

struct session *
session_find(struct session_table *table, const char *id)
{
    struct session *session;

    TAILQ_FOREACH(session, table_bucket(table, id), bucket)
    {
        if (strcmp(session->keys.id, id) == 0)
            return session;
    }
    return NULL;
}

struct session *
session_find_ticket(struct session_table *table, const char *ticket)
{
    size_t buckets = sizeof(table->buckets) / sizeof(table->buckets[0]);

    /* 128 random bits: comparing in constant time would hide nothing that
     * can be guessed piece by piece, but costs nothing either. */
    for (size_t i = 0; i < buckets; i++) {
        struct session *session;

        TAILQ_FOREACH(session, &table->buckets[i], bucket)
        {
            unsigned char differs = 0;

            if (session->state != SESSION_PENDING ||
                session->ticket[0] == '\0' || strlen(ticket) != WIRE_ID_LENGTH)
                continue;
            for (size_t k = 0; k < WIRE_ID_LENGTH; k++)
                differs |= (unsigned char)(session->ticket[k] ^ ticket[k]);
            if (differs == 0)
                return session;
        }
    }
    return NULL;
}

bool
session_has_secret(const struct session *session, const char *secret)
{
    unsigned char differs = 0;

    if (strlen(secret) != WIRE_ID_LENGTH ||
        strlen(session->secret) != WIRE_ID_LENGTH)
        return false;
    for (size_t i = 0; i < WIRE_ID_LENGTH; i++)
        differs |= (unsigned char)(secret[i] ^ session->secret[i]);
    return differs == 0;
}

static void
session_on_timer(evutil_socket_t fd, short what, void *context)
{
    struct session *session = context;
    struct session_table *table = session->table;
    char id[KEYRING_ID_LENGTH + 1];

    (void)fd;
    (void)what;
    /* A time that has come only because the clock was set has not come. */
    strcpy(id, session->keys.id);
    session_clock_check(table);
    session = session_find(table, id);
    if (session != NULL)
        session_due(session);
}

struct session *
session_new(struct session_table *table, const char *id)
{
    struct session *session;

    if (!keyring_id_valid(id))
        return NULL;
    session = calloc(1, sizeof(*session));
    if (session == NULL)
        return NULL;
    session->timer = evtimer_new(table->base, session_on_timer, session);
    if (session->timer == NULL) {
        free(session);
        return NULL;
    }
    session->table = table;
    session->opener_fd = -1;
    strcpy(session->keys.id, id);
    TAILQ_INIT(&session->waiters);
    TAILQ_INSERT_TAIL(table_bucket(table, id), session, bucket);
    table->count++;
    return session;
}

void
session_free(struct session *session)
{
    struct session_waiter *waiter;

    if (session == NULL)
        return;
    while ((waiter = TAILQ_FIRST(&session->waiters)) != NULL) {
        TAILQ_REMOVE(&session->waiters, waiter, link);
        waiter->done(waiter, WIRE_NO_SESSION);
    }
    provider_cancel(session->call);
    session_unwatch_opener(session);
    event_free(session->timer);
    TAILQ_REMOVE(table_bucket(session->table, session->keys.id), session,
                 bucket);
    session->table->count--;
    free(session->user);
    free(session->provider);
    free(session->subject);
    free(session->service);
    free(session->tty);
    free(session->rhost);
    free(session->reason);
    secret_done(&session->password);
    secret_done(&session->access_token);
    secret_done(&session->refresh_token);
    explicit_bzero(session, sizeof(*session));
    free(session);
}

void
session_each(struct session_table *table,
             void (*each)(struct session *session, void *context),
             void *context)
{
    size_t buckets = sizeof(table->buckets) / sizeof(table->buckets[0]);

    for (size_t i = 0; i < buckets; i++) {
        struct session *session = TAILQ_FIRST(&table->buckets[i]);

        while (session != NULL) {
            struct session *next = TAILQ_NEXT(session, bucket);

            each(session, context);
            session = next;
        }
    }
}

int64_t
session_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
session_now_s(void)
{
    return session_now_ms() / 1000;
}

const struct provider_config *
session_provider(const struct session *session)
{
    const struct session_table *table = session->table;
    const struct provider_config *provider;

    if (session->provider == NULL)
        return NULL;
    provider = config_provider(table->config, session->provider);
    if (provider == NULL && session->state == SESSION_CLOSING &&
        table->former_provider != NULL)
        provider =
            table->former_provider(table->former_context, session->provider);
    return provider;
}

int
session_set(char **member, const char *value)
{
    char *copy = NULL;

    if (value != NULL && (copy = strdup(value)) == NULL)
        return -ENOMEM;
    free(*member);
    *member = copy;
    return 0;
}

const char *
session_state_name(const struct session *session)
{
    switch (session->state) {
    case SESSION_PENDING:
    case SESSION_CLAIMED:
        return "pending";
    case SESSION_LIVE:
        break;
    case SESSION_CLOSING:
        return "closing";
    case SESSION_NONE:
        return "none";
    }
    switch (session->health) {
    case HEALTH_UNAVAILABLE:
        return "unavailable";
    case HEALTH_REFUSED:
        return "refused";
    case HEALTH_LIVE:
        break;
    }
    return "live";
}
