/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tokens of a session in the kernel: each of them survives the crash of
 * signind at any moment, a full quota and what people inside the session can
 * do to their own keys.  The access token has its pocket, which the session
 * reads, and a copy in the private record, which it cannot reach.
 */
#include "session.h"

#include <errno.h>
#include <string.h>

#include "signind/fault.h"

/* There is room for one that was replaced: whoever renews twice within one
 * token's life has the older one revoked now. */
void
session_discard_previous(struct session *session)
{
    struct provider_tokens older = {.expires_at_s = session->previous_until_s};

    if (session_ends_previous(session) &&
        session_load_previous_token(session, &older.access_token) == 0)
        session_discard(session->table, session->provider, session->user,
                        &older);
    provider_tokens_done(&older);
    session->previous_until_s = 0;
}

void
session_supersede(struct session *session)
{
    int64_t until_s =
        session->expires_at_s != 0
            ? session->expires_at_s
            : session_now_s() + session->table->config->unknown_lifetime_s;

    session_discard_previous(session);
    session->previous_until_s =
        session->parked || until_s <= session_now_s() ? 0 : until_s;
}

/*
 * The old refresh token may be spent by now: a death must not lose the new
 * one.  The access token takes the place of the one before the present one, so
 * that nobody gets it unchecked and the end of the session revokes it.
 */
void
session_receive_renewal(struct session *session,
                        const struct provider_tokens *tokens)
{
    int64_t lifetime_s = session->lifetime_s != 0
                             ? session->lifetime_s
                             : session->table->config->unknown_lifetime_s;

    if (session->keys.keep == 0)
        return;
    session_discard_previous(session);
    session->previous_until_s = session_now_s() + lifetime_s;
    /* What has no room now is said when it is to stay. */
    session->received =
        session_write_private(session, tokens->refresh_token.text,
                              tokens->access_token.text, NULL, 0) == 0;
    if (!session->received)
        session->previous_until_s = 0;
}

void
session_take_renewal(struct session *session)
{
    if (session->received)
        session->previous_until_s = 0;
    session->received = false;
}

void
session_leave_renewal(struct session *session, struct provider_tokens *tokens)
{
    struct provider_tokens unused = {.expires_at_s = tokens->expires_at_s};

    if (!session->received && session_ends_previous(session)) {
        secret_move(&unused.access_token, &tokens->access_token);
        session_discard(session->table, session->provider, session->user,
                        &unused);
    }
    provider_tokens_done(&unused);
    session->received = false;
}

/* The key's timeout is the token's expiry: readers get EKEYEXPIRED then even
 * if signind is dead. */
static unsigned
renewal_timeout(const struct session *session)
{
    int64_t left;

    if (session->expires_at_s == 0)
        return 0;
    left = session->expires_at_s - session_now_s();
    if (left < 1)
        return 1;
    return left > INT32_MAX ? 0 : (unsigned)left;
}

/* Neither the key nor root's quota has room for so much. */
static bool
renewal_is_full(int error)
{
    return error == -EMSGSIZE || error == -EDQUOT;
}

/* The replaced access token cannot be kept until logout: revoke it now. */
static void
renewal_drop_previous(struct session *session, struct secret *previous)
{
    struct provider_tokens older = {.expires_at_s = session->previous_until_s};

    secret_move(&older.access_token, previous);
    if (session_ends_previous(session))
        session_discard(session->table, session->provider, session->user,
                        &older);
    provider_tokens_done(&older);
    session->previous_until_s = 0;
}

/*
 * Both new tokens in one write, so that there is no moment at which a crash
 * loses one of them; and the access token that is replaced while it may still
 * be alive: at logout it is revoked as well.  As far as there is room: the
 * refresh token has no other place.  *dropped: the replaced one, if it has
 * none.
 */
static int
renewal_write(struct session *session, const struct provider_tokens *tokens,
              struct secret *dropped)
{
    const char *refresh_token = tokens->refresh_token.text;
    const char *access_token = tokens->access_token.text;
    struct secret previous = {0};
    int error;

    if (session->previous_until_s == 0 ||
        session_load_last_token(session, &previous) != 0)
        session->previous_until_s = 0;
    error = session_write_private(session, refresh_token,
                                  previous.text == NULL ? "" : previous.text,
                                  access_token, 0);
    if (renewal_is_full(error)) {
        secret_move(dropped, &previous);
        error =
            session_write_private(session, refresh_token, "", access_token, 0);
    }
    if (renewal_is_full(error))
        error = session_write_private(session, refresh_token, "", "", 0);
    secret_done(&previous);
    return error;
}

int
session_save_tokens(struct session *session,
                    const struct provider_tokens *tokens)
{
    struct secret dropped = {0};
    int error;

    if (session->keys.keep == 0) {
        error = session_save_private(session, tokens->refresh_token.text, 0);
        return error != 0 ? error
                          : secret_set(&session->access_token,
                                       tokens->access_token.text,
                                       tokens->access_token.length);
    }
    fault_point("save.begin");
    error = renewal_write(session, tokens, &dropped);
    if (error == 0) {
        fault_point("save.refresh_token");
        session->unwritten = true;
        error = keyring_write(
            &session->keys, KEYRING_ACCESS_TOKEN, tokens->access_token.text,
            tokens->access_token.length, renewal_timeout(session));
    }
    /* Else its pocket keeps the one that was to be replaced. */
    if (dropped.text != NULL &&
        (error == 0 || session_has_saved(session, tokens)))
        renewal_drop_previous(session, &dropped);
    secret_done(&dropped);
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
    session->unwritten = error != 0;
    fault_point("save.record");
    return error;
}

bool
session_has_saved_refresh(const struct session *session,
                          const struct provider_tokens *tokens)
{
    struct secret refresh = {0};
    bool saved = tokens->refresh_token.text == NULL ||
                 (session_load_refresh_token(session, &refresh) == 0 &&
                  strcmp(refresh.text, tokens->refresh_token.text) == 0);

    secret_done(&refresh);
    return saved;
}

bool
session_has_saved(const struct session *session,
                  const struct provider_tokens *tokens)
{
    struct secret copy = {0}, pocket = {0};
    const char *access = tokens->access_token.text;
    bool saved = ((session_load_coming_token(session, &copy) == 0 &&
                   strcmp(copy.text, access) == 0) ||
                  (session_load_access_token(session, &pocket) == 0 &&
                   strcmp(pocket.text, access) == 0)) &&
                 session_has_saved_refresh(session, tokens);

    secret_done(&copy);
    secret_done(&pocket);
    return saved;
}

int
session_finish_renewal(struct session *session)
{
    struct secret copy = {0}, present = {0};
    int error = session_load_coming_token(session, &copy);

    if (session->expires_at_s != 0 && session->expires_at_s <= session_now_s())
        error = 0;
    else if (error == 0 && (session_load_access_token(session, &present) != 0 ||
                            strcmp(present.text, copy.text) != 0))
        error = keyring_write(&session->keys, KEYRING_ACCESS_TOKEN, copy.text,
                              copy.length, renewal_timeout(session));
    else if ((error == 0 || error == -ENOENT) &&
             session->keys.access_token != 0)
        error = keyring_timeout(session->keys.access_token,
                                renewal_timeout(session));
    secret_done(&copy);
    secret_done(&present);
    return error;
}

int
session_write_token(struct session *session)
{
    int error = session->parked ? 0 : session_finish_renewal(session);

    if (error == 0 && session->state == SESSION_LIVE) {
        if (!session->parked && session->keys.access_token != 0)
            error = keyring_unpark(&session->keys);
        if (error == 0 && session->keys.session != 0)
            error = session_save_record(session, NULL);
    }
    session->unwritten = error != 0;
    return error;
}
