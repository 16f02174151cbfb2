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

#include "signind/fault.h"

#define KEEP_PREFIX "keep."

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

/* NULL tokens stay as they are; "" removes.  coming_token, or NULL: an access
 * token that its own pocket is about to get. */
static int
store_private(struct session *session, const char *refresh_token,
              const char *previous_token, const char *coming_token,
              int64_t in_flight_s)
{
    struct secret refresh = {0}, previous = {0};
    struct store_builder builder;
    int error = store_keep(session_load_refresh_token, session, &refresh,
                           &refresh_token);

    if (error == 0)
        error = store_keep(session_load_previous_token, session, &previous,
                           &previous_token);
    if (error != 0) {
        secret_done(&refresh);
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
    store_integer(&builder, "closed_at", session->closed_at_s);
    store_integer(&builder, "revoked", session->revoked);
    store_integer(&builder, "in_flight", in_flight_s);
    store_text(&builder, "refresh_token", refresh_token);
    store_integer(&builder, "previous_until", session->previous_until_s);
    store_text(&builder, "previous_token", previous_token);
    store_text(&builder, "coming_token", coming_token);
    error = store_finish(&builder, session, KEYRING_PRIVATE);
    if (error == 0)
        session->renewable = refresh_token != NULL && refresh_token[0] != '\0';
    secret_done(&refresh);
    secret_done(&previous);
    return error;
}

int
session_save_private(struct session *session, const char *refresh_token,
                     int64_t in_flight_s)
{
    if (session->keys.keep != 0)
        return store_private(session, refresh_token, NULL, NULL, in_flight_s);
    return refresh_token == NULL
               ? 0
               : secret_set(&session->refresh_token, refresh_token,
                            strlen(refresh_token));
}

/* There is room for one that was replaced: whoever renews twice within one
 * token's life has the older one revoked now. */
static void
store_discard_older(struct session *session)
{
    struct provider_tokens older = {.expires_at_s = session->previous_until_s};

    if (session_ends_previous(session) &&
        session_load_previous_token(session, &older.access_token) == 0)
        session_discard(session->table, session->provider, session->user,
                        &older);
    provider_tokens_done(&older);
}

void
session_supersede(struct session *session)
{
    int64_t until_s =
        session->expires_at_s != 0
            ? session->expires_at_s
            : session_now_s() + session->table->config->unknown_lifetime_s;

    store_discard_older(session);
    session->previous_until_s =
        session->parked || until_s <= session_now_s() ? 0 : until_s;
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
    store_kept(&builder, session, tokens);
    return store_finish(&builder, session, KEYRING_SESSION);
}

/* The key's timeout is the token's expiry: readers get EKEYEXPIRED then even
 * if signind is dead. */
static unsigned
store_timeout(const struct session *session)
{
    int64_t left;

    if (session->expires_at_s == 0)
        return 0;
    left = session->expires_at_s - session_now_s();
    if (left < 1)
        return 1;
    return left > INT32_MAX ? 0 : (unsigned)left;
}

/*
 * Both new tokens in one write, so that there is no moment at which a crash
 * loses one of them; and the access token that is replaced while it may still
 * be alive: at logout it is revoked as well.  As far as there is room.
 */
static int
store_renewal(struct session *session, const struct provider_tokens *tokens)
{
    const char *refresh_token = tokens->refresh_token.text;
    struct secret previous = {0};
    int error;

    if (session->previous_until_s == 0 ||
        session_load_access_token(session, &previous) != 0)
        session->previous_until_s = 0;
    error = store_private(session, refresh_token,
                          previous.text == NULL ? "" : previous.text,
                          tokens->access_token.text, 0);
    if (error == -EMSGSIZE)
        error =
            store_private(session, refresh_token,
                          previous.text == NULL ? "" : previous.text, NULL, 0);
    if (error == -EMSGSIZE && previous.text != NULL) {
        session->previous_until_s = 0;
        error = store_private(session, refresh_token, "", NULL, 0);
    }
    secret_done(&previous);
    return error;
}

int
session_save_tokens(struct session *session,
                    const struct provider_tokens *tokens)
{
    int error;

    if (session->keys.keep == 0) {
        error = session_save_private(session, tokens->refresh_token.text, 0);
        return error != 0 ? error
                          : secret_set(&session->access_token,
                                       tokens->access_token.text,
                                       tokens->access_token.length);
    }
    fault_point("save.begin");
    error = store_renewal(session, tokens);
    if (error != 0)
        return error;
    fault_point("save.refresh_token");
    error = keyring_write(&session->keys, KEYRING_ACCESS_TOKEN,
                          tokens->access_token.text,
                          tokens->access_token.length, store_timeout(session));
    if (error != 0)
        return error;
    fault_point("save.access_token");
    if (session->parked && session->keys.ring != 0 &&
        session->state != SESSION_CLOSING)
        error = keyring_unpark(&session->keys);
    session->parked = false;
    /* The record last: who reads it before this asks signind, and is told
     * that there is a fresh token. */
    if (error == 0 && session->state != SESSION_CLOSING)
        error = session_save_record(session, tokens);
    fault_point("save.record");
    return error;
}

int
session_finish_renewal(struct session *session)
{
    struct secret coming = {0}, present = {0};
    int error = session_load_coming_token(session, &coming);

    if (error == -ENOENT || (error == 0 && session->expires_at_s != 0 &&
                             session->expires_at_s <= session_now_s()))
        error = 0;
    else if (error == 0 && (session_load_access_token(session, &present) != 0 ||
                            strcmp(present.text, coming.text) != 0))
        error = keyring_write(&session->keys, KEYRING_ACCESS_TOKEN, coming.text,
                              coming.length, store_timeout(session));
    secret_done(&coming);
    secret_done(&present);
    return error;
}
