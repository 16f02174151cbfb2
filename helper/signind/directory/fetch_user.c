/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One user by name, and the groups of that user.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fetch_private.h"

static void
user_forget_groups(struct person *person)
{
    for (size_t i = 0; i < person->group_count; i++) {
        free(person->groups[i].id);
        free(person->groups[i].name);
    }
    free(person->groups);
    person->groups = NULL;
    person->group_count = 0;
    person->groups_known = false;
}

/* ---- groups -----------------------------------------------------------------
 */

/* One too many: as if nothing had been said (person.h). */
static void
user_groups_too_many(struct fetch *fetch)
{
    user_forget_groups(&fetch->person);
    why_add(&fetch->result, ", groups not taken: more than %d",
            PERSON_GROUPS_MAX);
    fetch_end(fetch);
}

static void
user_groups_answered(struct fetch *fetch, json_t *document,
                     const struct http_answer *http)
{
    const struct directory_config *directory = fetch->fetcher->directory;
    const json_t *items = fetch_items(fetch, document);
    const char *why = "";
    int r;

    if (!json_is_array(items)) {
        fetch_fail(fetch, WIRE_MISCONFIGURED,
                   "user_groups: no array (see user_groups.answer)");
        return;
    }
    for (size_t i = 0; i < json_array_size(items); i++) {
        r = person_read_group(directory, json_array_get(items, i),
                              &fetch->person);
        if (r == -E2BIG) {
            user_groups_too_many(fetch);
            return;
        }
        if (r == -ENOMEM) {
            fetch_fail(fetch, WIRE_INTERNAL, "user_groups: out of memory");
            return;
        }
    }
    r = page_walk_next(&fetch->walk, fetch->requested, document, http, items,
                       directory->group.id, -1, &why);
    if (r == 1) {
        fetch_send(fetch);
        return;
    }
    if (r < 0) {
        fetch_fail(fetch, r == -ENOMEM ? WIRE_INTERNAL : WIRE_MISCONFIGURED,
                   "user_groups: %s", why);
        return;
    }
    fetch->person.groups_known = true;
    fetch_end(fetch);
}

/* Where groups come in pages that name the next, those of one user may, too;
 * numbers are for groups.url alone. */
static void
user_ask_groups(struct fetch *fetch)
{
    static const struct page_config whole = {.kind = PAGE_NONE};
    const struct page_config *groups = &fetch->fetcher->directory->groups_page;

    user_forget_groups(&fetch->person);
    fetch->request = DIRECTORY_USER_GROUPS;
    fetch->walk.config = groups->kind == PAGE_NEXT ? groups : &whole;
    fetch->answered = user_groups_answered;
    fetch_send(fetch);
}

/* ---- the user ---------------------------------------------------------------
 */

/* With the answer "/0" the array that it points into is meant: whether there
 * is nobody, or more than one, is to be seen. */
static const json_t *
user_items(const struct fetch *fetch, const json_t *document)
{
    const char *pointer =
        fetch->fetcher->directory->requests[fetch->request].items;
    const char *last = pointer == NULL ? NULL : strrchr(pointer, '/');
    cleanup_free char *above = NULL;
    const json_t *array;

    if (last == NULL || strcmp(last, "/0") != 0)
        return fetch_items(fetch, document);
    above = strndup(pointer, (size_t)(last - pointer));
    array = above == NULL ? NULL : json_at(document, above);
    return json_is_array(array) ? array : fetch_items(fetch, document);
}

static void
user_read(struct fetch *fetch, const json_t *item)
{
    struct fetcher *fetcher = fetch->fetcher;
    const char *why = "";
    int r = person_read(&fetcher->reader, item, fetch->name, fetch->login,
                        &fetch->person, &why);

    if (r == -ENOMEM)
        fetch_fail(fetch, WIRE_INTERNAL, "user_by_name: out of memory");
    else if (r < 0)
        fetch_fail(fetch, WIRE_MISCONFIGURED, "user_by_name: %s", why);
    else if (fetcher->directory->requests[DIRECTORY_USER_GROUPS]
                 .request.configured)
        user_ask_groups(fetch);
    else
        fetch_end(fetch);
}

static void
user_answered(struct fetch *fetch, json_t *document,
              const struct http_answer *http)
{
    const json_t *items = user_items(fetch, document);
    int64_t total = fetch_total(fetch, document);
    size_t count = json_array_size(items);

    if (json_is_array(items) ? count == 0 && total <= 0
                             : items == NULL && total == 0)
        fetch_fail(fetch, WIRE_UNKNOWN_USER, "%u user_by_name: no such user",
                   http->status);
    else if (count > 1 || total > 1)
        fetch_fail(fetch, WIRE_MISCONFIGURED,
                   "user_by_name: more than one user is listed");
    else if (json_is_object(count == 1 ? json_array_get(items, 0) : items))
        user_read(fetch, count == 1 ? json_array_get(items, 0) : items);
    else
        fetch_fail(fetch, WIRE_MISCONFIGURED,
                   "user_by_name: no user is there (see user_by_name.answer)");
}

struct fetch *
fetch_user(struct fetcher *fetcher, const char *name, fetch_user_done *done,
           void *context)
{
    struct fetch *fetch =
        fetch_can_find(fetcher->directory) ? fetch_new(fetcher) : NULL;

    if (fetch == NULL)
        return NULL;
    fetch->user_done = done;
    fetch->user_context = context;
    fetch->request = DIRECTORY_USER_BY_NAME;
    fetch->answered = user_answered;
    fetch->name = strdup(name);
    if (fetch->name == NULL) {
        fetch_cancel(fetch);
        return NULL;
    }
    fetch->login =
        person_login(fetcher->directory, fetcher->context->host_name, name);
    /* An empty name in a URL lists everybody; and who has another kind of
     * name is nobody here, whatever a directory says. */
    if (!person_reader_takes(&fetcher->reader, name))
        why_set(&fetch->result, WIRE_UNKNOWN_USER,
                "user_by_name: no name of a user, not asked");
    else if (fetch->login == NULL || *fetch->login == '\0')
        why_set(&fetch->result, WIRE_MISCONFIGURED,
                "user_by_name: login_name makes no login of this name");
    fetch->ended = fetch->result.result != WIRE_RESULT_NONE;
    fetch_go_on(fetch);
    return fetch;
}
