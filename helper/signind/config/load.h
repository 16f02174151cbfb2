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

/* ---- sections.c: the sections beside [provider NAME]
 * -------------------------- */

/* Complain of sections that are unknown, unsupported or wrongly named. */
void load_check_sections(struct load *load);
/* [signin], [accounts], [session], [limits], [offline], with defaults. */
void load_globals(struct load *load);
/* [access] and [access SERVICE].  0 or -ENOMEM. */
int load_access(struct load *load);
void access_done(struct access_config *access);

/* ---- providers.c
 * ------------------------------------------------------------------ */

/* All [provider NAME] with their presets.  0 or -ENOMEM. */
int load_providers(struct load *load);
/* default_provider, suffixes. */
void load_check_providers(struct load *load);

#endif
