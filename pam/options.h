/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options: what an administrator writes behind pam_signin.so in /etc/pam.d.
 */
#ifndef SIGNIN_PAM_OPTIONS_H
#define SIGNIN_PAM_OPTIONS_H

#include <stdbool.h>
#include <sys/types.h>

#include <security/pam_modules.h>

/* The text members point into argv, which libpam keeps for the whole call. */
struct options {
    bool try_first_pass;
    bool use_first_pass;
    bool no_session;
    bool debug;
    uid_t min_uid;           /* never below PEOPLE_ID_FLOOR */
    const char *prompt;      /* "Password: " */
    const char *local_users; /* comma-separated names; "" = none */
    const char *provider;    /* NULL = signind's default */
    bool broken;             /* a restriction cannot be read: trust nobody */
};

/*
 * Read the arguments.  Anything not understood is logged and passed over,
 * never fatal; but a min_uid= that is no number sets broken, because passing
 * over a restriction would admit more people than was meant.
 */
void options_parse(pam_handle_t *pamh, int argc, const char **argv,
                   struct options *ret_options);

/* Does local_users= list exactly this name? */
bool options_list_user(const struct options *options, const char *name);

#endif
