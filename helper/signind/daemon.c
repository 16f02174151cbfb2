/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon.h"

#include <errno.h>
#include <stdlib.h>

#include "ask_sign_in.h"
#include "log.h"
#include "offline/offline.h"
#include "peer.h"

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

static void
daemon_find_call(struct session *session, void *context)
{
    bool *busy = context;

    if (session->call != NULL)
        *busy = true;
}

/* Has nothing that is under way borrowed from a configuration? */
static bool
daemon_is_idle(struct daemon *daemon)
{
    const struct peer *peer;
    bool busy = !LIST_EMPTY(&daemon->sign_ins) ||
                !LIST_EMPTY(&daemon->late_asks) ||
                !LIST_EMPTY(&daemon->rechecks) || !http_is_idle(daemon->http);

    TAILQ_FOREACH(peer, &daemon->peers, link)
    {
        busy |= peer->state == PEER_WORKING || peer->work != NULL;
    }
    if (!busy)
        session_each(&daemon->sessions, daemon_find_call, &busy);
    return !busy;
}

/* Is there a provider that no generation before this one knows? */
static bool
daemon_is_needed(const struct daemon *daemon,
                 const struct generation *generation)
{
    for (size_t i = 0; i < generation->config->provider_count; i++) {
        const char *name = generation->config->providers[i].name;
        const struct generation *newer;

        SLIST_FOREACH(newer, &daemon->generations, link)
        {
            if (newer == generation)
                return true;
            if (config_provider(newer->config, name) != NULL)
                break;
        }
    }
    return false;
}

void
daemon_free_generation(struct generation *generation)
{
    secrets_free(generation->secrets);
    config_free(generation->config);
    free(generation);
}

static void
daemon_look(evutil_socket_t fd, short what, void *context)
{
    struct daemon *daemon = context;
    struct generation *last = SLIST_FIRST(&daemon->generations), *next;
    unsigned count = 0;

    (void)fd;
    (void)what;
    daemon->sweeping = false;
    if (!daemon_is_idle(daemon)) {
        daemon_sweep(daemon);
        return;
    }
    while ((next = SLIST_NEXT(last, link)) != NULL) {
        if (daemon_is_needed(daemon, next)) {
            last = next;
        } else {
            SLIST_REMOVE(&daemon->generations, next, generation, link);
            daemon_free_generation(next);
            count++;
        }
    }
    if (count > 0)
        log_debug("%u former configurations are given up", count);
}

void
daemon_sweep(struct daemon *daemon)
{
    const struct timeval soon = {.tv_usec = 200000};

    /* Without memory the next reload tries again. */
    if (!daemon->sweeping)
        daemon->sweeping = event_base_once(daemon->base, -1, EV_TIMEOUT,
                                           daemon_look, daemon, &soon) == 0;
}

int
daemon_apply_offline(struct daemon *daemon)
{
    const struct offline_limits limits = {daemon->config->cached_sign_in,
                                          daemon->config->offline_valid_for_s,
                                          daemon->config->offline_attempts};

    if (!limits.enabled)
        session_late_forget(&daemon->sessions);
    if (daemon->offline != NULL)
        offline_set_limits(daemon->offline, &limits);
    else
        daemon->offline = offline_open(daemon->base, OFFLINE_STATE, &limits);
    return daemon->offline == NULL ? -ENOMEM : 0;
}

void
daemon_stop_offline(struct daemon *daemon)
{
    sign_in_late_stop(daemon);
    offline_close(daemon->offline);
    daemon->offline = NULL;
}

void
daemon_forget_password(struct daemon *daemon, const char *user)
{
    if (daemon->offline != NULL)
        offline_forget_name(daemon->offline, user);
}
