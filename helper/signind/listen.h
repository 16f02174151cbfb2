/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listen: the listening sockets, from systemd (sd_listen_fds(3), names "pam"
 * and "public") or made here as root; and the socket of the NSS module, always
 * made here: what systemd listens on takes connections while nobody answers,
 * and every lookup of an unknown name would wait for its deadline.
 */
#ifndef SIGNIN_LISTEN_H
#define SIGNIN_LISTEN_H

#include <stdbool.h>

struct listen_sockets {
    int pam, public;
};

/* Were sockets handed over?  0 and both set; -ENOENT: none were; -EINVAL
 * (logged): some, but not these two, or not as they must be. */
int listen_inherit(struct listen_sockets *ret_sockets);

/* [root] Make them in RUNSTATEDIR/signin.  0 or -errno (logged); -EADDRINUSE:
 * another signind is running. */
int listen_make(struct listen_sockets *ret_sockets);

/*
 * [_signin] Make CHANNEL_NSS, in the directory that prepare_run() made.  The
 * listening descriptor, or -errno (logged); -EADDRINUSE: another signind is
 * running.
 */
int listen_make_nss(void);

#endif
