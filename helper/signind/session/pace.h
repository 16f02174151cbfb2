/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pace: how often a provider is asked, by all sessions together.
 */
#ifndef SIGNIN_PACE_H
#define SIGNIN_PACE_H

#include <stdbool.h>

#include "signind/provider/provider.h"

struct session_table;

/* ---- pace.c: Retry-After ---- */
/* "PROVIDER USER"; a longer one is cut, and shared. */
#define PACE_NAME_MAX 256
void pace_name(char name[PACE_NAME_MAX], const char *provider,
               const char *user);
/* Remember what an answer says about the next request.  what: "PROVIDER" for
 * refreshes, "PROVIDER USER" for sign-ins. */
void pace_note(struct session_table *table, const char *what,
               const struct provider_result *result);
/* Seconds until that may be asked again; 0: now. */
unsigned pace_wait_s(const struct session_table *table, const char *what);
void pace_forget(struct session_table *table);

/* ---- circuit.c: a provider that does not answer ---- */
/* What came of a request: WIRE_UNAVAILABLE counts against the provider, an
 * answer of nearly any kind for it. */
void circuit_note(struct session_table *table, const char *provider,
                  const struct provider_result *result);
bool circuit_is_open(const struct session_table *table, const char *provider);
/* Milliseconds that a request must wait; 0: send it now.  asked: somebody
 * waits for it. */
unsigned circuit_wait_ms(struct session_table *table, const char *provider,
                         bool asked);
void circuit_forget(struct session_table *table);

#endif
