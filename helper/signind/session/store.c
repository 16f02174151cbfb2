/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A session in the kernel.  "signin:private" holds all that recovery needs;
 * "signin:session" holds what the session itself may read (record.h).
 */
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_PREFIX "keep."
/* Room for a refresh token and kept fields longer than those before. */
#define RESERVE_SLACK 256

static const char *
store_state(const struct session *session)
{
    switch (session->state) {
    case SESSION_PENDING:
    case SESSION_CLAIMED:
        return "pending";
    case SESSION_LIVE:
        return "live";
    case SESSION_CLOSING:
        return "closing";
    case SESSION_NONE:
        break;
    }
    return "none";
}

/* A record in the making: after the first error nothing more is put. */
struct store_builder {
    struct record record;
    int error;
};

static void
store_begin(struct store_builder *builder)
{
    record_init(&builder->record);
    builder->error = 0;
}

/* NULL and "" are absent. */
static void
store_text(struct store_builder *builder, const char *name, const char *value)
{
    if (builder->error == 0 && value != NULL && value[0] != '\0')
        builder->error = record_put(&builder->record, name, value);
}

static void
store_integer(struct store_builder *builder, const char *name, int64_t value)
{
    if (builder->error == 0)
        builder->error = record_put_number(&builder->record, name, value);
}

/* Write it into the pocket of that name, and wipe it. */
static int
store_finish(struct store_builder *builder, const struct session *session,
             const char *pocket)
{
    int error = builder->error;

    if (error == 0)
        error = keyring_write(&session->keys, pocket, builder->record.text,
                              builder->record.length, 0);
    record_done(&builder->record);
    return error;
}

/* What both records say. */
static void
store_common(struct store_builder *builder, const struct session *session)
{
    store_text(builder, "user", session->user);
    store_integer(builder, "uid", session->uid);
    store_text(builder, "provider", session->provider);
    store_text(builder, "subject", session->subject);
    store_text(builder, "secret", session->secret);
    store_integer(builder, "opened_at", session->opened_at_s);
    store_integer(builder, "refreshed_at", session->refreshed_at_s);
    store_integer(builder, "expires_at", session->expires_at_s);
    store_integer(builder, "lifetime", session->lifetime_s);
}

/* Keep what is there: into *kept, which the caller wipes.  An empty pocket is
 * no record; any other error must not cost the token that is there. */
static int
store_keep(int (*load)(const struct session *, struct secret *),
           const struct session *session, struct secret *kept,
           const char **token)
{
    int error;

    if (*token != NULL)
        return 0;
    error = load(session, kept);
    *token = kept->text;
    return error == -ENOENT || error == -EPROTO ? 0 : error;
}

/*
 * Space for what the answer to a refresh will bring, taken before it is asked
 * for: where root's quota is full, the old tokens stay good and the new ones
 * are never made.  A record that is long already goes without: renewal_write()
 * finds out what has room.
 */
static int
store_reserve(struct store_builder *builder, const char *access_token)
{
    size_t length =
        RESERVE_SLACK + (access_token == NULL ? 0 : strlen(access_token));
    char *space;
    int error;

    if (builder->error != 0)
        return builder->error;
    space = malloc(length + 1);
    if (space == NULL)
        return -ENOMEM;
    memset(space, 'x', length);
    space[length] = '\0';
    error = record_put(&builder->record, "reserve", space);
    free(space);
    return error == -EMSGSIZE ? 0 : error;
}

int
session_write_private(struct session *session, const char *refresh_token,
                      const char *previous_token, const char *coming_token,
                      int64_t in_flight_s)
{
    struct secret refresh = {0}, previous = {0}, coming = {0};
    struct store_builder builder;
    int error = store_keep(session_load_refresh_token, session, &refresh,
                           &refresh_token);

    if (error == 0)
        error = store_keep(session_load_previous_token, session, &previous,
                           &previous_token);
    if (error == 0)
        error = store_keep(session_load_coming_token, session, &coming,
                           &coming_token);
    if (error != 0) {
        secret_done(&refresh);
        secret_done(&previous);
        return error;
    }
    store_begin(&builder);
    store_text(&builder, "state", store_state(session));
    store_common(&builder, session);
    store_text(&builder, "service", session->service);
    store_text(&builder, "tty", session->tty);
    store_text(&builder, "rhost", session->rhost);
    store_text(&builder, "ticket", session->ticket);
    store_integer(&builder, "ticket_until", session->ticket_until_s);
    store_integer(&builder, "opener", session->opener);
    store_integer(&builder, "opener_start", (int64_t)session->opener_start);
    store_integer(&builder, "health", session->health);
    store_integer(&builder, "health_since", session->health_since_s);
    store_integer(&builder, "offline", session->offline);
    store_text(&builder, "reason", session->reason);
    store_integer(&builder, "enforced", session->enforced);
    store_integer(&builder, "closed_at", session->closed_at_s);
    store_integer(&builder, "revoked", session->revoked);
    store_integer(&builder, "in_flight", in_flight_s);
    store_text(&builder, "refresh_token", refresh_token);
    store_integer(&builder, "previous_until", session->previous_until_s);
    store_text(&builder, "previous_token", previous_token);
    store_text(&builder, "coming_token", coming_token);
    store_integer(&builder, "clock", session->table->clock.wall_ms);
    if (in_flight_s != 0)
        builder.error = store_reserve(&builder, coming_token);
    error = store_finish(&builder, session, KEYRING_PRIVATE);
    if (error == 0)
        session->renewable = refresh_token != NULL && refresh_token[0] != '\0';
    secret_done(&refresh);
    secret_done(&previous);
    secret_done(&coming);
    return error;
}

int
session_save_private(struct session *session, const char *refresh_token,
                     int64_t in_flight_s)
{
    if (session->keys.keep != 0)
        return session_write_private(
            session, refresh_token, NULL,
            refresh_token != NULL && refresh_token[0] == '\0' ? "" : NULL,
            in_flight_s);
    return refresh_token == NULL
               ? 0
               : secret_set(&session->refresh_token, refresh_token,
                            strlen(refresh_token));
}

static bool
store_came(const struct provider_tokens *tokens, const char *name)
{
    for (size_t i = 0; tokens != NULL && i < tokens->kept_count; i++) {
        if (strcmp(tokens->kept[i].name, name) == 0)
            return true;
    }
    return false;
}

/* The kept fields that came, then those of before that did not come again: a
 * refresh need not repeat what the sign-in said. */
static void
store_kept(struct store_builder *builder, const struct session *session,
           const struct provider_tokens *tokens)
{
    struct record before;
    char name[80], value[PROVIDER_KEEP_MAX + 1];
    size_t position = 0;

    for (size_t i = 0; tokens != NULL && i < tokens->kept_count; i++) {
        snprintf(name, sizeof(name), KEEP_PREFIX "%s", tokens->kept[i].name);
        store_text(builder, name, tokens->kept[i].value);
    }
    if (record_read(&before, session->keys.session) != 0)
        return;
    while (record_next(&before, &position, name, sizeof(name))) {
        if (strncmp(name, KEEP_PREFIX, strlen(KEEP_PREFIX)) == 0 &&
            !store_came(tokens, name + strlen(KEEP_PREFIX)) &&
            record_get(&before, name, value, sizeof(value)) >= 0)
            store_text(builder, name, value);
    }
    explicit_bzero(value, sizeof(value));
    record_done(&before);
}

int
session_save_record(struct session *session,
                    const struct provider_tokens *tokens)
{
    const struct provider_config *provider = session_provider(session);
    struct store_builder builder;

    if (session->keys.keep == 0)
        return 0;
    store_begin(&builder);
    store_text(&builder, "id", session->keys.id);
    store_common(&builder, session);
    if (provider != NULL)
        store_text(&builder, "authorization", provider->authorization);
    store_text(&builder, "state", session_state_name(session));
    store_integer(&builder, "state_since", session->health_since_s);
    if (session->health == HEALTH_REFUSED)
        store_text(&builder, "state_reason", session->reason);
    if (session->offline)
        store_text(&builder, "offline",
                   session->password.text != NULL ? "waiting" : "lost");
    store_kept(&builder, session, tokens);
    return store_finish(&builder, session, KEYRING_SESSION);
}
