/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * directory_refresh: one refresh of one source, as directory_refresh.c and
 * directory_list.c share it.
 */
#ifndef SIGNIN_DIRECTORY_REFRESH_H
#define SIGNIN_DIRECTORY_REFRESH_H

#include "directory_private.h"

struct item;

struct refresh {
    struct people_source *source;
    struct event *event; /* takes a slice, or goes on */
    int64_t started_s;   /* what is heard counts as known since then */
    int64_t started_ms;  /* channel_now_ms() */
    /* a list */
    struct fetch *fetch;
    STAILQ_HEAD(, item) items; /* not taken into the store yet */
    size_t waiting;            /* how many */
    size_t taken, refused;
    int error; /* of the store: the list is of no use any more */
    bool ended;
    struct provider_result result;
    size_t users, groups, dropped;
    /* one by one, where there is no list */
    struct known_user *known;
    size_t known_count, known_next;
    struct directory_check *check;
};

/* ---- directory_list.c ---- */
/* For fetch_list(). */
void items_on_user(void *context, struct person *person);
void items_on_group(void *context, struct person_team *team);
/* Take some of them into the store. */
void items_take_slice(struct refresh *refresh);
void items_free(struct refresh *refresh);
/* All were taken and the list is complete: find who is missing.  WIRE_OK, or
 * why it cannot be believed (static). */
enum wire_result list_complete(struct refresh *refresh, const char **ret_why);

#endif
