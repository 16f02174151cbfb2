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
