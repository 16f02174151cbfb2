/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"

void
key_text(const struct key_use *use, void *target)
{
    key_copy(use, target, use->setting->value);
}

void
key_path(const struct key_use *use, void *target)
{
    if (use->setting->value[0] != '/')
        key_complain(use, "must be the absolute path of a file");
    else
        key_copy(use, target, use->setting->value);
}

/* The value may be the secret itself, by mistake: it is not repeated. */
void
key_secret_name(const struct key_use *use, void *target)
{
    if (!name_is_secret(use->setting->value))
        key_complain(use, "must be the name of a secret (letters, digits, '_', "
                          "'.' and '-'), never the secret itself: put that "
                          "into /etc/signin/secrets/NAME");
    else
        key_copy(use, target, use->setting->value);
}

void
key_pin(const struct key_use *use, void *target)
{
    const char *value = use->setting->value;

    if (strlen(value) != 44 || value[43] != '=' ||
        strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                      "0123456789+/") != 43)
        key_complain(use, "must be the SHA-256 of the server's public key in "
                          "base64: 43 characters and '='");
    else
        key_copy(use, target, value);
}

void
key_proxy(const struct key_use *use, void *target)
{
    const char *value = use->setting->value;

    if (strncmp(value, "http://", 7) != 0 &&
        strncmp(value, "https://", 8) != 0 &&
        strncmp(value, "socks5h://", 10) != 0)
        key_complain(use, "must begin with http://, https:// or socks5h://");
    else if (strchr(value, '@') != NULL)
        key_complain(use,
                     "must hold no user name and no password: proxies that "
                     "ask for them are not supported by this version");
    else
        key_copy(use, target, value);
}

void
key_yes_no(const struct key_use *use, void *target)
{
    bool *yes = target;

    if (strcmp(use->setting->value, "yes") == 0)
        *yes = true;
    else if (strcmp(use->setting->value, "no") == 0)
        *yes = false;
    else
        key_complain(use, "must be yes or no");
}

/* Which of the words separated by single blanks; -1: none of them. */
static int
word_index(const char *words, const char *wanted)
{
    size_t length = strlen(wanted);

    for (int index = 0; words != NULL; index++) {
        const char *end = strchr(words, ' ');
        size_t word = end != NULL ? (size_t)(end - words) : strlen(words);

        if (word == length && memcmp(words, wanted, length) == 0)
            return index;
        words = end != NULL ? end + 1 : NULL;
    }
    return -1;
}

void
key_choice(const struct key_use *use, void *target)
{
    unsigned *choice = target;
    int index = word_index(use->rule->words, use->setting->value);

    if (index < 0)
        key_complain(use, "must be one of: %s", use->rule->words);
    else
        *choice = (unsigned)index;
}

void
key_choice_bool(const struct key_use *use, void *target)
{
    bool *second = target;
    int index = word_index(use->rule->words, use->setting->value);

    if (index < 0)
        key_complain(use, "must be one of: %s", use->rule->words);
    else
        *second = index == 1;
}

/* A decimal number at text; *ret_rest behind it.  0, -EINVAL or -ERANGE. */
static int
digits_parse(const char *text, int64_t *ret_number, const char **ret_rest)
{
    char *rest;
    intmax_t number;

    if (text[0] < '0' || text[0] > '9')
        return -EINVAL;
    errno = 0;
    number = strtoimax(text, &rest, 10);
    if (errno != 0 || number > INT32_MAX)
        return -ERANGE;
    *ret_number = number;
    *ret_rest = rest;
    return 0;
}

/* Check against the rule's range and store. */
static void
store_number(const struct key_use *use, int64_t number, const char *units,
             unsigned *target)
{
    if (number < use->rule->min || number > use->rule->max)
        key_complain(use, "must be between %" PRId64 " and %" PRId64 "%s",
                     use->rule->min, use->rule->max, units);
    else
        *target = (unsigned)number;
}

void
key_number(const struct key_use *use, void *target)
{
    const char *rest = "?";
    int64_t number = 0;
    int r = digits_parse(use->setting->value, &number, &rest);

    if (r == -ERANGE)
        number = INT64_MAX;
    else if (r < 0 || rest[0] != '\0')
        key_complain(use, "must be a number");
    if (r == -ERANGE || (r == 0 && rest[0] == '\0'))
        store_number(use, number, "", target);
}

void
key_percent(const struct key_use *use, void *target)
{
    const char *rest = "?";
    int64_t number = 0;

    if (digits_parse(use->setting->value, &number, &rest) < 0 ||
        strcmp(rest, "%") != 0)
        key_complain(use, "must be a percentage such as 75%%");
    else
        store_number(use, number, " percent", target);
}

/*
 * A duration in units of 1/per_second seconds.  "0" needs no unit.
 * Returns false after a complaint.
 */
static bool
duration_parse(const struct key_use *use, int64_t per_second,
               int64_t *ret_duration)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    const char *rest = "?";
    int64_t number = 0;
    int r = digits_parse(use->setting->value, &number, &rest);

    if (r == 0 && number == 0 && rest[0] == '\0') {
        *ret_duration = 0;
        return true;
    }
    for (size_t i = 0; r == 0 && i < sizeof(units) / sizeof(units[0]); i++)
        if (rest[0] == units[i].unit && rest[1] == '\0') {
            *ret_duration = number * units[i].seconds * per_second;
            return true;
        }
    key_complain(use,
                 "must be a duration: a number and s, m, h or d, such as 15m");
    return false;
}

void
key_seconds(const struct key_use *use, void *target)
{
    int64_t duration;

    if (duration_parse(use, 1, &duration))
        store_number(use, duration, " seconds", target);
}

void
key_milliseconds(const struct key_use *use, void *target)
{
    int64_t duration;

    if (duration_parse(use, 1000, &duration))
        store_number(use, duration, " milliseconds", target);
}

void
key_size(const struct key_use *use, void *target)
{
    const char *rest = "?";
    int64_t number = 0, unit = 1;
    size_t *size = target;
    int r = digits_parse(use->setting->value, &number, &rest);

    if (rest[0] == 'K')
        unit = 1024;
    else if (rest[0] == 'M')
        unit = 1024 * 1024;
    if (r < 0 || (unit == 1 ? rest[0] : rest[1]) != '\0')
        key_complain(use, "must be a size: a number, or a number and K or M, "
                          "such as 256K");
    else if (number * unit < use->rule->min || number * unit > use->rule->max)
        key_complain(use, "must be between %" PRId64 " and %" PRId64 " bytes",
                     use->rule->min, use->rule->max);
    else
        *size = (size_t)(number * unit);
}

void
key_later(const struct key_use *use, void *target)
{
    (void)target;
    if (strcmp(use->setting->value, use->rule->words) == 0)
        return;
    if (use->rule->words[0] == '\0')
        key_complain(use, "not supported by this version: remove the line");
    else
        key_complain(use,
                     "not supported by this version, except \"%s\": remove "
                     "the line",
                     use->rule->words);
}

void
key_never(const struct key_use *use, void *target)
{
    (void)target;
    key_complain(use, "not supported by this version: %s", use->rule->words);
}

void
key_deferred(const struct key_use *use, void *target)
{
    (void)use;
    (void)target;
}
