/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * directory: who exists.  Today: local accounts that the administrator listed
 * by name ([accounts] local_users).
 */
#ifndef SIGNIN_DIRECTORY_H
#define SIGNIN_DIRECTORY_H

#include <stdbool.h>
#include <sys/types.h>

#include "signind/config/config.h"

/* The grammar of names at the edge: [a-z_][a-z0-9_-]{0,31}. */
bool directory_name_valid(const char *name);

/* May this number ever be an external user's: not below 1000, not one that
 * systemd or the kernel reserves? */
bool directory_uid_valid(uid_t uid);

/*
 * Is name a user that may sign in at a provider on this host, with exactly
 * the uid that the module was given (another NSS source may have answered)?
 */
bool directory_knows(const struct config *config, const char *name, uid_t uid);

#endif
