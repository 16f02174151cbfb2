/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACCOUNT: is this user still allowed here?  All that is asked about somebody
 * who comes with a public key, from cron, or has a service manager started.
 */
#include <stdlib.h>
#include <string.h>

#include "ask_user.h"
#include "log.h"
#include "policy.h"

struct account_ask {
    struct peer *peer;
    const struct config *config; /* one for the whole decision */
    struct user_check *check;
    char *user, *service;
};

static void
account_free(struct account_ask *ask)
{
    user_check_cancel(ask->check);
    free(ask->user);
    free(ask->service);
    free(ask);
}

static void
account_gone(void *work)
{
    account_free(work);
}

/* One line per decision.  why, rule: or "". */
static void
account_answer(struct peer *peer, const char *user, const char *service,
               enum wire_result result, const char *rule, const char *why)
{
    log_line(result == WIRE_OK         ? LOG_INFO
             : result == WIRE_INTERNAL ? LOG_ERR
                                       : LOG_NOTICE,
             "account %s (service %s): %s%s%s%s%s", user, service,
             wire_result_name(result), rule[0] == '\0' ? "" : ": ", rule,
             why[0] == '\0' ? "" : ": ", why);
    peer_verdict(peer, result, NULL, NULL, 0);
}

/* A first sign-in needs a password: somebody new is nobody here.  So does
 * somebody whose session was refused, where the administrator says so. */
static enum wire_result
account_judge(const struct daemon *daemon, const struct config *config,
              const char *service, const struct directory_user *user,
              char rule[ASK_USER_RULE_MAX])
{
    if (session_user_locked(&daemon->sessions, user->record.name)) {
        strcpy(rule, "on_refusal = lock: must sign in with a password first");
        return WIRE_REFUSED;
    }
    if (user->kind == DIRECTORY_NEW) {
        strcpy(rule, "has never signed in here");
        return WIRE_UNKNOWN_USER;
    }
    return ask_user_judge(config, service, user, NULL, rule);
}

static void
account_checked(void *context, enum wire_result result,
                struct directory_user *user, const char *why)
{
    struct account_ask *ask = context;
    struct peer *peer = ask->peer;
    char rule[ASK_USER_RULE_MAX] = "";

    ask->check = NULL;
    peer->work = NULL;
    if (result == WIRE_OK)
        result =
            account_judge(peer->daemon, ask->config, ask->service, user, rule);
    directory_user_done(user);
    account_answer(peer, ask->user, ask->service, result, rule, why);
    account_free(ask);
}

/* Ask the directory; false: out of memory. */
static bool
account_check(struct peer *peer, const char *user, uid_t uid,
              const char *service)
{
    struct account_ask *ask = calloc(1, sizeof(*ask));

    if (ask == NULL)
        return false;
    ask->peer = peer;
    ask->config = peer->daemon->config;
    if (session_set(&ask->user, user) == 0 &&
        session_set(&ask->service, service) == 0)
        ask->check =
            user_check_start(peer->daemon, user, uid, account_checked, ask);
    if (ask->check == NULL) {
        account_free(ask);
        return false;
    }
    peer->work = ask;
    peer->work_gone = account_gone;
    peer_enter(peer, PEER_WORKING);
    return true;
}

void
ask_account(struct peer *peer, const struct message *request)
{
    const char *name = message_text(request, WIRE_USER);
    const char *service = message_text(request, WIRE_SERVICE);
    struct directory_user user = {0};
    char rule[ASK_USER_RULE_MAX] = "";
    enum wire_result result;
    uint64_t uid = 0;

    message_number(request, WIRE_UID, &uid);
    /* Others may ask about themselves: a screen locker does. */
    if (peer->credentials.uid != 0 && peer->credentials.uid != uid)
        result = WIRE_NOT_PERMITTED;
    else if (uid >= (uid_t)-1)
        result = WIRE_UNKNOWN_USER;
    else
        result = ask_user_find(peer->daemon, name, (uid_t)uid, &user);
    if (result == WIRE_OK && !ask_user_has_directory(&user))
        result = account_judge(peer->daemon, peer->daemon->config, service,
                               &user, rule);
    else if (result == WIRE_OK)
        result = account_check(peer, name, (uid_t)uid, service)
                     ? WIRE_RESULT_NONE
                     : WIRE_INTERNAL;
    directory_user_done(&user);
    if (result != WIRE_RESULT_NONE)
        account_answer(peer, name, service, result, rule, "");
}
