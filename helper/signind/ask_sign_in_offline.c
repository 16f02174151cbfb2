/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sign-in while nobody is at the provider, and what is remembered for it
 * ([offline] cached_sign_in).  Only result->unreachable leads here: an answer
 * of any kind is the provider's word.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask_sign_in.h"
#include "log.h"
#include "offline/offline.h"
#include "wire/memory.h"

/* Today's configuration decides, not that of the sign-in's beginning. */
static bool
offline_is_on(const struct daemon *daemon)
{
    return daemon->offline != NULL && daemon->config->cached_sign_in;
}

static const char *
offline_no_secret(void *context, const char *name)
{
    (void)context;
    (void)name;
    return "-";
}

/* Where the provider is: a verifier is of no use at another.  The whole URL
 * that passwords are sent to, as one host may have many tenants; without what
 * is somebody's or secret in it. */
static char *
offline_issuer(const struct provider_config *provider)
{
    const struct template *url = provider->requests[REQUEST_SIGN_IN].url;
    struct template_values values = {.secret = offline_no_secret};
    char *bound = NULL;

    if (url == NULL)
        return provider->base_url == NULL ? NULL : strdup(provider->base_url);
    for (size_t i = 0; i < TEMPLATE_NAMES; i++)
        values.value[i] = "-";
    values.value[NAME_BASE_URL] = provider->base_url;
    return template_bind(url, &values, &bound) == 0 ? bound : NULL;
}

static bool
result_ends_verifier(enum wire_result result)
{
    return result == WIRE_ACCOUNT_DISABLED ||
           result == WIRE_MUST_CHANGE_PASSWORD ||
           result == WIRE_NEED_SECOND_FACTOR ||
           result == WIRE_IDENTITY_MISMATCH || result == WIRE_UNKNOWN_USER ||
           result == WIRE_DENIED;
}

void
sign_in_learn(const struct sign_in *sign_in, enum wire_result result,
              const char *password, const struct provider_tokens *tokens)
{
    struct daemon *daemon = sign_in->daemon;
    const struct session *who = &sign_in->who;

    if (!offline_is_on(daemon))
        return;
    if (result == WIRE_OK && tokens != NULL && password != NULL) {
        cleanup_free char *issuer = offline_issuer(sign_in->provider);
        const struct offline_user user = {who->user, who->uid, who->provider,
                                          issuer, tokens->subject};

        offline_remember(daemon->offline, &user, password);
    } else if (result == WIRE_WRONG_CREDENTIALS && password != NULL) {
        offline_doubt(daemon->offline, who->uid, password);
    } else if (result_ends_verifier(result)) {
        offline_forget(daemon->offline, who->uid);
    }
}

void
sign_in_refused(void *context, const struct session *session,
                enum wire_result result)
{
    struct daemon *daemon = context;

    if (offline_is_on(daemon) && result_ends_verifier(result))
        offline_forget(daemon->offline, session->uid);
}

/* The password is the one that was right when the provider was last asked; do
 * the rules let the user in by what is known here? */
static enum wire_result
offline_judge(struct sign_in *sign_in)
{
    const bool unreachable = sign_in->user.unreachable;
    struct directory_user *user = &sign_in->user;
    enum wire_result result;

    directory_user_done(user);
    result = ask_user_find(sign_in->daemon, sign_in->who.user, sign_in->who.uid,
                           user);
    user->unreachable = unreachable;
    sign_in->rule[0] = '\0';
    if (result != WIRE_OK)
        return result;
    if (user->kind == DIRECTORY_NEW)
        return WIRE_UNKNOWN_USER;
    if (user->kind == DIRECTORY_KNOWN) {
        result = access_standing(user);
        if (result != WIRE_OK)
            return result;
        if (!sign_in_is_chosen(sign_in))
            return WIRE_UNAVAILABLE;
    }
    if (session_user_locked(&sign_in->daemon->sessions, sign_in->who.user)) {
        strcpy(sign_in->rule, "locked out until the provider says otherwise");
        return WIRE_UNAVAILABLE;
    }
    return ask_user_judge(sign_in->config, sign_in->who.service, user, NULL,
                          sign_in->rule);
}

/* The subject that the user is bound to, or NULL. */
static char *
offline_subject(const struct sign_in *sign_in)
{
    return sign_in->user.kind == DIRECTORY_KNOWN
               ? sign_in->user.record.sign_in_subject
               : NULL;
}

/* Let them in: a session, if the module has made room for one. */
static enum wire_result
offline_accept(struct sign_in *sign_in, struct session **ret_session)
{
    enum wire_result told =
        sign_in->peer == NULL ? WIRE_UNAVAILABLE : offline_judge(sign_in);
    int error;

    if (told != WIRE_OK || sign_in->keep == 0)
        return told;
    error = session_begin_offline(
        &sign_in->daemon->sessions, sign_in->keep, sign_in->id, &sign_in->who,
        offline_subject(sign_in), &sign_in->password, ret_session);
    if (error == 0)
        return WIRE_OK;
    log_error("sign-in of %s: cannot begin a session: %s", sign_in->who.user,
              strerror(-error));
    return WIRE_NO_KEYS;
}

/* Tell the peer, and end. */
static void
offline_tell(struct sign_in *sign_in, enum wire_result told,
             const struct session *session)
{
    char text[256];

    snprintf(text, sizeof(text),
             "Signed in offline: provider %.64s does not answer.%s",
             sign_in->who.provider,
             session == NULL ? "" : " Tokens come when it does.");
    if (sign_in->peer != NULL)
        peer_verdict(sign_in->peer, told,
                     session == NULL ? NULL : session->ticket,
                     told == WIRE_OK ? text : NULL, 0);
    else
        sign_in_forget_keep(sign_in);
    sign_in_free(sign_in);
}

static void
offline_checked(void *context, enum offline_result result, const char *why)
{
    struct sign_in *sign_in = context;
    struct session *session = NULL;
    enum wire_result told = WIRE_UNAVAILABLE;
    char said[512];

    sign_in->offline = NULL;
    if (result == OFFLINE_WRONG)
        told = WIRE_WRONG_CREDENTIALS;
    else if (result == OFFLINE_ACCEPTED)
        told = offline_accept(sign_in, &session);
    sign_in_leave(sign_in, result == OFFLINE_WRONG, told == WIRE_OK);
    snprintf(said, sizeof(said), "offline: %s; %s", why, sign_in->why);
    sign_in_log(sign_in, told, said);
    offline_tell(sign_in, told, session);
}

bool
sign_in_try_offline(struct sign_in *sign_in,
                    const struct provider_result *result)
{
    struct daemon *daemon = sign_in->daemon;
    cleanup_free char *issuer = NULL;
    struct offline_user user;

    if (!result->unreachable || result->result != WIRE_UNAVAILABLE ||
        !offline_is_on(daemon) || sign_in->peer == NULL ||
        sign_in->password.text == NULL ||
        (sign_in->user.kind != DIRECTORY_LOCAL &&
         sign_in->user.kind != DIRECTORY_KNOWN))
        return false;
    issuer = offline_issuer(sign_in->provider);
    user = (struct offline_user){sign_in->who.user, sign_in->who.uid,
                                 sign_in->who.provider, issuer,
                                 offline_subject(sign_in)};
    snprintf(sign_in->why, sizeof(sign_in->why), "%s", result->why);
    sign_in->offline =
        offline_check(daemon->offline, &user, sign_in->password.text,
                      offline_checked, sign_in);
    return sign_in->offline != NULL;
}
