/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * REUSE: may a sign-in do without a password, because the session that asks
 * began with one so recently ([access SERVICE] reuse_sign_in)?  Yes only if
 * the rule says so, the caller is inside that session, it is the user's own,
 * the directory and the rules still want the user, and the provider honours
 * the session's token at this moment.  Everything else means: ask for the
 * password.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask_user.h"
#include "log.h"
#include "policy.h"
#include "wire/memory.h"

/* The person waits without a prompt: shorter than what the module waits
 * (pam/daemon.h). */
#define REUSE_WITHIN_MS 8000
/* Under way at once for one session: no more is anybody's need. */
#define REUSE_PER_SESSION 8

struct reuse {
    struct peer *peer;
    const struct config *config;  /* one for the whole decision */
    struct user_check *check;     /* first the directory is asked, */
    struct provider_call *call;   /* ... then the provider: about the token, */
    struct session_waiter waiter; /* ... or for a new one */
    bool waiting;
    struct event *late;
    char id[WIRE_ID_LENGTH + 1];
    char *user, *service;
    uid_t uid;
    char rule[ASK_USER_RULE_MAX];
};

static struct session_table *
reuse_table(const struct reuse *reuse)
{
    return &reuse->peer->daemon->sessions;
}

static void
reuse_free(struct reuse *reuse)
{
    struct session *session = session_find(reuse_table(reuse), reuse->id);

    if (reuse->waiting && session != NULL)
        session_unwait(session, &reuse->waiter);
    user_check_cancel(reuse->check);
    provider_cancel(reuse->call);
    if (reuse->late != NULL)
        event_free(reuse->late);
    free(reuse->user);
    free(reuse->service);
    free(reuse);
}

static void
reuse_gone(void *work)
{
    reuse_free(work);
}

/* One line per decision; that the rule is off is none. */
static void
reuse_answer(struct reuse *reuse, enum wire_result result, const char *why)
{
    struct peer *peer = reuse->peer;

    log_line(result == WIRE_OK ? LOG_NOTICE : LOG_INFO,
             "reuse of session %.8s by %s (service %s): %s: %s%s%s", reuse->id,
             reuse->user, reuse->service, wire_result_name(result), reuse->rule,
             why[0] == '\0' ? "" : ": ", why);
    peer->work = NULL;
    reuse_free(reuse);
    peer_verdict(peer, result, NULL, NULL, 0);
}

/* The session, while it is one that may be reused; else why not. */
static struct session *
reuse_session(const struct reuse *reuse, const char **ret_why)
{
    struct session *session = session_find(reuse_table(reuse), reuse->id);
    const struct access_config *access =
        config_access_of(reuse->config, reuse->service);
    int64_t age_s;

    *ret_why = "there is no such session";
    if (session == NULL || session->state != SESSION_LIVE)
        return NULL;
    *ret_why = "the session is another user's";
    if (strcmp(session->user, reuse->user) != 0 || session->uid != reuse->uid)
        return NULL;
    *ret_why = "the provider has refused the session";
    if (session->health == HEALTH_REFUSED)
        return NULL;
    *ret_why = "the user is locked out until the next sign-in";
    if (session_user_locked(reuse_table(reuse), reuse->user))
        return NULL;
    *ret_why = "it was signed in offline";
    if (session->offline)
        return NULL;
    /* A time to come: the clock was set back. */
    age_s = session_now_s() - session->opened_at_s;
    *ret_why = "the sign-in is not recent";
    if (access == NULL || age_s < 0 || age_s > (int64_t)access->reuse_sign_in_s)
        return NULL;
    return session;
}

/* Everything has been asked; nothing may have changed meanwhile. */
static void
reuse_conclude(struct reuse *reuse, enum wire_result result, const char *why)
{
    const char *gone = NULL;

    if (result == WIRE_OK && reuse_session(reuse, &gone) == NULL)
        reuse_answer(reuse, WIRE_NO_SESSION, gone);
    else
        reuse_answer(reuse, result, why);
}

static void
reuse_told(void *context, const struct provider_result *result,
           struct provider_tokens *tokens)
{
    struct reuse *reuse = context;
    struct session *session = session_find(reuse_table(reuse), reuse->id);

    char name[PACE_NAME_MAX];

    (void)tokens;
    reuse->call = NULL;
    if (session != NULL) {
        circuit_note(reuse_table(reuse), session->provider, result);
        pace_name(name, session->provider, session->user);
        pace_note(reuse_table(reuse), name, result);
    }
    reuse_conclude(reuse, result->result, result->why);
}

static void
reuse_waited(struct session_waiter *waiter, enum wire_result result)
{
    struct reuse *reuse =
        (struct reuse *)(void *)((char *)waiter -
                                 offsetof(struct reuse, waiter));

    reuse->waiting = false;
    reuse_conclude(reuse, result, "refreshed");
}

/* Has the provider asked for time, or is it known to be away? */
static bool
reuse_must_wait(const struct reuse *reuse, const struct session *session)
{
    char name[PACE_NAME_MAX];

    pace_name(name, session->provider, session->user);
    return pace_wait_s(reuse_table(reuse), name) > 0 ||
           circuit_wait_ms(reuse_table(reuse), session->provider, true) > 0;
}

/* By the token that is there, or by asking for a new one. */
static void
reuse_ask_provider(struct reuse *reuse, struct session *session)
{
    const struct provider_config *provider = session_provider(session);
    cleanup_secret struct secret token = {0};
    bool has_token = !session->parked &&
                     (session->expires_at_s == 0 ||
                      session->expires_at_s > session_now_s()) &&
                     session_load_access_token(session, &token) == 0;

    if (provider == NULL) {
        reuse_answer(reuse, WIRE_MISCONFIGURED, "no such provider");
        return;
    }
    if (!has_token || !provider_can_check(provider)) {
        reuse->waiter.done = reuse_waited;
        reuse->waiting = true;
        session_wait(session, &reuse->waiter, true);
        return;
    }
    if (reuse_must_wait(reuse, session)) {
        reuse_answer(reuse, WIRE_UNAVAILABLE, "the provider is not asked now");
        return;
    }
    reuse->call = provider_check(&reuse_table(reuse)->provider_context,
                                 provider, session->user, session->subject,
                                 token.text, reuse_told, reuse);
    if (reuse->call == NULL)
        reuse_answer(reuse, WIRE_INTERNAL, "out of memory");
}

/* The user is known; do the rules want them here? */
static void
reuse_judge(struct reuse *reuse, const struct directory_user *user)
{
    char rule[ASK_USER_RULE_MAX] = "";
    enum wire_result result =
        ask_user_judge(reuse->config, reuse->service, user, NULL, rule);
    const char *why = NULL;
    struct session *session = reuse_session(reuse, &why);

    if (result != WIRE_OK)
        reuse_answer(reuse, result, rule);
    else if (session == NULL)
        reuse_answer(reuse, WIRE_NO_SESSION, why);
    else
        reuse_ask_provider(reuse, session);
}

static void
reuse_checked(void *context, enum wire_result result,
              struct directory_user *user, const char *why)
{
    struct reuse *reuse = context;
    struct directory_user mine = *user;

    reuse->check = NULL;
    if (result == WIRE_OK)
        reuse_judge(reuse, &mine);
    else
        reuse_answer(reuse, result, why);
    directory_user_done(&mine);
}

static void
reuse_late(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    reuse_answer(context, WIRE_UNAVAILABLE, "no answer in time");
}

static bool
reuse_is_crowded(const struct reuse *reuse)
{
    const struct peer *peer;
    unsigned count = 0;

    TAILQ_FOREACH(peer, &reuse->peer->daemon->peers, link)
    {
        if (peer->work != NULL && peer->work_gone == reuse_gone &&
            strcmp(((const struct reuse *)peer->work)->id, reuse->id) == 0)
            count++;
    }
    return count >= REUSE_PER_SESSION;
}

/* Can it be, by the session alone? */
static enum wire_result
reuse_allowed(const struct reuse *reuse, const struct message *request,
              const char **ret_why)
{
    const char *asked = message_text(request, WIRE_PROVIDER);
    const struct session *session = reuse_session(reuse, ret_why);

    if (session == NULL)
        return WIRE_NO_SESSION;
    if (!session_has_secret(session, message_text(request, WIRE_SECRET))) {
        *ret_why = "that is not the session's secret";
        return WIRE_NO_SESSION;
    }
    if (asked != NULL && strcmp(asked, session->provider) != 0) {
        *ret_why = "the session is of another provider";
        return WIRE_DENIED;
    }
    if (reuse_is_crowded(reuse)) {
        *ret_why = "too many at once";
        return WIRE_BUSY;
    }
    return WIRE_OK;
}

static bool
reuse_describe(struct reuse *reuse, const struct message *request)
{
    const char *service = message_text(request, WIRE_SERVICE);
    uint64_t uid = 0;

    message_number(request, WIRE_UID, &uid);
    reuse->uid = uid < (uid_t)-1 ? (uid_t)uid : (uid_t)-1;
    strcpy(reuse->id, message_text(request, WIRE_ID));
    ask_user_name_rule(reuse->config, service, "reuse_sign_in", reuse->rule);
    return session_set(&reuse->user, message_text(request, WIRE_USER)) == 0 &&
           session_set(&reuse->service, service) == 0;
}

/* From here on somebody waits. */
static void
reuse_begin(struct reuse *reuse)
{
    const struct timeval within = {.tv_sec = REUSE_WITHIN_MS / 1000};
    struct peer *peer = reuse->peer;
    struct directory_user user;
    enum wire_result result;

    reuse->late = evtimer_new(peer->daemon->base, reuse_late, reuse);
    if (reuse->late == NULL || event_add(reuse->late, &within) != 0) {
        reuse_answer(reuse, WIRE_INTERNAL, "out of memory");
        return;
    }
    peer->work = reuse;
    peer->work_gone = reuse_gone;
    peer_enter(peer, PEER_WORKING);
    result = ask_user_find(peer->daemon, reuse->user, reuse->uid, &user);
    if (result != WIRE_OK) {
        reuse_answer(reuse, result, "");
    } else if (!ask_user_has_directory(&user)) {
        reuse_judge(reuse, &user);
    } else {
        reuse->check = user_check_start(peer->daemon, reuse->user, reuse->uid,
                                        reuse_checked, reuse);
        if (reuse->check == NULL)
            reuse_answer(reuse, WIRE_INTERNAL, "out of memory");
    }
    directory_user_done(&user);
}

void
ask_reuse(struct peer *peer, const struct message *request)
{
    const struct config *config = peer->daemon->config;
    const struct access_config *access =
        config_access_of(config, message_text(request, WIRE_SERVICE));
    struct reuse *reuse = NULL;
    enum wire_result result;
    const char *why = "";

    if (access == NULL || access->reuse_sign_in_s == 0) {
        log_debug("service %s: reuse_sign_in is off",
                  message_text(request, WIRE_SERVICE));
        peer_verdict(peer, WIRE_DENIED, NULL, NULL, 0);
        return;
    }
    reuse = calloc(1, sizeof(*reuse));
    if (reuse == NULL) {
        peer_verdict(peer, WIRE_INTERNAL, NULL, NULL, 0);
        return;
    }
    reuse->peer = peer;
    reuse->config = config;
    if (!reuse_describe(reuse, request)) {
        reuse_free(reuse);
        peer_verdict(peer, WIRE_INTERNAL, NULL, NULL, 0);
        return;
    }
    result = reuse_allowed(reuse, request, &why);
    if (result != WIRE_OK)
        reuse_answer(reuse, result, why);
    else
        reuse_begin(reuse);
}
