/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fetch: ask a directory over HTTPS, by its configuration alone.
 *
 * Asynchronous, as provider.h: done() is called exactly once, later, from the
 * event loop, unless the fetch is cancelled.  The struct provider_context and
 * the configuration must live as long.
 *
 * Nothing of an answer is believed beyond what it is asked for: one user must
 * be one object whose name is the name that was asked for (a directory that
 * lists everybody, or somebody else, is misconfigured); pages end, cannot
 * repeat, and lead nowhere but to the same scheme, host and port; what a
 * directory says of a user that does not fit (person.h) is dropped and
 * counted, never cut.
 */
#ifndef SIGNIN_FETCH_H
#define SIGNIN_FETCH_H

#include "person.h"
#include "signind/provider/provider.h"

/* Most items, and pages, of one list. */
#define FETCH_ITEMS_MAX 1000000
#define FETCH_PAGES_MAX 100000

/*
 * A directory being asked: keeps its client-credentials token (in memory
 * only) between fetches.  The caller keeps one for each directory until the
 * configuration is gone.
 */
struct fetcher;
struct fetcher *fetcher_new(const struct provider_context *context,
                            const struct config *config,
                            const struct directory_config *directory);
/* Cancels what is under way.  Accepts NULL. */
void fetcher_free(struct fetcher *fetcher);

/* result.result: WIRE_OK; WIRE_UNKNOWN_USER (fetch_user: certainly no such
 * user); WIRE_UNAVAILABLE, WIRE_SLOW_DOWN, WIRE_MISCONFIGURED,
 * WIRE_INTERNAL.  why: as in provider.h.  person: NULL unless WIRE_OK; done()
 * may move things out of it. */
typedef void fetch_user_done(void *context,
                             const struct provider_result *result,
                             struct person *person);

/* One user by name: user_by_name, then user_groups if configured.  NULL: out
 * of memory, or no user_by_name is configured. */
struct fetch;
struct fetch *fetch_user(struct fetcher *fetcher, const char *name,
                         fetch_user_done *done, void *context);

/*
 * Everybody, page by page: users, then groups if configured.  on_user and
 * on_group are called for each, between pages of the network; the person is
 * theirs to move things out of.  If done says anything but WIRE_OK the list is
 * not complete: who was not in it may exist.  dropped: how many did not fit.
 * NULL: out of memory, or no users.url is configured.
 */
struct fetch_list_calls {
    void (*on_user)(void *context, struct person *person);
    void (*on_group)(void *context, struct person_team *team);
    void (*done)(void *context, const struct provider_result *result,
                 size_t users, size_t groups, size_t dropped);
    void *context;
};
struct fetch *fetch_list(struct fetcher *fetcher,
                         const struct fetch_list_calls *calls);

/* The same, but the first page of users alone, for a check; WIRE_OK then says
 * nothing of the rest. */
struct fetch *fetch_first_page(struct fetcher *fetcher,
                               const struct fetch_list_calls *calls);

/* The client's token alone (calls->done), for a check, too.  NULL: out of
 * memory, or auth is not client_credentials. */
struct fetch *fetch_token(struct fetcher *fetcher,
                          const struct fetch_list_calls *calls);

/* Can it list, can it be asked for one user? */
bool fetch_can_list(const struct directory_config *directory);
bool fetch_can_find(const struct directory_config *directory);

/* Give up; done is not called.  Accepts NULL. */
void fetch_cancel(struct fetch *fetch);

/*
 * One user's object, as any of the above reads it: 0; -EINVAL (no name or
 * subject that fits: *ret_why, static, says which); -ENOMEM.  json is a json_t.
 */
struct json_t;
int fetch_read_user(const struct config *config,
                    const struct directory_config *directory,
                    const struct json_t *json, struct person *ret_person,
                    const char **ret_why);

#endif
