/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tokens of a session that was signed in offline (session/late.c): who may
 * have them is decided as at any other sign-in.
 */
#include <stdlib.h>
#include <string.h>

#include "ask_sign_in.h"
#include "log.h"

/* The directory is being asked about such a session's user. */
struct late_ask {
    LIST_ENTRY(late_ask) link;
    struct daemon *daemon;
    struct user_check *check;
    char id[WIRE_ID_LENGTH + 1];
};

static void
late_ask_free(struct late_ask *ask)
{
    user_check_cancel(ask->check);
    LIST_REMOVE(ask, link);
    free(ask);
}

void
sign_in_late_stop(struct daemon *daemon)
{
    struct late_ask *ask;

    while ((ask = LIST_FIRST(&daemon->late_asks)) != NULL)
        late_ask_free(ask);
}

/* A sign-in that is nobody's conversation.  It borrows from the session; its
 * user ends in directory_user_done(). */
static struct sign_in
late_sign_in(struct daemon *daemon, struct session *session)
{
    struct sign_in again = {.daemon = daemon,
                            .config = daemon->config,
                            .provider = session_provider(session)};

    again.who.user = session->user;
    again.who.uid = session->uid;
    again.who.provider = session->provider;
    again.who.service = session->service;
    again.who.rhost = session->rhost;
    return again;
}

static void
late_asked(void *context, enum wire_result result, struct directory_user *user,
           const char *why)
{
    struct late_ask *ask = context;
    struct daemon *daemon = ask->daemon;
    struct session *session = session_find(&daemon->sessions, ask->id);
    bool heard = !user->unreachable;

    ask->check = NULL;
    late_ask_free(ask);
    if (session != NULL && session->state == SESSION_LIVE && session->offline &&
        session->late_asked && session->call == NULL) {
        struct sign_in again = late_sign_in(daemon, session);

        again.user = *user; /* borrowed */
        if (result == WIRE_OK && again.provider != NULL)
            result = sign_in_judge(&again);
        else if (heard)
            sign_in_learn(&again, result, session->password.text, NULL);
        if (result == WIRE_OK)
            session_late_send(session);
        else
            session_late_stop(session, result,
                              why[0] == '\0' ? again.rule : why);
    }
    directory_user_done(user);
}

bool
sign_in_late_begin(void *context, struct session *session)
{
    struct daemon *daemon = context;
    struct directory_user user = {0};
    struct late_ask *ask;
    enum wire_result result =
        ask_user_find(daemon, session->user, session->uid, &user);
    bool has_directory = ask_user_has_directory(&user);

    directory_user_done(&user);
    if (result != WIRE_OK) {
        session_late_stop(session, result, "the user is not known any more");
        return true;
    }
    if (!has_directory) {
        session_late_send(session);
        return true;
    }
    ask = calloc(1, sizeof(*ask));
    if (ask == NULL)
        return false;
    ask->daemon = daemon;
    strcpy(ask->id, session->keys.id);
    LIST_INSERT_HEAD(&daemon->late_asks, ask, link);
    ask->check =
        user_check_start(daemon, session->user, session->uid, late_asked, ask);
    if (ask->check == NULL) {
        late_ask_free(ask);
        return false;
    }
    return true;
}

enum wire_result
sign_in_late_accept(void *context, struct session *session,
                    const struct provider_result *result,
                    const struct provider_tokens *tokens)
{
    struct daemon *daemon = context;
    struct sign_in again = late_sign_in(daemon, session);
    enum wire_result told = result->result;

    if (told == WIRE_OK)
        told = ask_user_find(daemon, session->user, session->uid, &again.user);
    if (told == WIRE_OK)
        told =
            again.provider == NULL ? WIRE_UNAVAILABLE : sign_in_judge(&again);
    if (told == WIRE_OK)
        told = sign_in_accept(&again, tokens);
    sign_in_log(&again, told, result->why);
    sign_in_learn(&again, told, session->password.text, tokens);
    directory_user_done(&again.user);
    return told;
}
