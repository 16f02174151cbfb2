/* SPDX-License-Identifier: BSD-2-Clause */
#include "directories.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

/* Whose people these are; NULL: complained. */
static const struct provider_config *
find_provider(struct view *view, const struct config *config)
{
    const struct directory_config *directory = view->directory;
    const struct provider_config *provider =
        config_directory_provider(config, directory);

    if (provider != NULL)
        return provider;
    if (directory->provider != NULL)
        view_complain(view, "provider", "there is no [provider %s]",
                      directory->provider);
    else if (config->provider_count > 1 && view_missing(view, "provider"))
        view_complain(view, "provider",
                      "provider is missing: there is more than one; say whose "
                      "people this directory has");
    return NULL;
}

/* Ids are derived with the issuer, names are asked for at one directory. */
static void
check_alone(struct view *view, const struct config *config,
            const struct provider_config *provider)
{
    for (size_t i = 0; i + 1 < config->directory_count; i++) {
        const struct directory_config *other = &config->directories[i];

        if (other->type == DIRECTORY_NONE ||
            view->directory->type == DIRECTORY_NONE ||
            config_directory_provider(config, other) != provider)
            continue;
        view_complain(view, "provider",
                      "[directory %s] has the people of [provider %s] "
                      "already: keep one of the two",
                      other->name, provider->name);
    }
}

/*
 * The issuer that config_directory_issuer() cannot borrow from the provider:
 * scheme and host of its sign_in.url.
 */
static int
finish_issuer(struct directory_config *directory,
              const struct provider_config *provider)
{
    const struct request_config *sign_in = &provider->requests[REQUEST_SIGN_IN];

    if (directory->issuer != NULL || provider->base_url != NULL ||
        sign_in->url == NULL || template_uses(sign_in->url, NAME_BASE_URL))
        return 0;
    directory->issuer = template_origin(sign_in->url);
    return directory->issuer != NULL ? 0 : -ENOMEM;
}

/*
 * Who somebody is, is issuer and subject.  With one issuer for two
 * directories, "7" of the one would be "7" of the other, with the name and
 * the groups that this one gives and the id and the files of that.
 */
static void
check_issuer(struct view *view, const struct config *config)
{
    const char *issuer = config_directory_issuer(config, view->directory);

    for (size_t i = 0; i + 1 < config->directory_count; i++) {
        const struct directory_config *other = &config->directories[i];
        const char *another = config_directory_issuer(config, other);

        if (other->type == DIRECTORY_NONE ||
            view->directory->type == DIRECTORY_NONE || issuer == NULL ||
            another == NULL || strcmp(issuer, another) != 0 ||
            config_directory_provider(config, other) ==
                config_directory_provider(config, view->directory))
            continue;
        view_complain(view, "issuer",
                      "[directory %s] has the same issuer, %s, so people of "
                      "the one could be taken for people of the other: write "
                      "an issuer of its own into the newer of the two",
                      other->name, issuer);
    }
}

static int
read_layers(struct view *view, struct settings *preset,
            struct settings *builtin)
{
    const struct setting *type;
    int r = preset_read(view, "directory", preset, &view->directory->preset);

    type = r == 0 ? view_setting(view, "type") : NULL;
    if (type != NULL && strcmp(type->value, "scim") == 0) {
        r = directory_builtin_scim(builtin);
        view->builtin = builtin->sections;
    }
    return r;
}

static int
load_directory(struct load *load, const struct section *own,
               struct directory_config *directory)
{
    struct view view = {
        .reader = &load->reader, .own = own, .directory = directory};
    bool lines_lost = load->reader.lines_lost;
    struct settings preset = {0}, builtin = {0};
    const struct provider_config *provider = NULL;
    int r;

    directory->name = strdup(own->name);
    r = directory->name == NULL ? -ENOMEM : 0;
    if (r == 0)
        r = read_layers(&view, &preset, &builtin);
    if (r == 0) {
        directory_read_keys(&view);
        provider = find_provider(&view, load->config);
    }
    if (provider != NULL) {
        check_alone(&view, load->config, provider);
        directory_finish(
            &view, provider,
            settings_section(&load->settings, "provider", provider->name));
        r = finish_issuer(directory, provider);
        if (r == 0)
            check_issuer(&view, load->config);
    }
    settings_done(&preset);
    settings_done(&builtin);
    load->reader.lines_lost = lines_lost;
    return r;
}

int
load_directories(struct load *load)
{
    const struct settings *settings = &load->settings;
    struct config *config = load->config;
    int r = 0;

    config->directories =
        calloc(settings->count + 1, sizeof(*config->directories));
    if (config->directories == NULL)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < settings->count; i++) {
        const struct section *section = &settings->sections[i];

        if (strcmp(section->kind, "directory") == 0 && section->name != NULL)
            r = load_directory(load, section,
                               &config->directories[config->directory_count++]);
    }
    return r;
}
