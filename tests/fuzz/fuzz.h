/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz: entry of every target, as libFuzzer calls it.  Without libFuzzer
 * replay.c calls it with the files of the corpus.
 */
#ifndef SIGNIN_FUZZ_H
#define SIGNIN_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold; a violation is a crash. */
#define MUST(condition)                                                        \
    do {                                                                       \
        if (!(condition))                                                      \
            __builtin_trap();                                                  \
    } while (0)

#endif
