/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * secrets: the values of {{secret.NAME}} and *_secret = NAME.  Read from
 * $CREDENTIALS_DIRECTORY/NAME (systemd credentials), else from
 * SYSCONFDIR/signin/secrets/NAME; kept, wiped when forgotten.
 */
#ifndef SIGNIN_SECRETS_H
#define SIGNIN_SECRETS_H

#include <stddef.h>
#include <sys/types.h>

#include "config/config.h"

struct secrets;

struct secrets *secrets_new(gid_t gid);
void secrets_free(struct secrets *secrets);

/*
 * The value, borrowed until secrets_free(), or NULL: no such file, not a plain
 * file, more readable or writable than root and group _signin (logged with
 * the mend).  One final newline is not part of it.  A NUL or more than 16 KiB
 * is refused.  Signature as struct provider_context wants it.
 */
const char *secrets_get(void *secrets, const char *name);

/* Read all that the configuration names, to find mistakes at start.  0 or
 * -ENOENT if one of them could not be read (each is logged). */
int secrets_load(struct secrets *secrets, const struct config *config);

#endif
