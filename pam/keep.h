/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keep: the keyring K that is made before a sign-in, empty, so that signind
 * can put what the provider answers straight into the kernel.
 */
#ifndef SIGNIN_PAM_KEEP_H
#define SIGNIN_PAM_KEEP_H

#include "call.h"
#include "daemon.h"
#include "keyring/keyring.h"

struct keep {
    struct keyring_session keys; /* keep 0: there is none */
    key_serial_t shard;
    bool allow; /* a sign-in may go on without them (on_no_keyring) */
};

/*
 * Ask signind where K shall go (BEGIN), check that place, and make K there.
 *
 * Returns PAM_SUCCESS with K made, or with none where the option no_session
 * asks for none or the administrator lets people in without a token
 * (on_no_keyring); otherwise the code to leave with, logged.  On success end
 * with keep_drop() unless signind has taken K over.
 */
int keep_make(const struct call *call, struct daemon *daemon,
              struct keep *ret_keep);

/* Take an unused K apart again. */
void keep_drop(struct keep *keep);

/* Log why keys cannot be made or used, and what can be done about it. */
void keep_log_error(const struct call *call, const char *what, int error);

#endif
