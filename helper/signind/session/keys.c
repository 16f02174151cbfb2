/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys that somebody has destroyed.  What is inside a session may search its
 * keys, and who may search may invalidate (keyctl_invalidate(3)); root may do
 * anything.  No Debian kernel tells, so signind looks now and then.
 */
#include "session.h"

#include <errno.h>
#include <string.h>

#include "signind/log.h"

static bool
keys_are_gone(int error)
{
    return error == -ENOKEY || error == -EKEYREVOKED || error == -EKEYEXPIRED;
}

/*
 * What only root can have destroyed: K, and with it the only refresh token.
 * The session cannot be kept, and soon nobody could revoke what is left of it:
 * that is taken out now, before the end of S takes the last link away.
 */
void
session_lose_keys(struct session *session)
{
    struct provider_tokens rest = {.expires_at_s = session->expires_at_s};

    session_load_last_token(session, &rest.access_token);
    if (session_load_refresh_token(session, &rest.refresh_token) != 0 &&
        session->renewable)
        log_error("session %.8s of %s: root has destroyed its keys, and the "
                  "refresh token with them: provider %s honours that until it "
                  "expires",
                  session->keys.id, session->user, session->provider);
    session_discard(session->table, session->provider, session->user, &rest);
    provider_tokens_done(&rest);
    /* There is nothing more to ask for. */
    session->revoked = ~0u;
    session->previous_until_s = 0;
    session_close(session, "root has destroyed its keys");
}

/* A pocket that was there has gone: say so. */
static void
keys_miss(const struct session *session)
{
    log_warning("session %.8s of %s: its %s has been destroyed; `signind "
                "--prepare`, as root, makes another",
                session->keys.id, session->user,
                session->keys.access_token == 0 ? "token's key" : "record");
}

/* --prepare may have made another: fill it. */
static void
keys_look_again(struct session *session)
{
    struct keyring_session keys = session->keys;
    int error = keyring_open_keep(keys.keep, session->table->gid, &keys);

    if (error != 0 || (keys.access_token == session->keys.access_token &&
                       keys.session == session->keys.session))
        return;
    session->keys.access_token = keys.access_token;
    session->keys.session = keys.session;
    error = session_write_token(session);
    if (error != 0)
        log_warning("session %.8s of %s: its new keys cannot be filled: %s",
                    keys.id, session->user, strerrordesc_np(-error));
    else
        log_notice("session %.8s of %s: its keys have been made again", keys.id,
                   session->user);
}

bool
session_check_keys(struct session *session)
{
    struct keyring_session *keys = &session->keys;
    int token, record;

    if (keys_are_gone(keyring_alive(keys))) {
        session_close(session, "its keyring has gone");
        return false;
    }
    if (keys_are_gone(keyring_exists(keys->keep)) ||
        keys_are_gone(keyring_exists(keys->private_key))) {
        session_lose_keys(session);
        return false;
    }
    token = keyring_exists(keys->access_token);
    record = keyring_exists(keys->session);
    if (keys->access_token == 0 || keys->session == 0) {
        keys_look_again(session);
    } else if (token == -ENOKEY || token == -EKEYREVOKED ||
               keys_are_gone(record)) {
        /* A token's key that has expired is parked and renewed. */
        if (token == -ENOKEY || token == -EKEYREVOKED)
            keys->access_token = 0;
        if (keys_are_gone(record))
            keys->session = 0;
        keys_miss(session);
    } else if (session->unwritten) {
        session_write_token(session);
    }
    return true;
}

void
session_check_anchor(struct session_table *table)
{
    const struct keyring_anchor *anchor = &table->anchor;
    bool lost = anchor->anchor != 0 && keyring_exists(anchor->anchor) != 0;

    for (size_t i = 0; i < KEYRING_SHARDS && anchor->anchor != 0 && !lost; i++)
        lost = keyring_exists(anchor->shards[i]) != 0;
    if (lost && !table->anchor_lost)
        log_error("the keyring that all sessions hang from has been destroyed, "
                  "or a part of it: nobody can sign in; run `signind "
                  "--prepare` as root and reload signind");
    table->anchor_lost = lost;
}
