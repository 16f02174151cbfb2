/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * people-fixture: a folder with a host's files and a store in it, a
 * configuration with one directory, and a log that is kept.
 */
#ifndef SIGNIN_PEOPLE_FIXTURE_H
#define SIGNIN_PEOPLE_FIXTURE_H

#include "signind/directory/local_files.h"
#include "signind/directory/snapshot.h"

#define NOW_S  1700000000
#define ISSUER "https://id.example.org"

struct host {
    char folder[32];
    char store_path[64], snapshot_path[64], misses_path[64];
    char passwd[64], group[64], shells[64], local_groups[64];
    struct local_files *files;
    struct store *store;
    struct directory_config directories[2];
    struct config config;
};

/* setup and teardown of a test: *state is a struct host. */
int host_begin(void **state);
int host_end(void **state);

/* Close the store and open it again; or only open it, with what comes. */
void host_reopen(struct host *host);
int host_open(struct host *host);

/* Write a whole file, by rename. */
void host_write(const char *path, const char *text);
bool host_has_file(const struct host *host, const char *name);
/* Names in the folder that begin so. */
unsigned host_count_files(const struct host *host, const char *prefix);

/* What was logged since the last call of log_forget() has this text in it. */
bool log_has(const char *text);
void assert_logged(const char *text);
void log_forget(void);

/* A person with that name and subject, enabled. */
void person_make(struct person *person, const char *name, const char *subject);
/* Take one whom the directory knows no more of than this; what people_take()
 * says. */
int host_take(struct host *host, const char *name, const char *subject,
              struct user_record *ret_user);
/* Put a user with an id of its own straight into the store. */
void host_put_user(struct host *host, const char *name, const char *subject,
                   uint32_t uid);

#endif
