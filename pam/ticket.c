/* SPDX-License-Identifier: BSD-2-Clause */
#include "ticket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "keyring/keyring.h"
#include "verdict.h"
#include "wire/memory.h"

#define TICKET_VARIABLE "SIGNIN_TICKET"

void
ticket_done(struct ticket *ticket)
{
    explicit_bzero(ticket, sizeof(*ticket));
}

bool
ticket_present(const struct call *call)
{
    return pam_getenv(call->pamh, TICKET_VARIABLE) != NULL;
}

/* "<uid>:<32 hexadecimal digits>" */
static bool
ticket_parse(const char *text, struct ticket *ret_ticket)
{
    unsigned long long uid;
    char *end = NULL;

    errno = 0;
    uid = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || errno != 0 || uid > UINT32_MAX ||
        *end != ':' || !keyring_id_valid(end + 1))
        return false;
    ret_ticket->uid = (uid_t)uid;
    memcpy(ret_ticket->text, end + 1, sizeof(ret_ticket->text));
    return true;
}

bool
ticket_take(const struct call *call, struct ticket *ret_ticket)
{
    const char *text = pam_getenv(call->pamh, TICKET_VARIABLE);

    if (text == NULL)
        return false;
    if (!ticket_parse(text, ret_ticket))
        *ret_ticket = (struct ticket){.uid = USER_NO_UID};
    pam_putenv(call->pamh, TICKET_VARIABLE);
    return true;
}

void
ticket_abandon(const struct call *call, const struct ticket *ticket)
{
    cleanup_message struct message request, answer;
    cleanup_daemon struct daemon daemon = DAEMON_INIT;
    int error;

    message_init(&answer, WIRE_NONE);
    message_init(&request, WIRE_ABANDON);
    error = message_put_text(&request, WIRE_TICKET, ticket->text);
    if (error == 0)
        error = daemon_open(call, CHANNEL_PAM, DAEMON_CLOSE_MS, &daemon);
    if (error == 0)
        error = daemon_ask(&daemon, &request, WIRE_VERDICT, &answer);
    /* Either way signind gives up an unclaimed ticket by itself. */
    if (error != 0)
        daemon_log_error(call, "giving up an unused sign-in", error);
    else
        call_log(call, LOG_DEBUG, "unused sign-in given up: %s",
                 wire_result_name(verdict_result(&answer)));
}

int
ticket_give(const struct call *call, const char *text)
{
    cleanup_ticket struct ticket ticket = {.uid = call->user.uid};
    char variable[sizeof(TICKET_VARIABLE) + WIRE_ID_LENGTH + 16];
    int code;

    snprintf(ticket.text, sizeof(ticket.text), "%s", text);
    snprintf(variable, sizeof(variable), TICKET_VARIABLE "=%u:%s",
             (unsigned)ticket.uid, ticket.text);
    code = pam_putenv(call->pamh, variable);
    explicit_bzero(variable, sizeof(variable));
    if (code != PAM_SUCCESS) {
        call_log(call, LOG_ERR, "no room in the PAM environment: code %d",
                 code);
        ticket_abandon(call, &ticket);
    }
    return code;
}
