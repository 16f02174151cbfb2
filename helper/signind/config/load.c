/* SPDX-License-Identifier: BSD-2-Clause */
#include "load.h"

#include <errno.h>
#include <stdlib.h>

const struct config_paths config_default_paths = {
    .vendor = VENDORDIR "/signin.conf",
    .vendor_dropins = VENDORDIR "/signin.conf.d",
    .main = SYSCONFDIR "/signin/signin.conf",
    .dropins = SYSCONFDIR "/signin/signin.conf.d",
    .presets = PRESETDIR,
};

static int
load_all(struct load *load)
{
    int r = layers_read(&load->reader, &load->settings);
    unsigned mistakes;

    if (r < 0)
        return r;
    load_check_sections(load);
    load_globals(load);
    load_accounts(load);
    r = load_access(load);
    if (r == 0)
        r = load_providers(load);
    if (r < 0)
        return r;
    load_check_providers(load);
    mistakes = load->reader.mistakes;
    r = load_directories(load);
    /* A directory with mistakes may be one that has groups. */
    if (r == 0 && load->reader.mistakes == mistakes)
        load_check_access(load);
    return r;
}

struct config *
config_load(const struct config_paths *paths, config_complain *complain,
            void *context)
{
    struct load load = {
        .reader = {.paths = paths, .complain = complain, .context = context},
        .config = calloc(1, sizeof(struct config)),
    };
    int r = load.config == NULL ? -ENOMEM : load_all(&load);

    if (r < 0 && load.reader.mistakes == 0)
        reader_complain(&load.reader, paths->main, 0, "out of memory");
    settings_done(&load.settings);
    if (load.reader.mistakes > 0) {
        config_free(load.config);
        return NULL;
    }
    return load.config;
}
