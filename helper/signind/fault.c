/* SPDX-License-Identifier: BSD-2-Clause */
#include "fault.h"

#ifdef FAULT_HOOKS
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
fault_point(const char *step)
{
    static unsigned passed;
    const char *wanted = secure_getenv("SIGNIN_FAULT");
    size_t length = strlen(step);
    unsigned count = 1;

    if (wanted == NULL || strncmp(wanted, step, length) != 0 ||
        (wanted[length] != '\0' && wanted[length] != ':'))
        return;
    if (wanted[length] == ':')
        count = (unsigned)atoi(wanted + length + 1);
    if (++passed == count)
        kill(getpid(), SIGKILL);
}
#endif
