/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sign_in: sign in as a person, refresh, and revoke again, telling step by
 * step which field gave which value.
 */
#ifndef SIGNIN_CHECK_SIGN_IN_H
#define SIGNIN_CHECK_SIGN_IN_H

#include "check.h"

/* Asks for the password.  check->user is not NULL; report_provider() has been
 * called for this provider. */
void sign_in_check(struct check *check, const struct provider_config *provider);

/* What a result means for the exit status. */
enum report_status sign_in_status(enum wire_result result);

#endif
