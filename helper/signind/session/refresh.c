/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a session's token is renewed, and what comes of it.
 *
 * One refresh is under way at most; whoever needs a fresh token meanwhile
 * waits for it.  Before a refresh token is sent, "in flight since" is written
 * with it: a rotating provider may have spent it when no answer comes.
 */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "signind/fault.h"
#include "signind/jitter.h"
#include "signind/log.h"

#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MAX_MS   60000

static void
refresh_set_health(struct session *session, enum session_health health,
                   const char *why)
{
    if (session->health == health)
        return;
    session->health = health;
    session->health_since_s = session_now_s();
    if (health == HEALTH_UNAVAILABLE)
        session->quiet = circuit_is_open(session->table, session->provider);
    if (health == HEALTH_LIVE)
        log_line(session->quiet ? LOG_DEBUG : LOG_NOTICE,
                 "session %.8s of %s: provider %s answers again",
                 session->keys.id, session->user, session->provider);
    else
        log_line(session->quiet ? LOG_DEBUG : LOG_WARNING,
                 "session %.8s of %s: cannot refresh at provider %s: %s; "
                 "trying again",
                 session->keys.id, session->user, session->provider, why);
}

/* The provider may have replaced the refresh token, and its answer is lost, or
 * such that nobody can read it. */
static bool
refresh_may_be_spent(const struct provider_result *result)
{
    return result->sent && (result->result == WIRE_UNAVAILABLE ||
                            result->result == WIRE_MISCONFIGURED ||
                            result->result == WIRE_INTERNAL);
}

/* The provider has said no, for good: trying again cannot help. */
static bool
refresh_was_refused(const struct provider_result *result)
{
    return result->result == WIRE_REFUSED ||
           result->result == WIRE_IDENTITY_MISMATCH ||
           result->result == WIRE_ACCOUNT_DISABLED ||
           result->result == WIRE_NEED_SECOND_FACTOR ||
           result->result == WIRE_MUST_CHANGE_PASSWORD;
}

/*
 * The refresh token may be spent and its successor lost: showing the old one
 * again can kill the access token that still works, so that waits until the
 * end of that one's life - unless the provider forgives.  0: no need to wait.
 */
static int64_t
refresh_near_end_ms(const struct session *session)
{
    const struct provider_config *provider = session_provider(session);

    if (session->expires_at_s == 0 ||
        (provider != NULL && provider->grace_s != 0))
        return 0;
    return session->expires_at_s * 1000 - session->lifetime_s * 50;
}

void
session_refresh_was_lost(struct session *session)
{
    int64_t near_end = refresh_near_end_ms(session);

    if (near_end > session_now_ms())
        session->refresh_at_ms = near_end;
}

/* Plan the next try after a failure. */
static void
refresh_back_off(struct session *session, const struct provider_result *result)
{
    unsigned pause =
        jitter_pause_ms(session->backoff_ms, BACKOFF_FIRST_MS, BACKOFF_MAX_MS);
    struct provider_result told = *result;

    session->backoff_ms = pause;
    /* It did not say for how long; whoever asks must not go on asking. */
    if (told.result == WIRE_SLOW_DOWN && told.retry_after_s == 0)
        told.retry_after_s = (pause + 999) / 1000;
    if (told.retry_after_s * 1000 > pause)
        pause = told.retry_after_s * 1000;
    pace_note(session->table, session->provider, &told);
    session->refresh_at_ms = session_now_ms() + pause;
    if (refresh_may_be_spent(result) &&
        refresh_near_end_ms(session) > session->refresh_at_ms)
        session->refresh_at_ms = refresh_near_end_ms(session);
}

/* Why the kernel would not take it, with what helps. */
static const char *
refresh_key_error(int error)
{
    return error == -ENOKEY ? "its token's key has been destroyed; `signind "
                              "--prepare`, as root, makes another"
                            : keyring_error_text(error);
}

/*
 * The kernel did not take what the provider has given, though there was room
 * when it was asked: nobody will own it.  With a refresh token that it did take
 * the session goes on; else the old one may be spent.
 */
static void
refresh_lose(struct session *session, struct provider_tokens *tokens,
             int64_t expires_at_s, int64_t lifetime_s)
{
    bool kept = session_has_saved_refresh(session, tokens);
    const struct provider_result lost = {.result = WIRE_UNAVAILABLE,
                                         .sent = !kept};

    session->expires_at_s = expires_at_s;
    session->lifetime_s = lifetime_s;
    session->previous_until_s = 0;
    if (kept)
        session_leave_renewal(session, tokens);
    else
        session_discard(session->table, session->provider, session->user,
                        tokens);
    refresh_back_off(session, &lost);
}

/* Returns what those who wait are told. */
static enum wire_result
refresh_succeeded(struct session *session, struct provider_tokens *tokens)
{
    int64_t expires_at_s = session->expires_at_s;
    int64_t lifetime_s = session->lifetime_s;
    int error;

    session_supersede(session);
    session->refreshed_at_s = session_now_s();
    session->expires_at_s = tokens->expires_at_s;
    session->lifetime_s = tokens->expires_at_s == 0
                              ? 0
                              : tokens->expires_at_s - session->refreshed_at_s;
    session->backoff_ms = 0;
    session->refresh_at_ms = 0;
    refresh_set_health(session, HEALTH_LIVE, "");
    error = session_save_tokens(session, tokens);
    if (error != 0)
        log_error("session %.8s of %s: cannot store the refreshed tokens: %s",
                  session->keys.id, session->user, refresh_key_error(error));
    if (error != 0 && !session_has_saved(session, tokens))
        refresh_lose(session, tokens, expires_at_s, lifetime_s);
    if (error == 0)
        log_debug("session %.8s of %s: refreshed, valid for %lld s",
                  session->keys.id, session->user,
                  (long long)session->lifetime_s);
    return error == 0 ? WIRE_OK : WIRE_NO_KEYS;
}

/*
 * The refresh has not succeeded, and the provider has not ended the session.
 * A new refresh token may have come all the same (with an answer that cannot
 * be read otherwise): then the old one is spent.  Else the in-flight mark
 * goes only if nothing can have been spent.
 */
static void
refresh_keep_token(struct session *session,
                   const struct provider_result *result,
                   struct provider_tokens *tokens)
{
    if (tokens->refresh_token.text != NULL)
        session_save_private(session, tokens->refresh_token.text, 0);
    else if (!refresh_may_be_spent(result))
        session_save_private(session, NULL, 0);
    session_leave_renewal(session, tokens);
}

static void
refresh_done(void *context, const struct provider_result *result,
             struct provider_tokens *tokens)
{
    struct session *session = context;
    enum wire_result told = result->result;

    session->call = NULL;
    circuit_note(session->table, session->provider, result);
    fault_point("refresh.answered");
    if (result->result == WIRE_OK) {
        session_take_renewal(session);
        told = refresh_succeeded(session, tokens);
    } else if (session->state == SESSION_CLOSING) {
        /* Revoke what there is, and what came too late. */
        session_take_renewal(session);
        session_save_private(session, NULL, 0);
        session_discard(session->table, session->provider, session->user,
                        tokens);
    } else if (refresh_was_refused(result)) {
        session_take_renewal(session);
        session_discard(session->table, session->provider, session->user,
                        tokens);
        session_refuse(session, result->result, result->why);
        told = WIRE_REFUSED;
    } else {
        struct provider_result failed = *result;

        refresh_keep_token(session, result, tokens);
        /* With its successor here nothing is lost. */
        failed.sent = failed.sent && tokens->refresh_token.text == NULL;
        refresh_back_off(session, &failed);
        refresh_set_health(session, HEALTH_UNAVAILABLE, result->why);
        session_save_record(session, NULL);
        told = WIRE_UNAVAILABLE;
    }
    if (session->state == SESSION_CLOSING) {
        session_answer(session, WIRE_NO_SESSION);
        session_revoke(session);
        return;
    }
    fault_point("refresh.stored");
    /* The directory has said so meanwhile. */
    if (session->refused_as != WIRE_RESULT_NONE) {
        session_refuse(session, session->refused_as, "by the directory");
        told = WIRE_REFUSED;
    }
    session_schedule(session);
    session_answer(session, told);
}

/* New tokens have come, and the provider is asked about them. */
static void
refresh_received(void *context, const struct provider_tokens *tokens)
{
    session_receive_renewal(context, tokens);
    fault_point("refresh.received");
}

/* Not now: the provider asked for time, or does not answer.  true: now. */
static bool
refresh_may_ask(struct session *session, bool asked,
                enum wire_result *ret_result)
{
    unsigned wait_s = pace_wait_s(session->table, session->provider);
    unsigned wait_ms;

    if (wait_s > 0) {
        /* Some more, so that all its sessions do not come back together. */
        session->refresh_at_ms =
            session_now_ms() + (int64_t)wait_s * 1000 +
            jitter_below(wait_s > 3600 ? 360000 : wait_s * 100 + 1);
        *ret_result = WIRE_SLOW_DOWN;
        return false;
    }
    wait_ms = circuit_wait_ms(session->table, session->provider, asked);
    if (wait_ms > 0) {
        session->refresh_at_ms = session_now_ms() + wait_ms;
        if (session->health == HEALTH_LIVE) {
            refresh_set_health(session, HEALTH_UNAVAILABLE,
                               "it does not answer");
            session_save_record(session, NULL);
        }
        *ret_result = WIRE_UNAVAILABLE;
        return false;
    }
    return true;
}

enum wire_result
session_refresh(struct session *session, bool asked)
{
    const struct provider_config *provider = session_provider(session);
    struct secret token = {0};
    enum wire_result result = WIRE_INTERNAL;
    int error;

    if (session->offline)
        return session_sign_in_late(session, asked);
    if (session->health == HEALTH_REFUSED || !session->renewable)
        return WIRE_REFUSED;
    if (!refresh_may_ask(session, asked, &result))
        return result;
    result = WIRE_INTERNAL;
    if (provider == NULL || !provider->requests[REQUEST_REFRESH].configured) {
        log_warning("session %.8s of %s: provider %s is not configured for "
                    "refresh any more",
                    session->keys.id, session->user, session->provider);
        session->renewable = false;
        return WIRE_REFUSED;
    }
    error = session_load_refresh_token(session, &token);
    if (error == 0)
        error = session_save_private(session, token.text, session_now_s());
    if (error == 0) {
        fault_point("refresh.marked");
        session->call = provider_refresh(
            &session->table->provider_context, provider, session->user,
            session->subject, token.text, refresh_done, session);
        fault_point("refresh.started");
        if (session->call != NULL) {
            provider_watch(session->call, refresh_received);
            result = WIRE_OK;
        }
        if (session->call != NULL && provider->check_directory_at_refresh &&
            session->table->recheck != NULL)
            session->table->recheck(session->table->recheck_context, session);
    }
    secret_done(&token);
    if (result != WIRE_OK) {
        const struct provider_result failed = {.result = WIRE_INTERNAL};

        refresh_set_health(session, HEALTH_UNAVAILABLE,
                           error == 0 ? "out of memory"
                                      : refresh_key_error(error));
        session_save_record(session, NULL);
        refresh_back_off(session, &failed);
    }
    return result;
}

/* A live session: has it signed out, must it be renewed, has it run out? */
static void
due_live(struct session *session, int64_t now_ms)
{
    if (!session_check_keys(session))
        return;
    session_enforce(session);
    if (session->expires_at_s != 0 && !session->parked &&
        now_ms >= session->expires_at_s * 1000) {
        int error = keyring_park(&session->keys);

        session->parked = true;
        if (error != 0)
            log_warning("session %.8s of %s: cannot park the expired token: "
                        "%s",
                        session->keys.id, session->user, strerror(-error));
    }
    if (session->call == NULL && session_can_renew(session) &&
        session->refresh_at_ms != 0 && now_ms >= session->refresh_at_ms)
        session_refresh(session, false);
    session_arm(session);
}

void
session_due(struct session *session)
{
    int64_t now_ms = session_now_ms();

    switch (session->state) {
    case SESSION_PENDING:
    case SESSION_CLAIMED:
        if (now_ms >= session->ticket_until_s * 1000)
            session_close(session, "nobody opened it in time");
        break;
    case SESSION_LIVE:
        due_live(session, now_ms);
        break;
    case SESSION_CLOSING:
        if (session->call == NULL && now_ms >= session->refresh_at_ms)
            session_revoke(session);
        break;
    case SESSION_NONE:
        break;
    }
}
