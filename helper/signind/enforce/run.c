/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signind --enforce: one look at what has been asked for.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "end.h"
#include "files.h"
#include "keyring/keyring.h"
#include "logind.h"
#include "signind/account.h"
#include "signind/log.h"
#include "tell.h"
#include "wire/memory.h"

/* At most so many in one run; systemd starts the next at once. */
#define RUN_REQUESTS_MAX 1024
/* Between asking processes to end and killing them. */
#define RUN_GRACE_MS 5000

struct run {
    const struct enforce_place *place;
    int sessions, requests;
    struct ending ending;
    struct ended {
        char id[KEYRING_ID_LENGTH + 1];
        struct enforce_opening opening;
    } * ended; /* terminated: their requests go when that is done */
    size_t ended_count;
};

/* A session, and what is to become of it. */
struct deed {
    const char *id;
    struct enforce_opening opening;
    struct enforce_request request;
    struct process *family;
    size_t family_count;
    char logind[LOGIND_ID_MAX + 1]; /* "": none */
};

static void
deed_log(const struct deed *deed, const char *what)
{
    log_notice("session %.8s of %s (uid %u): %s: provider %s: %s: %s", deed->id,
               deed->opening.user, deed->opening.uid,
               enforce_action_name(deed->request.action),
               deed->request.provider, deed->request.reason, what);
}

/* ---- the three actions ----------------------------------------------------
 */

static size_t
deed_tell(const struct deed *deed)
{
    static const char *const after[] = {
        [ENFORCE_NONE] = "",
        [ENFORCE_NOTIFY] = "",
        [ENFORCE_LOCK] = " Until then sudo and logins by key are locked.",
        [ENFORCE_TERMINATE] = " This session is ended now.",
    };
    char line[ENFORCE_TEXT_MAX * 2 + 256];

    snprintf(line, sizeof(line),
             "\r\nsignin: your session at %s has ended: %s. Sign in "
             "again.%s\r\n",
             deed->request.provider, deed->request.reason,
             after[deed->request.action]);
    return tell_terminals(deed->family, deed->family_count, deed->opening.uid,
                          line);
}

static void
deed_lock(struct run *run, const struct deed *deed)
{
    int error = deed->logind[0] == '\0'
                    ? -ENOENT
                    : logind_do(run->place, "lock-session", deed->logind);

    deed_log(deed, error == 0         ? "told, and its screen locked"
                   : error == -ENOENT ? "told; it has no screen to lock"
                                      : "told; logind cannot lock its screen");
}

static void
deed_terminate(struct run *run, const struct deed *deed)
{
    struct ended *ended;
    bool by_logind;

    /* logind would end it as well, as who leads the session. */
    if (files_opener_shared(run->sessions, deed->id, &deed->opening)) {
        deed_log(deed, "not ended: its opener has opened others, too");
        return;
    }
    by_logind = deed->logind[0] != '\0' &&
                logind_do(run->place, "terminate-session", deed->logind) == 0;
    end_begin(&run->ending, deed->family, deed->family_count, by_logind);
    deed_log(deed, by_logind ? "ended by logind" : "its processes are ended");
    ended = reallocarray(run->ended, run->ended_count + 1, sizeof(*ended));
    if (ended == NULL)
        return;
    run->ended = ended;
    memcpy(ended[run->ended_count].id, deed->id, KEYRING_ID_LENGTH + 1);
    ended[run->ended_count++].opening = deed->opening;
}

static void
deed_do(struct run *run, struct deed *deed)
{
    size_t told = deed_tell(deed);

    if (deed->request.action != ENFORCE_NOTIFY &&
        !logind_find(run->place, &deed->opening, deed->logind))
        deed->logind[0] = '\0';
    switch (deed->request.action) {
    case ENFORCE_LOCK:
        deed_lock(run, deed);
        break;
    case ENFORCE_TERMINATE:
        deed_terminate(run, deed);
        break;
    case ENFORCE_NOTIFY:
        deed_log(deed, told > 0 ? "told" : "it has no terminal to be told on");
        break;
    case ENFORCE_NONE:
        break;
    }
}

/* ---- requests -------------------------------------------------------------
 */

/* May anything be done to it at all?  NULL, or why not. */
static const char *
deed_find(struct run *run, struct deed *deed)
{
    int error = files_read_opening(run->sessions, deed->id, &deed->opening);

    if (error == -ENOENT)
        return "no such session is open";
    if (error != 0)
        return "its file cannot be believed";
    if (!people_id_valid(deed->opening.uid))
        return "it is a system account's";
    error = process_family(deed->opening.pid, deed->opening.start,
                           &deed->family, &deed->family_count);
    if (error == -ESRCH)
        return "the process that opened it has ended";
    return error != 0 ? strerror(-error) : NULL;
}

static void
run_one(struct run *run, const char *id)
{
    char text[ENFORCE_FILE_MAX + 1];
    struct deed deed = {.id = id};
    int length = files_read(run->requests, id, run->place->daemon_uid, text);
    int error =
        length < 0 ? length
                   : enforce_parse_request(text, (size_t)length, &deed.request);
    size_t ended_before = run->ended_count;
    const char *why = NULL;

    if (error == 0)
        why = deed_find(run, &deed);
    if (error != 0)
        log_warning("request for session %.8s: not one (%s): dropped", id,
                    strerror(-error));
    else if (why != NULL)
        log_info("request for session %.8s (%s): %s: dropped", id,
                 enforce_action_name(deed.request.action), why);
    else
        deed_do(run, &deed);
    free(deed.family);
    if (run->ended_count == ended_before)
        unlinkat(run->requests, id, 0);
}

/* What is no request: half written, or put there by whoever holds _signin.
 * False: it cannot be removed, or not yet. */
static bool
run_tidy(struct run *run, const char *name)
{
    struct stat status;

    if (fstatat(run->requests, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return true;
    if (name[0] == '.' && S_ISREG(status.st_mode) &&
        time(NULL) - status.st_ctime < FILES_HALF_WRITTEN_S)
        return false;
    return unlinkat(run->requests, name,
                    S_ISDIR(status.st_mode) ? AT_REMOVEDIR : 0) == 0 ||
           errno == ENOENT;
}

/* Returns whether all that was there has been dealt with. */
static bool
run_requests(struct run *run)
{
    int copy = openat(run->requests, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    bool clean = true;

    if (list == NULL) {
        if (copy >= 0)
            close(copy);
        return false;
    }
    for (int count = 0;
         count < RUN_REQUESTS_MAX && (entry = readdir(list)) != NULL;) {
        struct stat status;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        if (keyring_id_valid(entry->d_name) &&
            fstatat(run->requests, entry->d_name, &status,
                    AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode))
            run_one(run, entry->d_name);
        else if (!run_tidy(run, entry->d_name))
            clean = false;
    }
    closedir(list);
    return clean;
}

/* Those who did not heed, and what they have started meanwhile. */
static void
run_kill(struct run *run)
{
    size_t killed = end_finish(&run->ending, run->place->grace_ms);

    for (size_t i = 0; i < run->ended_count; i++) {
        const struct ended *ended = &run->ended[i];
        struct process *family = NULL;
        size_t count = 0;

        if (process_family(ended->opening.pid, ended->opening.start, &family,
                           &count) == 0)
            end_begin(&run->ending, family, count, true);
        free(family);
        killed += end_finish(&run->ending, 0);
        unlinkat(run->requests, ended->id, 0);
    }
    if (killed > 0)
        log_notice("%zu processes had to be killed", killed);
    free(run->ended);
}

int
enforce_run(const struct enforce_place *place)
{
    struct run run = {.place = place, .sessions = -1, .requests = -1};
    const struct timespec pause = {.tv_sec = 1};
    struct rlimit files;
    bool clean = false;
    int error = 0;

    /* A pidfd for each process that is to end. */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    run.sessions = files_open(place, ENFORCE_SESSIONS_NAME, 0);
    run.requests = files_open(place, ENFORCE_REQUESTS_NAME, place->daemon_uid);
    if (run.sessions < 0 || run.requests < 0) {
        error = run.sessions < 0 ? run.sessions : run.requests;
        log_error("%s is not as signind --prepare makes it: %s", place->runtime,
                  strerror(-error));
    } else if (flock(run.requests, LOCK_EX) != 0) {
        /* Not sessions/, which everybody may open, and lock for ever. */
        error = -errno;
    } else {
        clean = run_requests(&run);
        run_kill(&run);
        enforce_sweep(run.sessions);
    }
    /* systemd starts us again while anything is there: not in a loop. */
    if (!clean)
        nanosleep(&pause, NULL);
    if (run.sessions >= 0)
        close(run.sessions);
    if (run.requests >= 0)
        close(run.requests);
    return error;
}

int
enforce_all(void)
{
    struct enforce_place place = {.runtime = CHANNEL_DIRECTORY,
                                  .loginctl = "/usr/bin/loginctl",
                                  .grace_ms = RUN_GRACE_MS};
    struct account account;

    if (geteuid() != 0) {
        log_error("--enforce needs root");
        return EXIT_FAILURE;
    }
    if (account_find(&account) != 0)
        return EXIT_FAILURE;
    place.daemon_uid = account.uid;
    return enforce_run(&place) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
