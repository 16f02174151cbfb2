/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "view.h"

static int
load_provider(struct load *load, const struct section *own,
              struct provider_config *provider)
{
    struct view view = {
        .reader = &load->reader, .own = own, .provider = provider};
    bool lines_lost = load->reader.lines_lost;
    struct settings preset = {0};
    int r;

    provider->name = strdup(own->name);
    r = provider->name == NULL ? -ENOMEM : 0;
    if (r == 0)
        r = preset_read(&view, "preset", &preset, &provider->preset);
    if (r == 0) {
        provider_read_keys(&view);
        provider_finish(&view);
    }
    settings_done(&preset);
    load->reader.lines_lost = lines_lost;
    return r;
}

int
load_providers(struct load *load)
{
    const struct settings *settings = &load->settings;
    struct config *config = load->config;
    int r = 0;

    config->providers = calloc(settings->count + 1, sizeof(*config->providers));
    if (config->providers == NULL)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < settings->count; i++) {
        const struct section *section = &settings->sections[i];

        if (strcmp(section->kind, "provider") == 0 && section->name != NULL)
            r = load_provider(load, section,
                              &config->providers[config->provider_count++]);
    }
    return r;
}

/* Complain of the key `key` in [provider NAME], or of the section. */
static void
complain(struct load *load, const char *provider, const char *key,
         const char *message)
{
    const struct section *section =
        settings_section(&load->settings, "provider", provider);
    struct view view = {.reader = &load->reader, .own = section};

    view_complain(&view, key, "%s", message);
}

static void
check_suffixes(struct load *load)
{
    const struct config *config = load->config;

    for (size_t i = 0; i < config->provider_count; i++)
        for (size_t k = 0; k < i; k++) {
            const char *one = config->providers[i].suffix;
            const char *other = config->providers[k].suffix;

            if (one != NULL && other != NULL && strcmp(one, other) == 0)
                complain(load, config->providers[i].name, "suffix",
                         "another provider has the same suffix: change one");
        }
}

void
load_check_providers(struct load *load)
{
    const struct config *config = load->config;
    const struct section *signin =
        settings_section(&load->settings, "signin", NULL);
    const struct setting *chosen =
        signin != NULL ? section_setting(signin, "default_provider") : NULL;

    check_suffixes(load);
    if (load->reader.lines_lost)
        return;
    if (config->provider_count == 0) {
        reader_complain(&load->reader, load->reader.paths->main, 0,
                        "no provider is configured: write a [provider NAME] "
                        "section, see signin.conf(5)");
        return;
    }
    if (config->default_provider != NULL && chosen != NULL &&
        config_provider(config, config->default_provider) == NULL) {
        reader_complain(&load->reader, chosen->file, chosen->line,
                        "default_provider: there is no [provider %s]",
                        config->default_provider);
        return;
    }
    if (config->provider_count < 2 || config->default_provider != NULL)
        return;
    for (size_t i = 0; i < config->provider_count; i++)
        if (config->providers[i].suffix == NULL &&
            section_setting(settings_section(&load->settings, "provider",
                                             config->providers[i].name),
                            "suffix") == NULL) {
            complain(load, config->providers[i].name, "suffix",
                     "there is more than one provider: write "
                     "default_provider in [signin], or a suffix here");
            return;
        }
}
