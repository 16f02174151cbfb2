/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pam_signin: sign in with an HTTPS sign-in endpoint (pam_signin(8)).
 *
 * Only the entry points stand here; libpam calls them, and nothing else of
 * the module is visible.
 */
#include "call.h"
#include "entry.h"
#include "session.h"

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct call call;

    call_begin(&call, pamh, flags, argc, argv);
    return call_end(&call, "authenticate", authenticate_user(&call));
}

EXPORTED int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct call call;

    call_begin(&call, pamh, flags, argc, argv);
    return call_end(&call, "setcred", setcred_handle(&call));
}

EXPORTED int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct call call;

    call_begin(&call, pamh, flags, argc, argv);
    return call_end(&call, "acct_mgmt", account_check(&call));
}

EXPORTED int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct call call;

    call_begin(&call, pamh, flags, argc, argv);
    return call_end(&call, "open_session", session_open(&call));
}

EXPORTED int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct call call;

    call_begin(&call, pamh, flags, argc, argv);
    return call_end(&call, "close_session", session_close(&call));
}

EXPORTED int
pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct call call;

    call_begin(&call, pamh, flags, argc, argv);
    return call_end(&call, "chauthtok", chauthtok_refuse(&call));
}
