/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verdict: the exit statuses of the command (signin(1), EXIT STATUS), and the
 * only map from what signind said to them.
 */
#ifndef SIGNIN_VERDICT_H
#define SIGNIN_VERDICT_H

#include "wire/wire.h"

enum status {
    STATUS_OK = 0,
    STATUS_FAILURE = 1,
    STATUS_USAGE = 2,
    STATUS_NO_SESSION = 3,
    STATUS_EXPIRED = 4,     /* and cannot be renewed now: try again */
    STATUS_REFUSED = 5,     /* sign in again */
    STATUS_UNREACHABLE = 6, /* signind */
    STATUS_NOT_PERMITTED = 7,
    STATUS_TOO_SHORT = 8,   /* tokens live less than --min-valid asks for */
    STATUS_UNKNOWN_USER = 9 /* of `user` and `users --forget` */
};

struct verdict {
    enum status status;
    const char *sentence; /* what is wrong, and what to do; static */
};

/* For a WIRE_RESULT; out of range is a failure, never success. */
struct verdict verdict_of_result(uint64_t result);

/* The same, asked about the people of the directories. */
struct verdict verdict_of_directory(uint64_t result);

/* For a negative errno of channel_open() or channel_call(). */
struct verdict verdict_of_channel(int error);

#endif
