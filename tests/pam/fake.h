/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake: a libpam, a signind and a kernel for the module's own objects.
 *
 * The tests link the objects of pam_signin.so with this in place of libpam;
 * what leads to signind, the kernel's keys and a few system calls is
 * redirected with -Wl,--wrap (Makefile.am, PAM_WRAPS).  Everything that
 * happens is written to a journal, in order, one word or phrase each,
 * separated by "; ".
 */
#ifndef SIGNIN_TEST_PAM_FAKE_H
#define SIGNIN_TEST_PAM_FAKE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <security/pam_modules.h>

#include "keyring/keyring.h"
#include "wire/wire.h"

#define FAKE_ID     "0123456789abcdef0123456789abcdef"
#define FAKE_OTHER  "fedcba9876543210fedcba9876543210"
#define FAKE_TICKET "aaaabbbbccccddddeeeeffff00001111"
#define FAKE_SECRET "5555666677778888999900001111aaaa"

#define FAKE_GID      997
#define FAKE_SHARD    701
#define FAKE_KEEP     702
#define FAKE_RING     703
#define FAKE_RECORD   704
#define FAKE_OLD_RING 803
#define FAKE_UID      30001
#define FAKE_USER_GID 30002

/* Before the epoch of CLOCK_BOOTTIME: a deadline is over at once. */
#define FAKE_NOW_MS (-200000)

struct fake_account {
    const char *name;      /* NULL ends the list */
    const char *canonical; /* what the entry says; NULL = name */
    uid_t uid;
    gid_t gid;
};

/* What the tests set.  fake_reset() puts a healthy host here. */
struct fake {
    /* libpam */
    const char *user;       /* PAM_USER */
    const char *asked_user; /* what a person answers to "login:" */
    const char *service, *rhost, *tty;
    const char *authtok;         /* from an earlier module */
    const char *typed;           /* what the person types; NULL = hangs up */
    const char *user_afterwards; /* PAM_USER after the conversation */
    int conversation;            /* what pam_get_authtok returns */
    int user_conversation;       /* what pam_get_user returns */
    int putenv_code;
    int set_data_code;
    /* the host */
    const struct fake_account *accounts;
    const char *passwd; /* /etc/passwd; NULL = cannot be opened */
    const char *stat;   /* of /proc/self/stat; NULL = it cannot be read */
    bool group_missing;
    bool group_has_member;
    gid_t group_gid;
    uid_t ruid, euid;
    gid_t rgid;
    pid_t pid;
    bool stuck_ids; /* going back to the old real ids fails */
    bool no_keep;   /* signind names no shard and no K */
    int link_error; /* of keyctl_link, positive */
    /* signind */
    int open_error; /* of channel_open */
    /* keys: what each function returns */
    int check_error, make_keep_error, open_keep_error, mend_error;
    int make_ring_error, end_error, record_error, walk_error;
    bool make_ring_once;         /* only the first one fails */
    const char *shard_name;      /* what keyring_check finds under FAKE_SHARD */
    const char *keep_id;         /* what keyring_open_keep finds */
    int session_keyring_error;   /* of keyctl_get_keyring_ID(@s), positive */
    const char *session_keyring; /* its description; NULL = revoked */
    int join_errors[2];          /* of the first and second join, positive */
    struct keyring_session rings[3]; /* what @s links; ring 0 ends */
    int64_t ring_uids[3];            /* in their records */
    const char *ring_users[3];       /* the same; NULL: no name */
};

extern struct fake fake;

/* A healthy host: alice (uid FAKE_UID, not in /etc/passwd) at sshd, euid 0. */
void fake_reset(void);

/* The handle to call the entry points with. */
pam_handle_t *fake_handle(void);

/* As pam_end(3): runs the cleanup of PAM data, forgets everything. */
void fake_end(void);

/* ---- signind --------------------------------------------------------------
 */

/* Queue an answer.  The one returned may be filled further at once. */
struct message *fake_answer(enum wire_type type);
void fake_answer_verdict(enum wire_result result);
void fake_answer_place(enum wire_no_keyring on_no_keyring);
void fake_answer_claimed(enum wire_no_keyring on_no_keyring);
/* Queue bytes as they are; a negative errno instead of an answer; the refusal
 * of a request. */
void fake_answer_bytes(const void *bytes, size_t length);
void fake_answer_error(int error);
void fake_refuse_request(int error);
/* Nothing queued: -ETIMEDOUT.  All answers taken? */
bool fake_answers_used(void);
/* The n-th request since the last reset, from 0; NULL if there is none. */
const struct message *fake_request(size_t n);
const char *fake_request_text(size_t n, enum wire_field field);
int64_t fake_request_number(size_t n, enum wire_field field); /* -1: absent */

/* ---- what happened --------------------------------------------------------
 */

const char *fake_journal(void);
void fake_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fake_forget_journal(void);
/* Everything sent to syslog, one "PRIORITY text" per line. */
const char *fake_log(void);
void fake_log_line(int priority, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
/* Everything the person was told, one per line. */
const char *fake_told(void);
const char *fake_env(void); /* SIGNIN_TICKET, or NULL */
void fake_set_env(const char *value);
bool fake_has_data(void);
unsigned fake_delay_us(void);

/* ---- calls ----------------------------------------------------------------
 */

enum fake_entry {
    FAKE_NO_ENTRY = 0,
    FAKE_AUTHENTICATE,
    FAKE_SETCRED,
    FAKE_ACCOUNT,
    FAKE_OPEN,
    FAKE_CLOSE,
    FAKE_CHAUTHTOK
};

/* Call an entry point; options: separated by '|', may be NULL. */
int fake_call(enum fake_entry entry, int flags, const char *options);

/* The log must never hold one of the secrets above, nor the password. */
bool fake_log_is_clean(void);

#endif
