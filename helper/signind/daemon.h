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
 * they began with, so a reload keeps the old ones until none is under way;
 * and those that know a provider which no newer one knows. */
struct generation {
    SLIST_ENTRY(generation) link;
    struct config *config;
    struct secrets *secrets;
};

struct peer;
struct recheck;
struct sign_in;
struct late_ask;
struct offline;

struct daemon {
    struct event_base *base;
    struct account account;
    SLIST_HEAD(, generation) generations; /* newest first */
    const struct config *config;          /* of the newest */
    bool sweeping;                        /* a look at the older ones is due */
    struct http *http;
    struct throttle *throttle;
    struct session_table sessions;
    struct directory *directory;
    char host_name[256];
    struct door doors[DOORS];
    struct event *signals[3], *linger;
    TAILQ_HEAD(peer_list, peer) peers;
    LIST_HEAD(sign_in_list, sign_in) sign_ins;
    LIST_HEAD(late_ask_list, late_ask) late_asks;
    struct offline *offline; /* offline/offline.h; NULL: not begun yet */
    LIST_HEAD(recheck_list, recheck) rechecks;
    int enforcer; /* enforce_start_helper(); 0: systemd does it */
    unsigned sign_ins_in_flight;
};

/* Read the configuration and its secrets anew.  0, or -EINVAL (logged): what
 * was in force stays so. */
int daemon_load(struct daemon *daemon);

/* After a reload: give up what was in force before, as soon as it can be. */
void daemon_sweep(struct daemon *daemon);
void daemon_free_generation(struct generation *generation);

/* [offline], as the configuration has it: at the start, and after a reload. */
int daemon_apply_offline(struct daemon *daemon);
void daemon_stop_offline(struct daemon *daemon);
/* What is remembered of passwords of a user. */
void daemon_forget_password(struct daemon *daemon, const char *user);

#endif
