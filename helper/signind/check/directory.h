/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * directory: can a directory be reached and asked, and what would a user of
 * it be on this host?
 */
#ifndef SIGNIN_CHECK_DIRECTORY_H
#define SIGNIN_CHECK_DIRECTORY_H

#include "check.h"

/*
 * Reach it, list the first page of its users, and with check->user look that
 * one up.  Nothing is told of a directory that nobody asks (first_sign_in,
 * none).  secrets: all that the configuration names could be read.
 */
void directory_check_config(struct check *check, const struct config *config,
                            const struct directory_config *directory,
                            bool secrets);

#endif
