/* SPDX-License-Identifier: BSD-2-Clause */
#include "entry.h"

#include <syslog.h>

int
chauthtok_refuse(struct call *call)
{
    call_find_user(call);
    if (call->user.standing != USER_OURS)
        return PAM_IGNORE;
    /* Some other module's password has expired; this one never says so. */
    if ((call->flags & PAM_CHANGE_EXPIRED_AUTHTOK) != 0)
        return PAM_IGNORE;
    /* In the first of the two rounds, before any module changes anything. */
    if ((call->flags & PAM_PRELIM_CHECK) != 0) {
        call_log(call, LOG_NOTICE,
                 "password change for %s: the password is kept by the "
                 "provider",
                 call->service);
        call_tell(call, PAM_ERROR_MSG,
                  "Your password is kept by your sign-in provider: change it "
                  "there.");
    }
    return PAM_AUTHTOK_ERR;
}
