/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * misses: the names that signind has just said it does not know
 * (PEOPLE_MISSES).
 */
#ifndef SIGNIN_NSS_MISSES_H
#define SIGNIN_NSS_MISSES_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Is name among them?  *ret_ask_for_root: root's login services must ask all
 * the same.  owner: file_owner().  A table that is not as people.h says holds
 * nobody.
 */
bool misses_hold(uid_t owner, const char *name, bool *ret_ask_for_root);

#endif
