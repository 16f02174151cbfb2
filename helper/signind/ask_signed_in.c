/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The provider has answered a sign-in: is it the person who is known by that
 * name, do the rules let them in, and where do the tokens go?
 */
#include "ask_sign_in.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "log.h"

/* Name, subject, uid and groups, as the sign-in tells them. */
static enum wire_result
sign_in_bind(struct sign_in *sign_in, const struct provider_tokens *tokens)
{
    struct person_group *claims = NULL;
    enum wire_result result;
    size_t count = 0;

    if (tokens->groups_known) {
        claims = calloc(tokens->group_count + 1, sizeof(*claims));
        if (claims == NULL)
            return WIRE_INTERNAL;
        for (; count < tokens->group_count; count++) {
            claims[count].id = tokens->groups[count].id;
            claims[count].name = tokens->groups[count].name;
        }
    }
    result = directory_signed_in(sign_in->daemon->directory, &sign_in->user,
                                 tokens->subject, claims, count);
    free(claims); /* the strings are the tokens' */
    return result;
}

enum wire_result
sign_in_accept(struct sign_in *sign_in, const struct provider_tokens *tokens)
{
    const char *service = sign_in->who.service, *rule = NULL;
    enum wire_result result;

    if (sign_in->later &&
        access_foresee(sign_in->config, service, &sign_in->user, tokens,
                       &rule) == ACCESS_DENY) {
        ask_user_name_rule(sign_in->config, service, rule, sign_in->rule);
        return WIRE_DENIED;
    }
    result = sign_in_bind(sign_in, tokens);
    if (result != WIRE_OK)
        return result; /* which it has logged */
    return ask_user_judge(sign_in->config, service, &sign_in->user, NULL,
                          sign_in->rule);
}

static enum wire_result
sign_in_finish(struct sign_in *sign_in, const struct provider_result *result,
               const struct provider_tokens *tokens,
               struct session **ret_session)
{
    enum wire_result told = result->result;
    int error;

    sign_in->rule[0] = '\0';
    if (told != WIRE_OK || sign_in->peer == NULL)
        return told;
    told = sign_in_accept(sign_in, tokens);
    if (told != WIRE_OK || sign_in->keep == 0)
        return told;
    fault_point("sign_in.bound");
    error = session_begin(&sign_in->daemon->sessions, sign_in->keep,
                          sign_in->id, &sign_in->who, tokens, ret_session);
    if (error == 0)
        return WIRE_OK;
    log_error("sign-in of %s: cannot store the tokens: %s", sign_in->who.user,
              keyring_error_text(error));
    /* The person is who they say: without a ticket there is no token.  Not if
     * K is another's: then nothing that this peer says is to be believed. */
    return sign_in->config->on_no_keyring_allow && error != -EPERM
               ? WIRE_OK
               : WIRE_NO_KEYS;
}

/* Nobody will own what the provider has given.  true: it is in K until it is
 * revoked, and signind goes on with that. */
static bool
sign_in_discard(struct sign_in *sign_in, struct provider_tokens *tokens)
{
    struct session_table *sessions = &sign_in->daemon->sessions;

    if (session_discard_in(sessions, sign_in->keep, sign_in->id, &sign_in->who,
                           tokens))
        return true;
    session_discard(sessions, sign_in->who.provider, sign_in->who.user, tokens);
    return false;
}

void
sign_in_done(void *context, const struct provider_result *result,
             struct provider_tokens *tokens)
{
    struct sign_in *sign_in = context;
    struct daemon *daemon = sign_in->daemon;
    struct session *session = NULL;
    bool wrong = result->result == WIRE_WRONG_CREDENTIALS ||
                 result->result == WIRE_IDENTITY_MISMATCH;
    char name[PACE_NAME_MAX];
    enum wire_result told;
    bool kept = false;

    sign_in->call = NULL;
    fault_point("sign_in.answered");
    pace_name(name, sign_in->who.provider, sign_in->who.user);
    pace_note(&daemon->sessions, name, result);
    if (sign_in_try_offline(sign_in, result))
        return;
    sign_in_leave(sign_in, wrong, result->result == WIRE_OK);
    told = sign_in_finish(sign_in, result, tokens, &session);
    if (told == WIRE_OK)
        session_unlock_user(&daemon->sessions, sign_in->who.user);
    sign_in_log(sign_in, told, result->why);
    if (told != WIRE_OK || sign_in->peer != NULL)
        sign_in_learn(sign_in, told, sign_in->password.text, tokens);
    if (session == NULL)
        kept = sign_in_discard(sign_in, tokens);
    if (sign_in->peer != NULL && kept)
        peer_verdict_on(sign_in->peer, told, sign_in->keep,
                        result->retry_after_s);
    else if (sign_in->peer != NULL)
        peer_verdict(sign_in->peer, told,
                     session == NULL ? NULL : session->ticket, NULL,
                     result->retry_after_s);
    else if (!kept)
        sign_in_forget_keep(sign_in);
    fault_point("sign_in.told");
    sign_in_free(sign_in);
}
