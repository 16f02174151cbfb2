/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * warnings: what is no mistake, and yet hardly meant or not safe.
 */
#ifndef SIGNIN_WARNINGS_H
#define SIGNIN_WARNINGS_H

#include "report.h"
#include "signind/config/config.h"

/*
 * Warn of what is in a configuration.  passwd is the path of the host's
 * passwd(5): local_users are looked up there, not through NSS.
 */
void warnings_of_config(struct report *report, const struct config *config,
                        const char *passwd);

/* Of directories alone.  warnings_directory.c */
void warnings_of_directories(struct report *report,
                             const struct config *config);

/* Is there any that is not switched off?  Such a section asks nobody and makes
 * nobody. */
bool warnings_has_directories(const struct config *config);

/* Warn if this host would not let this user in at all. */
void warnings_of_user(struct report *report, const struct config *config,
                      const char *user);

#endif
