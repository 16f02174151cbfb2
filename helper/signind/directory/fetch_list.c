/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everybody, page by page, and then all groups.  Between two pages the event
 * loop runs; no more than one page is in memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fetch_private.h"

static void list_answered(struct fetch *fetch, json_t *document,
                          const struct http_answer *http);

/* Hand one item over.  0 (also if it was dropped) or -ENOMEM. */
static int
list_give_user(struct fetch *fetch, const json_t *item)
{
    struct person person = {0};
    const char *why = "";
    int r =
        person_read(&fetch->fetcher->reader, item, NULL, NULL, &person, &why);

    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        fetch->dropped++;
        fetch->dropped_why = why;
        return 0;
    }
    fetch->users++;
    if (fetch->calls.on_user != NULL)
        fetch->calls.on_user(fetch->calls.context, &person);
    person_done(&person);
    return 0;
}

static int
list_give_group(struct fetch *fetch, const json_t *item)
{
    struct person_team team = {0};
    int r = person_read_team(fetch->fetcher->directory, item, &team);

    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        fetch->dropped++;
        fetch->dropped_why = "a group without an id that fits";
        return 0;
    }
    fetch->groups++;
    if (fetch->calls.on_group != NULL)
        fetch->calls.on_group(fetch->calls.context, &team);
    person_team_done(&team);
    return 0;
}

/* false: the caller gave up, and the fetch is gone. */
static bool
list_give(struct fetch *fetch, const json_t *items, int *ret_r)
{
    int r = 0;

    fetch->busy = true;
    for (size_t i = 0;
         r == 0 && !fetch->cancelled && i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);

        r = fetch->request == DIRECTORY_USERS ? list_give_user(fetch, item)
                                              : list_give_group(fetch, item);
    }
    *ret_r = r;
    return fetch_leave(fetch);
}

static void
list_begin(struct fetch *fetch, enum directory_request request,
           const struct page_config *page)
{
    page_walk_done(&fetch->walk);
    fetch->walk.config = page;
    fetch->request = request;
    fetch->answered = list_answered;
}

/* A list is whole: on to the groups, or to the end. */
static void
list_complete(struct fetch *fetch)
{
    const struct directory_config *directory = fetch->fetcher->directory;

    if (fetch->request == DIRECTORY_USERS && !fetch->first_page_only &&
        directory->requests[DIRECTORY_GROUPS].request.configured) {
        list_begin(fetch, DIRECTORY_GROUPS, &directory->groups_page);
        fetch_send(fetch);
        return;
    }
    if (fetch->dropped > 0)
        why_add(&fetch->result, ", %zu left out: %s", fetch->dropped,
                fetch->dropped_why);
    fetch_end(fetch);
}

static void
list_answered(struct fetch *fetch, json_t *document,
              const struct http_answer *http)
{
    const struct directory_config *directory = fetch->fetcher->directory;
    const char *identity = fetch->request == DIRECTORY_USERS
                               ? directory->attribute.subject
                               : directory->group.id;
    const char *name = directory_request_name(fetch->request);
    const json_t *items = fetch_items(fetch, document);
    int64_t total = fetch_total(fetch, document);
    const char *why = "";
    int more, r;

    /* NULL: there is nothing behind the last page.  Without results SCIM
     * needs no list of them (RFC 7644, 3.4.2). */
    if (!json_is_array(items) && document != NULL &&
        (items != NULL || total < 0)) {
        fetch_fail(fetch, WIRE_MISCONFIGURED, "%s: no array (see %s.answer)",
                   name, name);
        return;
    }
    more = page_walk_next(&fetch->walk, fetch->requested, document, http, items,
                          identity, total, &why);
    if (more == -EINVAL)
        fetch_fail(fetch, WIRE_MISCONFIGURED, "%s: %s", name, why);
    else if (more < 0)
        fetch_fail(fetch, WIRE_INTERNAL, "%s: out of memory", name);
    else if (!list_give(fetch, items, &r))
        return;
    else if (r < 0)
        fetch_fail(fetch, WIRE_INTERNAL, "%s: out of memory", name);
    else if (more == 1 && !fetch->first_page_only)
        fetch_send(fetch);
    else
        list_complete(fetch);
}

static struct fetch *
list_start(struct fetcher *fetcher, const struct fetch_list_calls *calls,
           bool first_page_only)
{
    struct fetch *fetch =
        fetch_can_list(fetcher->directory) ? fetch_new(fetcher) : NULL;

    if (fetch == NULL)
        return NULL;
    fetch->calls = *calls;
    fetch->first_page_only = first_page_only;
    list_begin(fetch, DIRECTORY_USERS, &fetcher->directory->users_page);
    if (fetcher->reader.suffix == NULL) {
        why_set(&fetch->result, WIRE_MISCONFIGURED,
                "users: names cannot be told from logins: login_name must "
                "begin with {{user}}, and hold it once");
        fetch->ended = true;
    }
    fetch_go_on(fetch);
    return fetch;
}

struct fetch *
fetch_list(struct fetcher *fetcher, const struct fetch_list_calls *calls)
{
    return list_start(fetcher, calls, false);
}

struct fetch *
fetch_first_page(struct fetcher *fetcher, const struct fetch_list_calls *calls)
{
    return list_start(fetcher, calls, true);
}

struct fetch *
fetch_token(struct fetcher *fetcher, const struct fetch_list_calls *calls)
{
    bool has = fetcher->directory->auth == DIRECTORY_AUTH_CLIENT_CREDENTIALS;
    struct fetch *fetch = has ? fetch_new(fetcher) : NULL;

    if (fetch == NULL)
        return NULL;
    fetch->calls = *calls;
    fetch->token_only = true;
    fetch_go_on(fetch);
    return fetch;
}
