/* SPDX-License-Identifier: BSD-2-Clause */
#include "call.h"

#include <errno.h>
#include <pthread.h>

void
call_begin(struct call *call, int *errnop)
{
    call->errnop = errnop;
    call->saved_errno = errno;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &call->cancel_state);
}

enum nss_status
call_end(const struct call *call, int result)
{
    enum nss_status status = NSS_STATUS_UNAVAIL;
    int error = ENOENT;

    if (result == 0)
        status = NSS_STATUS_SUCCESS;
    else if (result == -ENOENT)
        status = NSS_STATUS_NOTFOUND;
    else if (result == -ERANGE || result == -ENOMEM)
        status = NSS_STATUS_TRYAGAIN;
    if (result == -ERANGE || result == -ENOMEM || result == -EMFILE ||
        result == -ENFILE || result == -EIO)
        error = -result;

    pthread_setcancelstate(call->cancel_state, NULL);
    /* In this order: *errnop is often errno itself. */
    errno = call->saved_errno;
    if (status != NSS_STATUS_SUCCESS)
        *call->errnop = error;
    return status;
}
