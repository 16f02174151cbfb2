/* SPDX-License-Identifier: BSD-2-Clause */
#include "entry.h"

#include <syslog.h>
#include <unistd.h>

#include "daemon.h"
#include "keep.h"
#include "password.h"
#include "reuse.h"
#include "ticket.h"
#include "verdict.h"
#include "wire/memory.h"

/* libpam waits about this long after any failure, in microseconds: how fast
 * a name is refused shall not tell that it is unknown. */
#define FAIL_DELAY_US 2000000

/*
 * Never PAM_IGNORE: a stack with no other module would let the person in.
 * A name that no module can know is asked for a password like any other.
 */
static int
authenticate_refuse(const struct call *call)
{
    const char *password = NULL;
    int code = PAM_SUCCESS;

    call_log(call, LOG_NOTICE, "sign-in for %s: not ours: %s", call->service,
             user_standing_text(call->user.standing));
    if (call->user.standing == USER_ABSENT ||
        call->user.standing == USER_BAD_NAME)
        code = password_ask(call, &password);
    return code == PAM_INCOMPLETE ? code : PAM_USER_UNKNOWN;
}

/* A ticket of an earlier attempt with this handle: its tokens are not used. */
static void
authenticate_clear(const struct call *call)
{
    cleanup_ticket struct ticket ticket = {0};

    if (ticket_take(call, &ticket) && ticket.text[0] != '\0' && geteuid() == 0)
        ticket_abandon(call, &ticket);
}

static int
authenticate_build(const struct call *call, enum wire_type type,
                   const char *password, const struct keep *keep,
                   struct message *request)
{
    int error;

    message_init(request, type);
    if ((error = message_put_text(request, WIRE_USER, call->user.name)) != 0 ||
        (error = message_put_number(request, WIRE_UID, call->user.uid)) != 0 ||
        (error = message_put_text(request, WIRE_PASSWORD, password)) != 0 ||
        (error = message_put_text(request, WIRE_SERVICE, call->service)) != 0 ||
        (error = message_put_text(request, WIRE_RHOST, call->rhost)) != 0 ||
        (error = message_put_text(request, WIRE_TTY, call->tty)) != 0 ||
        (error = message_put_text(request, WIRE_PROVIDER,
                                  call->options.provider)) != 0)
        return error;
    if (keep->keys.keep != 0)
        error =
            message_put_number(request, WIRE_KEEP, (uint64_t)keep->keys.keep);
    return error;
}

/* K is not needed: unless signind goes on with it, to revoke what is in it. */
static void
authenticate_drop(const struct message *answer, struct keep *keep)
{
    uint64_t kept = 0;

    if (!message_number(answer, WIRE_KEEP, &kept) ||
        kept != (uint64_t)keep->keys.keep)
        keep_drop(keep);
}

/* What the VERDICT means; takes the ticket of a success over. */
static int
authenticate_conclude(const struct call *call, const struct message *answer,
                      struct keep *keep)
{
    const char *text = message_text(answer, WIRE_TICKET);
    int code = verdict_authenticate_code(verdict_result(answer));

    verdict_log(call, "sign-in", answer);
    if (code != PAM_SUCCESS) {
        authenticate_drop(answer, keep);
        verdict_tell(call, answer);
        return code;
    }
    if (keep->keys.keep != 0) {
        if (text == NULL && keep->allow) {
            call_log(call, LOG_ERR,
                     "signind cannot keep the tokens: sign-in goes on without "
                     "one: on_no_keyring = allow");
            authenticate_drop(answer, keep);
            verdict_tell(call, answer);
            return PAM_SUCCESS;
        }
        if (text == NULL) {
            call_log(call, LOG_ERR, "sign-in without a ticket: refused");
            verdict_tell_unavailable(call);
            return PAM_AUTHINFO_UNAVAIL;
        }
        code = ticket_give(call, text);
        if (code != PAM_SUCCESS)
            return code;
    }
    verdict_tell(call, answer);
    return PAM_SUCCESS;
}

static int
authenticate_ask(const struct call *call, const char *password)
{
    cleanup_message struct message request, answer;
    cleanup_daemon struct daemon daemon = DAEMON_INIT;
    struct keep keep = {0};
    const bool root = geteuid() == 0;
    int code, error;

    message_init(&answer, WIRE_NONE);
    message_init(&request, WIRE_NONE);
    error = daemon_open(call, root ? CHANNEL_PAM : CHANNEL_PUBLIC,
                        DAEMON_SIGN_IN_MS, &daemon);
    if (error == 0 && root) {
        code = keep_make(call, &daemon, &keep);
        if (code != PAM_SUCCESS)
            return code;
    }
    if (error == 0)
        error = authenticate_build(call, root ? WIRE_AUTHENTICATE : WIRE_VERIFY,
                                   password, &keep, &request);
    if (error == 0)
        error = daemon_ask(&daemon, &request, WIRE_VERDICT, &answer);
    if (error == 0)
        return authenticate_conclude(call, &answer, &keep);
    /* Once signind has the request, K may hold tokens: they are its to
     * revoke.  It finds K again even if it died, or K expires empty. */
    if (!daemon.asked)
        keep_drop(&keep);
    daemon_log_error(call, "sign-in", error);
    verdict_tell_unavailable(call);
    return PAM_AUTHINFO_UNAVAIL;
}

static int
authenticate_attempt(struct call *call)
{
    const char *password = NULL;
    int code;

    pam_fail_delay(call->pamh, FAIL_DELAY_US);
    authenticate_clear(call);
    code = call_ask_user(call);
    if (code != PAM_SUCCESS)
        return code;
    if (call->user.standing != USER_OURS)
        return authenticate_refuse(call);
    if (geteuid() != 0 && getuid() != call->user.uid) {
        call_log(call, LOG_NOTICE,
                 "sign-in for %s: only root may sign in another user",
                 call->service);
        return PAM_CRED_INSUFFICIENT;
    }
    /* No ticket comes of it: the session that opens gets no token. */
    if (reuse_sign_in(call))
        return PAM_SUCCESS;
    code = password_get(call, &password);
    if (code != PAM_SUCCESS)
        return code;
    return authenticate_ask(call, password);
}

/*
 * A code of the host's conversation comes through libpam as it is.  Two would
 * let somebody in: stacks pass over the one and count the other as success.
 */
int
authenticate_user(struct call *call)
{
    int code = authenticate_attempt(call);

    if (code == PAM_IGNORE || code == PAM_NEW_AUTHTOK_REQD) {
        call_log(call, LOG_ERR, "sign-in for %s: the program says %d",
                 call->service, code);
        return PAM_CONV_ERR;
    }
    return code;
}
