/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setcred: where hosts that open a session may also want its tokens, and
 * where an unlocked screen renews them.
 *
 * Never PAM_IGNORE: where sshd authenticates in another process there is no
 * frozen chain, and a stack that has nothing but PAM_IGNORE fails.
 */
#include "entry.h"

#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "daemon.h"
#include "keyring/record.h"
#include "ring.h"
#include "session.h"
#include "ticket.h"
#include "verdict.h"
#include "wire/memory.h"

static int
setcred_establish(struct call *call)
{
    call_find_user(call);
    if (session_place(call, SESSION_AT_SETCRED) == PAM_SUCCESS)
        return PAM_SUCCESS;
    return PAM_CRED_ERR;
}

static int
setcred_delete(struct call *call)
{
    cleanup_ticket struct ticket ticket = {0};

    session_close(call);
    /* A host that signed in and never opened a session. */
    if (ticket_take(call, &ticket) && ticket.text[0] != '\0' && geteuid() == 0)
        ticket_abandon(call, &ticket);
    return PAM_SUCCESS;
}

/* [euid 0] RENEW, or REFRESH with the hand-out secret of the record. */
static int
setcred_build_renewal(const struct keyring_session *keys,
                      struct message *request)
{
    __attribute__((cleanup(record_done))) struct record record;
    char secret[WIRE_ID_LENGTH + 1];
    int error;

    if (geteuid() == 0) {
        message_init(request, WIRE_RENEW);
        return message_put_text(request, WIRE_ID, keys->id);
    }
    record_init(&record);
    message_init(request, WIRE_REFRESH);
    error = record_read(&record, keys->session);
    if (error == 0) {
        ssize_t length = record_get(&record, "secret", secret, sizeof(secret));

        error = length < 0 ? (int)length : 0;
    }
    if (error == 0)
        error = message_put_text(request, WIRE_SECRET, secret);
    explicit_bzero(secret, sizeof(secret));
    if (error == 0)
        error = message_put_text(request, WIRE_ID, keys->id);
    if (error == 0)
        error = message_put_number(request, WIRE_FORCE, 1);
    return error;
}

static void
setcred_ask_renewal(const struct call *call, const struct keyring_session *keys)
{
    cleanup_message struct message request, answer;
    cleanup_daemon struct daemon daemon = DAEMON_INIT;
    int error;

    message_init(&answer, WIRE_NONE);
    message_init(&request, WIRE_NONE);
    error = setcred_build_renewal(keys, &request);
    if (error == 0)
        error = daemon_open(call, geteuid() == 0 ? CHANNEL_PAM : CHANNEL_PUBLIC,
                            DAEMON_RENEW_MS, &daemon);
    if (error == 0)
        error = daemon_ask(&daemon, &request, WIRE_VERDICT, &answer);
    if (error != 0)
        daemon_log_error(call, "renewing the token", error);
    else
        verdict_log(call, "renewing the token", &answer);
}

static int
setcred_renew(struct call *call)
{
    struct ring_survey survey;
    bool closed = false;
    gid_t gid = 0;

    /* su and sudo: @s is the caller's, not PAM_USER's. */
    if (getuid() != geteuid() || session_known(call) || ticket_present(call))
        return PAM_SUCCESS;
    call_find_user(call);
    if (call->user.standing != USER_OURS || call->options.no_session ||
        daemon_find_group(call, &gid, &closed) != 0 ||
        ring_survey(gid, call->user.uid, NULL, &survey) != 0 ||
        survey.mine.id[0] == '\0')
        return PAM_SUCCESS;
    setcred_ask_renewal(call, &survey.mine);
    return PAM_SUCCESS;
}

int
setcred_handle(struct call *call)
{
    if ((call->flags & PAM_DELETE_CRED) != 0)
        return setcred_delete(call);
    if ((call->flags & (PAM_REINITIALIZE_CRED | PAM_REFRESH_CRED)) != 0)
        return setcred_renew(call);
    /* PAM_ESTABLISH_CRED is also what no flag means. */
    return setcred_establish(call);
}
