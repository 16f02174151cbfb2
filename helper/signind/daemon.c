/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon.h"

#include <errno.h>
#include <stdlib.h>

#include "log.h"

static void
daemon_complain(void *context, const char *file, unsigned line,
                const char *message)
{
    (void)context;
    if (line == 0)
        log_error("%s: %s", file, message);
    else
        log_error("%s:%u: %s", file, line, message);
}

/* What was configured before: tokens may still have to be revoked at a provider
 * that a reload has dropped.  Its secrets are asked of the newest generation,
 * which reads them if they are still there. */
static const struct provider_config *
daemon_former_provider(void *context, const char *name)
{
    const struct daemon *daemon = context;
    const struct generation *generation;

    SLIST_FOREACH(generation, &daemon->generations, link)
    {
        const struct provider_config *provider =
            config_provider(generation->config, name);

        if (provider != NULL)
            return provider;
    }
    return NULL;
}

int
daemon_load(struct daemon *daemon)
{
    struct generation *generation = calloc(1, sizeof(*generation));

    if (generation == NULL)
        return -ENOMEM;
    generation->config =
        config_load(&config_default_paths, daemon_complain, NULL);
    generation->secrets = secrets_new(daemon->account.gid);
    if (generation->config == NULL || generation->secrets == NULL ||
        secrets_load(generation->secrets, generation->config) != 0) {
        config_free(generation->config);
        secrets_free(generation->secrets);
        free(generation);
        return -EINVAL;
    }
    SLIST_INSERT_HEAD(&daemon->generations, generation, link);
    daemon->config = generation->config;
    daemon->sessions.config = generation->config;
    daemon->sessions.former_provider = daemon_former_provider;
    daemon->sessions.former_context = daemon;
    daemon->sessions.provider_context.secret = secrets_get;
    daemon->sessions.provider_context.secret_context = generation->secrets;
    log_set_level(generation->config->log_level);
    for (size_t i = 0; i < generation->config->provider_count; i++) {
        const struct provider_config *provider =
            &generation->config->providers[i];

        if (provider->identity_accepted_password)
            log_warning("provider %s: identity.check = accepted_password: "
                        "whoever it accepts is taken for the user who asked",
                        provider->name);
    }
    return 0;
}
