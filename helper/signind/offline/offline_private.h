/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * offline_private: what the files of this room share.
 *
 *   record.c   the content of a file         folder.c  all files
 *   file.c     one file                      hash.c    yescrypt
 *   job.c      one request, run in the thread
 *   worker.c   the thread and its queue      offline.c  the room's face
 *
 * record, file, folder, hash and job are run in the thread; they log nothing
 * and keep nothing.
 */
#ifndef SIGNIN_OFFLINE_PRIVATE_H
#define SIGNIN_OFFLINE_PRIVATE_H

#include <event2/event.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/queue.h>

#include "offline.h"
#include "wire/memory.h"

/* Longest file, in bytes, and the longest name, provider, and issuer or
 * subject in it. */
#define OFFLINE_FILE_MAX     8192
#define OFFLINE_NAME_MAX     255
#define OFFLINE_TEXT_MAX     2048
#define OFFLINE_VERIFIER_MAX 255

/* ---- record.c -------------------------------------------------------------
 */

struct offline_record {
    char name[OFFLINE_NAME_MAX + 1];
    uint32_t uid;
    char provider[OFFLINE_NAME_MAX + 1];
    char issuer[OFFLINE_TEXT_MAX + 1];
    char subject[OFFLINE_TEXT_MAX + 1]; /* "": none */
    int64_t written_at_s;               /* the last online success, epoch */
    int64_t seen_at_s; /* the latest time an attempt was counted at */
    uint32_t failures;
    char verifier[OFFLINE_VERIFIER_MAX + 1]; /* "$y$..." */
};

/* -EINVAL: longer than fits, or a character that no line may have. */
int offline_record_fill(struct offline_record *ret_record,
                        const struct offline_user *user, int64_t now_s);
/* As the text of a file, NUL-terminated.  Returns its length. */
size_t offline_record_format(const struct offline_record *record,
                             char text[OFFLINE_FILE_MAX + 1]);
/* Safe on hostile input.  -EPROTO: not exactly what format makes. */
int offline_record_parse(struct offline_record *ret_record, const char *text,
                         size_t length);
bool offline_record_is_of(const struct offline_record *record,
                          const struct offline_user *user);

/* ---- file.c: the file of a uid in an open folder --------------------------
 */

/* -ENOENT: none.  -EPROTO: not one that we wrote: the caller deletes it. */
int offline_file_read(int folder, uid_t uid, struct offline_record *ret_record);
/* In its place at once, and on the disk when this returns. */
int offline_file_write(int folder, const struct offline_record *record);
/* 0, also if there was none. */
int offline_file_delete(int folder, uid_t uid);

/* ---- folder.c -------------------------------------------------------------
 */

/* An fd; make: if it is not there.  -EPERM: not ours alone. */
int offline_folder_open(const char *path, bool make);
/* Delete every file for which unwanted() says so, and whatever is no
 * verifier.  Returns how many, or negative errno. */
typedef bool offline_unwanted(const struct offline_record *record,
                              const void *context);
int offline_folder_sweep(int folder, offline_unwanted *unwanted,
                         const void *context);
/* All of them, and the folder.  Returns how many, or negative errno. */
int offline_folder_purge(const char *path);

/* ---- hash.c ---------------------------------------------------------------
 */

/* -ENOMEM, -EINVAL (a password that crypt(3) does not take). */
int offline_hash_make(const char *password,
                      char ret_verifier[OFFLINE_VERIFIER_MAX + 1]);
/* 0: it is the password.  -EACCES: it is not.  Others: cannot be told. */
int offline_hash_check(const char *password, const char *verifier);

/* ---- job.c ----------------------------------------------------------------
 */

enum offline_work {
    OFFLINE_WORK_NONE = 0,
    OFFLINE_CHECK,
    OFFLINE_REMEMBER,
    OFFLINE_DOUBT,
    OFFLINE_FORGET,
    OFFLINE_FORGET_NAME,
    OFFLINE_SWEEP
};

/* Owns its strings.  Members above "result" are the thread's to read. */
struct offline_job {
    TAILQ_ENTRY(offline_job) link;
    enum offline_work work;
    struct offline_limits limits;
    char *name, *provider, *issuer, *subject;
    uid_t uid;
    struct secret password;
    enum offline_result result;
    int priority;                /* of the line in why, for the log; 0: none */
    char why[200];               /* printable */
    struct offline_check *check; /* the loop's alone; NULL: nobody waits */
};

/* NULL: no memory.  user's NULL members stay so; password NULL: none. */
struct offline_job *offline_job_new(enum offline_work work,
                                    const struct offline_user *user,
                                    const char *password);
void offline_job_free(struct offline_job *job); /* accepts NULL */
/* Do it, in the folder of that path.  now_s: epoch. */
void offline_job_run(struct offline_job *job, const char *path, int64_t now_s);

/* ---- worker.c -------------------------------------------------------------
 */

TAILQ_HEAD(offline_jobs, offline_job);

struct offline_worker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int done_fd; /* eventfd: something is in `done` */
    const char *path;
    bool stopping;
    int64_t stop_by_ms;        /* then nothing is hashed any more */
    struct offline_jobs todo;  /* under lock */
    struct offline_jobs done;  /* under lock */
    size_t checks, background; /* in todo */
};

/* path is borrowed. */
int offline_worker_start(struct offline_worker *worker, const char *path);
/* Finish in that time, more or less: what is not begun by then is not
 * remembered but forgotten.  All jobs are in worker->done then. */
void offline_worker_stop(struct offline_worker *worker, unsigned within_ms);
/* Takes the job.  false: full; the job is the caller's. */
bool offline_worker_add(struct offline_worker *worker, struct offline_job *job);
/* Moves what is done to the end of *jobs. */
void offline_worker_take(struct offline_worker *worker,
                         struct offline_jobs *jobs);

#endif
