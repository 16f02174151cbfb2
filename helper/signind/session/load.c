/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a session back from the kernel (store.c writes it).
 */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int
load_private(const struct session *session, struct record *record)
{
    if (session->keys.private_key == 0)
        return -ENOKEY;
    return record_read(record, session->keys.private_key);
}

/* A token of the private record. */
static int
load_token(const struct session *session, const char *name,
           struct secret *ret_token)
{
    struct record record;
    char *buffer;
    ssize_t length;
    int error = load_private(session, &record);

    if (error != 0)
        return error;
    buffer = malloc(KEYRING_PAYLOAD_MAX + 1);
    if (buffer == NULL) {
        record_done(&record);
        return -ENOMEM;
    }
    length = record_get(&record, name, buffer, KEYRING_PAYLOAD_MAX + 1);
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
session_load_refresh_token(const struct session *session,
                           struct secret *ret_token)
{
    if (session->keys.keep != 0)
        return load_token(session, "refresh_token", ret_token);
    if (session->refresh_token.text == NULL)
        return -ENOENT;
    return secret_set(ret_token, session->refresh_token.text,
                      session->refresh_token.length);
}

int
session_load_previous_token(const struct session *session,
                            struct secret *ret_token)
{
    if (session->keys.keep == 0 || session->previous_until_s <= session_now_s())
        return -ENOENT;
    return load_token(session, "previous_token", ret_token);
}

int
session_load_coming_token(const struct session *session,
                          struct secret *ret_token)
{
    return load_token(session, "coming_token", ret_token);
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

int
session_load_last_token(const struct session *session, struct secret *ret_token)
{
    int error = session_load_access_token(session, ret_token);

    if (error == 0 || session->keys.keep == 0 ||
        (session->parked && session->health != HEALTH_REFUSED))
        return error;
    return session_load_coming_token(session, ret_token);
}

/* A text member out of a record; absent is NULL. */
static int
load_text(const struct record *record, const char *name, char **member)
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
load_number(const struct record *record, const char *name)
{
    int64_t number = 0;

    return record_get_number(record, name, &number) == 0 ? number : 0;
}

static enum session_state
load_state(const struct record *record)
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

/* How far has the clock been set since it was so far from the time since the
 * kernel's start?  0: not so that it would matter. */
static int64_t
load_step_s(const struct session *session, int64_t wall_ms)
{
    int64_t step_ms = session->table->clock.wall_ms - wall_ms;

    return step_ms > -1000 && step_ms < 1000
               ? 0
               : (step_ms + (step_ms > 0 ? 500 : -500)) / 1000;
}

int
session_load(struct session *session)
{
    struct record record;
    int error = load_private(session, &record);
    int64_t health, wall_ms;

    if (error != 0)
        return error;
    session->state = load_state(&record);
    if ((error = load_text(&record, "user", &session->user)) == 0 &&
        (error = load_text(&record, "provider", &session->provider)) == 0 &&
        (error = load_text(&record, "subject", &session->subject)) == 0 &&
        (error = load_text(&record, "service", &session->service)) == 0 &&
        (error = load_text(&record, "tty", &session->tty)) == 0 &&
        (error = load_text(&record, "reason", &session->reason)) == 0)
        error = load_text(&record, "rhost", &session->rhost);
    if (record_get(&record, "ticket", session->ticket,
                   sizeof(session->ticket)) < 0)
        session->ticket[0] = '\0';
    if (record_get(&record, "secret", session->secret,
                   sizeof(session->secret)) < 0)
        session->secret[0] = '\0';
    session->uid = (uid_t)load_number(&record, "uid");
    session->ticket_until_s = load_number(&record, "ticket_until");
    session->opener = (pid_t)load_number(&record, "opener");
    session->opener_start = (uint64_t)load_number(&record, "opener_start");
    session->opened_at_s = load_number(&record, "opened_at");
    session->refreshed_at_s = load_number(&record, "refreshed_at");
    session->expires_at_s = load_number(&record, "expires_at");
    session->lifetime_s = load_number(&record, "lifetime");
    health = load_number(&record, "health");
    session->health = health == HEALTH_UNAVAILABLE ? HEALTH_UNAVAILABLE
                      : health == HEALTH_REFUSED   ? HEALTH_REFUSED
                                                   : HEALTH_LIVE;
    session->health_since_s = load_number(&record, "health_since");
    session->offline = load_number(&record, "offline") != 0;
    session->enforced = load_number(&record, "enforced") != 0;
    session->closed_at_s = load_number(&record, "closed_at");
    session->revoked = (unsigned)load_number(&record, "revoked");
    session->previous_until_s = load_number(&record, "previous_until");
    session->refresh_lost = load_number(&record, "in_flight") != 0;
    session->renewable =
        record_get(&record, "refresh_token", NULL, 0) != -ENOENT;
    /* The clock may have been set while nobody looked. */
    wall_ms = load_number(&record, "clock");
    if (wall_ms != 0)
        session_shift(session, load_step_s(session, wall_ms));
    else if (session->refreshed_at_s > session_now_s())
        session_shift(session, session_now_s() - session->refreshed_at_s);
    record_done(&record);
    if (error == 0 && (session->state == SESSION_NONE ||
                       session->user == NULL || session->provider == NULL))
        error = -EPROTO;
    return error;
}

int
session_load_shared(struct session *session)
{
    struct record record;
    int error = session->keys.session == 0
                    ? -ENOKEY
                    : record_read(&record, session->keys.session);

    if (error != 0)
        return error;
    if ((error = load_text(&record, "user", &session->user)) == 0 &&
        (error = load_text(&record, "provider", &session->provider)) == 0)
        error = load_text(&record, "subject", &session->subject);
    session->uid = (uid_t)load_number(&record, "uid");
    session->expires_at_s = load_number(&record, "expires_at");
    session->state = SESSION_LIVE;
    session->renewable = true;
    record_done(&record);
    if (error == 0 && (session->user == NULL || session->provider == NULL))
        error = -EPROTO;
    return error;
}
