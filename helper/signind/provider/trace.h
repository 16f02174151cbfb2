/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace: tells who listens (struct provider_context) which field of an answer
 * gave which value.  Nothing happens where nobody does.  What is told is
 * printable ASCII, cut to fit, and never a secret.
 */
#ifndef SIGNIN_TRACE_H
#define SIGNIN_TRACE_H

#include "call.h"

/* context may be NULL. */
void trace_say(const struct provider_context *context, const char *step,
               const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * A value that names somebody: shown, unless a secret of the call is in it or
 * it is itself a JSON Web Token.
 */
void trace_name(const struct provider_call *call, const char *step,
                const struct source *source, const char *value);

#endif
