/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire.h"

static const char *const type_names[WIRE_TYPES] = {
    [WIRE_BEGIN] = "BEGIN",         [WIRE_AUTHENTICATE] = "AUTHENTICATE",
    [WIRE_CLAIM] = "CLAIM",         [WIRE_PLACED] = "PLACED",
    [WIRE_ABANDON] = "ABANDON",     [WIRE_ACCOUNT] = "ACCOUNT",
    [WIRE_CLOSE] = "CLOSE",         [WIRE_RENEW] = "RENEW",
    [WIRE_SESSIONS] = "SESSIONS",   [WIRE_END_ALL] = "END_ALL",
    [WIRE_VERIFY] = "VERIFY",       [WIRE_REFRESH] = "REFRESH",
    [WIRE_LOGOUT] = "LOGOUT",       [WIRE_PLACE] = "PLACE",
    [WIRE_CLAIMED] = "CLAIMED",     [WIRE_SESSION] = "SESSION",
    [WIRE_VERDICT] = "VERDICT",     [WIRE_REUSE] = "REUSE",
    [WIRE_USERS] = "USERS",         [WIRE_GROUPS] = "GROUPS",
    [WIRE_SHOW_USER] = "SHOW_USER", [WIRE_REFRESH_USERS] = "REFRESH_USERS",
    [WIRE_FORGET] = "FORGET",       [WIRE_KEYS] = "KEYS",
    [WIRE_LOOKUP] = "LOOKUP",       [WIRE_ITEM] = "ITEM",
    [WIRE_ENTRY] = "ENTRY",
};

static const char *const result_names[WIRE_RESULTS] = {
    [WIRE_RESULT_NONE] = "none",
    [WIRE_OK] = "ok",
    [WIRE_WRONG_CREDENTIALS] = "wrong_credentials",
    [WIRE_ACCOUNT_DISABLED] = "account_disabled",
    [WIRE_NEED_SECOND_FACTOR] = "need_second_factor",
    [WIRE_MUST_CHANGE_PASSWORD] = "must_change_password",
    [WIRE_SLOW_DOWN] = "slow_down",
    [WIRE_THROTTLED] = "throttled",
    [WIRE_MISCONFIGURED] = "misconfigured",
    [WIRE_UNAVAILABLE] = "unavailable",
    [WIRE_IDENTITY_MISMATCH] = "identity_mismatch",
    [WIRE_UNKNOWN_USER] = "unknown_user",
    [WIRE_DENIED] = "denied",
    [WIRE_NO_SESSION] = "no_session",
    [WIRE_REFUSED] = "refused",
    [WIRE_TOO_SHORT] = "too_short",
    [WIRE_NO_KEYS] = "no_keys",
    [WIRE_BAD_REQUEST] = "bad_request",
    [WIRE_NOT_PERMITTED] = "not_permitted",
    [WIRE_BUSY] = "busy",
    [WIRE_INTERNAL] = "internal",
};

const char *
wire_result_name(enum wire_result result)
{
    if ((unsigned)result >= WIRE_RESULTS)
        return "unknown";
    return result_names[result] == NULL ? "unknown" : result_names[result];
}

const char *
wire_type_name(enum wire_type type)
{
    if ((unsigned)type >= WIRE_TYPES)
        return "?";
    return type_names[type] == NULL ? "?" : type_names[type];
}
