/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * command: the subcommands of signin(1).
 */
#ifndef SIGNIN_COMMAND_H
#define SIGNIN_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "signin/text.h"
#include "signin/verdict.h"

/* Greatest --min-valid: a year, in seconds. */
#define MIN_VALID_MAX_S (INT64_C(86400) * 365)

/* What stood on the command line. */
struct arguments {
    bool min_valid_given;
    int64_t min_valid_s;
    bool json;
    bool session;
    bool refresh;                /* of `users` */
    const char *name;            /* of `get`, `user`, `ssh-keys`, or NULL */
    const char *forget;          /* of `users`; NULL: not given */
    const char *user, *provider; /* of `check`; NULL: not given */
};

/* One function each: says on stderr what is wrong, if anything. */
enum status command_token(const struct arguments *arguments);
enum status command_header(const struct arguments *arguments);
enum status command_get(const struct arguments *arguments);
enum status command_status(const struct arguments *arguments);
enum status command_refresh(const struct arguments *arguments);
enum status command_logout(const struct arguments *arguments);
enum status command_sessions(const struct arguments *arguments);
enum status command_users(const struct arguments *arguments);
enum status command_user(const struct arguments *arguments);
enum status command_groups(const struct arguments *arguments);
enum status command_ssh_keys(const struct arguments *arguments);
/* Becomes signind --check; returns only if that fails. */
enum status command_check(const struct arguments *arguments);

/* main() without what is of the process.  Returns the exit status. */
enum status command_main(int argc, char **argv);

/* Write to stdout; says on stderr if that failed. */
enum status command_print(const struct text *text);

#endif
