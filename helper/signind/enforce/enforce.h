/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * enforce: what on_refusal asks for, done by root (wire/enforce.h).
 *
 * signind has no privilege.  It writes a request; `signind --enforce`, started
 * by systemd (signind-enforce.path) or by the root process below, reads it,
 * believes of it no more than an action and two words for the person, and
 * acts on the session that root's own file of that name describes.  Whoever
 * holds _signin can end signin's sessions thereby, and nothing else.
 */
#ifndef SIGNIN_ENFORCE_H
#define SIGNIN_ENFORCE_H

#include <sys/types.h>

/* Where; tests have their own. */
struct enforce_place {
    const char *runtime;  /* CHANNEL_DIRECTORY */
    const char *loginctl; /* an absolute path */
    uid_t daemon_uid;     /* whose requests are; root's are, too */
    int grace_ms;         /* between asking processes to end and killing them */
};

/* ---- run.c ---- */
/* [root] What `signind --enforce` does.  Returns the exit status. */
int enforce_all(void);
/* [root] Carry out all requests that are there.  0 or -errno (logged). */
int enforce_run(const struct enforce_place *place);

/* ---- files.c ---- */
/*
 * Remove the files of sessions whose opener has ended without closing them.
 * directory: an open ENFORCE_SESSIONS.
 */
void enforce_sweep(int directory);
/* [root] The same for ENFORCE_SESSIONS itself, if it is there. */
void enforce_sweep_sessions(void);

/* ---- helper.c: hosts without systemd ---- */
/*
 * [root, before it is given up] Start a process that stays root and runs
 * `signind --enforce` when it is told to.  It ends with this process.  0 and
 * *ret_fd, which enforce_ask() takes; or -errno (logged).
 */
int enforce_start_helper(int *ret_fd);
/* Tell it.  fd: the int; 0: there is none, and none is needed. */
void enforce_ask(void *fd);
/* [root] What that process does: standard input is its end.  Returns the exit
 * status. */
int enforce_help(void);

#endif
