/* SPDX-License-Identifier: BSD-2-Clause */
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "daemon.h"
#include "opened.h"
#include "place.h"
#include "ring.h"
#include "ticket.h"
#include "verdict.h"
#include "wire/memory.h"

/* With the module's name: PAM data of all modules share one name space. */
#define SESSION_DATA "pam_signin:session"

enum session_state {
    SESSION_NONE = 0, /* also: one without tokens */
    SESSION_PLACED,
    SESSION_FAILED,
};

struct session {
    enum session_state state;
    pid_t pid; /* that opened it: a forked copy may not close it */
    struct keyring_session keys;
};

static void
session_free(pam_handle_t *pamh, void *data, int status)
{
    (void)pamh;
    (void)status;
    free(data);
}

static const struct session *
session_find(const struct call *call)
{
    const void *data = NULL;

    if (pam_get_data(call->pamh, SESSION_DATA, &data) != PAM_SUCCESS)
        return NULL;
    return data;
}

bool
session_known(const struct call *call)
{
    return session_find(call) != NULL;
}

static int
session_remember(const struct call *call, enum session_state state,
                 const struct keyring_session *keys)
{
    struct session *session = calloc(1, sizeof(*session));
    int code;

    if (session == NULL)
        return PAM_BUF_ERR;
    session->state = state;
    session->pid = getpid();
    session->keys = *keys;
    code = pam_set_data(call->pamh, SESSION_DATA, session, session_free);
    if (code != PAM_SUCCESS)
        free(session);
    return code;
}

static void
session_forget(const struct call *call)
{
    pam_set_data(call->pamh, SESSION_DATA, NULL, NULL);
}

/* ---- placing ------------------------------------------------------------- */

/* A pam_keyinit that ran after us has left the ring behind with the old @s. */
static void
session_link_again(const struct call *call, const struct session *session)
{
    const struct keyring_session *keys = &session->keys;
    struct ring_survey survey;
    char name[sizeof("signin:") + KEYRING_ID_LENGTH];
    bool closed = false;
    gid_t gid = 0;
    int error = daemon_find_group(call, &gid, &closed);

    if (error == 0)
        error = ring_survey(gid, call->user.uid, keys->id, &survey);
    if (error == 0 && survey.own)
        return;
    if (error == 0 && (survey.others || !ring_is_private(call->user.uid))) {
        call_log(call, LOG_NOTICE,
                 "the session keyring was replaced by one that others share: "
                 "no token in it; list pam_keyinit.so before pam_signin.so");
        return;
    }
    snprintf(name, sizeof(name), "signin:%s", keys->id);
    if (error == 0)
        error = keyring_check(keys->ring, "keyring", name, gid);
    if (error == 0 && keyctl_link(keys->ring, KEY_SPEC_SESSION_KEYRING) < 0)
        error = -errno;
    if (error != 0)
        call_log(call, LOG_ERR, "linking the session's ring again: %s",
                 strerrordesc_np(-error));
}

/* Whose ticket is it?  False: nobody's here, and it has been dealt with. */
static bool
session_take_ticket(const struct call *call, struct ticket *ret_ticket)
{
    if (!ticket_take(call, ret_ticket))
        return false;
    if (geteuid() != 0)
        return false; /* never given to such a host */
    if (ret_ticket->text[0] == '\0' ||
        (call->user.standing == USER_OURS && !call->options.no_session &&
         ret_ticket->uid == call->user.uid))
        return true;
    /* sudo signs in alice and opens root's session. */
    call_log(call, LOG_DEBUG, "the sign-in was for another session: given up");
    ticket_abandon(call, ret_ticket);
    return false;
}

int
session_place(struct call *call, enum session_moment moment)
{
    cleanup_ticket struct ticket ticket = {0};
    struct keyring_session keys = {0};
    const struct session *session = session_find(call);
    int code = PAM_SYSTEM_ERR;

    if (session != NULL && session->state == SESSION_FAILED)
        return PAM_SYSTEM_ERR;
    if (session != NULL && session->state == SESSION_PLACED) {
        session_link_again(call, session);
        return PAM_SUCCESS;
    }
    if (moment == SESSION_AT_SETCRED &&
        (call->user.standing != USER_OURS || call->options.no_session ||
         !ticket_present(call) || !place_is_ready(call)))
        return PAM_SUCCESS;
    if (!session_take_ticket(call, &ticket))
        return PAM_SUCCESS;
    if (ticket.text[0] == '\0')
        call_log(call, LOG_ERR, "SIGNIN_TICKET is not one of ours");
    else
        code = place_session(call, &ticket, &keys);
    if (session_remember(call,
                         code != PAM_SUCCESS ? SESSION_FAILED
                         : keys.ring != 0    ? SESSION_PLACED
                                             : SESSION_NONE,
                         &keys) != PAM_SUCCESS) {
        /* It could not be closed: signind sees the ring go and revokes. */
        keyring_end_session(&keys);
        return PAM_SYSTEM_ERR;
    }
    if (keys.ring != 0) {
        opened_write(call, keys.id);
        call_log(call, LOG_INFO, "session %.8s opened for %s", keys.id,
                 call->service);
    }
    return code;
}

/* ---- isolation ------------------------------------------------------------
 */

/* Is @s one that this user may go on with? */
static bool
session_ring_is_safe(const struct call *call)
{
    struct ring_survey survey = {0};
    bool closed = false;
    gid_t gid = 0;

    if (ring_is_foreign(call->user.uid))
        return false;
    if (daemon_find_group(call, &gid, &closed) == 0)
        return ring_survey(gid, call->user.uid, NULL, &survey) == 0 &&
               !survey.strangers;
    /* There has never been a key of ours, or the group cannot be looked up
     * just now. */
    call_log(call, LOG_ERR, "group " DAEMON_USER " does not exist");
    return true;
}

/*
 * Debian's su and sudo have no pam_keyinit: after "su bob" bob would run with
 * alice's @s and read her token, or the one that she gets later.
 * Not PAM_SESSION_ERR: sudo goes on after that one.
 */
static int
session_isolate(const struct call *call)
{
    int error;

    /* A host that is not root runs nothing as anybody else. */
    if (call->user.uid == 0 || geteuid() != 0 || session_ring_is_safe(call))
        return PAM_SUCCESS;
    error = ring_join(call->user.uid, call->user.gid);
    if (error == 0) {
        call_log(call, LOG_DEBUG,
                 "fresh session keyring: the old one is "
                 "another user's, or holds another user's session");
        return PAM_SUCCESS;
    }
    call_log(call, LOG_ERR,
             "the session keyring is another user's, and no fresh one can be "
             "joined (%s): session refused",
             strerrordesc_np(-error));
    return PAM_SYSTEM_ERR;
}

int
session_open(struct call *call)
{
    int code;

    call_find_user(call);
    code = session_isolate(call);
    if (code == PAM_SUCCESS)
        return session_place(call, SESSION_AT_OPEN);
    /* What setcred has placed is nobody's now, and a host may live on. */
    session_close(call);
    session_remember(call, SESSION_FAILED, &(struct keyring_session){0});
    return code;
}

/* ---- closing --------------------------------------------------------------
 */

/*
 * signind is away, or knows nothing of the session: take the tokens from it
 * here and now.  When signind comes back it finds the ring revoked, and
 * revokes at the provider.
 */
static void
session_end_keys(const struct call *call, const struct session *session)
{
    struct keyring_session keys = session->keys;
    char name[sizeof("signin:") + KEYRING_ID_LENGTH];
    bool closed = false;
    gid_t gid = 0;
    int error = daemon_find_group(call, &gid, &closed);

    /* What K links now, if K is still there; else what we remember. */
    if (error == 0 && (keyring_open_keep(keys.keep, gid, &keys) != 0 ||
                       strcmp(keys.id, session->keys.id) != 0 ||
                       keys.ring != session->keys.ring))
        keys = session->keys;
    snprintf(name, sizeof(name), "signin:%s", keys.id);
    if (error == 0)
        error = keyring_check(keys.ring, "keyring", name, gid);
    if (error == -EKEYREVOKED || error == -ENOKEY) {
        call_log(call, LOG_DEBUG, "session %.8s has ended before", keys.id);
        return;
    }
    if (error == 0)
        error = keyring_end_session(&keys);
    if (error == 0)
        call_log(call, LOG_NOTICE,
                 "session %.8s ended without signind: it revokes the tokens "
                 "when it runs again",
                 keys.id);
    else
        call_log(call, LOG_ERR, "ending session %.8s without signind: %s",
                 keys.id, strerrordesc_np(-error));
}

/* CLOSE.  0, or a negative errno if signind has not closed it. */
static int
session_ask_close(const struct call *call, const char *id)
{
    cleanup_message struct message request, answer;
    cleanup_daemon struct daemon daemon = DAEMON_INIT;
    enum wire_result result;
    int error;

    message_init(&answer, WIRE_NONE);
    message_init(&request, WIRE_CLOSE);
    error = message_put_text(&request, WIRE_ID, id);
    if (error == 0)
        error = daemon_open(call, CHANNEL_PAM, DAEMON_CLOSE_MS, &daemon);
    if (error == 0)
        error = daemon_ask(&daemon, &request, WIRE_VERDICT, &answer);
    if (error != 0) {
        daemon_log_error(call, "closing the session", error);
        return error;
    }
    result = verdict_result(&answer);
    if (result == WIRE_OK)
        return 0;
    /* Usual after `signin logout`. */
    if (result != WIRE_NO_SESSION)
        verdict_log(call, "closing the session", &answer);
    return -EIO;
}

int
session_close(struct call *call)
{
    const struct session *session = session_find(call);

    call_find_user(call);
    if (session == NULL || session->state != SESSION_PLACED)
        return PAM_SUCCESS;
    if (session->pid != getpid()) {
        call_log(call, LOG_DEBUG, "session %.8s is another process's to close",
                 session->keys.id);
        return PAM_SUCCESS;
    }
    opened_remove(call, session->keys.id);
    if (session_ask_close(call, session->keys.id) != 0)
        session_end_keys(call, session);
    else
        call_log(call, LOG_INFO, "session %.8s closed for %s", session->keys.id,
                 call->service);
    session_forget(call);
    return PAM_SUCCESS;
}
