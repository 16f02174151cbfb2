/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The room's face: requests go to the thread, answers come back to the loop.
 */
#include "offline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "offline_private.h"
#include "signind/log.h"

/* A verifier that has expired lies on the disk that much longer at most. */
#define SWEEP_EVERY_S 3600
/* What the end of signind may have to wait for. */
#define STOP_WITHIN_MS 3000

/* Somebody who waits. */
struct offline_check {
    struct offline_job *job; /* the worker's until it is done */
    offline_done *done;
    void *context;
};

struct offline {
    struct event_base *base;
    char *folder;
    struct offline_limits limits;
    bool running;
    struct offline_worker worker;
    struct event *answered, *sweep;
};

/* An answer.  Log lines are written here: the log is the loop's. */
static void
offline_deliver(struct offline_job *job)
{
    struct offline_check *check = job->check;

    if (job->priority != 0)
        log_line(job->priority, "offline: %s", job->why);
    if (check != NULL) {
        check->done(check->context, job->result, job->why);
        free(check);
    }
    offline_job_free(job);
}

static void
offline_deliver_all(struct offline_jobs *jobs)
{
    struct offline_job *job;

    while ((job = TAILQ_FIRST(jobs)) != NULL) {
        TAILQ_REMOVE(jobs, job, link);
        offline_deliver(job);
    }
}

static void
offline_answered(evutil_socket_t fd, short what, void *context)
{
    struct offline *offline = context;
    struct offline_jobs jobs = TAILQ_HEAD_INITIALIZER(jobs);

    (void)fd;
    (void)what;
    offline_worker_take(&offline->worker, &jobs);
    offline_deliver_all(&jobs);
}

/* Hand it to the thread, which owns it then.  false: it is freed. */
static bool
offline_add(struct offline *offline, struct offline_job *job)
{
    if (job == NULL)
        return false;
    job->limits = offline->limits;
    if (offline_worker_add(&offline->worker, job))
        return true;
    offline_job_free(job);
    return false;
}

static void
offline_sweep(evutil_socket_t fd, short what, void *context)
{
    struct offline *offline = context;
    const struct offline_user nobody = {.uid = (uid_t)-1};

    (void)fd;
    (void)what;
    offline_add(offline, offline_job_new(OFFLINE_SWEEP, &nobody, NULL));
}

static void
offline_free_events(struct offline *offline)
{
    if (offline->answered != NULL)
        event_free(offline->answered);
    if (offline->sweep != NULL)
        event_free(offline->sweep);
    offline->answered = offline->sweep = NULL;
}

static void
offline_start(struct offline *offline)
{
    const struct timeval every = {.tv_sec = SWEEP_EVERY_S};
    int error = offline_worker_start(&offline->worker, offline->folder);

    if (error != 0) {
        log_error("offline: cannot begin a thread: %s: nobody can sign in "
                  "offline",
                  strerror(-error));
        return;
    }
    offline->running = true;
    offline->answered =
        event_new(offline->base, offline->worker.done_fd, EV_READ | EV_PERSIST,
                  offline_answered, offline);
    offline->sweep =
        event_new(offline->base, -1, EV_PERSIST, offline_sweep, offline);
    if (offline->answered == NULL || offline->sweep == NULL ||
        event_add(offline->answered, NULL) != 0 ||
        event_add(offline->sweep, &every) != 0) {
        log_error("offline: out of memory: nobody can sign in offline");
        /* Nobody would hear what the thread finds out. */
        offline_worker_stop(&offline->worker, 0);
        offline->running = false;
        offline_free_events(offline);
    }
}

/* deliver: those who wait are told that it cannot be told, even if the thread
 * has found out: it has been switched off. */
static void
offline_stop(struct offline *offline, bool deliver)
{
    struct offline_job *job;

    if (!offline->running)
        return;
    /* What is switched off is deleted: the loop need not wait for more. */
    offline_worker_stop(&offline->worker, deliver ? 0 : STOP_WITHIN_MS);
    offline->running = false;
    offline_free_events(offline);
    TAILQ_FOREACH(job, &offline->worker.done, link)
    {
        if (deliver && job->work == OFFLINE_CHECK)
            job->result = OFFLINE_FAILED;
        if (!deliver) {
            free(job->check);
            job->check = NULL;
        }
    }
    offline_deliver_all(&offline->worker.done);
}

static void
offline_purge(const struct offline *offline)
{
    int count = offline_folder_purge(offline->folder);

    if (count < 0)
        log_error("cached_sign_in = no, but %s cannot be emptied: %s; delete "
                  "it",
                  offline->folder, strerror(-count));
    else if (count > 0)
        log_notice("cached_sign_in = no: %d verifier%s in %s deleted", count,
                   count == 1 ? "" : "s", offline->folder);
}

void
offline_set_limits(struct offline *offline, const struct offline_limits *limits)
{
    offline->limits = *limits;
    if (limits->enabled) {
        if (!offline->running)
            offline_start(offline);
        if (offline->running)
            offline_sweep(-1, 0, offline);
    } else {
        offline_stop(offline, true);
        offline_purge(offline);
    }
}

struct offline *
offline_open(struct event_base *base, const char *folder,
             const struct offline_limits *limits)
{
    struct offline *offline = calloc(1, sizeof(*offline));

    if (offline == NULL)
        return NULL;
    offline->base = base;
    offline->folder = strdup(folder);
    if (offline->folder == NULL) {
        free(offline);
        return NULL;
    }
    offline_set_limits(offline, limits);
    return offline;
}

void
offline_close(struct offline *offline)
{
    if (offline == NULL)
        return;
    offline_stop(offline, false);
    free(offline->folder);
    free(offline);
}

struct offline_check *
offline_check(struct offline *offline, const struct offline_user *user,
              const char *password, offline_done *done, void *context)
{
    struct offline_check *check;
    struct offline_job *job;

    if (!offline->running || user->issuer == NULL)
        return NULL;
    check = calloc(1, sizeof(*check));
    job = offline_job_new(OFFLINE_CHECK, user, password);
    if (check == NULL || job == NULL) {
        free(check);
        offline_job_free(job);
        return NULL;
    }
    *check = (struct offline_check){job, done, context};
    job->check = check;
    if (offline_add(offline, job))
        return check;
    log_warning("offline: too many sign-ins at once");
    free(check);
    return NULL;
}

void
offline_cancel(struct offline_check *check)
{
    if (check == NULL)
        return;
    /* The thread does not look at it. */
    check->job->check = NULL;
    free(check);
}

void
offline_remember(struct offline *offline, const struct offline_user *user,
                 const char *password)
{
    if (!offline->running)
        return;
    if (user->issuer != NULL &&
        offline_add(offline, offline_job_new(OFFLINE_REMEMBER, user, password)))
        return;
    log_warning("offline: the password of %s cannot be remembered now",
                user->name);
    /* The one that is remembered may be another by now. */
    offline_forget(offline, user->uid);
}

void
offline_doubt(struct offline *offline, uid_t uid, const char *password)
{
    const struct offline_user user = {.uid = uid};

    if (offline->running &&
        !offline_add(offline, offline_job_new(OFFLINE_DOUBT, &user, password)))
        offline_forget(offline, uid);
}

void
offline_forget(struct offline *offline, uid_t uid)
{
    const struct offline_user user = {.uid = uid};

    if (offline->running &&
        !offline_add(offline, offline_job_new(OFFLINE_FORGET, &user, NULL)))
        log_error("offline: out of memory: the verifier of uid %u is still "
                  "there",
                  (unsigned)uid);
}

void
offline_forget_name(struct offline *offline, const char *name)
{
    const struct offline_user user = {.name = name, .uid = (uid_t)-1};

    if (offline->running &&
        !offline_add(offline,
                     offline_job_new(OFFLINE_FORGET_NAME, &user, NULL)))
        log_error("offline: out of memory: the verifier of %s is still there",
                  name);
}
