/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon: asking signind for a user that the snapshot does not hold.
 *
 * signind answers from what it knows, and never makes us wait for the network;
 * should it hang, the whole of it takes DAEMON_DEADLINE_MS.
 *
 * Some must not even wait for that: who starts signind, or carries its
 * messages, would wait for itself.  PID 1, dbus-daemon, dbus-broker and its
 * launcher, signind, and every process with SIGNIN_NSS_BYPASS in its
 * environment are answered from the snapshot alone.
 */
#ifndef SIGNIN_NSS_DAEMON_H
#define SIGNIN_NSS_DAEMON_H

#include <pwd.h>
#include <stddef.h>
#include <sys/types.h>

#define DAEMON_DEADLINE_MS 300

/*
 * The snapshot gave r, a negative errno, for name, which fits the grammar.
 * Look among the misses, then ask signind, if it may be asked.  owner:
 * file_owner(), who may listen there beside root.
 *
 * Returns 0; -ERANGE; -ENOENT (signind does not know the name); -EMFILE,
 * -ENFILE or -ENOMEM (the host is out of something); r if it was not asked;
 * -ENOTCONN: there was no answer, or none to be believed.
 */
int daemon_find(uid_t owner, const char *name, int r, struct passwd *ret_entry,
                char *buffer, size_t size);

#endif
