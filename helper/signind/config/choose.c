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
    if (config->default_provider != NULL)
        return config_provider(config, config->default_provider);
    return config->provider_count == 1 ? &config->providers[0] : NULL;
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

bool
config_access(const struct config *config, const char *service,
              const char *user)
{
    const struct access_config *access = NULL;

    if (service != NULL)
        access = access_of(config, service);
    /* sudo -i is a PAM service of its own. */
    if (access == NULL && service != NULL && strcmp(service, "sudo-i") == 0)
        access = access_of(config, "sudo");
    if (access == NULL)
        access = access_of(config, NULL);
    if (access == NULL || text_list_has(&access->deny_users, user))
        return false;
    return access->allow_all_users || text_list_has(&access->allow_users, user);
}

bool
config_local_user(const struct config *config, const char *user)
{
    return text_list_has(&config->local_users, user);
}
