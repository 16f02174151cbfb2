/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verdict: the only map from what signind answers to PAM codes, to the words
 * a person reads and to those an administrator finds in the log.
 */
#ifndef SIGNIN_PAM_VERDICT_H
#define SIGNIN_PAM_VERDICT_H

#include <stddef.h>

#include "call.h"
#include "wire/wire.h"

/* The result inside a VERDICT; WIRE_RESULT_NONE if it holds none we know. */
enum wire_result verdict_result(const struct message *verdict);

/* What authenticate and acct_mgmt return.  PAM_SUCCESS for WIRE_OK alone. */
int verdict_authenticate_code(enum wire_result result);
int verdict_account_code(enum wire_result result);

/*
 * Log the decision on a VERDICT: what was asked ("sign-in"), the result by
 * its name, and what the administrator can do.
 */
void verdict_log(const struct call *call, const char *asked,
                 const struct message *verdict);

/*
 * Tell the person about a sign-in, as far as it does not tell a stranger
 * which accounts exist.
 */
void verdict_tell(const struct call *call, const struct message *verdict);

/* Tell the person that signind itself cannot be asked. */
void verdict_tell_unavailable(const struct call *call);

/*
 * Make a provider's text fit for a terminal: UTF-8 without C0 and C1
 * controls; what is not that becomes '?', a control a blank.
 */
void verdict_clean_text(const char *text, char *buffer, size_t size);

#endif
