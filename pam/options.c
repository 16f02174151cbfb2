/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <security/pam_ext.h>

#include "user.h"

enum option_kind {
    OPTION_NONE = 0,
    OPTION_FLAG, /* NAME        -> bool */
    OPTION_TEXT, /* NAME=VALUE  -> const char * */
    OPTION_UID,  /* NAME=NUMBER -> uid_t */
};

struct option_rule {
    const char *name;
    enum option_kind kind;
    size_t offset;
};

static const struct option_rule option_rules[] = {
    {"debug", OPTION_FLAG, offsetof(struct options, debug)},
    {"local_users", OPTION_TEXT, offsetof(struct options, local_users)},
    {"min_uid", OPTION_UID, offsetof(struct options, min_uid)},
    {"no_session", OPTION_FLAG, offsetof(struct options, no_session)},
    {"prompt", OPTION_TEXT, offsetof(struct options, prompt)},
    {"provider", OPTION_TEXT, offsetof(struct options, provider)},
    {"try_first_pass", OPTION_FLAG, offsetof(struct options, try_first_pass)},
    {"use_first_pass", OPTION_FLAG, offsetof(struct options, use_first_pass)},
};

static void
options_set_uid(pam_handle_t *pamh, struct options *options, const char *text)
{
    unsigned long long number;
    char *end = NULL;

    errno = 0;
    number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 ||
        number > UINT32_MAX) {
        pam_syslog(pamh, LOG_ERR,
                   "min_uid= is not a number: no user is let in until it is");
        options->broken = true;
    } else if (number < PEOPLE_ID_FLOOR) {
        pam_syslog(pamh, LOG_ERR, "min_uid=%llu is too low: %d is used", number,
                   PEOPLE_ID_FLOOR);
    } else {
        options->min_uid = (uid_t)number;
    }
}

static const struct option_rule *
options_find_rule(const char *argument, const char **ret_value)
{
    size_t i, length = strcspn(argument, "=");

    for (i = 0; i < sizeof(option_rules) / sizeof(option_rules[0]); i++) {
        const struct option_rule *rule = &option_rules[i];

        if (strlen(rule->name) != length ||
            memcmp(argument, rule->name, length) != 0)
            continue;
        /* "debug=no" must not switch debugging on. */
        if ((rule->kind == OPTION_FLAG) != (argument[length] == '\0'))
            return NULL;
        *ret_value = argument[length] == '=' ? argument + length + 1 : "";
        return rule;
    }
    return NULL;
}

void
options_parse(pam_handle_t *pamh, int argc, const char **argv,
              struct options *ret_options)
{
    struct options options = {
        .min_uid = PEOPLE_ID_FLOOR, .prompt = "Password: ", .local_users = ""};
    const struct option_rule *rule;
    const char *value = "";
    const bool set = true;
    int i;

    for (i = 0; i < argc; i++) {
        rule = options_find_rule(argv[i], &value);
        if (rule == NULL) {
            pam_syslog(pamh, LOG_ERR, "unknown option: %.64s", argv[i]);
            continue;
        }
        switch (rule->kind) {
        case OPTION_FLAG:
            memcpy((char *)&options + rule->offset, &set, sizeof(set));
            break;
        case OPTION_TEXT:
            memcpy((char *)&options + rule->offset, &value, sizeof(value));
            break;
        case OPTION_UID:
            options_set_uid(pamh, &options, value);
            break;
        case OPTION_NONE:
        default:
            break;
        }
    }
    *ret_options = options;
}

bool
options_list_user(const struct options *options, const char *name)
{
    const char *entry = options->local_users;
    size_t length, name_length = strlen(name);

    for (;; entry += length + 1) {
        length = strcspn(entry, ",");
        if (length == name_length && length > 0 &&
            memcmp(entry, name, length) == 0)
            return true;
        if (entry[length] == '\0')
            return false;
    }
}
