/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jitter: what began together must not come back together.
 */
#ifndef SIGNIN_JITTER_H
#define SIGNIN_JITTER_H

/* A number from 0 to below - 1, evenly; 0 if below is 0 or the kernel has
 * none.  Of no use to guess. */
unsigned jitter_below(unsigned below);

/*
 * The pause after another failure, in milliseconds: decorrelated jitter,
 * between first_ms and three times the last pause, at most most_ms.
 * last_ms: 0 after a success.
 */
unsigned jitter_pause_ms(unsigned last_ms, unsigned first_ms, unsigned most_ms);

#endif
