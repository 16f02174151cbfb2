/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signind(8): start, run, stop.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ask_sign_in.h"
#include "check/check.h"
#include "daemon.h"
#include "enforce/enforce.h"
#include "json.h"
#include "listen.h"
#include "log.h"
#include "notify.h"
#include "peer.h"
#include "policy.h"
#include "prepare.h"
#include "recheck.h"
#include "shutdown.h"
#include "wipe.h"
#include "wire/people.h"

/* How long answers of a provider that are still to come, and tokens that have
 * no keys to be recovered from, may hold up the end of signind, in seconds. */
#define LINGER_S 5

/* `signind --prepare`, which goes before a reload, may have had to make the
 * anchor or a part of it anew. */
static void
main_open_anchor(struct daemon *daemon)
{
    struct keyring_anchor anchor;

    if (prepare_open_anchor(&daemon->account, &anchor) != 0)
        return;
    if (anchor.anchor != daemon->sessions.anchor.anchor)
        keyctl_unlink(daemon->sessions.anchor.anchor, KEY_SPEC_PROCESS_KEYRING);
    daemon->sessions.anchor = anchor;
}

static void
main_reload(evutil_socket_t signal_number, short what, void *context)
{
    struct daemon *daemon = context;

    (void)signal_number;
    (void)what;
    notify_manager("RELOADING=1");
    main_open_anchor(daemon);
    session_table_look(&daemon->sessions);
    if (daemon_load(daemon) == 0) {
        http_reset(daemon->http);
        directory_reload(daemon->directory, &daemon->sessions.provider_context,
                         daemon->config);
        daemon_apply_offline(daemon);
        daemon_sweep(daemon);
        log_notice("configuration read again");
    } else {
        log_error("the new configuration has mistakes: the old one stays in "
                  "force");
    }
    notify_manager("READY=1");
}

/* Tokens without keys, and refreshes whose answer would be lost: where the
 * provider rotates, the only refresh token with it. */
static void
main_count_unfinished(struct session *session, void *context)
{
    size_t *count = context;

    if (session->keys.keep == 0 ||
        (session->state == SESSION_LIVE && session->call != NULL))
        (*count)++;
}

static void
main_linger(evutil_socket_t fd, short what, void *context)
{
    struct daemon *daemon = context;
    size_t unfinished = daemon->sign_ins_in_flight;

    (void)fd;
    (void)what;
    session_each(&daemon->sessions, main_count_unfinished, &unfinished);
    if (unfinished == 0)
        event_base_loopbreak(daemon->base);
}

/* Nothing is revoked because signind stops: sessions live in the kernel and
 * are taken up by the next one. */
static void
main_stop(evutil_socket_t signal_number, short what, void *context)
{
    struct daemon *daemon = context;
    const struct timeval at_most = {.tv_sec = LINGER_S};
    const struct timeval every = {.tv_usec = 50000};
    (void)signal_number;
    (void)what;
    notify_manager("STOPPING=1");
    for (size_t i = 0; i < DOORS; i++)
        door_shut(&daemon->doors[i]);
    if (daemon->linger == NULL)
        daemon->linger =
            event_new(daemon->base, -1, EV_PERSIST, main_linger, daemon);
    if (daemon->linger == NULL || event_add(daemon->linger, &every) != 0)
        event_base_loopbreak(daemon->base);
    event_base_loopexit(daemon->base, &at_most);
    main_linger(-1, 0, daemon);
}

static int
main_signals(struct daemon *daemon)
{
    const struct {
        int number;
        event_callback_fn handler;
    } signals[] = {
        {SIGHUP, main_reload}, {SIGTERM, main_stop}, {SIGINT, main_stop}};

    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        daemon->signals[i] = evsignal_new(daemon->base, signals[i].number,
                                          signals[i].handler, daemon);
        if (daemon->signals[i] == NULL ||
            event_add(daemon->signals[i], NULL) != 0)
            return -ENOMEM;
    }
    return 0;
}

/* As root: make what only root can.  Then, root or not, the sockets and the
 * anchor; and root is given up. */
static int
main_acquire(struct daemon *daemon, struct listen_sockets *sockets)
{
    int error = listen_inherit(sockets);
    bool inherited = error == 0;

    if (error == -EINVAL)
        return error;
    if (geteuid() == 0) {
        error = prepare_run(&daemon->account);
        if (error == 0 && !inherited)
            error = listen_make(sockets);
        if (error == 0)
            error = enforce_start_helper(&daemon->enforcer);
        if (error == 0)
            error = account_drop(&daemon->account);
        if (error != 0)
            return error;
    } else if (!inherited) {
        log_error("start signind from its systemd units, or as root: it then "
                  "becomes %s by itself",
                  DAEMON_USER);
        return -EPERM;
    } else if (getuid() != daemon->account.uid ||
               getgid() != daemon->account.gid) {
        log_error("started as uid %u gid %u, not as %s", getuid(), getgid(),
                  DAEMON_USER);
        return -EPERM;
    }
    account_harden();
    return prepare_open_anchor(&daemon->account, &daemon->sessions.anchor);
}

/* Root's door opens last: by then all that it needs is there. */
static int
main_open_doors(struct daemon *daemon, const struct listen_sockets *sockets)
{
    int nss = listen_make_nss(), error;

    if (nss < 0)
        return nss;
    error = door_open(&daemon->doors[0], daemon, PEER_NSS, nss);
    if (error == 0)
        error =
            door_open(&daemon->doors[1], daemon, PEER_PUBLIC, sockets->public);
    if (error == 0)
        error = door_open(&daemon->doors[2], daemon, PEER_PAM, sockets->pam);
    return error;
}

/* What the sessions need of the daemon, and whom they tell of what. */
static void
main_connect(struct daemon *daemon)
{
    struct session_table *sessions = &daemon->sessions;

    sessions->base = daemon->base;
    sessions->gid = daemon->account.gid;
    sessions->provider_context.http = daemon->http;
    sessions->provider_context.host_name = daemon->host_name;
    sessions->enforce = enforce_ask;
    sessions->enforce_context = &daemon->enforcer;
    sessions->recheck = recheck_start;
    sessions->recheck_context = daemon;
    sessions->late_begin = sign_in_late_begin;
    sessions->late_accept = sign_in_late_accept;
    sessions->late_context = daemon;
    sessions->refused = sign_in_refused;
    sessions->refused_context = daemon;
}

static int
main_start(struct daemon *daemon)
{
    struct listen_sockets sockets = {-1, -1};
    int error = main_acquire(daemon, &sockets);

    if (error != 0)
        return error;
    error = daemon_load(daemon);
    if (error != 0) {
        log_error("not started: mend the configuration first");
        return error;
    }
    daemon->base = event_base_new();
    if (daemon->base == NULL || event_base_priority_init(daemon->base, 2) != 0)
        return -ENOMEM;
    daemon->http = http_new(daemon->base);
    daemon->throttle = throttle_new();
    if (daemon->http == NULL || daemon->throttle == NULL)
        return -ENOMEM;
    if (gethostname(daemon->host_name, sizeof(daemon->host_name) - 1) != 0)
        strcpy(daemon->host_name, "localhost");
    main_connect(daemon);
    if ((error = session_table_start(&daemon->sessions)) == 0 &&
        (error = main_signals(daemon)) == 0 &&
        (error = session_recover(&daemon->sessions)) == 0) {
        daemon->directory =
            directory_open(&daemon->sessions.provider_context, daemon->config);
        error =
            daemon->directory == NULL ? -ENOMEM : daemon_apply_offline(daemon);
        if (error == 0)
            error = main_open_doors(daemon, &sockets);
    }
    if (error != 0)
        log_error("cannot start: %s", strerror(-error));
    return error;
}

static void
main_free_events(struct daemon *daemon)
{
    struct event *events[] = {daemon->signals[0], daemon->signals[1],
                              daemon->signals[2], daemon->linger};

    for (size_t i = 0; i < DOORS; i++)
        door_shut(&daemon->doors[i]);
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (events[i] != NULL)
            event_free(events[i]);
    }
    if (daemon->base != NULL)
        event_base_free(daemon->base);
}

static void
main_finish(struct daemon *daemon)
{
    struct peer *peer;
    struct generation *generation;

    while ((peer = TAILQ_FIRST(&daemon->peers)) != NULL)
        peer_drop(peer);
    ask_sign_in_stop(daemon);
    daemon_stop_offline(daemon);
    recheck_stop(daemon);
    directory_close(daemon->directory);
    if (daemon->sessions.base != NULL)
        session_table_stop(&daemon->sessions);
    http_free(daemon->http);
    throttle_free(daemon->throttle);
    while ((generation = SLIST_FIRST(&daemon->generations)) != NULL) {
        SLIST_REMOVE_HEAD(&daemon->generations, link);
        daemon_free_generation(generation);
    }
    main_free_events(daemon);
}

static int
main_run(void)
{
    struct daemon *daemon = calloc(1, sizeof(*daemon));
    struct rlimit files;
    int error;

    if (daemon == NULL)
        return EXIT_FAILURE;
    TAILQ_INIT(&daemon->peers);
    LIST_INIT(&daemon->sign_ins);
    LIST_INIT(&daemon->rechecks);
    SLIST_INIT(&daemon->generations);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    error = account_find(&daemon->account);
    if (error == 0)
        error = main_start(daemon);
    if (error == 0) {
        log_notice("signind %s is ready, %zu providers, %zu directories",
                   PACKAGE_VERSION, daemon->config->provider_count,
                   daemon->config->directory_count);
        notify_manager("READY=1");
        event_base_dispatch(daemon->base);
        log_notice("stopped; %zu sessions stay in the kernel",
                   daemon->sessions.count);
    }
    main_finish(daemon);
    free(daemon);
    return error == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
main_prepare(void)
{
    struct account account;

    if (geteuid() != 0) {
        log_error("--prepare needs root");
        return EXIT_FAILURE;
    }
    if (account_find(&account) != 0 || prepare_run(&account) != 0)
        return EXIT_FAILURE;
    return EXIT_SUCCESS;
}

static void
main_usage(FILE *out)
{
    fputs("usage: signind             run in the foreground\n"
          "       signind --prepare   make the keyrings, " RUNSTATEDIR
          "/signin and " PEOPLE_STATE ", as root\n"
          "       signind --enforce   carry out on_refusal where it is due, as "
          "root\n"
          "       signind --revoke-all   end every session, as at shutdown\n"
          "       signind --check [--user NAME] [--provider NAME] [--json]\n"
          "                           what signin check runs, see signin(1)\n"
          "       signind --help | --version\n"
          "See signind(8).\n",
          out);
}

int
main(int count, char **arguments)
{
    static const struct option options[] = {
        {"prepare", no_argument, NULL, 'p'},
        {"revoke-all", no_argument, NULL, 'r'},
        {"enforce", no_argument, NULL, 'e'},
        {"enforce-when-asked", no_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0}};
    int option;

    account_use_files();
    /* Passwords and tokens pass through all of these. */
    event_set_mem_functions(wipe_malloc, wipe_realloc, wipe_release);
    json_use_wiping_memory();
    log_open(LOG_INFO);
    if (count > 1 && strcmp(arguments[1], "--check") == 0)
        return check_run(count - 1, arguments + 1);
    option = getopt_long(count, arguments, "", options, NULL);
    if (optind < count || option == '?') {
        main_usage(stderr);
        return 2;
    }
    switch (option) {
    case 'p':
        return main_prepare();
    case 'r':
        return shutdown_revoke_all();
    case 'e':
        return enforce_all();
    case 'w':
        return enforce_help();
    case 'h':
        main_usage(stdout);
        return EXIT_SUCCESS;
    case 'V':
        puts("signind " PACKAGE_VERSION);
        return EXIT_SUCCESS;
    default:
        return main_run();
    }
}
