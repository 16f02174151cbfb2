/* SPDX-License-Identifier: BSD-2-Clause */
#include "recheck.h"

#include <stdlib.h>
#include <string.h>

#include "ask_user.h"
#include "log.h"

struct recheck {
    LIST_ENTRY(recheck) link;
    struct daemon *daemon;
    struct directory_check *check;
    char id[WIRE_ID_LENGTH + 1]; /* the session may end meanwhile */
};

static void
recheck_free(struct recheck *recheck)
{
    LIST_REMOVE(recheck, link);
    directory_check_cancel(recheck->check);
    free(recheck);
}

/* The directory has answered, and knows the user. */
static enum wire_result
recheck_judge(const struct recheck *recheck, const struct session *session,
              const struct directory_user *user, char rule[ASK_USER_RULE_MAX])
{
    if (user->kind == DIRECTORY_NOBODY) {
        strcpy(rule, "is unknown");
        return WIRE_UNKNOWN_USER;
    }
    return ask_user_judge(recheck->daemon->config,
                          session->service == NULL ? "" : session->service,
                          user, NULL, rule);
}

static void
recheck_done(void *context, enum wire_result result,
             struct directory_user *user, const char *why)
{
    struct recheck *recheck = context;
    struct session *session =
        session_find(&recheck->daemon->sessions, recheck->id);
    char rule[ASK_USER_RULE_MAX] = "";

    recheck->check = NULL;
    if (session != NULL && result == WIRE_OK && user != NULL &&
        !user->unreachable)
        result = recheck_judge(recheck, session, user, rule);
    if (session != NULL)
        log_debug("session %.8s of %s: the directory was asked: %s%s%s%s%s",
                  session->keys.id, session->user, wire_result_name(result),
                  rule[0] == '\0' ? "" : ": ", rule,
                  why == NULL || why[0] == '\0' ? "" : ": ",
                  why == NULL ? "" : why);
    if (session != NULL &&
        (result == WIRE_UNKNOWN_USER || result == WIRE_ACCOUNT_DISABLED ||
         result == WIRE_DENIED))
        session_refuse(session, result,
                       rule[0] != '\0' ? rule : "the directory says so");
    recheck_free(recheck);
}

void
recheck_start(void *context, const struct session *session)
{
    struct daemon *daemon = context;
    struct recheck *recheck;

    LIST_FOREACH(recheck, &daemon->rechecks, link)
    {
        if (strcmp(recheck->id, session->keys.id) == 0)
            return;
    }
    recheck = calloc(1, sizeof(*recheck));
    if (recheck != NULL) {
        recheck->daemon = daemon;
        memcpy(recheck->id, session->keys.id, sizeof(recheck->id));
        LIST_INSERT_HEAD(&daemon->rechecks, recheck, link);
        recheck->check =
            directory_check(daemon->directory, session->user, session->uid,
                            true, recheck_done, recheck);
    }
    if (recheck == NULL || recheck->check == NULL) {
        log_error("session %.8s of %s: the directory cannot be asked: out of "
                  "memory",
                  session->keys.id, session->user);
        if (recheck != NULL)
            recheck_free(recheck);
    }
}

void
recheck_stop(struct daemon *daemon)
{
    struct recheck *recheck;

    while ((recheck = LIST_FIRST(&daemon->rechecks)) != NULL)
        recheck_free(recheck);
}
