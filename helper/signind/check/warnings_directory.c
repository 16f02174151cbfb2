/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is odd about directories, and about rules that name their groups.
 */
#include <stdio.h>
#include <string.h>

#include "signind/directory/directory.h"
#include "warnings.h"

static bool
is_asked(const struct directory_config *directory)
{
    return directory->type == DIRECTORY_SCIM ||
           directory->type == DIRECTORY_REST;
}

static bool
tells_groups(const struct config *config,
             const struct directory_config *directory)
{
    const struct provider_config *provider =
        config_directory_provider(config, directory);

    return (provider != NULL && provider->identity_groups != NULL) ||
           directory->attribute.groups != NULL ||
           directory->requests[DIRECTORY_GROUPS].request.configured ||
           directory->requests[DIRECTORY_USER_GROUPS].request.configured;
}

static void
warn_directory(struct report *report, const struct config *config,
               const struct directory_config *directory)
{
    const struct provider_config *provider =
        config_directory_provider(config, directory);

    if (directory->tls.allow_http_loopback)
        report_warning(report, "http_loopback", NULL,
                       "[directory %s]: allow_http_loopback = yes: what may "
                       "read the directory goes unencrypted to whatever "
                       "listens on this host's loopback; for tests alone",
                       directory->name);
    if (is_asked(directory) &&
        !directory->requests[DIRECTORY_USERS].request.configured)
        report_warning(report, "no_list", NULL,
                       "[directory %s]: without users.url nobody is known "
                       "before a first attempt to log in, which fails; set "
                       "users.url if the directory can list its users",
                       directory->name);
    if (directory->type == DIRECTORY_FIRST_SIGN_IN && provider != NULL &&
        provider->identity_subject == NULL)
        report_warning(report, "no_subject", provider->name,
                       "identity.subject is not set: whoever gets a name at "
                       "the provider after somebody else gets that account "
                       "here, with all its files; set identity.subject");
}

/* Does the file (shells(5)) list it, or can that not be told? */
static bool
shell_is_listed(const char *shell)
{
    FILE *file = fopen("/etc/shells", "re");
    char line[4096];
    bool found = false;

    if (file == NULL)
        return true;
    while (!found && fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, " \t\n#")] = '\0';
        found = strcmp(line, shell) == 0;
    }
    fclose(file);
    return found;
}

/* Whose members can become root on a usual host, one way or another. */
static bool
is_root_equivalent(const char *group)
{
    static const char *const groups[] = {
        "root",  "sudo",    "wheel", "admin", "adm",    "docker", "lxd",
        "incus", "libvirt", "disk",  "kmem",  "shadow", "staff"};

    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        if (strcmp(group, groups[i]) == 0)
            return true;
    return false;
}

static void
warn_range(struct report *report, const struct accounts_config *accounts)
{
    static const struct {
        uint32_t first, last;
        const char *owner;
    } taken[] = {
        {1000, 60000, "local accounts (useradd's UID_MAX)"},
        {100000, 600100000, "subordinate uids (useradd's SUB_UID_MAX)"},
        {524288, 1879048191, "systemd's containers"},
    };

    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        if (accounts->id_derived && accounts->id_first <= taken[i].last &&
            taken[i].first <= accounts->id_last)
            report_warning(report, "id_range", NULL,
                           "[accounts] id_range: %u-%u are for %s: a number "
                           "there may become somebody else's",
                           taken[i].first, taken[i].last, taken[i].owner);
}

static void
warn_accounts(struct report *report, const struct accounts_config *accounts)
{
    for (size_t i = 0; i < accounts->local_groups.count; i++)
        if (is_root_equivalent(accounts->local_groups.items[i]))
            report_warning(report, "local_group", NULL,
                           "[accounts] local_groups: members of %s can become "
                           "root: whoever says at a directory who is in that "
                           "group says who is root here",
                           accounts->local_groups.items[i]);
    if (!shell_is_listed(accounts->shell))
        report_warning(report, "shell", NULL,
                       "[accounts] shell: %s is not in /etc/shells: services "
                       "that look there let nobody in; add it, or choose "
                       "another",
                       accounts->shell);
    warn_range(report, accounts);
}

/* Does a rule, or local_groups, go by the name of a group? */
static bool
goes_by_names(const struct config *config)
{
    bool names = config->accounts.local_groups.count > 0;

    for (size_t i = 0; i < config->access_count; i++) {
        const struct text_list *groups = &config->access[i].allow_groups;

        for (size_t j = 0; j < groups->count; j++)
            names = names || strncmp(groups->items[j], "id:", 3) != 0;
    }
    return names;
}

/* A name counts if it is one group's alone, and of groups that are told user
 * by user only those are known that somebody here is in. */
static void
warn_group_names(struct report *report, const struct config *config)
{
    for (size_t i = 0; i < config->directory_count; i++) {
        const struct directory_config *directory = &config->directories[i];
        const struct directory_request_config *requests = directory->requests;

        if (is_asked(directory) && directory->group.id != NULL &&
            requests[DIRECTORY_USER_GROUPS].request.configured &&
            !requests[DIRECTORY_GROUPS].request.configured &&
            goes_by_names(config))
            report_warning(report, "group_names", NULL,
                           "[directory %s]: user_groups tells groups of one "
                           "user at a time, so nobody sees that two have one "
                           "name: who may make groups there may make one that "
                           "is called as in allow_groups or local_groups; "
                           "write id:VALUE, or set groups.url",
                           directory->name);
    }
}

/* Who could be asked whether a session's user is still there? */
static void
warn_check_at_refresh(struct report *report, const struct config *config)
{
    for (size_t i = 0; i < config->directory_count; i++)
        if (is_asked(&config->directories[i]))
            return;
    for (size_t i = 0; i < config->provider_count; i++) {
        const struct provider_config *provider = &config->providers[i];

        if (provider->check_directory_at_refresh)
            report_warning(report, "no_directory", provider->name,
                           "check_at_refresh = directory checks nothing: no "
                           "[directory] can be asked; add one of type scim or "
                           "rest, or choose userinfo or introspect");
    }
}

/* What the rules say of people of a directory. */
static void
warn_rules(struct report *report, const struct config *config)
{
    bool groups = false, asked = false;

    for (size_t i = 0; i < config->directory_count; i++) {
        const struct directory_config *directory = &config->directories[i];

        asked = asked || is_asked(directory);
        groups = groups || (directory->type != DIRECTORY_NONE &&
                            tells_groups(config, directory));
    }
    for (size_t i = 0; i < config->access_count; i++) {
        const struct access_config *access = &config->access[i];

        if (!groups &&
            (access->allow_groups.count > 0 || access->deny_groups.count > 0))
            report_warning(report, "no_groups", NULL,
                           "[access%s%s]: nobody is in any group: no directory "
                           "has groups, user_groups or attribute.groups, and "
                           "no provider of one has identity.groups",
                           access->service == NULL ? "" : " ",
                           access->service == NULL ? "" : access->service);
    }
    if (asked && config_access_of(config, "sudo")->stale_ok_s == 0)
        report_warning(report, "stale_ok", NULL,
                       "stale_ok = 0 holds for sudo: while the directory "
                       "cannot be reached nobody of it becomes root here, to "
                       "mend that; keep a local account that may");
}

bool
warnings_has_directories(const struct config *config)
{
    for (size_t i = 0; i < config->directory_count; i++)
        if (config->directories[i].type != DIRECTORY_NONE)
            return true;
    return false;
}

void
warnings_of_directories(struct report *report, const struct config *config)
{
    for (size_t i = 0; i < config->directory_count; i++)
        warn_directory(report, config, &config->directories[i]);
    warn_rules(report, config);
    warn_check_at_refresh(report, config);
    warn_group_names(report, config);
    if (warnings_has_directories(config))
        warn_accounts(report, &config->accounts);
}
