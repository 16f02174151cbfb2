/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logind: a session's session at systemd-logind, by way of loginctl(1).
 */
#ifndef SIGNIN_ENFORCE_LOGIND_H
#define SIGNIN_ENFORCE_LOGIND_H

#include <stdbool.h>

#include "enforce.h"
#include "wire/enforce.h"

#define LOGIND_ID_MAX 32

/* The session-ID.scope that a file like /proc/PID/cgroup names, or false. */
bool logind_parse_cgroup(const char *text, char ret_id[LOGIND_ID_MAX + 1]);

/*
 * The session that the opener itself leads, and that is the user's: su inside
 * a session has none of its own.  False: there is none.
 */
bool logind_find(const struct enforce_place *place,
                 const struct enforce_opening *opening,
                 char ret_id[LOGIND_ID_MAX + 1]);

/* loginctl VERB ID: "lock-session", "terminate-session".  0 or -errno. */
int logind_do(const struct enforce_place *place, const char *verb,
              const char *id);

#endif
