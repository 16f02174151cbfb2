/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host: what signind needs of this host beside its configuration.
 */
#ifndef SIGNIN_HOST_H
#define SIGNIN_HOST_H

#include "check.h"

/*
 * Look at the account, its group and the machine id, and warn.  If the caller
 * is root, become the account for good, so that what it may not read is not
 * read here either, and no provider talks to root.
 */
void host_check(struct check *check);

/*
 * Read the configuration's secrets into check->context.  Mistakes, or for a
 * caller who may not read secrets warnings.  Returns whether all are there.
 */
struct secrets;
bool host_read_secrets(struct check *check, const struct config *config,
                       struct secrets **ret_secrets);

/*
 * Does that file hold a machine id (machine-id(5), as signind reads it)?
 */
bool host_machine_id_valid(const char *path);

#endif
