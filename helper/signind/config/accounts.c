/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * [accounts]: names, numbers, homes on this host.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "view.h"
#include "wire/people.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define AT(member)   offsetof(struct config, member)

static key_parser key_name_pattern, key_id_source, key_id_range, key_id;
static key_parser key_home, key_shell, key_group_prefix, key_local_groups;

/* ---- names ------------------------------------------------------------------
 */

/* What follows a bracket expression that begins at text; NULL: it is open. */
static const char *
skip_bracket(const char *text)
{
    text++;
    if (*text == '^')
        text++;
    if (*text == ']')
        text++;
    while (*text != '\0' && *text != ']') {
        if (text[0] == '[' && text[1] != '\0' && strchr(":.=", text[1])) {
            char end[3] = {text[1], ']', '\0'};
            const char *close = strstr(text + 2, end);

            if (close == NULL)
                return NULL;
            text = close + 2;
        } else {
            text++;
        }
    }
    return *text == ']' ? text + 1 : NULL;
}

/*
 * Is every parenthesis closed that was opened, and no other?  The pattern is
 * put between "^(" and ")$": "a)|b" would reach out of that.
 */
static bool
is_balanced(const char *pattern)
{
    int depth = 0;

    while (*pattern != '\0') {
        if (*pattern == '[') {
            pattern = skip_bracket(pattern);
            if (pattern == NULL)
                return false;
            continue;
        }
        if (*pattern == '\\' && pattern[1] != '\0')
            pattern++;
        else if (*pattern == '(')
            depth++;
        else if (*pattern == ')' && --depth < 0)
            return false;
        pattern++;
    }
    return depth == 0;
}

static void
key_name_pattern(const struct key_use *use, void *target)
{
    char whole[CONFIG_LINE_MAX + 8], words[128];
    regex_t regex;
    int r;

    if (!is_balanced(use->setting->value)) {
        key_complain(use, "a parenthesis or bracket has no partner: close it, "
                          "or write \\( or \\)");
        return;
    }
    snprintf(whole, sizeof(whole), "^(%s)$", use->setting->value);
    r = regcomp(&regex, whole, REG_EXTENDED | REG_NOSUB);
    if (r != 0) {
        regerror(r, &regex, words, sizeof(words));
        key_complain(use,
                     "is not an extended regular expression (%s): see "
                     "regex(7)",
                     words);
        return;
    }
    regfree(&regex);
    key_copy(use, target, use->setting->value);
}

static void
key_group_prefix(const struct key_use *use, void *target)
{
    const char *value = use->setting->value;

    if (!people_name_valid(value) || strlen(value) >= PEOPLE_NAME_MAX)
        key_complain(use, "must be what names of groups can begin with: up to "
                          "31 of a-z, 0-9, '_' and '-', first a letter or "
                          "'_'");
    else
        key_copy(use, target, value);
}

static void
key_local_groups(const struct key_use *use, void *target)
{
    struct text_list list, *groups = target;

    if (text_list_split(&list, use->setting->value) < 0) {
        key_complain(use, "out of memory");
        return;
    }
    for (size_t i = 0; i < list.count; i++)
        if (!people_name_valid(list.items[i])) {
            key_complain(use, "must be exact names of groups separated by "
                              "blanks: up to 32 of a-z, 0-9, '_' and '-', no "
                              "commas and no patterns");
            break;
        }
    if (text_list_has(&list, DAEMON_USER))
        key_complain(use, "members of " DAEMON_USER " could read the tokens of "
                          "every session: remove it");
    if (list.count > PEOPLE_LOCAL_GROUPS_MAX)
        key_complain(use, "is more than %d groups", PEOPLE_LOCAL_GROUPS_MAX);
    text_list_done(groups);
    *groups = list;
}

/* ---- numbers ----------------------------------------------------------------
 */

static void
key_id_source(const struct key_use *use, void *target)
{
    struct accounts_config *accounts = target;
    const char *value = use->setting->value;
    bool both = strcmp(value, "attribute derived") == 0;

    if (!both && strcmp(value, "attribute") != 0 &&
        strcmp(value, "derived") != 0) {
        key_complain(use, "must be attribute, derived, or \"attribute "
                          "derived\" (the attribute where there is one)");
        return;
    }
    accounts->id_from_attribute = both || strcmp(value, "attribute") == 0;
    accounts->id_derived = both || strcmp(value, "derived") == 0;
}

/* A decimal number of 32 bits at *text, which moves behind it. */
static bool
number_at(const char **text, uint32_t *ret_number)
{
    char *rest;
    uintmax_t number;

    if (!isdigit((unsigned char)**text))
        return false;
    errno = 0;
    number = strtoumax(*text, &rest, 10);
    if (errno != 0 || number > UINT32_MAX)
        return false;
    *text = rest;
    *ret_number = (uint32_t)number;
    return true;
}

#define NEVER_WORDS                                                            \
    "below 1000, 61184-65519, 65534-65535, 2147352576-2147418111 and the "     \
    "last two of 32 bits are never a user's (systemd.io/UIDS-GIDS)"

static void
key_id_range(const struct key_use *use, void *target)
{
    /* One number inside each of people_id_valid()'s gaps above 1000. */
    static const uint32_t gaps[] = {61184, 65534, 2147352576};
    struct accounts_config *accounts = target;
    const char *text = use->setting->value;
    uint32_t first = 0, last = 0;
    bool valid = number_at(&text, &first) && *text == '-';

    text += valid;
    if (!valid || !number_at(&text, &last) || *text != '\0' || first > last) {
        key_complain(use, "must be FIRST-LAST, two numbers, such as "
                          "1879048192-2147352575");
        return;
    }
    valid = people_id_valid(first) && people_id_valid(last);
    for (size_t i = 0; i < COUNT(gaps); i++)
        valid = valid && (gaps[i] < first || gaps[i] > last);
    if (!valid) {
        key_complain(use, "holds numbers that cannot be given: " NEVER_WORDS);
        return;
    }
    accounts->id_first = first;
    accounts->id_last = last;
}

static void
key_id(const struct key_use *use, void *target)
{
    struct accounts_config *accounts = target;
    const char *text = use->setting->value;
    struct explicit_id made = {0}, *ids;

    const char *name = use->name;

    /* No name has a dot: whoever may call a group at a directory as he likes
     * must not get a user's number. */
    made.group = strncmp(name, "group.", 6) == 0;
    name += made.group ? 6 : 0;
    if (!people_name_valid(name)) {
        key_complain(use, "NAME in id.NAME is a user's name, in id.group.NAME "
                          "a group's: up to 32 of a-z, 0-9, '_' and '-', "
                          "first a letter or '_'");
        return;
    }
    if (!number_at(&text, &made.id) || *text != '\0') {
        key_complain(use, "must be a number");
        return;
    }
    if (!people_id_valid(made.id)) {
        key_complain(use, "cannot be given: " NEVER_WORDS);
        return;
    }
    for (size_t i = 0; i < accounts->id_count; i++)
        if (accounts->ids[i].id == made.id) {
            key_complain(use, "id.%s%s is the same number: change one",
                         accounts->ids[i].group ? "group." : "",
                         accounts->ids[i].name);
            return;
        }
    ids = reallocarray(accounts->ids, accounts->id_count + 1, sizeof(*ids));
    if (ids == NULL) {
        key_complain(use, "out of memory");
        return;
    }
    accounts->ids = ids;
    key_copy(use, &made.name, name);
    if (made.name != NULL)
        ids[accounts->id_count++] = made;
}

/* ---- homes and shells -------------------------------------------------------
 */

static unsigned
home_names(const char *key)
{
    (void)key;
    return NAME_BIT(NAME_USER);
}

static const struct key_scope home_scope = {
    home_names, ": a home is made of {{user}} alone"};

static void
key_home(const struct key_use *use, void *target)
{
    struct template **home = target;
    struct template *template = key_template(use, TEMPLATE_PLAIN);

    if (template == NULL)
        return;
    if (use->setting->value[0] != '/' ||
        strchr(use->setting->value, ':') != NULL)
        key_complain(use, "must be an absolute path without ':', such as "
                          "/home/{{user}}");
    else if (!template_uses(template, NAME_USER))
        key_complain(use, "must hold {{user}}: without it, all users would "
                          "share one home");
    template_free(*home);
    *home = template;
}

static void
key_shell(const struct key_use *use, void *target)
{
    const char *value = use->setting->value;

    if (value[0] != '/' || strpbrk(value, ": \t") != NULL)
        key_complain(use, "must be the absolute path of a shell, such as "
                          "/bin/bash");
    else
        key_copy(use, target, value);
}

/* ---- the section ------------------------------------------------------------
 */

static const struct key_rule accounts_rules[] = {
    {.key = "local_users", .parse = key_users, .offset = AT(local_users)},
    {.key = "name_pattern",
     .parse = key_name_pattern,
     .offset = AT(accounts.name_pattern)},
    {.key = "id_source", .parse = key_id_source, .offset = AT(accounts)},
    {.key = "id_range", .parse = key_id_range, .offset = AT(accounts)},
    {.key = "id_collision",
     .parse = key_choice_bool,
     .offset = AT(accounts.id_collision_next),
     .words = "refuse next"},
    {.key = "id.", .parse = key_id, .offset = AT(accounts)},
    {.key = "home", .parse = key_home, .offset = AT(accounts.home)},
    {.key = "shell", .parse = key_shell, .offset = AT(accounts.shell)},
    {.key = "group_prefix",
     .parse = key_group_prefix,
     .offset = AT(accounts.group_prefix)},
    {.key = "local_groups",
     .parse = key_local_groups,
     .offset = AT(accounts.local_groups)},
    {.key = "enumerate", .parse = key_yes_no, .offset = AT(accounts.enumerate)},
};

void
load_accounts(struct load *load)
{
    struct accounts_config *accounts = &load->config->accounts;
    const struct section *section =
        settings_section(&load->settings, "accounts", NULL);
    const char *mistake = NULL;

    accounts->id_from_attribute = accounts->id_derived = true;
    accounts->id_first = 1879048192;
    accounts->id_last = 2147352575;
    accounts->home = template_parse("/home/{{user}}", TEMPLATE_PLAIN, &mistake);
    accounts->shell = strdup("/bin/bash");
    accounts->group_prefix = strdup("");
    if (accounts->home == NULL || accounts->shell == NULL ||
        accounts->group_prefix == NULL)
        reader_complain(&load->reader, load->reader.paths->main, 0,
                        "out of memory");
    if (section != NULL)
        keys_read_section(&load->reader, section, accounts_rules,
                          COUNT(accounts_rules), &home_scope, load->config);
}
