/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keys: which keys there are, and what their values turn into.
 *
 * A table of struct key_rule per kind of section says for every key how its
 * value is read and where in the structure it goes.  A key that ends in a
 * dot is a family: NAME follows, as in header.NAME.
 */
#ifndef SIGNIN_KEYS_H
#define SIGNIN_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "names.h"
#include "reader.h"

struct key_rule;

/* Which {{names}} have a value where. */
#define NAME_BIT(name) (1U << (name))
struct key_scope {
    unsigned (*names)(const char *key); /* NAME_BIT()s */
    const char *words; /* behind "{{x}} has no value here", or "" */
};

/* A key and value to be read. */
struct key_use {
    struct reader *reader;
    const struct setting *setting;
    const struct key_rule *rule;
    const char *name; /* of a family: what follows the dot; else "" */
    const struct key_scope *scope; /* of templates; NULL: there are none */
};

/* Complains itself.  target: where the rule's offset leads. */
typedef void key_parser(const struct key_use *use, void *target);

struct key_rule {
    const char *key;
    key_parser *parse;
    size_t offset;
    const char *words; /* choices, or the only value that is supported */
    int64_t min, max;  /* of numbers: in the units of the target */
};

/* The rule for a key, or NULL; *ret_name points behind a family's dot. */
const struct key_rule *key_rule_find(const struct key_rule *rules, size_t count,
                                     const char *key, const char **ret_name);

/* Offer all keys of a table, with a prefix in front. */
void key_rules_offer(const struct key_rule *rules, size_t count,
                     const char *prefix, struct nearest *nearest);

/* Read one setting by a table into the structure at base. */
void key_rule_apply(struct reader *reader, const struct setting *setting,
                    const struct key_rule *rule, const char *name,
                    const struct key_scope *scope, void *base);

/* Read a section of a kind that one table describes; unknown keys included. */
void keys_read_section(struct reader *reader, const struct section *section,
                       const struct key_rule *rules, size_t count,
                       const struct key_scope *scope, void *base);

/* Complain of an unknown key, naming what may have been meant. */
void keys_complain_unknown(struct reader *reader, const struct section *section,
                           const struct setting *setting,
                           const struct nearest *nearest);

/* Complain of a value: "KEY: WORDS". */
void key_complain(const struct key_use *use, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* strdup(3) into *to, freeing what was there. */
void key_copy(const struct key_use *use, char **to, const char *text);

/* Complain of a {{name}} that has no value where this key stands: in
 * templates.c. */
void key_check_names(const struct key_use *use,
                     bool (*uses)(const void *template,
                                  enum template_name name),
                     const void *template);

/* Parsers, and the type of their target.  values.c: */
key_parser key_text;         /* char * */
key_parser key_path;         /* char *, an absolute path */
key_parser key_secret_name;  /* char * */
key_parser key_pin;          /* char *, base64 of a SHA-256 */
key_parser key_proxy;        /* char * */
key_parser key_yes_no;       /* bool */
key_parser key_choice;       /* unsigned or enum: which of words, from 0 */
key_parser key_choice_bool;  /* bool: the second of words */
key_parser key_number;       /* unsigned */
key_parser key_percent;      /* unsigned */
key_parser key_seconds;      /* unsigned */
key_parser key_milliseconds; /* unsigned */
key_parser key_size;         /* size_t */
key_parser key_later;        /* none: only the value in words is supported */
key_parser key_never;        /* none: refused until it is supported */
key_parser key_deferred;     /* none: read later, with other keys */
/* lists.c: */
key_parser key_users;    /* struct text_list of exact names */
key_parser key_people;   /* struct text_list of names and id:VALUE */
key_parser key_statuses; /* struct status_list */
/* outcome.c: */
key_parser key_outcomes; /* struct outcome_rules */

/* lists.c */
void text_list_done(struct text_list *list);
bool text_list_has(const struct text_list *list, const char *text);
/* Words separated by blanks.  0 or -ENOMEM. */
int text_list_split(struct text_list *ret_list, const char *text);
/* Copy.  0 or -ENOMEM. */
int text_list_copy(struct text_list *ret_list, const struct text_list *list);
/* "200" or "200-299".  0 or -EINVAL. */
int status_range_parse(struct status_range *ret_range, const char *text);
int status_list_parse(struct status_list *ret_list, const char *text);

/* outcome.c */
void outcome_rules_done(struct outcome_rules *rules);

#endif
