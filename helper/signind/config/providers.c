/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "provider_view.h"

/* The names of all presets, for a message. */
static void
list_presets(const char *directory, char *text, size_t size)
{
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, NULL, alphasort);
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; i < count; i++) {
        size_t length = strlen(entries[i]->d_name);
        int added = 0;

        if (length > 5 && strcmp(entries[i]->d_name + length - 5, ".conf") == 0)
            added = snprintf(text + used, size - used, " %.*s",
                             (int)(length - 5), entries[i]->d_name);
        if (added > 0 && (size_t)added < size - used)
            used += (size_t)added;
        else
            text[used] = '\0';
        free(entries[i]);
    }
    free(entries);
}

/*
 * Read the preset that a provider names into *preset.  *ret_section is left
 * NULL if there is none, or it could not be read (complained).
 */
static int
read_preset(struct load *load, const struct provider_view *view,
            struct settings *preset, const struct section **ret_section)
{
    const struct setting *setting = section_setting(view->own, "preset");
    char path[PATH_MAX], names[512], title[SECTION_TITLE_MAX];
    int r;

    if (setting == NULL || setting->value[0] == '\0')
        return 0;
    snprintf(path, sizeof(path), "%s/%s.conf", load->reader.paths->presets,
             setting->value);
    r = name_is_section(setting->value)
            ? settings_read(&load->reader, preset, path)
            : -ENOENT;
    if (r == -ENOENT) {
        list_presets(load->reader.paths->presets, names, sizeof(names));
        reader_complain(&load->reader, setting->file, setting->line,
                        "preset: there is no preset of that name; there "
                        "are:%s",
                        names);
        /* What it would have said is not missing. */
        load->reader.lines_lost = true;
    }
    for (size_t i = 0; i < preset->count; i++)
        if (strcmp(preset->sections[i].kind, "preset") != 0 ||
            preset->sections[i].name != NULL)
            reader_complain(&load->reader, preset->sections[i].file,
                            preset->sections[i].line,
                            "a preset has one section, [preset], and no %s",
                            section_title(&preset->sections[i], title));
    *ret_section = settings_section(preset, "preset", NULL);
    if (*ret_section != NULL && section_setting(*ret_section, "preset") != NULL)
        reader_complain(&load->reader, path, 0, "a preset names no preset");
    view->provider->preset = strdup(setting->value);
    return view->provider->preset != NULL && r != -ENOMEM ? 0 : -ENOMEM;
}

static int
load_provider(struct load *load, const struct section *own,
              struct provider_config *provider)
{
    struct provider_view view = {
        .reader = &load->reader, .own = own, .provider = provider};
    bool lines_lost = load->reader.lines_lost;
    struct settings preset = {0};
    int r;

    provider->name = strdup(own->name);
    r = provider->name == NULL ? -ENOMEM : 0;
    if (r == 0)
        r = read_preset(load, &view, &preset, &view.preset);
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
    struct provider_view view = {.reader = &load->reader, .own = section};

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
