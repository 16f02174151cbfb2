/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * enforce: what is written down for `signind --enforce`, which does as root
 * what becomes of a session that its provider has refused.
 *
 * FILES
 *
 * ENFORCE_SESSIONS belongs to root.  The module writes one file for each
 * session it opens, named by the session's id, and removes it when it closes
 * the session: who opened it.  Everybody may read it; it holds no secret.
 *
 *   signin session 1
 *   user NAME
 *   uid NUMBER
 *   pid NUMBER        the process that opened it,
 *   start NUMBER      ... and when that began (proc(5), field 22 of stat)
 *   service TEXT      PAM_SERVICE
 *   tty TEXT          PAM_TTY, perhaps empty
 *
 * ENFORCE_REQUESTS is _signin's own.  signind writes a file there, named by
 * the session's id: what is to be done, and two words for the person.
 *
 *   signin request 1
 *   action notify|lock|terminate
 *   provider TEXT
 *   reason TEXT
 *
 * A file ENFORCE_SWEEP_NAME there says that openers have died without closing
 * their sessions: root's files about those are to go.
 *
 * What a request says beyond that, nobody believes: whose session it is, and
 * which processes are its, stands in root's file alone.
 *
 * ENFORCE_LOCKED is _signin's own, too: an empty file NAME for each user who
 * is kept out until the next sign-in with a password (on_refusal = lock).
 *
 * Lines are in this order, each ended by a newline, TEXT is printable ASCII.
 */
#ifndef SIGNIN_ENFORCE_FILES_H
#define SIGNIN_ENFORCE_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "channel.h"
#include "people.h"

/* In CHANNEL_DIRECTORY. */
#define ENFORCE_SESSIONS_NAME "sessions"
#define ENFORCE_REQUESTS_NAME "requests"
#define ENFORCE_LOCKED_NAME   "locked"
#define ENFORCE_SWEEP_NAME    "sweep" /* in ENFORCE_REQUESTS */
#define ENFORCE_SESSIONS      CHANNEL_DIRECTORY "/" ENFORCE_SESSIONS_NAME
#define ENFORCE_REQUESTS      CHANNEL_DIRECTORY "/" ENFORCE_REQUESTS_NAME
#define ENFORCE_LOCKED        CHANNEL_DIRECTORY "/" ENFORCE_LOCKED_NAME

#define ENFORCE_TEXT_MAX 128 /* bytes of a TEXT, without NUL */
#define ENFORCE_FILE_MAX 640 /* bytes of a file; longer ones are not read */

enum enforce_action {
    ENFORCE_NONE = 0,
    ENFORCE_NOTIFY,
    ENFORCE_LOCK,
    ENFORCE_TERMINATE
};

/* "notify", "lock", "terminate"; "none". */
const char *enforce_action_name(enum enforce_action action);

struct enforce_opening {
    char user[PEOPLE_NAME_MAX + 1];
    uid_t uid;
    pid_t pid;
    uint64_t start; /* clock ticks since boot */
    char service[ENFORCE_TEXT_MAX + 1], tty[ENFORCE_TEXT_MAX + 1];
};

struct enforce_request {
    enum enforce_action action;
    char provider[ENFORCE_TEXT_MAX + 1], reason[ENFORCE_TEXT_MAX + 1];
};

/* Put text into a member: cut to length, '?' for what is not printable ASCII.
 * NULL is "". */
void enforce_set_text(char member[ENFORCE_TEXT_MAX + 1], const char *text);

/* Write a file's content, NUL-terminated.  0, or -EINVAL: a value that the
 * reader would not take. */
int enforce_format_opening(const struct enforce_opening *opening,
                           char text[ENFORCE_FILE_MAX + 1]);
int enforce_format_request(const struct enforce_request *request,
                           char text[ENFORCE_FILE_MAX + 1]);

/* Read one of length bytes.  0, or -EPROTO: anything not as above. */
int enforce_parse_opening(const char *text, size_t length,
                          struct enforce_opening *ret_opening);
int enforce_parse_request(const char *text, size_t length,
                          struct enforce_request *ret_request);

/*
 * Make the file name in directory, readable as mode says whatever the umask
 * is, or replace it: at no moment is there a part of it under its name, and
 * no link is followed.  0 or negative errno, then nothing has changed.
 */
int enforce_write_file(const char *directory, const char *name,
                       const char *text, mode_t mode);
/* 0, -ENOENT or another negative errno. */
int enforce_remove_file(const char *directory, const char *name);

#endif
