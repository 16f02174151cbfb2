/* SPDX-License-Identifier: BSD-2-Clause */
#include "keys.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct key_rule *
key_rule_find(const struct key_rule *rules, size_t count, const char *key,
              const char **ret_name)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(rules[i].key);
        bool family = rules[i].key[length - 1] == '.';

        if (family && strncmp(key, rules[i].key, length) == 0 &&
            key[length] != '\0') {
            *ret_name = key + length;
            return &rules[i];
        }
        if (!family && strcmp(key, rules[i].key) == 0) {
            *ret_name = "";
            return &rules[i];
        }
    }
    return NULL;
}

void
key_rules_offer(const struct key_rule *rules, size_t count, const char *prefix,
                struct nearest *nearest)
{
    for (size_t i = 0; i < count; i++)
        nearest_offer(nearest, prefix, rules[i].key);
}

void
key_rule_apply(struct reader *reader, const struct setting *setting,
               const struct key_rule *rule, const char *name,
               const struct key_scope *scope, void *base)
{
    struct key_use use = {reader, setting, rule, name, scope};

    if (setting->value[0] != '\0')
        rule->parse(&use, (char *)base + rule->offset);
}

void
keys_complain_unknown(struct reader *reader, const struct section *section,
                      const struct setting *setting,
                      const struct nearest *nearest)
{
    char title[SECTION_TITLE_MAX];

    section_title(section, title);
    if (nearest->found[0] != '\0')
        reader_complain(reader, setting->file, setting->line,
                        "unknown key \"%s\" in %s: did you mean \"%s\"?",
                        setting->key, title, nearest->found);
    else
        reader_complain(reader, setting->file, setting->line,
                        "unknown key \"%s\" in %s: see signin.conf(5)",
                        setting->key, title);
}

void
keys_read_section(struct reader *reader, const struct section *section,
                  const struct key_rule *rules, size_t count,
                  const struct key_scope *scope, void *base)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct setting *setting = &section->settings[i];
        const struct key_rule *rule;
        struct nearest nearest;
        const char *name;

        rule = key_rule_find(rules, count, setting->key, &name);
        if (rule != NULL) {
            key_rule_apply(reader, setting, rule, name, scope, base);
            continue;
        }
        nearest_begin(&nearest, setting->key);
        key_rules_offer(rules, count, "", &nearest);
        keys_complain_unknown(reader, section, setting, &nearest);
    }
}

void
key_complain(const struct key_use *use, const char *format, ...)
{
    const struct setting *setting = use->setting;
    char words[768];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    reader_complain(use->reader, setting->file, setting->line, "%s: %s",
                    setting->key, words);
}

void
key_copy(const struct key_use *use, char **to, const char *text)
{
    char *copy = strdup(text);

    if (copy == NULL) {
        key_complain(use, "out of memory");
        return;
    }
    free(*to);
    *to = copy;
}
