/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "wire/memory.h"

void
text_list_done(struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct text_list){0};
}

bool
text_list_has(const struct text_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

/* Keeps the NULL behind the last item. */
static int
text_list_add(struct text_list *list, const char *text)
{
    char **items = reallocarray(list->items, list->count + 2, sizeof(*items));

    if (items == NULL)
        return -ENOMEM;
    list->items = items;
    items[list->count] = strdup(text);
    if (items[list->count] == NULL)
        return -ENOMEM;
    items[++list->count] = NULL;
    return 0;
}

int
text_list_split(struct text_list *ret_list, const char *text)
{
    cleanup_free char *copy = strdup(text);
    struct text_list list = {0};
    char *rest = copy, *word;
    int r = copy == NULL ? -ENOMEM : 0;

    while (r == 0 && (word = strsep(&rest, " \t")) != NULL)
        if (word[0] != '\0')
            r = text_list_add(&list, word);
    if (r < 0) {
        text_list_done(&list);
        return r;
    }
    *ret_list = list;
    return 0;
}

int
text_list_copy(struct text_list *ret_list, const struct text_list *list)
{
    struct text_list copy = {0};

    for (size_t i = 0; i < list->count; i++)
        if (text_list_add(&copy, list->items[i]) < 0) {
            text_list_done(&copy);
            return -ENOMEM;
        }
    *ret_list = copy;
    return 0;
}

static bool
split_value(const struct key_use *use, struct text_list *ret_list)
{
    if (text_list_split(ret_list, use->setting->value) == 0)
        return true;
    key_complain(use, "out of memory");
    return false;
}

/* A pattern would match nobody, silently. */
static bool
is_exact(const char *name)
{
    return strpbrk(name, "*?[],") == NULL;
}

/* NULL, or what is wrong with the name of a user in this list. */
static const char *
user_mistake(const struct key_use *use, const char *name)
{
    if (!is_exact(name))
        return "must be exact names separated by blanks, no commas and no "
               "patterns";
    if (strcmp(name, "root") == 0 &&
        strncmp(use->setting->key, "deny_", 5) != 0)
        return "root cannot sign in at a provider: remove it";
    return NULL;
}

/* Store the list, complaining of the first mistake that mistake() finds. */
static void
store_list(const struct key_use *use, struct text_list *to,
           const char *(*mistake)(const struct key_use *use, const char *item))
{
    struct text_list list;
    const char *words = NULL;

    if (!split_value(use, &list))
        return;
    for (size_t i = 0; words == NULL && i < list.count; i++)
        words = mistake(use, list.items[i]);
    if (words != NULL)
        key_complain(use, "%s", words);
    text_list_done(to);
    *to = list;
}

void
key_users(const struct key_use *use, void *target)
{
    store_list(use, target, user_mistake);
}

/* Ids are whatever their directory calls them. */
static const char *
people_mistake(const struct key_use *use, const char *item)
{
    if (strncmp(item, "id:", 3) != 0)
        return strstr(use->setting->key, "users") != NULL
                   ? user_mistake(use, item)
               : is_exact(item)
                   ? NULL
                   : "must be exact names separated by blanks, no commas and "
                     "no patterns (a group whose name has blanks: id:VALUE)";
    return item[3] != '\0' ? NULL
                           : "id: is followed by the immutable id at the "
                             "directory, without a blank";
}

void
key_people(const struct key_use *use, void *target)
{
    store_list(use, target, people_mistake);
}

int
status_range_parse(struct status_range *ret_range, const char *text)
{
    unsigned numbers[2] = {0, 0};
    size_t n = 0;

    for (;;) {
        for (int i = 0; i < 3; i++, text++) {
            if (*text < '0' || *text > '9')
                return -EINVAL;
            numbers[n] = numbers[n] * 10 + (unsigned)(*text - '0');
        }
        if (numbers[n] < 100 || numbers[n] > 599)
            return -EINVAL;
        if (*text == '\0')
            break;
        if (*text++ != '-' || n++ == 1)
            return -EINVAL;
    }
    if (n == 0)
        numbers[1] = numbers[0];
    if (numbers[1] < numbers[0])
        return -EINVAL;
    ret_range->from = (uint16_t)numbers[0];
    ret_range->to = (uint16_t)numbers[1];
    return 0;
}

int
status_list_parse(struct status_list *ret_list, const char *text)
{
    struct text_list words;
    struct status_list list = {0};
    int r = text_list_split(&words, text);

    if (r < 0)
        return r;
    list.ranges = calloc(words.count + 1, sizeof(*list.ranges));
    if (list.ranges == NULL)
        r = -ENOMEM;
    for (; r == 0 && list.count < words.count; list.count++)
        r = status_range_parse(&list.ranges[list.count],
                               words.items[list.count]);
    text_list_done(&words);
    if (r < 0) {
        free(list.ranges);
        return r;
    }
    *ret_list = list;
    return 0;
}

void
key_statuses(const struct key_use *use, void *target)
{
    struct status_list list, *statuses = target;

    if (status_list_parse(&list, use->setting->value) < 0) {
        key_complain(use, "must be a list of HTTP statuses and ranges, such as "
                          "200-299 401 404");
        return;
    }
    free(statuses->ranges);
    *statuses = list;
}

bool
status_list_has(const struct status_list *list, unsigned status)
{
    for (size_t i = 0; i < list->count; i++)
        if (status >= list->ranges[i].from && status <= list->ranges[i].to)
            return true;
    return false;
}
