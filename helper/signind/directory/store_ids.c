/* SPDX-License-Identifier: BSD-2-Clause */
#include "store_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/memory.h"

static const char *
kind_name(bool group)
{
    return group ? "group" : "user";
}

int
store_find_id(struct store *store, const struct identity *identity,
              uint32_t *ret_id)
{
    struct query query cleanup_query = query_start(store, SQL_ID_FIND);
    int status;

    query_text(&query, 1, kind_name(identity->group));
    query_text(&query, 2, identity->issuer);
    query_text(&query, 3, identity->subject);
    status = query_next(&query);
    if (status <= 0)
        return status == 0 ? -ENOENT : status;
    *ret_id = (uint32_t)query_column_number(&query, 0);
    return 0;
}

int
store_find_owner(struct store *store, uint32_t id, bool *ret_group,
                 char **ret_issuer, char **ret_subject)
{
    struct query query cleanup_query = query_start(store, SQL_ID_OWNER);
    const char *kind, *issuer, *subject;
    char *issuer_copy cleanup_free = NULL;
    int status;

    query_number(&query, 1, id);
    status = query_next(&query);
    if (status <= 0)
        return status == 0 ? -ENOENT : status;
    kind = query_column(&query, 0);
    issuer = query_column(&query, 1);
    subject = query_column(&query, 2);
    if (kind == NULL || issuer == NULL || subject == NULL)
        return -ENOMEM;
    issuer_copy = strdup(issuer);
    if (issuer_copy == NULL || (subject = strdup(subject)) == NULL)
        return -ENOMEM;
    *ret_group = strcmp(kind, "group") == 0;
    *ret_issuer = issuer_copy;
    *ret_subject = (char *)(uintptr_t)subject;
    issuer_copy = NULL;
    return 0;
}

int
store_add_id(struct store *store, const struct identity *identity, uint32_t id)
{
    struct query query cleanup_query = query_start(store, SQL_ID_ADD);
    int status;

    query_text(&query, 1, kind_name(identity->group));
    query_text(&query, 2, identity->issuer);
    query_text(&query, 3, identity->subject);
    query_number(&query, 4, id);
    status = query_change(&query);
    return status < 0 ? status : 0;
}
