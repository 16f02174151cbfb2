/* SPDX-License-Identifier: BSD-2-Clause */
#include "warnings.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "signind/directory/directory.h"

/* ---- a provider -----------------------------------------------------------
 */

static void
warn_client(struct report *report, const struct provider_config *provider)
{
    /* Introspection is for authenticated clients (RFC 7662, 2.1). */
    bool expected = provider->client_id != NULL ||
                    provider->requests[REQUEST_INTROSPECT].configured;

    if (!expected || provider->client_auth != CLIENT_AUTH_NONE ||
        provider->requests[REQUEST_SIGN_IN].authorization != NULL)
        return;
    report_warning(report, "public_client", provider->name,
                   "client_auth is none: anyone who knows client_id can try "
                   "passwords in this client's name; register a confidential "
                   "client, and set client_auth and client_secret");
}

static void
warn_life(struct report *report, const struct provider_config *provider)
{
    const struct request_config *requests = provider->requests;

    if (!requests[REQUEST_REFRESH].configured)
        report_warning(report, "no_refresh", provider->name,
                       "refresh.url is not set: a session has no valid token "
                       "once its first one has expired");
    else if (requests[REQUEST_SIGN_IN].answer.refresh_token == NULL)
        report_warning(report, "no_refresh", provider->name,
                       "answer.refresh_token is not set: there is nothing to "
                       "refresh with, and a session has no valid token once "
                       "its first one has expired");
    if (provider->revoke_count == 0)
        report_warning(report, "no_revoke", provider->name,
                       "nothing is revoked: after logout tokens stay alive at "
                       "the provider until they expire; set revoke.refresh.url "
                       "or revoke.access.url");
}

static void
warn_provider(struct report *report, const struct provider_config *provider)
{
    if (provider->identity_accepted_password)
        report_warning(report, "accepted_password", provider->name,
                       "identity.check = accepted_password: whoever the "
                       "provider accepts is taken for the user who asked; "
                       "set identity.user if its answer names anybody");
    warn_client(report, provider);
    warn_life(report, provider);
    if (provider->tls.allow_http_loopback)
        report_warning(report, "http_loopback", provider->name,
                       "allow_http_loopback = yes: passwords may go "
                       "unencrypted to whatever listens on this host's "
                       "loopback; for tests alone");
}

/* ---- people ---------------------------------------------------------------
 */

/* The uid of the first entry of that name.  false: there is none. */
static bool
passwd_find(const char *passwd, const char *name, uid_t *ret_uid)
{
    FILE *file = fopen(passwd, "re");
    struct passwd *entry;
    bool found = false;

    if (file == NULL)
        return false;
    while (!found && (entry = fgetpwent(file)) != NULL) {
        if (strcmp(entry->pw_name, name) == 0) {
            *ret_uid = entry->pw_uid;
            found = true;
        }
    }
    fclose(file);
    return found;
}

static void
warn_local_user(struct report *report, const char *name, const char *passwd)
{
    uid_t uid = 0;

    if (!directory_name_valid(name))
        report_warning(report, "local_user", NULL,
                       "[accounts] local_users: %s cannot sign in: a name is 1 "
                       "to 32 of a-z, 0-9, '_' and '-', and begins with a "
                       "letter or '_'",
                       name);
    else if (!passwd_find(passwd, name, &uid))
        report_warning(report, "local_user", NULL,
                       "[accounts] local_users: %s is not in %s; make the "
                       "account, or remove the name",
                       name, passwd);
    else if (!directory_uid_valid(uid))
        report_warning(report, "local_user", NULL,
                       "[accounts] local_users: %s has uid %u and will not be "
                       "signed in: uids below 1000 and reserved ones are not",
                       name, uid);
}

/* Is there a service at which somebody of local_users may sign in? */
static bool
somebody_may(const struct config *config)
{
    for (size_t i = 0; i < config->local_users.count; i++)
        for (size_t j = 0; j < config->access_count; j++)
            if (config_access(config, config->access[j].service,
                              config->local_users.items[i]))
                return true;
    return false;
}

/* Is there a rule that allows anybody at all? */
static bool
somebody_is_allowed(const struct config *config)
{
    for (size_t i = 0; i < config->access_count; i++)
        if (config->access[i].allow_all_users ||
            config->access[i].allow_users.count > 0 ||
            config->access[i].allow_groups.count > 0)
            return true;
    return false;
}

static void
warn_access(struct report *report, const struct config *config)
{
    for (size_t i = 0; i < config->access_count; i++) {
        const struct access_config *access = &config->access[i];

        if (access->allow_all_users)
            report_warning(report, "allow_all", NULL,
                           "[access%s%s]: allow_users = *: whoever is in "
                           "local_users or a directory, and the provider "
                           "accepts, may sign in",
                           access->service == NULL ? "" : " ",
                           access->service == NULL ? "" : access->service);
    }
    if (warnings_has_directories(config)) {
        /* Who is in a directory, and in which groups, is not known here. */
        if (!somebody_is_allowed(config))
            report_warning(report, "nobody", NULL,
                           "nobody can sign in: the [access] rules allow "
                           "nobody; set allow_groups or allow_users");
        return;
    }
    if (config->local_users.count == 0)
        report_warning(report, "nobody", NULL,
                       "nobody can sign in: [accounts] local_users is empty; "
                       "list the accounts that may");
    else if (!somebody_may(config))
        report_warning(report, "nobody", NULL,
                       "nobody can sign in: the [access] rules allow nobody of "
                       "local_users; set allow_users");
}

void
warnings_of_config(struct report *report, const struct config *config,
                   const char *passwd)
{
    if (config->provider_count > 0)
        report_warning(report, "password_grant", NULL,
                       "RFC 9700, 2.4 says that the password grant must not be "
                       "used: this host sees people's passwords; prefer device "
                       "sign-in (RFC 8628) where the provider has it");
    for (size_t i = 0; i < config->provider_count; i++)
        warn_provider(report, &config->providers[i]);
    if (config->cached_sign_in)
        report_warning(report, "cached_sign_in", NULL,
                       "[offline] cached_sign_in = yes: a hash of each "
                       "password stays on this host, and somebody locked out "
                       "at the provider gets in while it cannot be reached, "
                       "for up to %u h",
                       (config->offline_valid_for_s + 3599) / 3600);
    warnings_of_directories(report, config);
    warn_access(report, config);
    for (size_t i = 0; i < config->local_users.count; i++)
        warn_local_user(report, config->local_users.items[i], passwd);
}

void
warnings_of_user(struct report *report, const struct config *config,
                 const char *user)
{
    bool allowed = false;

    if (warnings_has_directories(config) && !config_local_user(config, user))
        return;
    for (size_t i = 0; i < config->access_count; i++)
        allowed =
            allowed || config_access(config, config->access[i].service, user);
    if (!config_local_user(config, user))
        report_warning(report, "user", NULL,
                       "%s cannot sign in to this host: not in [accounts] "
                       "local_users",
                       user);
    else if (!allowed)
        report_warning(report, "user", NULL,
                       "%s cannot sign in to this host: the [access] rules do "
                       "not allow it",
                       user);
}
