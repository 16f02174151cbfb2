/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * [access] and [access SERVICE].
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "wire/people.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define AT(member)   offsetof(struct access_config, member)
#define DAY          (24 * 3600)

static key_parser key_allow_users, key_reuse_sign_in, key_reuse_in_all;

static void
key_allow_users(const struct key_use *use, void *target)
{
    struct access_config *access = target;

    access->allow_all_users = strcmp(use->setting->value, "*") == 0;
    text_list_done(&access->allow_users);
    if (!access->allow_all_users)
        key_people(use, &access->allow_users);
}

/*
 * Who arrives at a login service comes from no session of this host that
 * could have signed in before.
 */
static bool
begins_sessions(const char *service)
{
    static const char *const others[] = {"remote", "gdm-password",
                                         "systemd-user"};

    for (size_t i = 0; i < COUNT(others); i++)
        if (strcmp(service, others[i]) == 0)
            return true;
    return people_login_service(service);
}

static void
key_reuse_sign_in(const struct key_use *use, void *target)
{
    struct access_config *access = target;

    key_seconds(use, &access->reuse_sign_in_s);
    if (access->reuse_sign_in_s > 0 && begins_sessions(access->service))
        key_complain(use,
                     "%s begins sessions, and has none whose sign-in it could "
                     "use again: this is for sudo and the like",
                     access->service);
}

static void
key_reuse_in_all(const struct key_use *use, void *target)
{
    unsigned seconds = 0;

    (void)target;
    key_seconds(use, &seconds);
    if (seconds > 0)
        key_complain(use, "stands only in a section of one service, such as "
                          "[access sudo]");
}

#define COMMON_RULES                                                           \
    {.key = "allow_users", .parse = key_allow_users},                          \
        {.key = "deny_users", .parse = key_people, .offset = AT(deny_users)},  \
        {.key = "allow_groups",                                                \
         .parse = key_people,                                                  \
         .offset = AT(allow_groups)},                                          \
        {.key = "deny_groups",                                                 \
         .parse = key_people,                                                  \
         .offset = AT(deny_groups)},                                           \
    {                                                                          \
        .key = "stale_ok", .parse = key_seconds, .offset = AT(stale_ok_s),     \
        .max = 365 * DAY                                                       \
    }

static const struct key_rule access_rules[] = {
    COMMON_RULES,
    {.key = "reuse_sign_in", .parse = key_reuse_in_all, .max = DAY},
};

static const struct key_rule service_rules[] = {
    COMMON_RULES,
    {.key = "reuse_sign_in", .parse = key_reuse_sign_in, .max = DAY},
};

/* ---- reading ----------------------------------------------------------------
 */

static bool
says(const struct section *section, const char *key)
{
    const struct setting *setting = section_setting(section, key);

    return setting != NULL && setting->value[0] != '\0';
}

/*
 * [access SERVICE] begins as a copy of [access].  Users and groups that are
 * allowed are one list in two keys: who writes one of them says who may, and
 * shall not be surprised by the other, inherited one.
 */
static int
copy_access(struct access_config *access, const struct access_config *common,
            const struct section *section)
{
    int r = 0;

    if (!says(section, "allow_users") && !says(section, "allow_groups")) {
        access->allow_all_users = common->allow_all_users;
        r = text_list_copy(&access->allow_users, &common->allow_users);
        if (r == 0)
            r = text_list_copy(&access->allow_groups, &common->allow_groups);
    }
    if (r == 0)
        r = text_list_copy(&access->deny_users, &common->deny_users);
    if (r == 0)
        r = text_list_copy(&access->deny_groups, &common->deny_groups);
    access->stale_ok_s = common->stale_ok_s;
    return r;
}

/* section: NULL for [access] itself. */
static int
add_access(struct config *config, const struct section *section)
{
    struct access_config *access =
        reallocarray(config->access, config->access_count + 1, sizeof(*access));

    if (access == NULL)
        return -ENOMEM;
    config->access = access;
    access += config->access_count++;
    *access = (struct access_config){.stale_ok_s = DAY};
    if (section == NULL)
        return 0;
    access->service = strdup(section->name);
    if (access->service == NULL)
        return -ENOMEM;
    return copy_access(access, &config->access[0], section);
}

int
load_access(struct load *load)
{
    struct config *config = load->config;
    const struct section *common =
        settings_section(&load->settings, "access", NULL);
    int r = add_access(config, NULL);

    if (r == 0 && common != NULL)
        keys_read_section(&load->reader, common, access_rules,
                          COUNT(access_rules), NULL, &config->access[0]);
    for (size_t i = 0; r == 0 && i < load->settings.count; i++) {
        const struct section *section = &load->settings.sections[i];

        if (strcmp(section->kind, "access") != 0 || section->name == NULL)
            continue;
        r = add_access(config, section);
        if (r == 0)
            keys_read_section(&load->reader, section, service_rules,
                              COUNT(service_rules), NULL,
                              &config->access[config->access_count - 1]);
    }
    return r;
}

/* ---- what the rules mean with all else --------------------------------------
 */

/*
 * Local users have no groups here.  A directory that is there and tells of no
 * groups is warned of by `signin check`: it may be switched off for a time.
 */
void
load_check_access(struct load *load)
{
    static const char *const keys[] = {"allow_groups", "deny_groups"};

    if (load->reader.lines_lost || load->config->directory_count > 0)
        return;
    for (size_t i = 0; i < load->settings.count; i++) {
        const struct section *section = &load->settings.sections[i];

        for (size_t k = 0; k < COUNT(keys); k++) {
            const struct setting *setting = section_setting(section, keys[k]);

            if (strcmp(section->kind, "access") == 0 && setting != NULL &&
                setting->value[0] != '\0')
                reader_complain(&load->reader, setting->file, setting->line,
                                "%s: nobody is in any group, for there is no "
                                "directory: write a [directory NAME], or "
                                "remove the line",
                                keys[k]);
        }
    }
}
