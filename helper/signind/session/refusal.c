/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a session's credentials: its provider, or the directory, wants
 * the user no more.  What is in the session goes at once; what becomes of the
 * session itself ([session] on_refusal) is root's to do (wire/enforce.h), and
 * is asked for once.
 */
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signind/fault.h"
#include "signind/log.h"
#include "wire/enforce.h"

/* Our own words: what a provider writes has no place on a terminal. */
const char *
session_refusal_reason(enum wire_result result)
{
    switch ((int)result) {
    case WIRE_ACCOUNT_DISABLED:
        return "your account is disabled";
    case WIRE_IDENTITY_MISMATCH:
        return "it is not yours any more";
    case WIRE_NEED_SECOND_FACTOR:
        return "the provider asks for a second factor";
    case WIRE_MUST_CHANGE_PASSWORD:
        return "you must change your password";
    case WIRE_UNKNOWN_USER:
        return "your account is gone";
    case WIRE_DENIED:
        return "you may not use this host any more";
    default:
        return "the provider does not renew it";
    }
}

/* PATH of a name in one of the directories of wire/enforce.h. */
static int
refusal_path(const struct session_table *table, const char *directory,
             const char *name, char *path, size_t size)
{
    const char *runtime =
        table->runtime == NULL ? CHANNEL_DIRECTORY : table->runtime;
    int length = snprintf(path, size, "%s/%s%s%s", runtime, directory,
                          name == NULL ? "" : "/", name == NULL ? "" : name);

    return length < 0 || (size_t)length >= size ? -ENAMETOOLONG : 0;
}

#define REFUSAL_PATH_MAX 512

static int
refusal_lock(const struct session *session)
{
    char path[REFUSAL_PATH_MAX];
    int error = refusal_path(session->table, ENFORCE_LOCKED_NAME, NULL, path,
                             sizeof(path));

    if (error == 0 && !people_name_valid(session->user))
        error = -EINVAL;
    if (error == 0)
        error = enforce_write_file(path, session->user, "", 0600);
    return error;
}

static enum enforce_action
refusal_action(const struct session *session)
{
    switch (session->table->config->on_refusal) {
    case ON_REFUSAL_LOCK:
        return ENFORCE_LOCK;
    case ON_REFUSAL_TERMINATE:
        return ENFORCE_TERMINATE;
    case ON_REFUSAL_NOTIFY:
        break;
    }
    return ENFORCE_NOTIFY;
}

static int
refusal_request(const struct session *session, enum enforce_action action)
{
    struct enforce_request request = {.action = action};
    char path[REFUSAL_PATH_MAX], text[ENFORCE_FILE_MAX + 1];
    int error = refusal_path(session->table, ENFORCE_REQUESTS_NAME, NULL, path,
                             sizeof(path));

    enforce_set_text(request.provider, session->provider);
    enforce_set_text(request.reason,
                     session->reason != NULL
                         ? session->reason
                         : session_refusal_reason(WIRE_REFUSED));
    if (error == 0)
        error = enforce_format_request(&request, text);
    if (error == 0)
        error = enforce_write_file(path, session->keys.id, text, 0600);
    return error;
}

void
session_enforce(struct session *session)
{
    enum enforce_action action = refusal_action(session);
    int error = 0;

    if (session->enforced || session->state != SESSION_LIVE ||
        session->health != HEALTH_REFUSED)
        return;
    if (action == ENFORCE_LOCK)
        error = refusal_lock(session);
    if (error == 0)
        error = refusal_request(session, action);
    fault_point("refusal.requested");
    if (error != 0) {
        /* The sweep tries again: one line is enough. */
        log_line(session->enforce_failed ? LOG_DEBUG : LOG_ERR,
                 "session %.8s of %s: on_refusal = %s cannot be asked for: "
                 "%s; run signind --prepare as root",
                 session->keys.id, session->user, enforce_action_name(action),
                 strerror(-error));
        session->enforce_failed = true;
        return;
    }
    session->enforced = true;
    log_info("session %.8s of %s: on_refusal = %s is asked for",
             session->keys.id, session->user, enforce_action_name(action));
    error = session_save_private(session, NULL, 0);
    if (error != 0)
        log_warning("session %.8s of %s: cannot be written: %s",
                    session->keys.id, session->user, strerror(-error));
    if (session->table->enforce != NULL)
        session->table->enforce(session->table->enforce_context);
}

/* Nothing in the session must go on with what is left of the old token.  Out of
 * its reach K keeps them until they are revoked: a user who is locked out for
 * an hour must not find them alive after it. */
static void
refusal_end_tokens(struct session *session)
{
    struct provider_tokens rest = {.expires_at_s = session->expires_at_s};
    int error;

    if (!session->parked)
        session_load_last_token(session, &rest.access_token);
    session_load_refresh_token(session, &rest.refresh_token);
    session_discard_previous(session);
    keyring_park(&session->keys);
    session->parked = true;
    session->expires_at_s = 0;
    session->refresh_at_ms = 0;
    error = session_write_private(
        session, NULL, "",
        rest.access_token.text == NULL ? "" : rest.access_token.text, 0);
    /* Without room: in memory alone. */
    if (error != 0)
        session_save_private(session, "", 0);
    session_save_record(session, NULL);
    fault_point("refusal.saved");
    session_discard_refused(session, &rest);
    provider_tokens_done(&rest);
}

void
session_refuse_on(struct session *session)
{
    struct provider_tokens rest = {0};

    /* When the access token ends is not known any more. */
    session_load_coming_token(session, &rest.access_token);
    session_load_refresh_token(session, &rest.refresh_token);
    session_discard_refused(session, &rest);
    provider_tokens_done(&rest);
}

void
session_refused_revoked(struct session_table *table, const char *id)
{
    struct session *session = session_find(table, id);

    if (session != NULL && session->state == SESSION_LIVE)
        session_save_private(session, "", 0);
}

void
session_refuse(struct session *session, enum wire_result result,
               const char *why)
{
    if (session->state != SESSION_LIVE || session->health == HEALTH_REFUSED)
        return;
    if (session->call != NULL) {
        /* What its answer brings must be known to be revoked. */
        session->refused_as = result;
        log_info("session %.8s of %s: %s: refused after the refresh that is "
                 "under way",
                 session->keys.id, session->user, why);
        return;
    }
    session->refused_as = WIRE_RESULT_NONE;
    session->health = HEALTH_REFUSED;
    session->health_since_s = session_now_s();
    if (session_set(&session->reason, session_refusal_reason(result)) != 0)
        log_error("session %.8s of %s: out of memory", session->keys.id,
                  session->user);
    log_notice("session %.8s of %s: refused (provider %s): %s; its tokens are "
               "dropped, the user must sign in again",
               session->keys.id, session->user, session->provider, why);
    refusal_end_tokens(session);
    if (session->table->refused != NULL)
        session->table->refused(session->table->refused_context, session,
                                result);
    session_enforce(session);
    session_arm(session);
}

/* ---- openers that died -----------------------------------------------------
 */

void
session_enforce_sweep(struct session_table *table)
{
    char path[REFUSAL_PATH_MAX];

    if (!table->openers_died)
        return;
    table->openers_died = false;
    /* No session's id: it wakes up whoever looks into the directory. */
    if (refusal_path(table, ENFORCE_REQUESTS_NAME, NULL, path, sizeof(path)) !=
            0 ||
        enforce_write_file(path, ENFORCE_SWEEP_NAME, "sweep\n", 0600) != 0)
        return;
    if (table->enforce != NULL)
        table->enforce(table->enforce_context);
}

/* ---- on_refusal = lock ----------------------------------------------------
 */

bool
session_user_locked(const struct session_table *table, const char *user)
{
    char path[REFUSAL_PATH_MAX];
    struct stat status;

    if (!people_name_valid(user) ||
        refusal_path(table, ENFORCE_LOCKED_NAME, user, path, sizeof(path)) != 0)
        return false;
    if (lstat(path, &status) == 0)
        return true;
    if (errno == ENOENT || errno == ENOTDIR)
        return false;
    log_error("cannot tell whether %s is locked out: %s", user,
              strerror(errno));
    return true;
}

void
session_unlock_user(const struct session_table *table, const char *user)
{
    char path[REFUSAL_PATH_MAX];

    if (!people_name_valid(user) ||
        refusal_path(table, ENFORCE_LOCKED_NAME, user, path, sizeof(path)) != 0)
        return;
    if (unlink(path) == 0)
        log_notice("%s has signed in: no longer locked out", user);
    else if (errno != ENOENT && errno != ENOTDIR)
        log_error("%s stays locked out: %s", user, strerror(errno));
}
