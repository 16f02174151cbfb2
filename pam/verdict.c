/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

/* Who may read the text of a rule. */
enum verdict_audience {
    VERDICT_NOBODY = 0, /* refused like an unknown user: no word */
    VERDICT_PROVEN,     /* the provider has accepted the password */
    VERDICT_LOCAL,      /* somebody at this host: no PAM_RHOST */
    VERDICT_EVERYBODY,
};

struct verdict_rule {
    int authenticate;
    int account;
    int priority;
    enum verdict_audience audience;
    const char *text;   /* for the person; NULL = none */
    const char *advice; /* for the administrator */
};

#define TEXT_UNAVAILABLE                                                       \
    "Your sign-in provider cannot be reached at the moment. Try again later."
#define TEXT_FAULT                                                             \
    "Sign-in does not work on this host at the moment. Tell your "             \
    "administrator."

/*
 * Rows that anybody can bring about for an account that exists (throttled,
 * slow_down, busy) speak only to local people, or they would tell a stranger
 * which accounts exist.  acct_mgmt never says PAM_USER_UNKNOWN: usual account
 * stacks pass over that code.  authenticate never says
 * PAM_NEW_AUTHTOK_REQD: "required" counts it as success.
 */
static const struct verdict_rule verdict_rules[WIRE_RESULTS] = {
    [WIRE_RESULT_NONE] = {PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, LOG_ERR,
                          VERDICT_EVERYBODY, TEXT_FAULT,
                          "signind and pam_signin.so differ in version; "
                          "restart signind"},
    [WIRE_OK] = {PAM_SUCCESS, PAM_SUCCESS, LOG_INFO, VERDICT_PROVEN, NULL,
                 "allowed"},
    [WIRE_WRONG_CREDENTIALS] = {PAM_AUTH_ERR, PAM_PERM_DENIED, LOG_NOTICE,
                                VERDICT_NOBODY, NULL,
                                "the provider does not accept the password"},
    [WIRE_ACCOUNT_DISABLED] = {PAM_AUTH_ERR, PAM_ACCT_EXPIRED, LOG_NOTICE,
                               VERDICT_NOBODY, NULL,
                               "disabled or locked at the provider"},
    [WIRE_NEED_SECOND_FACTOR] = {PAM_AUTH_ERR, PAM_PERM_DENIED, LOG_NOTICE,
                                 VERDICT_PROVEN,
                                 "Your provider asks for a second factor, "
                                 "which cannot be given here.",
                                 "the provider asks for a second factor"},
    [WIRE_MUST_CHANGE_PASSWORD] = {PAM_AUTH_ERR, PAM_PERM_DENIED, LOG_NOTICE,
                                   VERDICT_PROVEN,
                                   "Change your password at your provider, "
                                   "then sign in here.",
                                   "the provider asks for a new password"},
    [WIRE_SLOW_DOWN] = {PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, LOG_ERR,
                        VERDICT_LOCAL,
                        "Your sign-in provider is asked too often.",
                        "the provider limits this host's requests"},
    [WIRE_THROTTLED] = {PAM_AUTH_ERR, PAM_PERM_DENIED, LOG_NOTICE,
                        VERDICT_LOCAL, "Too many failed sign-ins.",
                        "too many failures; [limits] in signin.conf"},
    [WIRE_MISCONFIGURED] = {PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, LOG_ERR,
                            VERDICT_EVERYBODY, TEXT_FAULT,
                            "signin.conf and the provider do not fit; "
                            "signind's log has more"},
    [WIRE_UNAVAILABLE] = {PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, LOG_ERR,
                          VERDICT_EVERYBODY, TEXT_UNAVAILABLE,
                          "the provider cannot be reached; signind's log has "
                          "more"},
    [WIRE_IDENTITY_MISMATCH] = {PAM_AUTH_ERR, PAM_PERM_DENIED, LOG_ERR,
                                VERDICT_NOBODY, NULL,
                                "the provider's answer names somebody else, "
                                "or nobody; identity.user in signin.conf"},
    [WIRE_UNKNOWN_USER] = {PAM_USER_UNKNOWN, PAM_PERM_DENIED, LOG_NOTICE,
                           VERDICT_NOBODY, NULL,
                           "not a user signind knows; local accounts also "
                           "stand in local_users of signin.conf"},
    [WIRE_DENIED] = {PAM_AUTH_ERR, PAM_PERM_DENIED, LOG_NOTICE, VERDICT_NOBODY,
                     NULL, "the rules in [access] of signin.conf say no"},
    [WIRE_NO_SESSION] = {PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, LOG_NOTICE,
                         VERDICT_NOBODY, NULL,
                         "the ticket or session is used up or has expired"},
    [WIRE_REFUSED] = {PAM_AUTH_ERR, PAM_PERM_DENIED, LOG_NOTICE, VERDICT_LOCAL,
                      "Your provider has ended your session. Sign in with "
                      "your password first.",
                      "the provider has ended the session"},
    [WIRE_TOO_SHORT] = {PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, LOG_ERR,
                        VERDICT_NOBODY, NULL, "the token lives too short"},
    [WIRE_NO_KEYS] = {PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, LOG_ERR,
                      VERDICT_EVERYBODY, TEXT_FAULT,
                      "signind cannot use the session's keys; its log has "
                      "more"},
    [WIRE_BAD_REQUEST] = {PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, LOG_ERR,
                          VERDICT_EVERYBODY, TEXT_FAULT,
                          "signind and pam_signin.so differ in version; "
                          "restart signind"},
    [WIRE_NOT_PERMITTED] = {PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, LOG_ERR,
                            VERDICT_EVERYBODY, TEXT_FAULT,
                            "this program may not ask signind for that"},
    [WIRE_BUSY] = {PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, LOG_ERR,
                   VERDICT_LOCAL, TEXT_UNAVAILABLE,
                   "signind is at a limit; [limits] in signin.conf"},
    [WIRE_INTERNAL] = {PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, LOG_ERR,
                       VERDICT_EVERYBODY, TEXT_FAULT,
                       "a fault in signind; its log has more"},
};

static const struct verdict_rule *
verdict_rule(enum wire_result result)
{
    if ((unsigned)result >= WIRE_RESULTS)
        result = WIRE_RESULT_NONE;
    return &verdict_rules[result];
}

enum wire_result
verdict_result(const struct message *verdict)
{
    uint64_t number = 0;

    if (verdict->type != WIRE_VERDICT ||
        !message_number(verdict, WIRE_RESULT, &number) ||
        number >= WIRE_RESULTS)
        return WIRE_RESULT_NONE;
    return (enum wire_result)number;
}

int
verdict_authenticate_code(enum wire_result result)
{
    return verdict_rule(result)->authenticate;
}

int
verdict_account_code(enum wire_result result)
{
    return verdict_rule(result)->account;
}

void
verdict_log(const struct call *call, const char *asked,
            const struct message *verdict)
{
    enum wire_result result = verdict_result(verdict);
    const struct verdict_rule *rule = verdict_rule(result);

    call_log(call, rule->priority, "%s for %s: %s (%s)", asked, call->service,
             result == WIRE_RESULT_NONE ? "no result"
                                        : wire_result_name(result),
             rule->advice);
}

/* Length of the well-formed UTF-8 sequence at text; 0 if it is none. */
static size_t
verdict_sequence_length(const unsigned char *text)
{
    size_t i, length;

    if (text[0] < 0x80)
        return 1;
    if (text[0] < 0xc2 || text[0] > 0xf4)
        return 0;
    length = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
    for (i = 1; i < length; i++)
        if (text[i] < 0x80 || text[i] > 0xbf)
            return 0;
    /* overlong forms, surrogates, beyond U+10FFFF: RFC 3629, section 4 */
    if ((text[0] == 0xe0 && text[1] < 0xa0) ||
        (text[0] == 0xed && text[1] > 0x9f) ||
        (text[0] == 0xf0 && text[1] < 0x90) ||
        (text[0] == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

void
verdict_clean_text(const char *text, char *buffer, size_t size)
{
    size_t length, used = 0;

    while (*text != '\0') {
        const unsigned char *bytes = (const unsigned char *)text;

        length = verdict_sequence_length(bytes);
        if (used + (length == 0 ? 1 : length) >= size)
            break;
        if (length == 0)
            buffer[used++] = '?';
        else if (bytes[0] < 0x20 || bytes[0] == 0x7f ||
                 (bytes[0] == 0xc2 && bytes[1] < 0xa0))
            buffer[used++] = ' ';
        else {
            memcpy(buffer + used, text, length);
            used += length;
        }
        text += length == 0 ? 1 : length;
    }
    if (size > 0)
        buffer[used] = '\0';
}

static bool
verdict_audience_reached(const struct call *call, enum verdict_audience who)
{
    switch (who) {
    case VERDICT_PROVEN:
    case VERDICT_EVERYBODY:
        return true;
    case VERDICT_LOCAL:
        return call->rhost[0] == '\0';
    case VERDICT_NOBODY:
    default:
        return false;
    }
}

void
verdict_tell(const struct call *call, const struct message *verdict)
{
    const struct verdict_rule *rule = verdict_rule(verdict_result(verdict));
    int style =
        rule->authenticate == PAM_SUCCESS ? PAM_TEXT_INFO : PAM_ERROR_MSG;
    const char *message = message_text(verdict, WIRE_MESSAGE);
    uint64_t seconds = 0;
    char text[512];

    if (!verdict_audience_reached(call, rule->audience))
        return;
    /* The provider's own words, once it knows whom it talks to. */
    if (rule->audience == VERDICT_PROVEN && message != NULL) {
        verdict_clean_text(message, text, sizeof(text));
        call_tell(call, style, text);
        return;
    }
    if (rule->text == NULL)
        return;
    if (rule->audience == VERDICT_LOCAL &&
        message_number(verdict, WIRE_RETRY_AFTER, &seconds) && seconds > 0) {
        snprintf(text, sizeof(text), "%s Try again in %" PRIu64 " seconds.",
                 rule->text, seconds);
        call_tell(call, style, text);
        return;
    }
    call_tell(call, style, rule->text);
}

void
verdict_tell_unavailable(const struct call *call)
{
    call_tell(call, PAM_ERROR_MSG, TEXT_FAULT);
}
