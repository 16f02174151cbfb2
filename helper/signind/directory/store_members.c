/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is in which group, by whose word. */
#include "store_private.h"

#include <errno.h>
#include <stdlib.h>

#include "wire/memory.h"

#define ORIGIN_LIST "list"

/* The memberships of one user or of one group, of one origin. */
struct side {
    bool of_user;
    int64_t fixed; /* the user's uid, or the group's number */
    const char *origin;
};

/* ---- numbers ------------------------------------------------------------- */

static int
number_compare(const void *left, const void *right)
{
    const int64_t *one = left, *other = right;

    return (*one > *other) - (*one < *other);
}

/* A row's first column, by two texts.  0, -ENOENT, ... */
static int
number_of(struct store *store, enum store_statement which, const char *first,
          const char *second, int64_t *ret_number)
{
    struct query query cleanup_query = query_start(store, which);
    int status;

    query_text(&query, 1, first);
    query_text(&query, 2, second);
    status = query_next(&query);
    if (status <= 0)
        return status == 0 ? -ENOENT : status;
    *ret_number = query_column_number(&query, 0);
    return 0;
}

/*
 * The numbers of many, sorted, each once; strict: all must be known.  first
 * is what they have in common, directory or issuer.  Returns how many, or
 * negative errno.
 */
static ssize_t
numbers_of(struct store *store, enum store_statement which, const char *first,
           const char *const *texts, size_t count, bool strict,
           int64_t *numbers)
{
    size_t known = 0, used = 0;

    for (size_t i = 0; i < count; i++) {
        int status = number_of(store, which, first, texts[i], &numbers[known]);

        if (status == 0)
            known++;
        else if (status != -ENOENT || strict)
            return status;
    }
    qsort(numbers, known, sizeof(numbers[0]), number_compare);
    for (size_t i = 0; i < known; i++)
        if (used == 0 || numbers[used - 1] != numbers[i])
            numbers[used++] = numbers[i];
    return (ssize_t)used;
}

/* ---- the difference ------------------------------------------------------ */

static int
member_change(struct store *store, enum store_statement which,
              const struct side *side, int64_t number)
{
    struct query query cleanup_query = query_start(store, which);
    int status;

    query_number(&query, 1, side->of_user ? side->fixed : number);
    query_number(&query, 2, side->of_user ? number : side->fixed);
    query_text(&query, 3, side->origin);
    status = query_change(&query);
    if (status > 0)
        store->version++;
    return status < 0 ? status : 0;
}

/* What is stored now, sorted; the caller frees. */
static int
members_read(struct store *store, const struct side *side,
             int64_t **ret_numbers, size_t *ret_count)
{
    struct query query cleanup_query =
        query_start(store, side->of_user ? SQL_NUMBERS_OF : SQL_UIDS_OF);
    int64_t *numbers = NULL;
    size_t count = 0, room = 0;
    int status;

    query_number(&query, 1, side->fixed);
    query_text(&query, 2, side->origin);
    while ((status = query_next(&query)) > 0) {
        if (count == room) {
            size_t more = room == 0 ? 16 : room * 2;
            int64_t *grown = reallocarray(numbers, more, sizeof(numbers[0]));

            if (grown == NULL) {
                status = -ENOMEM;
                break;
            }
            numbers = grown;
            room = more;
        }
        numbers[count++] = query_column_number(&query, 0);
    }
    if (status < 0) {
        free(numbers);
        return status;
    }
    *ret_numbers = numbers;
    *ret_count = count;
    return 0;
}

/* Write only what differs: everybody is set every few minutes, and nearly
 * always to what is there. */
static int
members_set(struct store *store, const struct side *side, const int64_t *wanted,
            size_t wanted_count)
{
    int64_t *stored cleanup_free = NULL;
    size_t stored_count = 0, i = 0, j = 0;
    int status = members_read(store, side, &stored, &stored_count);

    while (status == 0 && (i < stored_count || j < wanted_count)) {
        if (j == wanted_count || (i < stored_count && stored[i] < wanted[j]))
            status = member_change(store, SQL_MEMBER_DROP, side, stored[i++]);
        else if (i == stored_count || wanted[j] < stored[i])
            status = member_change(store, SQL_MEMBER_ADD, side, wanted[j++]);
        else
            i++, j++;
    }
    return status;
}

/* ---- by user, by group --------------------------------------------------- */

int
store_set_membership(struct store *store, const char *issuer,
                     const char *subject, const char *origin,
                     const char *directory, const char *const *group_ids,
                     size_t count)
{
    int64_t *numbers cleanup_free = calloc(count + 1, sizeof(numbers[0]));
    struct side side = {.of_user = true, .origin = origin};
    ssize_t used;
    int status;

    if (numbers == NULL)
        return -ENOMEM;
    status = number_of(store, SQL_UID_OF, issuer, subject, &side.fixed);
    if (status < 0)
        return status;
    used = numbers_of(store, SQL_GROUP_NUMBER, directory, group_ids, count,
                      true, numbers);
    if (used < 0)
        return (int)used;
    status = store_enter(store);
    if (status < 0)
        return status;
    return store_leave(store, members_set(store, &side, numbers, (size_t)used));
}

static int
group_list(struct store *store, int64_t number)
{
    struct query query cleanup_query = query_start(store, SQL_LIST_ONE);
    int status;

    query_number(&query, 1, number);
    status = query_change(&query);
    if (status > 0)
        store->version++;
    return status < 0 ? status : 0;
}

int
store_set_members(struct store *store, const char *directory, const char *id,
                  const char *issuer, const char *const *subjects, size_t count)
{
    int64_t *uids cleanup_free = calloc(count + 1, sizeof(uids[0]));
    struct side side = {.of_user = false, .origin = ORIGIN_LIST};
    ssize_t used;
    int status;

    if (uids == NULL)
        return -ENOMEM;
    status = number_of(store, SQL_GROUP_NUMBER, directory, id, &side.fixed);
    if (status < 0)
        return status;
    used = numbers_of(store, SQL_UID_OF, issuer, subjects, count, false, uids);
    if (used < 0)
        return (int)used;
    status = store_enter(store);
    if (status < 0)
        return status;
    status = members_set(store, &side, uids, (size_t)used);
    if (status == 0)
        status = group_list(store, side.fixed);
    return store_leave(store, status);
}

/* ---- a listing ----------------------------------------------------------- */

static int
list_change(struct store *store, enum store_statement which,
            const char *directory)
{
    struct query query cleanup_query = query_start(store, which);

    query_text(&query, 1, directory);
    return query_change(&query);
}

static int
list_set_time(struct store *store, const char *directory, int64_t started_s)
{
    struct query query cleanup_query = query_start(store, SQL_LIST_TIME_SET);

    query_text(&query, 1, directory);
    query_number(&query, 2, started_s);
    return query_change(&query);
}

int
store_list_begin(struct store *store, const char *directory)
{
    int status = list_change(store, SQL_LIST_BEGIN, directory);

    return status < 0 ? status : 0;
}

int
store_list_end(struct store *store, const char *directory, int64_t started_s)
{
    int status = store_enter(store), groups = 0;

    if (status < 0)
        return status;
    status = list_change(store, SQL_LIST_END_MEMBERS, directory);
    if (status >= 0)
        groups = list_change(store, SQL_LIST_END_GROUPS, directory);
    if (status > 0 || groups > 0)
        store->version++;
    if (status >= 0 && groups >= 0)
        status = list_set_time(store, directory, started_s);
    return store_leave(store, status < 0 ? status : groups < 0 ? groups : 0);
}

int
store_listed_at(struct store *store, const char *directory,
                int64_t *ret_started_s)
{
    struct query query cleanup_query = query_start(store, SQL_LIST_TIME);
    int status;

    query_text(&query, 1, directory);
    status = query_next(&query);
    if (status <= 0)
        return status == 0 ? -ENOENT : status;
    *ret_started_s = query_column_number(&query, 0);
    return 0;
}
