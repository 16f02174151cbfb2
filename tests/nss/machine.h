/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine: a mount namespace whose /etc, /var, /home and /run are our own, and
 * in it the real glibc with the built module.
 */
#ifndef SIGNIN_NSS_MACHINE_H
#define SIGNIN_NSS_MACHINE_H

#include "fixture.h"

#define MACHINE_OUTPUT_MAX 16384

/*
 * To be called first in main().  Returns only inside the namespace; outside it
 * runs this program again in one, or says why not and exits.
 */
void machine_begin(int argc, char **argv);

/* Group setup and teardown, and a test's: the usual snapshot, no misses, no
 * signind, signin in nsswitch.conf. */
int machine_enter(void **state);
int machine_leave(void **state);
int machine_prepare(void **state);

/* The services of passwd and group in nsswitch.conf. */
void machine_configure(const char *services);

/*
 * Run a command in a shell.  Its output and errors go into output, of
 * MACHINE_OUTPUT_MAX bytes.  Its exit status, or 128 and the signal.
 */
int machine_run(const char *command, char *output);
/* It must succeed. */
void machine_must_run(const char *command);

#endif
