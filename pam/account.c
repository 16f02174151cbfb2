/* SPDX-License-Identifier: BSD-2-Clause */
#include "entry.h"

#include <syslog.h>
#include <unistd.h>

#include "daemon.h"
#include "verdict.h"
#include "wire/memory.h"

static int
account_ask(const struct call *call, struct message *ret_answer)
{
    cleanup_message struct message request;
    cleanup_daemon struct daemon daemon = DAEMON_INIT;
    int error;

    message_init(&request, WIRE_ACCOUNT);
    if ((error = message_put_text(&request, WIRE_USER, call->user.name)) != 0 ||
        (error = message_put_number(&request, WIRE_UID, call->user.uid)) != 0 ||
        (error = message_put_text(&request, WIRE_SERVICE, call->service)) !=
            0 ||
        (error = message_put_text(&request, WIRE_RHOST, call->rhost)) != 0 ||
        (error = message_put_text(&request, WIRE_PROVIDER,
                                  call->options.provider)) != 0 ||
        (error =
             daemon_open(call, geteuid() == 0 ? CHANNEL_PAM : CHANNEL_PUBLIC,
                         DAEMON_ACCOUNT_MS, &daemon)) != 0)
        return error;
    return daemon_ask(&daemon, &request, WIRE_VERDICT, ret_answer);
}

int
account_check(struct call *call)
{
    cleanup_message struct message answer;
    int error;

    message_init(&answer, WIRE_NONE);
    call_find_user(call);
    if (user_is_undecided(&call->user)) {
        call_log(call, LOG_ERR, "account for %s: %s", call->service,
                 user_standing_text(call->user.standing));
        return PAM_AUTHINFO_UNAVAIL;
    }
    if (call->user.standing == USER_BAD_GID) {
        call_log(call, LOG_NOTICE, "account for %s: %s", call->service,
                 user_standing_text(call->user.standing));
        return PAM_PERM_DENIED;
    }
    if (call->user.standing != USER_OURS) {
        call_log(call, LOG_DEBUG, "account: not ours: %s",
                 user_standing_text(call->user.standing));
        return PAM_IGNORE;
    }
    /* A screen locker may ask about the person who runs it. */
    if (geteuid() != 0 && getuid() != call->user.uid) {
        call_log(call, LOG_NOTICE,
                 "account for %s: only root may ask about another user",
                 call->service);
        return PAM_AUTHINFO_UNAVAIL;
    }
    error = account_ask(call, &answer);
    if (error != 0) {
        daemon_log_error(call, "account", error);
        return PAM_AUTHINFO_UNAVAIL;
    }
    verdict_log(call, "account", &answer);
    return verdict_account_code(verdict_result(&answer));
}
