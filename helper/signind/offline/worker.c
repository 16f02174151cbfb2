/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thread that hashes, and its queue.  What somebody waits for goes before
 * background work, but never before what was asked earlier about the same
 * user; what is to be forgotten goes first of all.
 */
#include "offline_private.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static int64_t
worker_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
worker_count(struct offline_worker *worker, const struct offline_job *job,
             int by)
{
    size_t *count =
        job->work == OFFLINE_CHECK ? &worker->checks : &worker->background;

    *count = by > 0 ? *count + 1 : *count - 1;
}

/* The next job, or NULL: stop.  Called under lock. */
static struct offline_job *
worker_next(struct offline_worker *worker)
{
    struct offline_job *job;

    while ((job = TAILQ_FIRST(&worker->todo)) == NULL && !worker->stopping)
        pthread_cond_wait(&worker->wake, &worker->lock);
    if (job == NULL)
        return NULL;
    TAILQ_REMOVE(&worker->todo, job, link);
    worker_count(worker, job, -1);
    /* No time left: nobody waits for a check, and a password that cannot be
     * remembered may have replaced the one that is. */
    if (worker->stopping && worker_now_ms() >= worker->stop_by_ms &&
        (job->work == OFFLINE_REMEMBER || job->work == OFFLINE_DOUBT))
        job->work = OFFLINE_FORGET;
    return job;
}

static void
worker_tell(struct offline_worker *worker)
{
    const uint64_t one = 1;

    /* It cannot be full: the loop takes all at once. */
    if (write(worker->done_fd, &one, sizeof(one)) < 0)
        return;
}

static void *
worker_run(void *context)
{
    struct offline_worker *worker = context;
    struct offline_job *job;

    pthread_mutex_lock(&worker->lock);
    while ((job = worker_next(worker)) != NULL) {
        bool skip = worker->stopping && job->work == OFFLINE_CHECK;

        pthread_mutex_unlock(&worker->lock);
        job->result = OFFLINE_FAILED;
        if (!skip)
            offline_job_run(job, worker->path, time(NULL));
        secret_done(&job->password);
        pthread_mutex_lock(&worker->lock);
        TAILQ_INSERT_TAIL(&worker->done, job, link);
        worker_tell(worker);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

int
offline_worker_start(struct offline_worker *worker, const char *path)
{
    sigset_t all, before;
    int error;

    *worker = (struct offline_worker){.path = path};
    TAILQ_INIT(&worker->todo);
    TAILQ_INIT(&worker->done);
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->wake, NULL);
    worker->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (worker->done_fd < 0)
        return -errno;
    /* Signals are the loop's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = -pthread_create(&worker->thread, NULL, worker_run, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        close(worker->done_fd);
    return error;
}

void
offline_worker_stop(struct offline_worker *worker, unsigned within_ms)
{
    pthread_mutex_lock(&worker->lock);
    worker->stopping = true;
    worker->stop_by_ms = worker_now_ms() + within_ms;
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    pthread_cond_destroy(&worker->wake);
    pthread_mutex_destroy(&worker->lock);
    close(worker->done_fd);
}

/* Is it work on what may be remembered of that user?  The password that came
 * last is the one to remember; what is forgotten needs no doubt, and must not
 * be remembered after it. */
static bool
worker_is_moot(const struct offline_job *old, const struct offline_job *new)
{
    if (new->work == OFFLINE_FORGET_NAME)
        return old->work == OFFLINE_REMEMBER &&
               strcmp(old->name, new->name) == 0;
    if (old->uid != new->uid)
        return false;
    if (new->work == OFFLINE_FORGET || new->work == OFFLINE_REMEMBER)
        return old->work == OFFLINE_REMEMBER || old->work == OFFLINE_DOUBT ||
               old->work == OFFLINE_FORGET;
    return false;
}

static void
worker_drop_moot(struct offline_worker *worker, const struct offline_job *new)
{
    struct offline_job *old = TAILQ_FIRST(&worker->todo);

    while (old != NULL) {
        struct offline_job *next = TAILQ_NEXT(old, link);

        if (worker_is_moot(old, new)) {
            TAILQ_REMOVE(&worker->todo, old, link);
            worker_count(worker, old, -1);
            offline_job_free(old);
        }
        old = next;
    }
}

/* Behind the last job that somebody waits for or that is about that user. */
static void
worker_insert_check(struct offline_worker *worker, struct offline_job *job)
{
    struct offline_job *other, *behind = NULL;

    TAILQ_FOREACH(other, &worker->todo, link)
    {
        if (other->work == OFFLINE_CHECK || other->uid == job->uid ||
            other->work == OFFLINE_FORGET || other->work == OFFLINE_FORGET_NAME)
            behind = other;
    }
    if (behind == NULL)
        TAILQ_INSERT_HEAD(&worker->todo, job, link);
    else
        TAILQ_INSERT_AFTER(&worker->todo, behind, job, link);
}

bool
offline_worker_add(struct offline_worker *worker, struct offline_job *job)
{
    bool forget =
        job->work == OFFLINE_FORGET || job->work == OFFLINE_FORGET_NAME;
    bool room;

    pthread_mutex_lock(&worker->lock);
    worker_drop_moot(worker, job);
    room = forget || (job->work == OFFLINE_CHECK
                          ? worker->checks < OFFLINE_CHECKS_MAX
                          : worker->background < OFFLINE_QUEUE_MAX);
    if (room) {
        if (forget)
            TAILQ_INSERT_HEAD(&worker->todo, job, link);
        else if (job->work == OFFLINE_CHECK)
            worker_insert_check(worker, job);
        else
            TAILQ_INSERT_TAIL(&worker->todo, job, link);
        worker_count(worker, job, 1);
        pthread_cond_signal(&worker->wake);
    }
    pthread_mutex_unlock(&worker->lock);
    return room;
}

void
offline_worker_take(struct offline_worker *worker, struct offline_jobs *jobs)
{
    uint64_t count;

    pthread_mutex_lock(&worker->lock);
    if (read(worker->done_fd, &count, sizeof(count)) < 0)
        count = 0;
    TAILQ_CONCAT(jobs, &worker->done, link);
    pthread_mutex_unlock(&worker->lock);
}
