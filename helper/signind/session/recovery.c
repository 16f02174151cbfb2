/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * After a restart: every K under the anchor is a session to go on with.  A
 * restart revokes nothing by itself.
 */
#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signind/log.h"

/*
 * Is the opener another process by now?  Field 22 of /proc/PID/stat tells;
 * under hidepid it cannot be read for others' processes, and the process id
 * alone has to do.
 */
static bool
recovery_opener_changed(const struct session *session)
{
    char path[40], text[1024];
    char *field;
    uint64_t start = 0;
    size_t length;
    FILE *file;

    if (session->opener_start == 0)
        return false;
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)session->opener);
    file = fopen(path, "re");
    if (file == NULL)
        return false;
    length = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[length] = '\0';
    /* The name in parentheses may hold anything; the rest is numbers. */
    field = strrchr(text, ')');
    for (int i = 2; field != NULL && i < 22; i++)
        field = strchr(field + 1, ' ');
    return field != NULL && sscanf(field, " %" SCNu64, &start) == 1 &&
           start != session->opener_start;
}

/* A live session: does the kernel, and its opener, say so too? */
static void
recovery_live(struct session *session)
{
    int error;

    if (keyring_alive(&session->keys) != 0) {
        session_close(session, "it signed out while signind was not running");
        return;
    }
    if (recovery_opener_changed(session) ||
        (error = session_watch_opener(session)) == -ESRCH) {
        session_close(session, "the process that opened it ended while "
                               "signind was not running");
        return;
    }
    if (error != 0)
        log_warning("session %.8s of %s: cannot watch process %d: %s",
                    session->keys.id, session->user, (int)session->opener,
                    strerror(-error));
    if (session->keys.access_token == 0)
        log_warning("session %.8s of %s: its token's key is gone; run "
                    "signind --prepare as root and restart signind",
                    session->keys.id, session->user);
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
    session->parked = session->health == HEALTH_REFUSED ||
                      session_load_access_token(session, &token) != 0;
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
        /* Never filled: the module's timeout takes it. */
        session_free(session);
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
