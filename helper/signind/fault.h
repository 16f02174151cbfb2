/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault: places where a test may have signind die (tests/system/test_crash.py).
 * Only in builds configured with --enable-fault-hooks, which are never
 * installed; everywhere else they are nothing.
 */
#ifndef SIGNIN_FAULT_H
#define SIGNIN_FAULT_H

#ifdef FAULT_HOOKS
/* kill -9 of this process, the COUNT-th time that this step is passed, if the
 * environment says SIGNIN_FAULT=STEP or STEP:COUNT. */
void fault_point(const char *step);
#else
#define fault_point(step) ((void)0)
#endif

#endif
