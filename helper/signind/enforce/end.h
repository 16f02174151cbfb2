/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * end: end the processes of sessions (on_refusal = terminate).
 */
#ifndef SIGNIN_ENFORCE_END_H
#define SIGNIN_ENFORCE_END_H

#include <stdbool.h>

#include "enforce.h"
#include "processes.h"
#include "wire/enforce.h"

/* Processes that have been asked to end.  Zero: none. */
struct ending {
    int *pidfds;
    size_t count, room;
};

/*
 * Ask all of the family to end: SIGTERM, and SIGHUP for what the opener has
 * started (shells heed no other; the opener shall still close its session).
 * With quiet, somebody else does that, and they are only remembered.
 */
void end_begin(struct ending *ending, const struct process *family,
               size_t count, bool quiet);

/* Wait until all have ended, within_ms at most, and kill the rest.  Returns
 * how many had to be killed.  Frees what ending holds. */
size_t end_finish(struct ending *ending, int within_ms);

#endif
