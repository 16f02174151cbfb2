/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A session that was signed in offline: its tokens come late.  signind keeps
 * the password for it, in memory alone, and signs in with it when the provider
 * answers again.  One attempt per answer: a password that is refused is never
 * shown again.
 */
#include "session.h"

#include <errno.h>
#include <string.h>

#include "signind/fault.h"
#include "signind/jitter.h"
#include "signind/log.h"

#define FIRST_AFTER_MS 1000
#define BACKOFF_MAX_MS 60000
/* Answers that cannot be understood; then they count as a refusal, before the
 * provider takes us for somebody who guesses. */
#define ODD_ANSWERS_MAX 3

bool
session_is_late(const struct session *session)
{
    return session->offline && session->password.text != NULL &&
           !session->late_asked;
}

int64_t
session_late_first_ms(void)
{
    return session_now_ms() + FIRST_AFTER_MS + jitter_below(FIRST_AFTER_MS * 2);
}

static void
late_back_off(struct session *session, unsigned at_least_s)
{
    unsigned pause =
        jitter_pause_ms(session->backoff_ms, FIRST_AFTER_MS, BACKOFF_MAX_MS);

    session->backoff_ms = pause;
    session->refresh_at_ms =
        session_now_ms() +
        (at_least_s * 1000 > pause ? at_least_s * 1000 : pause);
}

/* Not now: the provider asked for time, or does not answer.  true: now. */
static bool
late_may_ask(struct session *session, bool asked, enum wire_result *ret_result)
{
    char name[PACE_NAME_MAX];
    unsigned wait_s, wait_ms;

    pace_name(name, session->provider, session->user);
    wait_s = pace_wait_s(session->table, name);
    if (wait_s > 0) {
        late_back_off(session, wait_s);
        *ret_result = WIRE_SLOW_DOWN;
        return false;
    }
    /* It was there: who waits must not show it the password more often. */
    if (session->late_shown && session_now_ms() < session->refresh_at_ms) {
        *ret_result = WIRE_UNAVAILABLE;
        return false;
    }
    wait_ms = circuit_wait_ms(session->table, session->provider, asked);
    if (wait_ms > 0) {
        session->refresh_at_ms = session_now_ms() + wait_ms;
        *ret_result = WIRE_UNAVAILABLE;
        return false;
    }
    return true;
}

static void
late_no_memory(struct session *session)
{
    log_error("session %.8s of %s: out of memory", session->keys.id,
              session->user);
    session->late_asked = false;
    late_back_off(session, 0);
}

enum wire_result
session_sign_in_late(struct session *session, bool asked)
{
    const struct session_table *table = session->table;
    enum wire_result result = WIRE_INTERNAL;

    /* Under way already. */
    if (session->late_asked)
        return WIRE_OK;
    if (session->password.text == NULL || session->health == HEALTH_REFUSED)
        return WIRE_REFUSED;
    if (!late_may_ask(session, asked, &result))
        return result;
    session->late_asked = true;
    if (table->late_begin == NULL ||
        !table->late_begin(table->late_context, session)) {
        late_no_memory(session);
        return WIRE_INTERNAL;
    }
    /* late_begin() may have ended it already. */
    return session->late_asked                 ? WIRE_OK
           : session->health == HEALTH_REFUSED ? WIRE_REFUSED
                                               : WIRE_UNAVAILABLE;
}

/* The password is of no more use. */
static void
late_end(struct session *session)
{
    session->offline = false;
    secret_done(&session->password);
}

struct late_refusal {
    const struct session *first;
    enum wire_result result;
};

/* The same user at the same provider, with the same password: it would be
 * refused there as well, and count. */
static void
late_refuse_other(struct session *session, void *context)
{
    const struct late_refusal *refusal = context;
    const struct session *first = refusal->first;

    if (session == first || !session->offline || session->call != NULL ||
        session->state != SESSION_LIVE ||
        strcmp(session->user, first->user) != 0 ||
        strcmp(session->provider, first->provider) != 0)
        return;
    session->late_asked = false;
    late_end(session);
    session_refuse(session, refusal->result,
                   "another session's password was refused");
    session_answer(session, WIRE_REFUSED);
}

static void
late_refuse(struct session *session, enum wire_result result, const char *why)
{
    struct late_refusal refusal = {session, result};

    if (result == WIRE_MISCONFIGURED)
        result = WIRE_REFUSED;
    refusal.result = result;
    session_each(session->table, late_refuse_other, &refusal);
    late_end(session);
    session_refuse(session, result, why);
}

static void
late_forget(struct session *session, void *context)
{
    (void)context;
    if (session->password.text == NULL)
        return;
    secret_done(&session->password);
    if (session->state != SESSION_LIVE)
        return;
    session_save_record(session, NULL);
    /* The directory is being asked, for nothing. */
    if (session->call == NULL && session->late_asked) {
        session->late_asked = false;
        session_answer(session, WIRE_REFUSED);
    }
    session_arm(session);
}

void
session_late_forget(struct session_table *table)
{
    session_each(table, late_forget, NULL);
}

static bool
late_is_passing(struct session *session, enum wire_result result)
{
    if (result == WIRE_MISCONFIGURED)
        return ++session->odd_answers < ODD_ANSWERS_MAX;
    return result == WIRE_UNAVAILABLE || result == WIRE_SLOW_DOWN ||
           result == WIRE_INTERNAL || result == WIRE_BUSY;
}

/* It has not succeeded; returns what those who wait are told. */
static enum wire_result
late_failed(struct session *session, enum wire_result result, const char *why,
            unsigned retry_after_s)
{
    if (!late_is_passing(session, result)) {
        late_refuse(session, result, why);
        return WIRE_REFUSED;
    }
    log_line(result == WIRE_UNAVAILABLE ? LOG_DEBUG : LOG_WARNING,
             "session %.8s of %s (signed in offline): no tokens yet: %s: %s",
             session->keys.id, session->user, wire_result_name(result), why);
    late_back_off(session, retry_after_s);
    return result == WIRE_SLOW_DOWN ? WIRE_SLOW_DOWN : WIRE_UNAVAILABLE;
}

void
session_late_stop(struct session *session, enum wire_result result,
                  const char *why)
{
    enum wire_result told;

    session->late_asked = false;
    told = late_failed(session, result, why, 0);
    session_schedule(session);
    session_answer(session, told);
}

/* Nobody will own these: neither the session nor K, if that has got them. */
static void
late_discard(struct session *session, struct provider_tokens *tokens)
{
    if (session->received) {
        session_take_renewal(session);
        session_save_private(session, "", 0);
    }
    session_discard(session->table, session->provider, session->user, tokens);
}

/* That is no word of the provider's: it is asked again later. */
static void
late_no_room(struct session *session, struct provider_tokens *tokens, int error)
{
    log_error("session %.8s of %s: the tokens cannot be stored: %s",
              session->keys.id, session->user, strerrordesc_np(-error));
    session->offline = true;
    session->expires_at_s = 0;
    session->lifetime_s = 0;
    session->health = HEALTH_UNAVAILABLE;
    session_save_private(session, "", 0);
    session_save_record(session, NULL);
    session_discard(session->table, session->provider, session->user, tokens);
    late_back_off(session, BACKOFF_MAX_MS / 1000);
}

/* The tokens are the session's, as if it had begun with them. */
static enum wire_result
late_fill(struct session *session, struct provider_tokens *tokens)
{
    int error = 0;

    session_take_renewal(session);
    session->offline = false;
    session->refreshed_at_s = session_now_s();
    session->expires_at_s = tokens->expires_at_s;
    session->lifetime_s = tokens->expires_at_s == 0
                              ? 0
                              : tokens->expires_at_s - session->refreshed_at_s;
    session->backoff_ms = 0;
    session->refresh_at_ms = 0;
    if (tokens->subject != NULL)
        error = session_set(&session->subject, tokens->subject);
    session->health = HEALTH_LIVE;
    session->health_since_s = session->refreshed_at_s;
    if (error == 0)
        error = session_save_tokens(session, tokens);
    if (error != 0 && !session_has_saved(session, tokens)) {
        late_no_room(session, tokens, error);
        return WIRE_NO_KEYS;
    }
    late_end(session);
    log_notice("session %.8s of %s (signed in offline): provider %s answers, "
               "its tokens have come",
               session->keys.id, session->user, session->provider);
    return error == 0 ? WIRE_OK : WIRE_NO_KEYS;
}

static void
late_done(void *context, const struct provider_result *result,
          struct provider_tokens *tokens)
{
    struct session *session = context;
    struct session_table *table = session->table;
    enum wire_result told = WIRE_NO_SESSION;
    char name[PACE_NAME_MAX];

    session->call = NULL;
    session->late_asked = false;
    session->late_shown = result->sent || result->result != WIRE_UNAVAILABLE;
    circuit_note(table, session->provider, result);
    pace_name(name, session->provider, session->user);
    pace_note(table, name, result);
    if (session->state == SESSION_CLOSING) {
        late_discard(session, tokens);
        session_answer(session, told);
        session_revoke(session);
        return;
    }
    told =
        session->refused_as != WIRE_RESULT_NONE
            ? session->refused_as
            : table->late_accept(table->late_context, session, result, tokens);
    if (told == WIRE_OK) {
        told = late_fill(session, tokens);
    } else {
        late_discard(session, tokens);
        told = late_failed(session, told, result->why, result->retry_after_s);
    }
    session_schedule(session);
    session_answer(session, told);
}

/* Tokens have come, and the provider is asked whose they are. */
static void
late_received(void *context, const struct provider_tokens *tokens)
{
    session_receive_renewal(context, tokens);
    fault_point("late.received");
}

void
session_late_send(struct session *session)
{
    const struct provider_config *provider = session_provider(session);

    if (provider == NULL) {
        session_late_stop(session, WIRE_UNAVAILABLE,
                          "the provider is not configured any more");
        return;
    }
    session->call = provider_sign_in(
        &session->table->provider_context, provider, session->user,
        session->password.text, late_done, session);
    if (session->call == NULL)
        session_late_stop(session, WIRE_INTERNAL, "out of memory");
    else
        provider_watch(session->call, late_received);
}
