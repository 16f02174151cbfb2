/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "config.h"
#include "keys.h"

const char *
request_kind_name(enum request_kind kind)
{
    static const char *const names[REQUEST_KINDS] = {
        [REQUEST_SIGN_IN] = "sign_in",
        [REQUEST_REFRESH] = "refresh",
        [REQUEST_REVOKE_ACCESS] = "revoke.access",
        [REQUEST_REVOKE_REFRESH] = "revoke.refresh",
        [REQUEST_USERINFO] = "userinfo",
        [REQUEST_INTROSPECT] = "introspect",
    };

    return (unsigned)kind < REQUEST_KINDS ? names[kind] : "?";
}

const char *
directory_request_name(enum directory_request request)
{
    static const char *const names[DIRECTORY_REQUESTS] = {
        [DIRECTORY_TOKEN] = "token",
        [DIRECTORY_USER_BY_NAME] = "user_by_name",
        [DIRECTORY_USERS] = "users",
        [DIRECTORY_GROUPS] = "groups",
        [DIRECTORY_USER_GROUPS] = "user_groups",
    };

    return (unsigned)request < DIRECTORY_REQUESTS ? names[request] : "?";
}

const struct provider_config *
config_provider(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->provider_count; i++)
        if (strcmp(config->providers[i].name, name) == 0)
            return &config->providers[i];
    return NULL;
}

/* The longest suffix that leaves something of the name wins. */
static const struct provider_config *
by_suffix(const struct config *config, const char *user)
{
    const struct provider_config *found = NULL;
    size_t best = 0, length = strlen(user);

    for (size_t i = 0; i < config->provider_count; i++) {
        const char *suffix = config->providers[i].suffix;
        size_t size = suffix != NULL ? strlen(suffix) : 0;

        if (size > best && size < length &&
            strcmp(user + length - size, suffix) == 0) {
            found = &config->providers[i];
            best = size;
        }
    }
    return found;
}

static const struct provider_config *
config_default_provider(const struct config *config)
{
    if (config->default_provider != NULL)
        return config_provider(config, config->default_provider);
    return config->provider_count == 1 ? &config->providers[0] : NULL;
}

const struct provider_config *
config_choose(const struct config *config, const char *asked, const char *user)
{
    const struct provider_config *provider;

    /* Asked for by name: that one or none. */
    if (asked != NULL)
        return config_provider(config, asked);
    provider = by_suffix(config, user);
    if (provider != NULL)
        return provider;
    return config_default_provider(config);
}

static const struct access_config *
access_of(const struct config *config, const char *service)
{
    for (size_t i = 0; i < config->access_count; i++) {
        const char *name = config->access[i].service;

        if (service == NULL ? name == NULL
                            : name != NULL && strcmp(name, service) == 0)
            return &config->access[i];
    }
    return NULL;
}

const struct access_config *
config_access_of(const struct config *config, const char *service)
{
    const struct access_config *access = NULL;

    if (service != NULL)
        access = access_of(config, service);
    /* sudo -i is a PAM service of its own. */
    if (access == NULL && service != NULL && strcmp(service, "sudo-i") == 0)
        access = access_of(config, "sudo");
    return access != NULL ? access : access_of(config, NULL);
}

bool
config_access(const struct config *config, const char *service,
              const char *user)
{
    const struct access_config *access = config_access_of(config, service);

    if (access == NULL || text_list_has(&access->deny_users, user))
        return false;
    return access->allow_all_users || text_list_has(&access->allow_users, user);
}

const struct directory_config *
config_directory(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->directory_count; i++)
        if (strcmp(config->directories[i].name, name) == 0)
            return &config->directories[i];
    return NULL;
}

const struct provider_config *
config_directory_provider(const struct config *config,
                          const struct directory_config *directory)
{
    if (directory->provider != NULL)
        return config_provider(config, directory->provider);
    return config_default_provider(config);
}

const char *
config_directory_issuer(const struct config *config,
                        const struct directory_config *directory)
{
    const struct provider_config *provider;

    /* Never NULL where the provider has no base_url: directories.c. */
    if (directory->issuer != NULL)
        return directory->issuer;
    provider = config_directory_provider(config, directory);
    return provider != NULL ? provider->base_url : NULL;
}

bool
config_local_user(const struct config *config, const char *user)
{
    return text_list_has(&config->local_users, user);
}
