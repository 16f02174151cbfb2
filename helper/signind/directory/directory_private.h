/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * directory_private: what directory*.c share.
 *
 * A people_source is a configured directory.  A lookup asks the sources for one
 * name, shared by all who want to know; a refresh asks one source for
 * everybody. Nothing waits inside a transaction: people are taken into the
 * store in slices, each a transaction of its own, between which the loop runs.
 */
#ifndef SIGNIN_DIRECTORY_PRIVATE_H
#define SIGNIN_DIRECTORY_PRIVATE_H

#include <event2/event.h>
#include <sys/queue.h>

#include "directory.h"
#include "snapshot.h"
#include "wire/people.h"

/* ---- directory_pace.c: how often the sources may be asked by name ----------
 */

#define PACE_UIDS   256
#define PACE_RECENT 4096

/* Thousandths of a lookup. */
struct bucket {
    unsigned milli;
    int64_t at_ms;
};
struct lookup_pace {
    struct bucket all;
    struct bucket uids[PACE_UIDS]; /* by uid modulo PACE_UIDS */
    unsigned char key[16];
    struct {
        uint64_t hash;
        int64_t until_ms;
    } recent[PACE_RECENT];
};
/* 0, or -errno: no random key. */
int pace_start(struct lookup_pace *pace);
/* May this uid have a name looked up now?  Counts it if so. */
bool pace_take(struct lookup_pace *pace, uid_t uid, int64_t now_ms);
/* A name was asked for just now: is it, still; let it be, for so long. */
bool pace_is_recent(const struct lookup_pace *pace, const char *name,
                    int64_t now_ms);
void pace_set_recent(struct lookup_pace *pace, const char *name,
                     int64_t until_ms);

/* ---- the room --------------------------------------------------------------
 */

/* Where things are; tests have others. */
struct directory_paths {
    const char *store, *snapshot, *misses;
};

struct people_source {
    struct directory *directory;
    const struct directory_config *config;
    struct fetcher *fetcher; /* NULL: cannot be asked */
    struct event *timer;     /* the next refresh */
    int64_t regular_at_ms;   /* when that is due by refresh_every */
    int64_t pause_until_ms;  /* no lookups before: they have just failed */
    int64_t not_before_ms;   /* nothing before: Retry-After */
    int64_t planned_at_ms;   /* when the timer is due */
    int64_t soon_at_ms;      /* no refresh out of turn before */
    bool again;              /* refresh_plan_soon() during a refresh */
    bool once_more;          /* directory_refresh() during a refresh */
    int64_t started_s;       /* when the last refresh began */
    unsigned backoff_ms;
    struct refresh *refresh; /* under way */
};

struct lookup;
struct refresh_waiter;

struct directory {
    const struct provider_context *context;
    const struct config *config;
    struct event_base *base;
    struct directory_paths paths;
    struct store *store; /* NULL: it cannot be used */
    struct local_files *files;
    struct misses *misses;         /* NULL: no table */
    struct people_source *sources; /* as config->directories */
    size_t source_count;
    LIST_HEAD(, lookup) lookups;
    unsigned background; /* lookups that NSS began and nobody else waits for */
    LIST_HEAD(, directory_check) answered; /* to be told by the loop */
    LIST_HEAD(, refresh_waiter) refresh_waiters;
    struct lookup_pace pace;
    /* the snapshot */
    struct event *tell_timer; /* when it, or its next slice, is written */
    struct snapshot *telling; /* being written in slices; or NULL */
    uint64_t telling_version; /* store_version() when that was begun */
    int64_t telling_ms;       /* that it has taken so far */
    unsigned tell_restarts;   /* how often the store changed under it */
    bool tell_always;         /* soon, even if the store is as it was */
    bool tell_is_awaited;     /* by directory_refresh() */
    bool told;                /* there is one of ours */
    uint64_t told_version;    /* store_version() then */
    int64_t told_at_s;
    int64_t told_cost_ms;
};

/* directory_open() with other paths, which are borrowed. */
struct directory *directory_open_at(const struct provider_context *context,
                                    const struct config *config,
                                    const struct directory_paths *paths);

/* ---- directory_tell.c: the snapshot ----------------------------------------
 */

/* Write it now and in one go, if the store has changed since; even if not:
 * always.  0 or negative errno (logged). */
int directory_tell(struct directory *directory, bool always);
/* The same a little later, together with what changes until then, and in
 * slices: the loop runs meanwhile. */
void directory_tell_soon(struct directory *directory, bool always);
/* Now, where the last one took only moments; else soon. */
void directory_tell_if_quick(struct directory *directory, bool always);
/* After a refresh: refresh_tell_waiters() does nothing until NSS has been told.
 * Who has not been seen for long is told of no more, without a change. */
void directory_tell_refreshed(struct directory *directory);

/* 0 or -ENOMEM. */
int tell_start(struct directory *directory);
/* Leave what is half written: its configuration is about to go. */
void tell_cancel(struct directory *directory);
/* Write what is still to be told, and end.  Before the store is closed. */
void tell_stop(struct directory *directory);

/* ---- the room's parts ------------------------------------------------------
 */

/* Epoch seconds. */
int64_t directory_now_s(void);

/* Of a [directory] in the configuration of now; NULL: none. */
struct people_source *directory_source(struct directory *directory,
                                       const char *name);

/* Of people_take(): refused by our own rules, which have said why in the log;
 * everything else is a fault of the store. */
bool directory_is_refusal(int error);

/* Run event as soon as the loop turns. */
int directory_event_now(struct event *event);

/* ---- directory_new.c: who may sign in here for the first time --------------
 */

/* Somebody who has never been here.  subject: what stands for one, "name:"
 * NAME, and for whoever has the name after it was forgotten "name:" NAME " 2",
 * ...: files of the first one do not become the second one's. */
#define NEW_SUBJECT_MAX (PEOPLE_NAME_MAX + 16)
struct new_user {
    const struct directory_config *config;
    char subject[NEW_SUBJECT_MAX];
    uint32_t uid;
};

/*
 * The first_sign_in directory that a name would be of, which the store does not
 * know, and the number that it has: ids_derive() and what stands above it,
 * without storing anything.  0; -ENOENT: nobody may (logged once, if the number
 * is the reason); or another negative errno.
 */
int new_user_find(struct directory *directory, const char *name,
                  struct new_user *ret_new);
/* As NSS is to be told of it.  0 or negative errno. */
int new_user_entry(struct directory *directory, const char *name, char *text);

/* ---- directory_ask.c: lookups ----------------------------------------------
 */

struct directory_check {
    LIST_ENTRY(directory_check) link; /* of its lookup, or of answered */
    struct directory *directory;
    char name[PEOPLE_NAME_MAX + 1];
    uid_t uid;
    directory_check_done *done;
    void *context;
    struct event *event; /* answers it */
};

/*
 * Ask for a name: the source it is of, or all that can be asked; check (NULL:
 * none, a background lookup) is answered when it is known.  0 or -ENOMEM.
 */
int lookup_begin(struct directory *directory, const char *name,
                 struct directory_check *check);
/* A name that no directory knows, or (asked: false) could not be asked for:
 * known as missing for a while. */
void lookup_remember_miss(struct directory *directory, const char *name,
                          bool asked);
/* A refresh has ended, whose answer lookups may be waiting for. */
void lookup_refreshed(struct people_source *source, enum wire_result result,
                      const char *why);
/* After a reload: all begin anew.  Before the end: none is left. */
void lookup_restart_all(struct directory *directory);
void lookup_free_all(struct directory *directory);

/* directory_find.c: directory_check(), without or with `now`, or whatever is
 * known. */
enum check_when { CHECK_IF_OLD = 0, CHECK_NOW, CHECK_ALWAYS };
struct directory_check *directory_check_when(struct directory *directory,
                                             const char *name, uid_t uid,
                                             enum check_when when,
                                             directory_check_done *done,
                                             void *context);
/* directory_find.c: find the user and tell the one who asked; the check is
 * gone then. */
void check_answer(struct directory_check *check, bool unreachable,
                  const char *why);
/* WIRE_INTERNAL: what the directory said could not be taken in. */
void check_fail(struct directory_check *check, const char *why);

/* ---- directory_refresh.c ---------------------------------------------------
 */

/* Ask for everybody, unless that is under way.  0 or negative errno. */
int refresh_start(struct people_source *source);
/* The same; one that is under way is followed by another: it may have been
 * told already what has changed since. */
int refresh_start_anew(struct people_source *source);
/* Stop without a word. */
void refresh_cancel(struct people_source *source);
/* What refresh_every or a failure says about the next one. */
void refresh_plan(struct people_source *source, bool ok,
                  unsigned retry_after_s);
/* The planned time has come. */
void refresh_due(struct people_source *source);
/* Somebody was found by name, whose groups the list alone tells: refresh soon,
 * but not all the time. */
void refresh_plan_soon(struct people_source *source);
/* The first one of a new configuration, within a few seconds. */
void refresh_plan_first(struct people_source *source);

/* ---- directory_wait.c: who waits for all refreshes -------------------------
 */

/* Something has failed, of the directory of that name. */
void waiters_note(struct directory *directory, const char *name,
                  enum wire_result result, const char *why);
/* Tell them, if none is under way any more. */
void refresh_tell_waiters(struct directory *directory);
/* After a reload: for those who wait, all are asked again. */
void refresh_restart_for_waiters(struct directory *directory);
void refresh_free_waiters(struct directory *directory);

#endif
