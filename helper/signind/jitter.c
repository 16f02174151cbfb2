/* SPDX-License-Identifier: BSD-2-Clause */
#include "jitter.h"

#include <stdint.h>
#include <sys/random.h>

unsigned
jitter_below(unsigned below)
{
    uint32_t number = 0;

    if (below == 0 ||
        getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return 0;
    return (unsigned)(number % below);
}

unsigned
jitter_pause_ms(unsigned last_ms, unsigned first_ms, unsigned most_ms)
{
    unsigned longest;

    if (last_ms < first_ms)
        last_ms = first_ms;
    longest = last_ms > most_ms / 3 ? most_ms : last_ms * 3;
    if (longest < first_ms)
        longest = first_ms;
    return first_ms + jitter_below(longest - first_ms + 1);
}
