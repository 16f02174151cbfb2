/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tell: a line to the terminals of a session.
 */
#ifndef SIGNIN_ENFORCE_TELL_H
#define SIGNIN_ENFORCE_TELL_H

#include "processes.h"
#include "wire/enforce.h"

/*
 * Write to each terminal that one of these processes is on and that belongs
 * to uid.  Never waits: a terminal that is stopped misses it.  Returns how
 * many were told.
 */
size_t tell_terminals(const struct process *family, size_t count, uid_t uid,
                      const char *line);

#endif
