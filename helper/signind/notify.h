/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notify: tell the service manager (sd_notify(3)): one datagram to the socket
 * that $NOTIFY_SOCKET names.
 */
#ifndef SIGNIN_NOTIFY_H
#define SIGNIN_NOTIFY_H

/* state: lines such as "READY=1".  Without $NOTIFY_SOCKET nothing happens. */
void notify_manager(const char *state);

#endif
