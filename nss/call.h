/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call: what every entry point does before and after its work.
 *
 * Inside the module functions return 0 or a negative errno:
 *
 *   -ENOENT   nobody has that name or number         NOTFOUND
 *   -ERANGE   the caller's buffer is too small       TRYAGAIN, ERANGE
 *   -ENOMEM   no memory for the list of groups       TRYAGAIN, ENOMEM
 *   -EBADMSG, -EPROTO   the snapshot is not as
 *             people.h says                          UNAVAIL, ENOENT
 *   -EMFILE, -ENFILE, -EIO   nothing could be read   UNAVAIL, that errno
 *   others    it cannot be told                      UNAVAIL, ENOENT
 *
 * ENOENT beside UNAVAIL, because useradd, systemd-sysusers and others take
 * every other errno for a fault of the host and stop, and a host whose signind
 * is dead must go on as if signin were not installed.
 */
#ifndef SIGNIN_NSS_CALL_H
#define SIGNIN_NSS_CALL_H

#include <nss.h>

struct call {
    int *errnop;      /* where glibc wants the error; it may be &errno */
    int saved_errno;  /* the host's: a success does not touch it */
    int cancel_state; /* the host's: see call_begin() */
};

/*
 * No thread is cancelled inside a call: it would leave a descriptor behind.
 * glibc's own `files` does the same.  A call lasts 300 ms at most.
 */
void call_begin(struct call *call, int *errnop);
enum nss_status call_end(const struct call *call, int result);

#endif
