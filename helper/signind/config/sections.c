/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <syslog.h>

#include "load.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define AT(member)   offsetof(struct config, member)

/* Durations of a day and more fit; a signed 32-bit number of seconds is the
 * ceiling everywhere. */
#define DAY (24 * 3600)

static key_parser key_config_version, key_log_level;

static void
key_config_version(const struct key_use *use, void *target)
{
    (void)target;
    if (strcmp(use->setting->value, "1") != 0)
        key_complain(use, "must be 1: this version reads no other grammar");
}

static void
key_log_level(const struct key_use *use, void *target)
{
    static const char *const names[] = {
        [LOG_ERR] = "error", [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice",
        [LOG_INFO] = "info", [LOG_DEBUG] = "debug",
    };
    int *level = target;

    for (int i = LOG_ERR; i <= LOG_DEBUG; i++)
        if (strcmp(use->setting->value, names[i]) == 0) {
            *level = i;
            return;
        }
    key_complain(use, "must be one of: error warning notice info debug");
}

static const struct key_rule signin_rules[] = {
    {.key = "config_version", .parse = key_config_version},
    {.key = "default_provider",
     .parse = key_text,
     .offset = AT(default_provider)},
    {.key = "log_level", .parse = key_log_level, .offset = AT(log_level)},
};

static const struct key_rule session_rules[] = {
    {.key = "refresh_at",
     .parse = key_percent,
     .offset = AT(refresh_at_percent),
     .min = 1,
     .max = 99},
    {.key = "unknown_lifetime",
     .parse = key_seconds,
     .offset = AT(unknown_lifetime_s),
     .min = 10,
     .max = 30 * DAY},
    {.key = "on_refusal",
     .parse = key_choice,
     .offset = AT(on_refusal),
     .words = "notify lock terminate"},
    {.key = "on_no_keyring",
     .parse = key_choice_bool,
     .offset = AT(on_no_keyring_allow),
     .words = "deny allow"},
    {.key = "shutdown_revoke_timeout",
     .parse = key_milliseconds,
     .offset = AT(shutdown_revoke_timeout_ms),
     .min = 0,
     .max = 300000},
    {.key = "revoke_retry_for",
     .parse = key_seconds,
     .offset = AT(revoke_retry_for_s),
     .min = 0,
     .max = 30 * DAY},
    {.key = "max_lease", .parse = key_later, .words = "0s"},
};

static const struct key_rule limits_rules[] = {
    {.key = "failures_per_user",
     .parse = key_number,
     .offset = AT(failures_per_user),
     .min = 1,
     .max = 1000000},
    {.key = "failures_per_host",
     .parse = key_number,
     .offset = AT(failures_per_host),
     .min = 1,
     .max = 1000000},
    {.key = "window",
     .parse = key_seconds,
     .offset = AT(window_s),
     .min = 1,
     .max = 30 * DAY},
    {.key = "sign_ins_in_flight",
     .parse = key_number,
     .offset = AT(sign_ins_in_flight),
     .min = 1,
     .max = 4096},
    /* The keys that pam makes live for three minutes. */
    {.key = "unclaimed_ticket",
     .parse = key_seconds,
     .offset = AT(unclaimed_ticket_s),
     .min = 5,
     .max = 170},
};

static const struct key_rule offline_rules[] = {
    {.key = "cached_sign_in",
     .parse = key_yes_no,
     .offset = AT(cached_sign_in)},
    {.key = "valid_for",
     .parse = key_seconds,
     .offset = AT(offline_valid_for_s),
     .min = 60,
     .max = 90 * DAY},
    {.key = "attempts",
     .parse = key_number,
     .offset = AT(offline_attempts),
     .min = 1,
     .max = 1000},
};

enum naming { UNNAMED, NAMED, NAMED_OR_NOT };

static const struct {
    const char *kind;
    enum naming naming;
    const struct key_rule *rules; /* of sections that are part of config */
    size_t count;
} kinds[] = {
    {"signin", UNNAMED, signin_rules, COUNT(signin_rules)},
    {"provider", NAMED, NULL, 0},
    {"directory", NAMED, NULL, 0},
    {"accounts", UNNAMED, NULL, 0},
    {"access", NAMED_OR_NOT, NULL, 0},
    {"session", UNNAMED, session_rules, COUNT(session_rules)},
    {"limits", UNNAMED, limits_rules, COUNT(limits_rules)},
    {"offline", UNNAMED, offline_rules, COUNT(offline_rules)},
};

static void
complain_unknown(struct load *load, const struct section *section)
{
    char title[SECTION_TITLE_MAX];
    struct nearest nearest;

    nearest_begin(&nearest, section->kind);
    for (size_t i = 0; i < COUNT(kinds); i++)
        nearest_offer(&nearest, "", kinds[i].kind);
    section_title(section, title);
    if (nearest.found[0] != '\0')
        reader_complain(&load->reader, section->file, section->line,
                        "unknown section %s: did you mean [%s%s%s]?", title,
                        nearest.found, section->name != NULL ? " " : "",
                        section->name != NULL ? section->name : "");
    else
        reader_complain(&load->reader, section->file, section->line,
                        "unknown section %s: see signin.conf(5)", title);
}

static void
check_section(struct load *load, const struct section *section)
{
    char title[SECTION_TITLE_MAX];
    size_t i = 0;

    while (i < COUNT(kinds) && strcmp(section->kind, kinds[i].kind) != 0)
        i++;
    section_title(section, title);
    if (i == COUNT(kinds))
        complain_unknown(load, section);
    else if (kinds[i].naming == NAMED && section->name == NULL)
        reader_complain(&load->reader, section->file, section->line,
                        "%s needs a name: write [%s NAME]", title,
                        section->kind);
    else if (kinds[i].naming == UNNAMED && section->name != NULL)
        reader_complain(&load->reader, section->file, section->line,
                        "%s has no name: write [%s]", title, section->kind);
}

void
load_check_sections(struct load *load)
{
    for (size_t i = 0; i < load->settings.count; i++)
        check_section(load, &load->settings.sections[i]);
}

void
load_globals(struct load *load)
{
    struct config *config = load->config;

    config->log_level = LOG_INFO;
    config->refresh_at_percent = 75;
    config->unknown_lifetime_s = 600;
    config->on_refusal = ON_REFUSAL_NOTIFY;
    config->shutdown_revoke_timeout_ms = 10000;
    config->revoke_retry_for_s = DAY;
    config->failures_per_user = 5;
    config->failures_per_host = 20;
    config->window_s = 900;
    config->sign_ins_in_flight = 64;
    config->unclaimed_ticket_s = 120;
    config->offline_valid_for_s = 7 * DAY;
    config->offline_attempts = 10;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        const struct section *section =
            settings_section(&load->settings, kinds[i].kind, NULL);

        if (section != NULL && kinds[i].rules != NULL)
            keys_read_section(&load->reader, section, kinds[i].rules,
                              kinds[i].count, NULL, config);
    }
}
