/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "STATUS [SOURCE=VALUE]", alternatives separated by " | ".
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "wire/memory.h"

static void
outcome_rule_done(struct outcome_rule *rule)
{
    source_free(rule->source);
    free(rule->value);
    *rule = (struct outcome_rule){0};
}

void
outcome_rules_done(struct outcome_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++)
        outcome_rule_done(&rules->rules[i]);
    free(rules->rules);
    *rules = (struct outcome_rules){0};
}

/* "SOURCE=VALUE", in place.  NULL or what is wrong. */
static const char *
parse_condition(struct outcome_rule *rule, char *text)
{
    char *value = strchr(text, '=');
    const char *mistake = NULL;

    if (value == NULL)
        return "behind the status stands SOURCE=VALUE, such as "
               "400 /error=invalid_grant";
    *value++ = '\0';
    rule->source = source_parse(text, &mistake);
    if (rule->source == NULL)
        return mistake;
    if (rule->source->kind != SOURCE_ANSWER &&
        rule->source->kind != SOURCE_HEADER)
        return "the source is a JSON Pointer or header:NAME of this answer";
    if (value[0] == '\0')
        return "no VALUE behind SOURCE=";
    rule->value = strdup(value);
    return rule->value != NULL ? NULL : "out of memory";
}

/* One alternative, in place. */
static const char *
parse_alternative(struct outcome_rule *rule, char *text)
{
    size_t length;
    char *condition;

    text += strspn(text, " \t");
    length = strlen(text);
    while (length > 0 && strchr(" \t", text[length - 1]) != NULL)
        text[--length] = '\0';
    condition = strpbrk(text, " \t");
    if (condition != NULL) {
        *condition++ = '\0';
        condition += strspn(condition, " \t");
    }
    if (status_range_parse(&rule->status, text) < 0)
        return "an alternative begins with an HTTP status or a range, such "
               "as 400 or 400-499; alternatives are separated by \" | \"";
    return condition != NULL ? parse_condition(rule, condition) : NULL;
}

void
key_outcomes(const struct key_use *use, void *target)
{
    cleanup_free char *copy = strdup(use->setting->value);
    struct outcome_rules made = {0}, *rules = target;
    const char *mistake = copy == NULL ? "out of memory" : NULL;
    char *rest = copy;

    while (mistake == NULL && rest != NULL) {
        struct outcome_rule *items, rule = {0};
        char *text = rest, *bar = strstr(rest, " | ");

        rest = bar != NULL ? bar + 3 : NULL;
        if (bar != NULL)
            *bar = '\0';
        mistake = parse_alternative(&rule, text);
        items = mistake == NULL
                    ? reallocarray(made.rules, made.count + 1, sizeof(*items))
                    : NULL;
        if (items == NULL) {
            outcome_rule_done(&rule);
            if (mistake == NULL)
                mistake = "out of memory";
            break;
        }
        made.rules = items;
        items[made.count++] = rule;
    }
    if (mistake != NULL) {
        key_complain(use, "%s", mistake);
        outcome_rules_done(&made);
        return;
    }
    outcome_rules_done(rules);
    *rules = made;
}
