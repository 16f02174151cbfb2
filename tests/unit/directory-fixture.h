/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A struct directory on a real store in a directory of its own, directories
 * that answer when and what the test says (-Wl,--wrap of fetch_user and
 * others), and a clock that the test sets.
 */
#ifndef SIGNIN_DIRECTORY_FIXTURE_H
#define SIGNIN_DIRECTORY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "signind/directory/directory_private.h"

#define ISSUER "https://idp.example"

/* The question under way at a directory; the newest of its kind. */
struct fake_fetch {
    char name[64];      /* of the user; "" for a list */
    char directory[32]; /* which was asked */
    unsigned count;     /* so far */
    bool waiting;
    fetch_user_done *done;
    void *context;
    struct fetch_list_calls calls;
};
extern struct fake_fetch fake_user, fake_list;

/* Answer it: one user; nobody; a failure. */
void fake_give(const char *name, const char *subject, bool enabled);
void fake_fail_user(enum wire_result result, unsigned retry_after_s);
/* One of a list, of a group in it (members: subjects, NULL-terminated), and
 * the list's end. */
void fake_list_user(const char *name, const char *subject, bool enabled);
void fake_list_group(const char *id, const char *name,
                     const char *const *members);
void fake_list_end(enum wire_result result, unsigned retry_after_s);

struct fixture {
    char path[64], store[96], snapshot[96], misses[96];
    struct provider_context context;
    struct provider_config provider;
    struct config config;
    struct directory_config directories[2]; /* "corp" and "other" */
    struct directory *directory;
};
extern struct fixture fixture;

/* The clock: epoch seconds, and channel_now_ms(), which moves on by so many
 * milliseconds whenever somebody looks. */
extern int64_t fixture_now_s, fixture_now_ms, fixture_look_ms;
void fixture_pass(int64_t seconds);

/* Set up the configuration: one directory, REST, by name and by list.
 * fixture_open() then opens the room. */
int fixture_begin(void **state);
int fixture_end(void **state);
void fixture_open(void);
/* Close and open again, as a restart does. */
void fixture_restart(void);
/* Let the loop run until nothing is due any more. */
void fixture_run(void);
/* Until *flag, or for ten seconds at most. */
void fixture_run_until(const bool *flag);

/* What has been logged has this in it. */
bool fixture_logged(const char *text);

/* The list of corp, asked for and answered: these users, all enabled. */
void fixture_list(const char *const *names, size_t count);

/* Look a name up as a user's process does, or root's sshd.  "" if nobody. */
const char *fixture_lookup(const char *name);
const char *fixture_lookup_as(const char *name, uid_t uid, bool login_service);
/* The number of an entry; 0: none. */
uid_t fixture_uid(const char *name);
/* A record of the snapshot ("N" name, ...), or "". */
const char *fixture_told(const char *key);

/* A check and what came of it. */
struct fixture_check {
    struct directory_check *check;
    bool told;
    enum wire_result result;
    struct directory_user user; /* directory_user_done() */
    char why[128];
};
void fixture_check(struct fixture_check *check, const char *name, uid_t uid,
                   bool now);

#endif
