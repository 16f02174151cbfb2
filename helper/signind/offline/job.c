/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One request, from the file to the answer.  Only the worker's thread runs
 * them, one after another: between reading a file and writing it nobody else
 * has it.
 */
#include "offline_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* Clocks are set by seconds all the time; that much ahead is no wonder. */
#define CLOCK_SLACK_S 60

/* NULL stays NULL.  false: no memory. */
static bool
job_copy(char **member, const char *text)
{
    if (text == NULL)
        return true;
    *member = strdup(text);
    return *member != NULL;
}

struct offline_job *
offline_job_new(enum offline_work work, const struct offline_user *user,
                const char *password)
{
    struct offline_job *job = calloc(1, sizeof(*job));

    if (job == NULL)
        return NULL;
    job->work = work;
    job->uid = user->uid;
    if (job_copy(&job->name, user->name) &&
        job_copy(&job->provider, user->provider) &&
        job_copy(&job->issuer, user->issuer) &&
        job_copy(&job->subject, user->subject) &&
        (password == NULL ||
         secret_set(&job->password, password, strlen(password)) == 0))
        return job;
    offline_job_free(job);
    return NULL;
}

void
offline_job_free(struct offline_job *job)
{
    if (job == NULL)
        return;
    secret_done(&job->password);
    free(job->name);
    free(job->provider);
    free(job->issuer);
    free(job->subject);
    free(job);
}

static void __attribute__((format(printf, 3, 4)))
job_say(struct offline_job *job, int priority, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(job->why, sizeof(job->why), format, arguments);
    va_end(arguments);
    job->priority = priority;
}

static struct offline_user
job_user(const struct offline_job *job)
{
    return (struct offline_user){job->name, job->uid, job->provider,
                                 job->issuer, job->subject};
}

/* Too old?  Or is the clock behind what it once was?  Then nobody knows. */
static bool
job_is_expired(const struct offline_record *record, unsigned valid_for_s,
               int64_t now_s, bool *ret_unknown)
{
    *ret_unknown = now_s < record->written_at_s - CLOCK_SLACK_S ||
                   now_s < record->seen_at_s - CLOCK_SLACK_S;
    return *ret_unknown || now_s - record->written_at_s >= (int64_t)valid_for_s;
}

/* The file, unless it is none that counts; then why and result say so. */
static int
job_read(struct offline_job *job, int folder, struct offline_record *record)
{
    int error = offline_file_read(folder, job->uid, record);

    if (error == -EPROTO) {
        error = offline_file_delete(folder, job->uid);
        job_say(job, LOG_WARNING, "the verifier of uid %u is malformed: %s%s",
                (unsigned)job->uid,
                error == 0 ? "deleted" : "cannot be deleted: ",
                error == 0 ? "" : strerror(-error));
        return -EPROTO;
    }
    if (error != 0 && error != -ENOENT)
        job_say(job, LOG_ERR, "the verifier of uid %u cannot be read: %s",
                (unsigned)job->uid, strerror(-error));
    return error;
}

/* May this verifier be used at all? */
static bool
job_counts(struct offline_job *job, int folder,
           const struct offline_record *record, int64_t now_s)
{
    const struct offline_user user = job_user(job);
    bool unknown = false;

    if (!offline_record_is_of(record, &user)) {
        job->result = OFFLINE_NONE;
        offline_file_delete(folder, job->uid);
        job_say(job, LOG_NOTICE,
                "the verifier is of another name, provider or subject: "
                "deleted");
    } else if (job_is_expired(record, job->limits.valid_for_s, now_s,
                              &unknown)) {
        job->result = OFFLINE_EXPIRED;
        if (!unknown)
            offline_file_delete(folder, job->uid);
        job_say(job, 0, "%s",
                unknown ? "the clock is behind that of an earlier attempt"
                        : "the last online sign-in is too long ago");
    } else if (record->failures >= job->limits.attempts) {
        job->result = OFFLINE_EXHAUSTED;
        job_say(job, 0,
                "too many wrong passwords since the last online "
                "sign-in");
    } else {
        return true;
    }
    return false;
}

/*
 * The attempt is counted, on the disk, before anybody can learn what comes of
 * it: pulling the plug gives none back.
 */
static void
job_check(struct offline_job *job, int folder, int64_t now_s)
{
    struct offline_record record;
    int error = job_read(job, folder, &record);

    job->result =
        error == -ENOENT || error == -EPROTO ? OFFLINE_NONE : OFFLINE_FAILED;
    if (error == -ENOENT)
        job_say(job, 0, "nothing is remembered of this user");
    if (error != 0 || !job_counts(job, folder, &record, now_s)) {
        explicit_bzero(&record, sizeof(record));
        return;
    }
    record.failures++;
    if (record.seen_at_s < now_s)
        record.seen_at_s = now_s;
    job->result = OFFLINE_FAILED;
    error = offline_file_write(folder, &record);
    if (error == 0)
        error = offline_hash_check(job->password.text, record.verifier);
    if (error == 0) {
        record.failures--;
        error = offline_file_write(folder, &record);
        /* Then it stays counted; the password is right all the same. */
        job->result = OFFLINE_ACCEPTED;
        job_say(job, error == 0 ? 0 : LOG_WARNING,
                error == 0 ? "the password is the remembered one"
                           : "the verifier cannot be written");
    } else if (error == -EACCES) {
        job->result = OFFLINE_WRONG;
        job_say(job, 0,
                "the password is not the remembered one, attempt %u of %u",
                (unsigned)record.failures, job->limits.attempts);
    } else {
        job_say(job, LOG_ERR, "the verifier cannot be asked: %s",
                strerror(-error));
    }
    explicit_bzero(&record, sizeof(record));
}

/*
 * A new one at each online success: to see whether the password is still the
 * remembered one would take as long as hashing it anew.  Where that fails the
 * old one goes, whose password may be another.
 */
static void
job_remember(struct offline_job *job, int folder, int64_t now_s)
{
    const struct offline_user user = job_user(job);
    struct offline_record record;
    int error = offline_record_fill(&record, &user, now_s);

    if (error == 0)
        error = offline_hash_make(job->password.text, record.verifier);
    if (error == 0)
        error = offline_file_write(folder, &record);
    if (error == 0) {
        job_say(job, LOG_DEBUG, "verifier of %s written", job->name);
    } else {
        offline_file_delete(folder, job->uid);
        job_say(job, LOG_WARNING,
                "%s will not be able to sign in offline: the verifier cannot "
                "be made: %s",
                job->name, strerror(-error));
    }
    explicit_bzero(&record, sizeof(record));
}

static void
job_forget(struct offline_job *job, int folder)
{
    struct offline_record record;
    int error = offline_file_read(folder, job->uid, &record);
    bool there = error != -ENOENT;

    if (error == 0)
        explicit_bzero(&record, sizeof(record));
    error = offline_file_delete(folder, job->uid);
    if (error != 0)
        job_say(job, LOG_ERR, "the verifier of uid %u cannot be deleted: %s",
                (unsigned)job->uid, strerror(-error));
    else if (there)
        job_say(job, LOG_NOTICE, "the verifier of uid %u is deleted",
                (unsigned)job->uid);
}

static void
job_doubt(struct offline_job *job, int folder)
{
    struct offline_record record;
    int error = job_read(job, folder, &record);

    if (error == -ENOENT || error == -EPROTO)
        return;
    if (error == 0)
        error = offline_hash_check(job->password.text, record.verifier);
    explicit_bzero(&record, sizeof(record));
    if (error == -EACCES)
        return;
    error = offline_file_delete(folder, job->uid);
    job_say(job, error == 0 ? LOG_NOTICE : LOG_ERR,
            "the provider no longer accepts the remembered password of uid "
            "%u: its verifier %s",
            (unsigned)job->uid,
            error == 0 ? "is deleted" : "cannot be deleted");
}

static bool
job_has_name(const struct offline_record *record, const void *context)
{
    return strcmp(record->name, context) == 0;
}

/* What can never count again.  A clock that is behind may be put right. */
static bool
job_has_expired(const struct offline_record *record, const void *context)
{
    const struct offline_job *job = context;
    bool unknown = false;

    return job_is_expired(record, job->limits.valid_for_s, time(NULL),
                          &unknown) &&
           !unknown;
}

static void
job_sweep(struct offline_job *job, int folder)
{
    int count = job->work == OFFLINE_SWEEP
                    ? offline_folder_sweep(folder, job_has_expired, job)
                    : offline_folder_sweep(folder, job_has_name, job->name);

    if (count < 0)
        job_say(job, LOG_ERR, "verifiers cannot be deleted: %s",
                strerror(-count));
    else if (count > 0)
        job_say(job, LOG_NOTICE, "%d verifier%s deleted: %s", count,
                count == 1 ? "" : "s",
                job->work == OFFLINE_SWEEP ? "expired, or no verifiers at all"
                                           : job->name);
}

void
offline_job_run(struct offline_job *job, const char *path, int64_t now_s)
{
    cleanup_close int folder =
        offline_folder_open(path, job->work == OFFLINE_REMEMBER);

    job->result = OFFLINE_FAILED;
    if (folder == -ENOENT) {
        job->result = OFFLINE_NONE;
        job_say(job, 0, "nothing is remembered of anybody");
        return;
    }
    if (folder < 0) {
        job_say(job, LOG_ERR, "%s cannot be used: %s", path, strerror(-folder));
        return;
    }
    switch (job->work) {
    case OFFLINE_CHECK:
        job_check(job, folder, now_s);
        break;
    case OFFLINE_REMEMBER:
        job_remember(job, folder, now_s);
        break;
    case OFFLINE_DOUBT:
        job_doubt(job, folder);
        break;
    case OFFLINE_FORGET:
        job_forget(job, folder);
        break;
    case OFFLINE_FORGET_NAME:
    case OFFLINE_SWEEP:
        job_sweep(job, folder);
        break;
    case OFFLINE_WORK_NONE:
        break;
    }
}
