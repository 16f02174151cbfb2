/* SPDX-License-Identifier: BSD-2-Clause */
#include "store_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
store_group_done(struct group_record *group)
{
    free(group->name);
    free(group->directory);
    free(group->id);
    free(group->plain_name);
    *group = (struct group_record){0};
}

/* ---- reading ------------------------------------------------------------- */

/* A row of GROUP_COLUMNS; the texts are SQLite's. */
static int
group_borrow(const struct query *query, struct group_record *ret_group)
{
    struct group_record group = {
        .name = query_column(query, 0),
        .gid = (uint32_t)query_column_number(query, 1),
        .local = query_column_number(query, 2) != 0,
        .directory = query_column(query, 3),
        .id = query_column(query, 4),
        .plain_name = query_column(query, 5),
        .ambiguous = query_column_number(query, 6) != 0,
    };

    if (group.directory == NULL || group.id == NULL)
        return -ENOMEM;
    *ret_group = group;
    return 0;
}

static int
group_own(struct group_record *group)
{
    char **texts[] = {&group->name, &group->directory, &group->id,
                      &group->plain_name};
    bool failed = false;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (*texts[i] == NULL)
            continue;
        *texts[i] = failed ? NULL : strdup(*texts[i]);
        failed = failed || *texts[i] == NULL;
    }
    if (failed)
        store_group_done(group);
    return failed ? -ENOMEM : 0;
}

int
store_group_by_id(struct store *store, const char *directory, const char *id,
                  struct group_record *ret_group)
{
    struct query query cleanup_query = query_start(store, SQL_GROUP_BY_ID);
    struct group_record group;
    int status;

    query_text(&query, 1, directory);
    query_text(&query, 2, id);
    status = query_next(&query);
    if (status <= 0)
        return status == 0 ? -ENOENT : status;
    status = group_borrow(&query, &group);
    if (status == 0)
        status = group_own(&group);
    if (status == 0)
        *ret_group = group;
    return status;
}

static int
group_each(struct query *query,
           int (*each)(void *context, const struct group_record *group),
           void *context)
{
    int status;

    while ((status = query_next(query)) > 0) {
        struct group_record group;

        status = group_borrow(query, &group);
        if (status == 0)
            status = each(context, &group);
        if (status != 0)
            return status;
    }
    return status;
}

int
store_each_group(struct store *store,
                 int (*each)(void *context, const struct group_record *group),
                 void *context)
{
    struct query query cleanup_query = query_start(store, SQL_GROUP_EACH);

    return group_each(&query, each, context);
}

int
store_groups_of(struct store *store, const char *issuer, const char *subject,
                int (*each)(void *context, const struct group_record *group),
                void *context)
{
    struct query query cleanup_query = query_start(store, SQL_GROUPS_OF);

    query_text(&query, 1, issuer);
    query_text(&query, 2, subject);
    return group_each(&query, each, context);
}

int
store_members_of(struct store *store, const char *directory, const char *id,
                 int (*each)(void *context, const char *name), void *context)
{
    struct query query cleanup_query = query_start(store, SQL_MEMBERS_OF);
    int status;

    query_text(&query, 1, directory);
    query_text(&query, 2, id);
    while ((status = query_next(&query)) > 0) {
        const char *name = query_column(&query, 0);

        status = name == NULL ? -ENOMEM : each(context, name);
        if (status != 0)
            return status;
    }
    return status;
}

/* ---- writing ------------------------------------------------------------- */

int
store_put_group(struct store *store, const struct group_record *group)
{
    struct query query cleanup_query = query_start(store, SQL_GROUP_PUT);
    int status;

    query_text(&query, 1, group->directory);
    query_text(&query, 2, group->id);
    query_text(&query, 3, group->name);
    query_text(&query, 4, group->plain_name);
    query_number(&query, 5, group->gid);
    query_number(&query, 6, group->local);
    status = query_change(&query);
    if (status > 0)
        store->version++;
    return status < 0 ? status : 0;
}
