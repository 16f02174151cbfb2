/* SPDX-License-Identifier: BSD-2-Clause */
/* What the module has written of sessions for `signind --enforce`. */
#ifndef SIGNIN_TEST_PAM_OPENED_H
#define SIGNIN_TEST_PAM_OPENED_H

#include <sys/resource.h>
#include <sys/types.h>

struct fake_opened {
    int error; /* what writing and removing return */
    unsigned written, removed;
    char path[256], text[1024]; /* of the last one */
    mode_t mode;
    rlim_t room; /* how long a file might have been (RLIMIT_FSIZE) */
};

extern struct fake_opened fake_opened;

#endif
