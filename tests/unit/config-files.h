/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config-files: a root of its own for config_load(), and what it complained.
 */
#ifndef CONFIG_FILES_H
#define CONFIG_FILES_H

#include <stddef.h>

#include "signind/config/config.h"

struct files {
    char root[64]; /* holds vendor.conf, vendor.d, signin.conf, conf.d, presets
                    */
    char vendor[128], vendor_dropins[128], main[128], dropins[128];
    char presets[128];
    struct config_paths paths;
    char complaints[16384]; /* "FILE:LINE: MESSAGE\n", FILE below the root */
    struct config *config;  /* of the last files_load() */
};

/* A cmocka set-up and tear-down: *state is a struct files. */
int files_setup(void **state);
int files_teardown(void **state);

/* Write a file below the root, mode 0644. */
void files_write(struct files *files, const char *name, const char *text);
void files_write_bytes(struct files *files, const char *name, const char *bytes,
                       size_t length);

/* Copy the presets of the source tree. */
void files_presets(struct files *files);

/* Load again; complaints and config are fresh. */
void files_load(struct files *files);

/* Write signin.conf, load, and compare the complaints ("": it loads). */
void files_expect(struct files *files, const char *text,
                  const char *complaints);

#endif
