/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a session: at once on this host, then, as long as it takes, at
 * the provider.  Until the provider has confirmed, K holds what it must be
 * told, so that a restart goes on where this one stopped.
 */
#include "session.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "signind/fault.h"
#include "signind/log.h"

#define RETRY_FIRST_MS 1000
#define RETRY_MAX_MS   300000

/* Nothing is left to do, or nothing more can be done. */
static void
close_finish(struct session *session)
{
    fault_point("close.revoked");
    if (session->keys.keep != 0)
        keyring_forget(&session->keys, session->shard);
    fault_point("close.forgotten");
    if (session->refused_id[0] != '\0')
        session_refused_revoked(session->table, session->refused_id);
    session_free(session);
}

static void
close_retry(struct session *session, const struct provider_result *result)
{
    uint16_t random = 0;
    unsigned pause = session->backoff_ms * 2;

    if (getrandom(&random, sizeof(random), 0) < 0)
        random = 0;
    if (pause < RETRY_FIRST_MS)
        pause = RETRY_FIRST_MS;
    if (pause > RETRY_MAX_MS)
        pause = RETRY_MAX_MS;
    session->backoff_ms = pause;
    pause += pause / 4 * random / UINT16_MAX;
    if (result->retry_after_s * 1000 > pause)
        pause = result->retry_after_s * 1000;
    session->refresh_at_ms = session_now_ms() + pause;
    session_schedule(session);
}

/* A request of the revocation has been answered. */
static void
close_step_done(void *context, const struct provider_result *result,
                enum request_kind kind)
{
    struct session *session = context;

    session->call = NULL;
    circuit_note(session->table, session->provider, result);
    if (result->result == WIRE_OK) {
        fault_point("revoke.answered");
        session->revoked |= 1u << kind;
        session->backoff_ms = 0;
        log_info("session %.8s of %s: %s is done at provider %s",
                 session->keys.id, session->user, request_kind_name(kind),
                 session->provider);
        session_save_private(session, NULL, 0);
        session_revoke(session);
        return;
    }
    if (session->backoff_ms == 0)
        log_warning("session %.8s of %s: %s failed at provider %s: %s; "
                    "trying again for %u s",
                    session->keys.id, session->user, request_kind_name(kind),
                    session->provider, result->why,
                    session->table->config->revoke_retry_for_s);
    close_retry(session, result);
}

static void
close_access_done(void *context, const struct provider_result *result,
                  struct provider_tokens *tokens)
{
    (void)tokens;
    close_step_done(context, result, REQUEST_REVOKE_ACCESS);
}

static void
close_refresh_done(void *context, const struct provider_result *result,
                   struct provider_tokens *tokens)
{
    (void)tokens;
    close_step_done(context, result, REQUEST_REVOKE_REFRESH);
}

/* New tokens, only to be revoked: without room for them by themselves. */
static void
close_renewed(struct session *session, struct provider_tokens *tokens)
{
    int64_t expires_at_s = session->expires_at_s;

    session->refreshed_to_revoke = true;
    session_supersede(session);
    session->expires_at_s = tokens->expires_at_s;
    if (session_save_tokens(session, tokens) == 0 ||
        session_has_saved(session, tokens))
        return;
    log_error("session %.8s of %s: cannot store what is to be revoked",
              session->keys.id, session->user);
    session->expires_at_s = expires_at_s;
    session_discard(session->table, session->provider, session->user, tokens);
}

/* The refresh that revoke.access.refresh_first asked for. */
static void
close_refreshed(void *context, const struct provider_result *result,
                struct provider_tokens *tokens)
{
    struct session *session = context;

    session->call = NULL;
    circuit_note(session->table, session->provider, result);
    if (result->result == WIRE_OK) {
        close_renewed(session, tokens);
        session_revoke(session);
    } else if (result->result == WIRE_UNAVAILABLE ||
               result->result == WIRE_SLOW_DOWN) {
        close_retry(session, result);
    } else {
        /* Refused: both are dead already. */
        session->refreshed_to_revoke = true;
        session_revoke(session);
    }
}

/* Ask for one token's revocation.  true: under way. */
static bool
close_send(struct session *session, const struct provider_config *provider,
           enum request_kind kind)
{
    const struct provider_context *context = &session->table->provider_context;
    const struct request_config *request = &provider->requests[kind];
    struct secret access = {0}, refresh = {0};
    bool has_access =
        session_load_last_token(session, &access) == 0 &&
        (session->expires_at_s == 0 || session->expires_at_s > session_now_s());
    bool has_refresh = session_load_refresh_token(session, &refresh) == 0;
    bool wanted = kind == REQUEST_REVOKE_ACCESS ? has_access : has_refresh;

    if (request->refresh_first && !has_access && has_refresh &&
        !session->refreshed_to_revoke &&
        provider->requests[REQUEST_REFRESH].configured)
        session->call =
            provider_refresh(context, provider, session->user, session->subject,
                             refresh.text, close_refreshed, session);
    else if (wanted)
        session->call = provider_revoke(
            context, provider, kind, session->user, session->subject,
            has_access ? access.text : NULL, has_refresh ? refresh.text : NULL,
            kind == REQUEST_REVOKE_ACCESS ? close_access_done
                                          : close_refresh_done,
            session);
    secret_done(&access);
    secret_done(&refresh);
    return session->call != NULL;
}

static void
close_previous_done(void *context, const struct provider_result *result,
                    struct provider_tokens *tokens)
{
    struct session *session = context;

    (void)tokens;
    session->call = NULL;
    circuit_note(session->table, session->provider, result);
    if (result->result == WIRE_UNAVAILABLE ||
        result->result == WIRE_SLOW_DOWN) {
        close_retry(session, result);
        return;
    }
    /* A provider that knows it no more need not say so in the right words. */
    session->previous_until_s = 0;
    session_save_private(session, "", 0);
    session_revoke(session);
}

bool
session_ends_previous(const struct session *session)
{
    const struct provider_config *provider = session_provider(session);
    bool wanted = false;

    if (provider == NULL)
        return false;
    for (size_t i = 0; i < provider->revoke_count; i++)
        wanted |= provider->revoke_order[i] == REQUEST_REVOKE_ACCESS;
    return wanted && !provider->requests[REQUEST_REVOKE_ACCESS].refresh_first;
}

/*
 * The access token that was renewed a moment ago may be alive still.  Last:
 * the others may have taken it along.  true: under way.
 */
static bool
close_send_previous(struct session *session,
                    const struct provider_config *provider)
{
    struct secret previous = {0};

    if (session_ends_previous(session) &&
        session_load_previous_token(session, &previous) == 0)
        session->call = provider_revoke(
            &session->table->provider_context, provider, REQUEST_REVOKE_ACCESS,
            session->user, session->subject, previous.text, NULL,
            close_previous_done, session);
    secret_done(&previous);
    return session->call != NULL;
}

void
session_revoke(struct session *session)
{
    const struct provider_config *provider = session_provider(session);
    const struct config *config = session->table->config;
    unsigned wait_ms;

    if (session->call != NULL)
        return;
    session->refresh_at_ms = 0;
    if (provider == NULL) {
        log_warning("session %.8s of %s: provider %s is not configured any "
                    "more: its tokens cannot be revoked",
                    session->keys.id, session->user, session->provider);
        close_finish(session);
        return;
    }
    if (session_now_s() - session->closed_at_s > config->revoke_retry_for_s) {
        log_error("session %.8s of %s: gave up revoking at provider %s after "
                  "%u s: its tokens live until they expire",
                  session->keys.id, session->user, session->provider,
                  config->revoke_retry_for_s);
        close_finish(session);
        return;
    }
    wait_ms = circuit_wait_ms(session->table, session->provider, false);
    if (wait_ms > 0) {
        session->refresh_at_ms = session_now_ms() + wait_ms;
        session_schedule(session);
        return;
    }
    for (size_t i = 0; i < provider->revoke_count; i++) {
        enum request_kind kind = provider->revoke_order[i];

        if ((session->revoked & 1u << kind) == 0 &&
            close_send(session, provider, kind)) {
            fault_point("revoke.started");
            return;
        }
    }
    if (!close_send_previous(session, provider))
        close_finish(session);
}

void
session_close(struct session *session, const char *why)
{
    struct session_waiter *waiter;
    int error;

    if (session->state == SESSION_CLOSING)
        return;
    log_info("session %.8s of %s ends: %s", session->keys.id, session->user,
             why);
    fault_point("close.begin");
    session->state = SESSION_CLOSING;
    session->closed_at_s = session_now_s();
    session->refresh_at_ms = 0;
    session->backoff_ms = 0;
    /* It may be long until the provider is there and this session is freed. */
    secret_done(&session->password);
    session_unwatch_opener(session);
    while ((waiter = TAILQ_FIRST(&session->waiters)) != NULL) {
        TAILQ_REMOVE(&session->waiters, waiter, link);
        waiter->done(waiter, WIRE_NO_SESSION);
    }
    if (session->keys.keep != 0) {
        /* The module may have made S and not been able to say so. */
        if (session->keys.ring == 0)
            keyring_open_keep(session->keys.keep, session->table->gid,
                              &session->keys);
        error = keyring_end_session(&session->keys);
        fault_point("close.ended");
        if (error != 0)
            log_warning("session %.8s of %s: its keyring could not be "
                        "revoked: %s",
                        session->keys.id, session->user, strerror(-error));
        error = session_save_private(session, NULL, 0);
        if (error != 0)
            log_warning("session %.8s of %s: its end cannot be written: %s",
                        session->keys.id, session->user, strerror(-error));
    }
    fault_point("close.saved");
    /* A refresh that is under way may bring new tokens: those are revoked
     * when it ends. */
    if (session->call == NULL)
        session_revoke(session);
    else
        session_schedule(session);
}
