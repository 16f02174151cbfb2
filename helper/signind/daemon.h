/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon: what the parts of signind share.  One thread, one event loop.
 */
#ifndef SIGNIN_DAEMON_H
#define SIGNIN_DAEMON_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "account.h"
#include "config/config.h"
#include "directory/directory.h"
#include "door.h"
#include "http.h"
#include "secrets.h"
#include "session/session.h"
#include "throttle.h"

/* A configuration and its secrets.  Requests under way borrow from the one
 * they began with, so a reload keeps the old ones until signind ends. */
struct generation {
    SLIST_ENTRY(generation) link;
    struct config *config;
    struct secrets *secrets;
};

struct peer;
struct sign_in;

struct daemon {
    struct event_base *base;
    struct account account;
    SLIST_HEAD(, generation) generations; /* newest first */
    const struct config *config;          /* of the newest */
    struct http *http;
    struct throttle *throttle;
    struct session_table sessions;
    struct directory *directory;
    char host_name[256];
    struct door doors[DOORS];
    struct event *signals[3], *linger;
    TAILQ_HEAD(peer_list, peer) peers;
    LIST_HEAD(sign_in_list, sign_in) sign_ins;
    unsigned sign_ins_in_flight;
};

/* Read the configuration and its secrets anew.  0, or -EINVAL (logged): what
 * was in force stays so. */
int daemon_load(struct daemon *daemon);

#endif
