/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * command-fake: a host for the signin command: its kernel keys, its signind
 * and its users are what a test says.  Linked with --wrap.
 */
#ifndef SIGNIN_COMMAND_FAKE_H
#define SIGNIN_COMMAND_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <sys/types.h>

#include "keyring/keyring.h"
#include "signin/verdict.h"
#include "wire/wire.h"

#define FAKE_ID     "0123456789abcdef0123456789abcdef"
#define FAKE_SECRET "fedcba9876543210fedcba9876543210"
#define FAKE_NOW    1700000000
#define FAKE_UID    1000
#define FAKE_GID    990

struct fake_key {
    key_serial_t serial;
    const char *payload; /* NULL: reading it fails with error */
    int error;
};

struct fake {
    /* the kernel */
    struct keyring_session rings[4];
    size_t ring_count;
    struct fake_key keys[12];
    size_t key_count;
    int walk_error;
    gid_t walked_gid;
    /* signind */
    int open_error, call_error;
    bool (*on_request)(const struct message *request); /* may be NULL */
    uint64_t result, retry_after;
    const char *words;          /* MESSAGE of the verdict; NULL: none */
    struct message sessions[4]; /* what lists answer before the verdict */
    size_t session_count, sessions_sent;
    int list_error; /* in place of the verdict */
    /* what it was asked, last */
    unsigned calls;
    enum wire_type types[4]; /* of each call */
    char path[64];
    uid_t daemon_uid;
    struct message request;
    /* the host */
    int64_t now;
    uid_t uid, euid;
    bool directory, directory_is_file, no_group, no_user;
    uid_t directory_uid;
    gid_t directory_gid, group_gid;
    pid_t leader;
    int kill_error;
    pid_t killed;
    int killed_with;
    /* what the command said */
    char out[65536], err[4096];
};
extern struct fake fake;

/* A host with one session of uid 1000 whose token lives an hour more.  Is a
 * cmocka setup function. */
int fake_reset(void **state);

/* Set the payload of a key, or make reading it fail. */
void fake_set_key(key_serial_t serial, const char *payload, int error);

/* Serials of the one session of fake_reset(). */
enum { FAKE_RING = 10, FAKE_TOKEN = 11, FAKE_RECORD = 12 };

/* Set that session's record: times in seconds from FAKE_NOW, or 0 for unknown
 * (expires), and further lines, such as "keep.x=1\n". */
void fake_set_record(int expires_in_s, int lifetime_s, const char *more);

/* Run "signin ARGUMENT..." (NULL at the end); fills fake.out and fake.err. */
enum status fake_run(const char *argument, ...) __attribute__((sentinel));

/* fake.err is one line "signin: ...". */
void assert_complains(void);

#endif
