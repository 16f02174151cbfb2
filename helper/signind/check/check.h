/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check: `signind --check`, which is what `signin check` runs.  Reads the
 * configuration as the daemon would, looks at what it names, connects to its
 * providers, and on request signs in and out again.
 *
 * Needs no running signind; touches no key and no socket of signind's.
 */
#ifndef SIGNIN_CHECK_H
#define SIGNIN_CHECK_H

#include "report.h"
#include "signind/account.h"
#include "signind/config/config.h"
#include "signind/provider/provider.h"

struct event_base;

/* What was asked for, and what has been made for it. */
struct check {
    const char *user;     /* --user, or NULL */
    const char *provider; /* --provider, or NULL */
    struct report report;
    struct account account; /* gid (gid_t)-1: there is none */
    bool reads_secrets;     /* by the caller's rights: root, or _signin */
    struct event_base *base;
    struct provider_context context;
};

/*
 * arguments[0] is "--check"; its options follow.  Returns the exit status
 * (signin(1), "signin check").
 */
int check_run(int count, char **arguments);

#endif
