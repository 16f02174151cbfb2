/* SPDX-License-Identifier: BSD-2-Clause */
#include "ask_user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct user_check {
    struct daemon *daemon;
    struct directory_check *check;
    struct event *late;
    char *name;
    uid_t uid;
    user_check_done *done;
    void *context;
};

enum wire_result
ask_user_find(struct daemon *daemon, const char *name, uid_t uid,
              struct directory_user *ret_user)
{
    *ret_user = (struct directory_user){0};
    if (directory_find(daemon->directory, name, uid, ret_user) != 0)
        return WIRE_INTERNAL;
    return ret_user->kind == DIRECTORY_NOBODY ? WIRE_UNKNOWN_USER : WIRE_OK;
}

bool
ask_user_has_directory(const struct directory_user *user)
{
    return user->kind == DIRECTORY_KNOWN &&
           (user->config == NULL ||
            user->config->type != DIRECTORY_FIRST_SIGN_IN);
}

/* ---- asking the directory -------------------------------------------------
 */

void
user_check_cancel(struct user_check *check)
{
    if (check == NULL)
        return;
    directory_check_cancel(check->check);
    if (check->late != NULL)
        event_free(check->late);
    free(check->name);
    free(check);
}

static void
user_check_finish(struct user_check *check, enum wire_result result,
                  struct directory_user *user, const char *why)
{
    user_check_done *done = check->done;
    void *context = check->context;

    user_check_cancel(check);
    done(context, result, user, why == NULL ? "" : why);
}

static void
user_check_answered(void *context, enum wire_result result,
                    struct directory_user *user, const char *why)
{
    struct user_check *check = context;
    struct directory_user mine = {0};

    check->check = NULL;
    if (user != NULL) {
        mine = *user;
        *user = (struct directory_user){0};
    }
    user_check_finish(check, result, &mine, why);
}

static void
user_check_late(evutil_socket_t fd, short what, void *context)
{
    struct user_check *check = context;
    struct directory_user user;
    enum wire_result result =
        ask_user_find(check->daemon, check->name, check->uid, &user);

    (void)fd;
    (void)what;
    user.unreachable = true;
    if (user.kind == DIRECTORY_KNOWN)
        result = access_standing(&user);
    user_check_finish(check, result, &user, "the directory takes too long");
}

struct user_check *
user_check_start(struct daemon *daemon, const char *name, uid_t uid,
                 user_check_done *done, void *context)
{
    const struct timeval within = {.tv_sec = ASK_USER_WITHIN_MS / 1000,
                                   .tv_usec = ASK_USER_WITHIN_MS % 1000 * 1000};
    struct user_check *check = calloc(1, sizeof(*check));

    if (check == NULL)
        return NULL;
    check->daemon = daemon;
    check->uid = uid;
    check->done = done;
    check->context = context;
    check->name = strdup(name);
    check->late = evtimer_new(daemon->base, user_check_late, check);
    if (check->name != NULL && check->late != NULL &&
        event_add(check->late, &within) == 0)
        check->check = directory_check(daemon->directory, name, uid, false,
                                       user_check_answered, check);
    if (check->check == NULL) {
        user_check_cancel(check);
        return NULL;
    }
    return check;
}

/* ---- the rules ------------------------------------------------------------
 */

void
ask_user_name_rule(const struct config *config, const char *service,
                   const char *rule, char ret_rule[ASK_USER_RULE_MAX])
{
    const struct access_config *access = config_access_of(config, service);

    if (access == NULL)
        snprintf(ret_rule, ASK_USER_RULE_MAX, "there is no [access]");
    else
        snprintf(ret_rule, ASK_USER_RULE_MAX, "%s of [access%s%s]", rule,
                 access->service == NULL ? "" : " ",
                 access->service == NULL ? "" : access->service);
}

enum wire_result
ask_user_judge(const struct config *config, const char *service,
               const struct directory_user *user, bool *ret_later,
               char ret_rule[ASK_USER_RULE_MAX])
{
    struct directory_user seen = *user; /* borrows */
    enum access_decision decision;
    const char *rule = NULL;

    if (ret_later != NULL)
        *ret_later = false;
    if (!access_is_fresh(config, service, user)) {
        if (user->groups_not_listed)
            snprintf(ret_rule, ASK_USER_RULE_MAX,
                     "the directory's list has not told the groups yet");
        else
            ask_user_name_rule(config, service, "stale_ok", ret_rule);
        return WIRE_UNAVAILABLE;
    }
    if (ret_later == NULL && seen.kind == DIRECTORY_NEW)
        seen.kind = DIRECTORY_KNOWN;
    decision = access_decide(config, service, &seen, &rule);
    if (decision == ACCESS_LATER && ret_later == NULL)
        rule = "groups that only a sign-in tells, in a rule";
    ask_user_name_rule(config, service, rule, ret_rule);
    if (decision == ACCESS_LATER && ret_later != NULL) {
        *ret_later = true;
        decision = ACCESS_ALLOW;
    }
    return decision == ACCESS_ALLOW ? WIRE_OK : WIRE_DENIED;
}
