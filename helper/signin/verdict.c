/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict.h"

#include <errno.h>

static const struct verdict results[WIRE_RESULTS] = {
    [WIRE_RESULT_NONE] = {STATUS_FAILURE,
                          "signind's answer makes no sense; are both of one "
                          "version? restart it: systemctl restart signind"},
    [WIRE_OK] = {STATUS_OK, ""},
    [WIRE_WRONG_CREDENTIALS] = {STATUS_REFUSED,
                                "the provider refused; sign in again"},
    [WIRE_ACCOUNT_DISABLED] = {STATUS_REFUSED,
                               "the account is disabled or locked at the "
                               "provider; ask whoever runs it"},
    [WIRE_NEED_SECOND_FACTOR] = {STATUS_REFUSED,
                                 "the provider asks for a second factor; "
                                 "sign in again"},
    [WIRE_MUST_CHANGE_PASSWORD] = {STATUS_REFUSED,
                                   "the password must be changed at the "
                                   "provider; then sign in again"},
    [WIRE_SLOW_DOWN] = {STATUS_EXPIRED,
                        "the provider gets too many requests; try again "
                        "later"},
    [WIRE_THROTTLED] = {STATUS_UNREACHABLE,
                        "signind got too many requests; try again later"},
    [WIRE_MISCONFIGURED] = {STATUS_FAILURE,
                            "the provider and signin.conf do not agree; ask "
                            "the administrator to look at signind's log"},
    [WIRE_UNAVAILABLE] = {STATUS_EXPIRED,
                          "the provider cannot be reached; try again later"},
    [WIRE_IDENTITY_MISMATCH] = {STATUS_REFUSED,
                                "the provider's answer names somebody else; "
                                "sign in again"},
    [WIRE_UNKNOWN_USER] = {STATUS_NOT_PERMITTED,
                           "this is no user that signin knows; ask the "
                           "administrator"},
    [WIRE_DENIED] = {STATUS_NOT_PERMITTED,
                     "the access rules of this host do not let this user in; "
                     "ask the administrator"},
    [WIRE_NO_SESSION] = {STATUS_NO_SESSION,
                         "signind does not know this session; sign in again"},
    [WIRE_REFUSED] = {STATUS_REFUSED,
                      "the provider no longer renews this session's token; "
                      "sign in again"},
    [WIRE_TOO_SHORT] = {STATUS_TOO_SHORT,
                        "the provider's tokens do not live as long as "
                        "--min-valid asks; ask for less"},
    [WIRE_NO_KEYS] = {STATUS_FAILURE,
                      "the session's keys are damaged; sign in again"},
    [WIRE_BAD_REQUEST] = {STATUS_FAILURE,
                          "signind cannot do that now; are both of one "
                          "version? restart it: systemctl restart signind"},
    [WIRE_NOT_PERMITTED] = {STATUS_NOT_PERMITTED,
                            "signind does not let this user do that; run it "
                            "as the user who signed in"},
    [WIRE_BUSY] = {STATUS_UNREACHABLE, "signind is busy; try again"},
    [WIRE_INTERNAL] = {STATUS_FAILURE,
                       "signind made a mistake; ask the administrator to "
                       "look at its log"},
};

struct verdict
verdict_of_result(uint64_t result)
{
    return results[result < WIRE_RESULTS ? result : WIRE_RESULT_NONE];
}

/* Where it is not the provider that signind had to ask. */
static const struct verdict directory_results[WIRE_RESULTS] = {
    [WIRE_SLOW_DOWN] = {STATUS_EXPIRED,
                        "the directory gets too many requests; try again "
                        "later"},
    [WIRE_MISCONFIGURED] = {STATUS_FAILURE,
                            "the directory and signin.conf do not agree; look "
                            "at signind's log"},
    [WIRE_UNAVAILABLE] = {STATUS_EXPIRED,
                          "the directory cannot be reached; try again later"},
    [WIRE_UNKNOWN_USER] =
        {STATUS_UNKNOWN_USER,
         "signind knows no such user; \"signin users\" lists "
         "those it knows, \"signin users --refresh\" asks the "
         "directories anew"},
    [WIRE_NOT_PERMITTED] = {STATUS_NOT_PERMITTED,
                            "signind does not let this user do that; run it "
                            "as root"},
    [WIRE_INTERNAL] = {STATUS_FAILURE,
                       "signind cannot do that; look at its log"},
};

struct verdict
verdict_of_directory(uint64_t result)
{
    if (result < WIRE_RESULTS && directory_results[result].sentence != NULL)
        return directory_results[result];
    return verdict_of_result(result);
}

struct verdict
verdict_of_channel(int error)
{
    switch (error) {
    case -EACCES:
        return (struct verdict){STATUS_NOT_PERMITTED,
                                "this user may not talk to signind there; "
                                "run it as root"};
    case -EPERM:
        return (struct verdict){STATUS_UNREACHABLE,
                                "somebody else listens on signind's socket; "
                                "tell the administrator"};
    case -EAGAIN:
        return (struct verdict){STATUS_UNREACHABLE,
                                "signind is busy; try again"};
    case -ETIMEDOUT:
        return (struct verdict){STATUS_UNREACHABLE,
                                "signind did not answer in time; try again"};
    case -EPIPE:
    case -ECONNRESET:
        return (struct verdict){STATUS_UNREACHABLE,
                                "signind hung up; try again"};
    case -EMSGSIZE:
    case -EPROTO:
    case -EPROTONOSUPPORT:
        return results[WIRE_RESULT_NONE];
    default:
        return (struct verdict){STATUS_UNREACHABLE,
                                "signind is not running; ask the administrator "
                                "to start it: systemctl start signind"};
    }
}
