/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load: the steps of config_load().
 */
#ifndef SIGNIN_LOAD_H
#define SIGNIN_LOAD_H

#include "keys.h"

struct load {
    struct reader reader;
    struct settings settings;
    struct config *config;
};

/* ---- sections.c: all but those below ------------------------------------- */

/* Complain of sections that are unknown, unsupported or wrongly named. */
void load_check_sections(struct load *load);
/* [signin], [session], [limits], [offline], with defaults. */
void load_globals(struct load *load);

/* ---- accounts.c ---------------------------------------------------------- */

void load_accounts(struct load *load);
void accounts_done(struct accounts_config *accounts);

/* ---- access.c ------------------------------------------------------------ */

/* [access] and [access SERVICE].  0 or -ENOMEM. */
int load_access(struct load *load);
/* With all providers and directories loaded. */
void load_check_access(struct load *load);
void access_done(struct access_config *access);

/* ---- providers.c --------------------------------------------------------- */

/* All [provider NAME] with their presets.  0 or -ENOMEM. */
int load_providers(struct load *load);
/* default_provider, suffixes. */
void load_check_providers(struct load *load);

/* ---- directories.c ------------------------------------------------------- */

/* All [directory NAME] with their presets, over their providers.  0 or
 * -ENOMEM. */
int load_directories(struct load *load);

/* ---- free.c -------------------------------------------------------------- */

void request_config_done(struct request_config *request);

#endif
