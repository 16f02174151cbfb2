/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signin check: the daemon's own program reads the configuration and talks
 * to providers, so that nothing is read in two ways, and nothing of TLS and
 * JSON comes into this command.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "signin/command.h"

#define SIGNIND SBINDIR "/signind"

/* Is this one of the variables that are passed on? */
static bool
check_passes(const char *variable)
{
    return strncmp(variable, "TERM=", 5) == 0 ||
           strncmp(variable, "LANG=", 5) == 0 ||
           strncmp(variable, "LC_", 3) == 0;
}

enum status
command_check(const struct arguments *arguments)
{
    char *words[8], *variables[16];
    const char *given[8] = {"signind", "--check"};
    size_t count = 2, passed = 0;

    if (arguments->user != NULL) {
        given[count++] = "--user";
        given[count++] = arguments->user;
    }
    if (arguments->provider != NULL) {
        given[count++] = "--provider";
        given[count++] = arguments->provider;
    }
    if (arguments->json)
        given[count++] = "--json";
    given[count] = NULL;
    for (char **e = environ; e != NULL && *e != NULL; e++)
        if (check_passes(*e) &&
            passed + 1 < sizeof(variables) / sizeof(variables[0]))
            variables[passed++] = *e;
    variables[passed] = NULL;
    /* execve(2) changes none of them, whatever its prototype says. */
    memcpy(words, given, sizeof(words));
    execve(SIGNIND, words, variables);
    text_complain("cannot run " SIGNIND ": %s; is signin installed whole?",
                  strerror(errno));
    return STATUS_FAILURE;
}
