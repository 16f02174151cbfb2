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

static int
store_read_private(const struct session *session, struct record *record)
{
    if (session->keys.private_key == 0)
        return -ENOKEY;
    return record_read(record, session->keys.private_key);
}

int
session_load_refresh_token(const struct session *session,
                           struct secret *ret_token)
{
    struct record record;
    char *buffer;
    ssize_t length;
    int error;

    if (session->keys.keep == 0) {
        if (session->refresh_token.text == NULL)
            return -ENOENT;
        return secret_set(ret_token, session->refresh_token.text,
                          session->refresh_token.length);
    }
    error = store_read_private(session, &record);
    if (error != 0)
        return error;
    buffer = malloc(KEYRING_PAYLOAD_MAX + 1);
    if (buffer == NULL) {
        record_done(&record);
        return -ENOMEM;
    }
    length =
        record_get(&record, "refresh_token", buffer, KEYRING_PAYLOAD_MAX + 1);
    if (length > 0)
        error = secret_set(ret_token, buffer, (size_t)length);
    else
        error = length == 0 ? -ENOENT : (int)length;
    explicit_bzero(buffer, KEYRING_PAYLOAD_MAX + 1);
    free(buffer);
    record_done(&record);
    return error;
}

int
session_load_access_token(const struct session *session,
                          struct secret *ret_token)
{
    char *buffer;
    ssize_t length;
    int error;

    if (session->keys.keep == 0) {
        if (session->access_token.text == NULL)
            return -ENOENT;
        return secret_set(ret_token, session->access_token.text,
                          session->access_token.length);
    }
    if (session->parked || session->keys.access_token == 0)
        return -ENOENT;
    buffer = malloc(KEYRING_PAYLOAD_MAX + 1);
    if (buffer == NULL)
        return -ENOMEM;
    length =
        keyring_read(session->keys.access_token, buffer, KEYRING_PAYLOAD_MAX);
    /* "-" is an empty pocket. */
    if (length <= 1)
        error = length < 0 ? (int)length : -ENOENT;
    else
        error = secret_set(ret_token, buffer, (size_t)length);
    explicit_bzero(buffer, KEYRING_PAYLOAD_MAX + 1);
    free(buffer);
    return error;
}

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

int
session_save_private(struct session *session, const char *refresh_token,
                     int64_t in_flight_s)
{
    struct secret kept = {0};
    struct store_builder builder;
    int error = 0;

    if (session->keys.keep == 0) {
        if (refresh_token != NULL)
            error = secret_set(&session->refresh_token, refresh_token,
                               strlen(refresh_token));
        return error;
    }
    if (refresh_token == NULL) {
        error = session_load_refresh_token(session, &kept);
        /* An empty pocket is no record; any other error must not cost the
         * token that is there. */
        if (error != 0 && error != -ENOENT && error != -EPROTO)
            return error;
        refresh_token = kept.text;
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
    error = store_finish(&builder, session, KEYRING_PRIVATE);
    if (error == 0)
        session->renewable = refresh_token != NULL && refresh_token[0] != '\0';
    secret_done(&kept);
    return error;
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

int
session_save_tokens(struct session *session,
                    const struct provider_tokens *tokens)
{
    int error = session_save_private(session, tokens->refresh_token.text, 0);

    if (error != 0)
        return error;
    if (session->keys.keep == 0)
        return secret_set(&session->access_token, tokens->access_token.text,
                          tokens->access_token.length);
    error = keyring_write(&session->keys, KEYRING_ACCESS_TOKEN,
                          tokens->access_token.text,
                          tokens->access_token.length, store_timeout(session));
    if (error != 0)
        return error;
    if (session->parked && session->keys.ring != 0 &&
        session->state != SESSION_CLOSING)
        error = keyring_unpark(&session->keys);
    session->parked = false;
    /* The record last: who reads it before this asks signind, and is told
     * that there is a fresh token. */
    if (error == 0 && session->state != SESSION_CLOSING)
        error = session_save_record(session, tokens);
    return error;
}

/* A text member out of a record; absent is NULL. */
static int
store_get(const struct record *record, const char *name, char **member)
{
    char value[WIRE_TEXT_MAX + 1];
    ssize_t length = record_get(record, name, value, sizeof(value));
    int error;

    if (length == -ENOENT)
        return 0;
    if (length < 0)
        return (int)length;
    error = session_set(member, value);
    explicit_bzero(value, sizeof(value));
    return error;
}

static int64_t
store_number(const struct record *record, const char *name)
{
    int64_t number = 0;

    return record_get_number(record, name, &number) == 0 ? number : 0;
}

static enum session_state
store_parse_state(const struct record *record)
{
    char state[16];

    if (record_get(record, "state", state, sizeof(state)) < 0)
        return SESSION_NONE;
    if (strcmp(state, "pending") == 0)
        return SESSION_PENDING;
    if (strcmp(state, "live") == 0)
        return SESSION_LIVE;
    if (strcmp(state, "closing") == 0)
        return SESSION_CLOSING;
    return SESSION_NONE;
}

int
session_load(struct session *session)
{
    struct record record;
    int error = store_read_private(session, &record);
    int64_t health;

    if (error != 0)
        return error;
    session->state = store_parse_state(&record);
    if ((error = store_get(&record, "user", &session->user)) == 0 &&
        (error = store_get(&record, "provider", &session->provider)) == 0 &&
        (error = store_get(&record, "subject", &session->subject)) == 0 &&
        (error = store_get(&record, "service", &session->service)) == 0 &&
        (error = store_get(&record, "tty", &session->tty)) == 0)
        error = store_get(&record, "rhost", &session->rhost);
    if (record_get(&record, "ticket", session->ticket,
                   sizeof(session->ticket)) < 0)
        session->ticket[0] = '\0';
    if (record_get(&record, "secret", session->secret,
                   sizeof(session->secret)) < 0)
        session->secret[0] = '\0';
    session->uid = (uid_t)store_number(&record, "uid");
    session->ticket_until_s = store_number(&record, "ticket_until");
    session->opener = (pid_t)store_number(&record, "opener");
    session->opener_start = (uint64_t)store_number(&record, "opener_start");
    session->opened_at_s = store_number(&record, "opened_at");
    session->refreshed_at_s = store_number(&record, "refreshed_at");
    session->expires_at_s = store_number(&record, "expires_at");
    session->lifetime_s = store_number(&record, "lifetime");
    health = store_number(&record, "health");
    session->health = health == HEALTH_UNAVAILABLE ? HEALTH_UNAVAILABLE
                      : health == HEALTH_REFUSED   ? HEALTH_REFUSED
                                                   : HEALTH_LIVE;
    session->health_since_s = store_number(&record, "health_since");
    session->closed_at_s = store_number(&record, "closed_at");
    session->revoked = (unsigned)store_number(&record, "revoked");
    session->refresh_lost = store_number(&record, "in_flight") != 0;
    session->renewable =
        record_get(&record, "refresh_token", NULL, 0) != -ENOENT;
    record_done(&record);
    if (error == 0 && (session->state == SESSION_NONE ||
                       session->user == NULL || session->provider == NULL))
        error = -EPROTO;
    return error;
}
