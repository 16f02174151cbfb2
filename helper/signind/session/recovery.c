/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * After a restart: every K under the anchor is a session to go on with.  A
 * restart revokes nothing by itself.
 */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "signind/log.h"

/* A live session: does the kernel, and its opener, say so too? */
static void
recovery_live(struct session *session)
{
    int error;

    if (keyring_alive(&session->keys) != 0) {
        session_close(session, "it signed out while signind was not running");
        return;
    }
    error = session_watch_opener(session);
    if (error == -ESRCH) {
        session_close(session, "the process that opened it ended while "
                               "signind was not running");
        return;
    }
    if (error != 0)
        log_warning("session %.8s of %s: cannot watch process %d: %s",
                    session->keys.id, session->user, (int)session->opener,
                    strerror(-error));
    if (session->keys.access_token == 0)
        log_warning("session %.8s of %s: its token's key is gone; `signind "
                    "--prepare`, as root, makes another",
                    session->keys.id, session->user);
    if (session->health == HEALTH_REFUSED)
        session_refuse_on(session);
    if (session->refresh_lost)
        session_refresh_was_lost(session);
    session_schedule(session);
    session_due(session);
}

/* Every update erases a key's timeout, and signind may have died between the
 * two: put it back. */
static void
recovery_timeouts(struct session *session)
{
    int64_t left = session->expires_at_s - session_now_s();
    struct secret token = {0};

    keyring_timeout(session->keys.keep, 0);
    if (session->keys.access_token == 0)
        session->parked = session->expires_at_s != 0 && left < 1;
    else
        session->parked = session_load_access_token(session, &token) != 0;
    if (session->health == HEALTH_REFUSED)
        session->parked = true;
    secret_done(&token);
    if (session->keys.access_token == 0)
        return;
    if (session->expires_at_s != 0 && !session->parked && left >= 1)
        keyring_timeout(session->keys.access_token,
                        left > INT32_MAX ? 0 : (unsigned)left);
    if (session->state != SESSION_LIVE)
        return;
    /* It may also have died between renewing the token and linking it back,
     * or before writing the record. */
    if (session->parked || (session->expires_at_s != 0 && left < 1)) {
        keyring_park(&session->keys);
        session->parked = true;
    } else {
        keyring_unpark(&session->keys);
    }
    session_save_record(session, NULL);
}

/*
 * K without a private record: one that was never filled, which the module's
 * timeout takes; or root has destroyed that record, and `signind --prepare` may
 * have made an empty one since.  Then the session's own record is filled.
 */
static void
recovery_empty(struct session *session)
{
    char text[2];
    int error =
        session->keys.private_key == 0
            ? -ENOKEY
            : (int)keyring_read(session->keys.private_key, text, sizeof(text));

    /* Not what another version has written, or what cannot be read now. */
    if ((error == -ENOKEY || error == 1) && session_load_shared(session) == 0)
        session_lose_keys(session);
    else
        session_free(session);
}

static int
recovery_one(key_serial_t keep, key_serial_t shard, void *context)
{
    struct session_table *table = context;
    struct keyring_session keys = {0};
    struct session *session;

    if (keyring_open_keep(keep, table->gid, &keys) != 0 ||
        session_find(table, keys.id) != NULL)
        return 0;
    session = session_new(table, keys.id);
    if (session == NULL)
        return -ENOMEM;
    session->keys = keys;
    session->shard = shard;
    if (session_load(session) != 0) {
        recovery_empty(session);
        return 0;
    }
    if (session->health != HEALTH_REFUSED &&
        session_finish_renewal(session) != 0)
        log_warning("session %.8s of %s: its renewed token cannot be stored",
                    session->keys.id, session->user);
    recovery_timeouts(session);
    switch (session->state) {
    case SESSION_LIVE:
        recovery_live(session);
        break;
    case SESSION_CLOSING:
        keyring_end_session(&session->keys);
        session_revoke(session);
        break;
    case SESSION_PENDING:
    case SESSION_CLAIMED:
        session_schedule(session);
        break;
    case SESSION_NONE:
        session_free(session);
        break;
    }
    return 0;
}

int
session_recover(struct session_table *table)
{
    int error = keyring_anchor_walk(&table->anchor, recovery_one, table);

    if (table->count > 0)
        log_notice("recovered %zu sessions from the kernel", table->count);
    return error;
}
