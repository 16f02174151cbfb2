/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BEGIN, AUTHENTICATE and VERIFY: from a password to a ticket.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask_sign_in.h"
#include "fault.h"
#include "log.h"
#include "offline/offline.h"
#include "policy.h"
#include "wire/channel.h"
#include "wire/memory.h"

void
sign_in_leave(struct sign_in *sign_in, bool failed, bool ok)
{
    if (sign_in->entered)
        throttle_leave(sign_in->daemon->throttle, sign_in->who.user,
                       sign_in->who.rhost, failed, ok);
    sign_in->entered = false;
}

void
sign_in_free(struct sign_in *sign_in)
{
    if (sign_in->peer != NULL)
        sign_in->peer->sign_in = NULL;
    sign_in_leave(sign_in, false, false);
    user_check_cancel(sign_in->check);
    provider_cancel(sign_in->call);
    offline_cancel(sign_in->offline);
    LIST_REMOVE(sign_in, link);
    sign_in->daemon->sign_ins_in_flight--;
    directory_user_done(&sign_in->user);
    secret_done(&sign_in->password);
    free(sign_in->who.user);
    free(sign_in->who.provider);
    free(sign_in->who.service);
    free(sign_in->who.tty);
    free(sign_in->who.rhost);
    free(sign_in);
}

void
ask_sign_in_stop(struct daemon *daemon)
{
    struct sign_in *sign_in;

    while ((sign_in = LIST_FIRST(&daemon->sign_ins)) != NULL)
        sign_in_free(sign_in);
}

void
ask_begin(struct peer *peer, const struct message *request)
{
    struct daemon *daemon = peer->daemon;
    char first_digits[3] = "";
    struct message answer;

    (void)request;
    if (keyring_id_make(peer->id) != 0) {
        peer_verdict(peer, WIRE_INTERNAL, NULL, NULL, 0);
        return;
    }
    /* The id is random: its first digits choose a shard evenly. */
    memcpy(first_digits, peer->id, 2);
    peer->shard = daemon->sessions.anchor
                      .shards[strtoul(first_digits, NULL, 16) % KEYRING_SHARDS];
    message_init(&answer, WIRE_PLACE);
    message_put_number(&answer, WIRE_SHARD, (uint64_t)peer->shard);
    message_put_number(&answer, WIRE_GID, daemon->account.gid);
    message_put_text(&answer, WIRE_ID, peer->id);
    message_put_number(&answer, WIRE_ON_NO_KEYRING,
                       daemon->config->on_no_keyring_allow
                           ? WIRE_NO_KEYRING_ALLOW
                           : WIRE_NO_KEYRING_DENY);
    peer_enter(peer, PEER_BEGUN);
    peer_answer(peer, &answer);
    message_done(&answer);
}

/* Nobody is left to take K apart: it is empty, and its keys count against
 * root's quota until they are collected. */
void
sign_in_forget_keep(const struct sign_in *sign_in)
{
    struct keyring_session keys = {0};

    if (sign_in->keep != 0 &&
        keyring_open_keep(sign_in->keep, sign_in->daemon->account.gid, &keys) ==
            0 &&
        strcmp(keys.id, sign_in->id) == 0)
        keyring_forget(&keys, sign_in->who.shard);
}

void
ask_sign_in_gone(struct sign_in *sign_in)
{
    sign_in->peer = NULL;
    /* What the provider may already have granted must be revoked: its call
     * goes on without a peer.  A directory grants nothing.  A password that is
     * tried here counts, whoever still wants to know. */
    if (sign_in->call == NULL && sign_in->offline == NULL) {
        sign_in_forget_keep(sign_in);
        sign_in_free(sign_in);
    }
}

void
sign_in_log(const struct sign_in *sign_in, enum wire_result result,
            const char *why)
{
    const struct session *who = &sign_in->who;
    const bool both = why[0] != '\0' && sign_in->rule[0] != '\0';

    log_line(result == WIRE_OK ? LOG_INFO
             : result == WIRE_MISCONFIGURED || result == WIRE_INTERNAL
                 ? LOG_ERR
                 : LOG_NOTICE,
             "sign-in of %s (service %s, host %s, provider %s): %s%s%s%s%s",
             who->user, who->service,
             who->rhost == NULL || who->rhost[0] == '\0' ? "local" : who->rhost,
             who->provider == NULL ? "none" : who->provider,
             wire_result_name(result),
             why[0] == '\0' && sign_in->rule[0] == '\0' ? "" : ": ",
             sign_in->rule, both ? ": " : "", why);
}

/* It ends before the provider has heard of it. */
static void
sign_in_refuse(struct sign_in *sign_in, enum wire_result result,
               const char *why, unsigned wait_s)
{
    struct peer *peer = sign_in->peer;
    char said[256];

    if (sign_in->who.user != NULL && sign_in->who.service != NULL) {
        snprintf(said, sizeof(said), "%s%sthe provider was not asked", why,
                 why[0] == '\0' ? "" : "; ");
        sign_in_log(sign_in, result, said);
    }
    sign_in_free(sign_in);
    if (peer != NULL)
        peer_verdict(peer, result, NULL, NULL, wait_s);
}

/* Tokens have come, and the provider is asked whose they are. */
static void
sign_in_received(void *context, const struct provider_tokens *tokens)
{
    struct sign_in *sign_in = context;
    int error = sign_in->keep == 0
                    ? 0
                    : session_receive(&sign_in->daemon->sessions, sign_in->keep,
                                      sign_in->id, &sign_in->who, tokens);

    /* What room there is will be known when they are to stay. */
    if (error != 0)
        log_debug("sign-in of %s: tokens are not in the kernel yet: %s",
                  sign_in->who.user, strerror(-error));
    fault_point("sign_in.received");
}

static void
sign_in_ask_provider(struct sign_in *sign_in)
{
    fault_point("sign_in.begin");
    sign_in->call = provider_sign_in(
        &sign_in->daemon->sessions.provider_context, sign_in->provider,
        sign_in->who.user, sign_in->password.text, sign_in_done, sign_in);
    /* This host may have to know it, or to remember it. */
    if (!sign_in->daemon->config->cached_sign_in)
        secret_done(&sign_in->password);
    if (sign_in->call == NULL)
        sign_in_refuse(sign_in, WIRE_INTERNAL, "out of memory", 0);
    else
        provider_watch(sign_in->call, sign_in_received);
}

enum wire_result
sign_in_judge(struct sign_in *sign_in)
{
    if (sign_in->user.kind != DIRECTORY_LOCAL &&
        sign_in->provider->identity_groups != NULL)
        sign_in->user.groups_known = false;
    return ask_user_judge(sign_in->config, sign_in->who.service, &sign_in->user,
                          &sign_in->later, sign_in->rule);
}

/* A reload, or somebody forgotten, may have made the name one of another
 * directory while that was asked: then it is not this provider's to say who it
 * is. */
bool
sign_in_is_chosen(const struct sign_in *sign_in)
{
    const struct directory_user *user = &sign_in->user;

    return user->config != NULL &&
           config_directory_provider(sign_in->config, user->config) ==
               sign_in->provider;
}

/* The directory has been asked. */
static void
sign_in_checked(void *context, enum wire_result result,
                struct directory_user *user, const char *why)
{
    struct sign_in *sign_in = context;

    sign_in->check = NULL;
    directory_user_done(&sign_in->user);
    sign_in->user = *user;
    if (result != WIRE_OK && !user->unreachable)
        sign_in_learn(sign_in, result, NULL, NULL);
    if (result == WIRE_OK && !sign_in_is_chosen(sign_in)) {
        result = WIRE_UNAVAILABLE;
        why = "the name is another directory's or provider's by now";
    }
    if (result == WIRE_OK)
        result = sign_in_judge(sign_in);
    if (result == WIRE_OK)
        sign_in_ask_provider(sign_in);
    else
        sign_in_refuse(sign_in, result, why, 0);
}

/* The provider of local users is chosen; a directory's people have one. */
static enum wire_result
sign_in_choose(struct sign_in *sign_in, const char *asked)
{
    const struct directory_user *user = &sign_in->user;

    if (user->kind == DIRECTORY_LOCAL)
        sign_in->provider =
            config_choose(sign_in->config, asked, sign_in->who.user);
    else if (user->config != NULL)
        sign_in->provider =
            config_directory_provider(sign_in->config, user->config);
    if (sign_in->provider == NULL)
        return WIRE_MISCONFIGURED;
    if (asked != NULL && strcmp(asked, sign_in->provider->name) != 0) {
        log_error("%s is of directory %s, whose people sign in at provider "
                  "%s; the pam.d option provider=%s must not name another",
                  sign_in->who.user, user->config->name,
                  sign_in->provider->name, asked);
        return WIRE_MISCONFIGURED;
    }
    return session_set(&sign_in->who.provider, sign_in->provider->name) == 0
               ? WIRE_OK
               : WIRE_INTERNAL;
}

/* Is there room, and time, for another attempt? */
static enum wire_result
sign_in_enter(struct sign_in *sign_in, unsigned *ret_wait_s)
{
    struct daemon *daemon = sign_in->daemon;
    const struct config *config = sign_in->config;
    const struct session *who = &sign_in->who;
    char name[PACE_NAME_MAX];
    const struct throttle_limits limits = {
        config->failures_per_user, config->failures_per_host, config->window_s};

    pace_name(name, who->provider, who->user);
    *ret_wait_s = pace_wait_s(&daemon->sessions, name);
    if (*ret_wait_s > 0)
        return WIRE_SLOW_DOWN;
    /* This one is counted already. */
    if (daemon->sign_ins_in_flight > config->sign_ins_in_flight)
        return WIRE_BUSY;
    if (!throttle_enter(daemon->throttle, &limits, who->user, who->rhost,
                        channel_now_ms() / 1000, ret_wait_s))
        return WIRE_THROTTLED;
    sign_in->entered = true;
    return WIRE_OK;
}

/* What can be decided without asking anybody. */
static enum wire_result
sign_in_decide(struct sign_in *sign_in, const struct message *request,
               unsigned *ret_wait_s)
{
    const struct session *who = &sign_in->who;
    enum wire_result result =
        ask_user_find(sign_in->daemon, who->user, who->uid, &sign_in->user);

    if (result == WIRE_OK)
        result = sign_in_choose(sign_in, message_text(request, WIRE_PROVIDER));
    if (result == WIRE_OK && !ask_user_has_directory(&sign_in->user))
        result = sign_in_judge(sign_in);
    if (result == WIRE_OK)
        result = sign_in_enter(sign_in, ret_wait_s);
    return result;
}

/* from_root: the host of the module alone knows where somebody comes from;
 * anybody else could use up another host's attempts. */
static int
sign_in_describe(struct session *who, const struct message *request,
                 bool from_root)
{
    uint64_t uid = 0;
    int error;

    message_number(request, WIRE_UID, &uid);
    if (uid >= (uid_t)-1)
        return -EINVAL;
    who->uid = (uid_t)uid;
    if ((error = session_set(&who->user, message_text(request, WIRE_USER))) ==
            0 &&
        (error = session_set(&who->service,
                             message_text(request, WIRE_SERVICE))) == 0 &&
        (error = session_set(&who->tty, message_text(request, WIRE_TTY))) == 0)
        error = session_set(
            &who->rhost, from_root ? message_text(request, WIRE_RHOST) : NULL);
    return error;
}

/* Begin; answers the peer at once if the attempt is not to be. */
static void
sign_in_start(struct peer *peer, const struct message *request)
{
    struct daemon *daemon = peer->daemon;
    const char *password = message_text(request, WIRE_PASSWORD);
    struct sign_in *sign_in = calloc(1, sizeof(*sign_in));
    enum wire_result result = WIRE_INTERNAL;
    unsigned wait_s = 0;
    uint64_t keep = 0;

    if (sign_in == NULL) {
        peer_verdict(peer, WIRE_INTERNAL, NULL, NULL, 0);
        return;
    }
    sign_in->daemon = daemon;
    sign_in->config = daemon->config;
    sign_in->peer = peer;
    LIST_INSERT_HEAD(&daemon->sign_ins, sign_in, link);
    daemon->sign_ins_in_flight++;
    if (message_number(request, WIRE_KEEP, &keep) && keep <= INT32_MAX)
        sign_in->keep = (key_serial_t)keep;
    memcpy(sign_in->id, peer->id, sizeof(sign_in->id));
    sign_in->who.shard = peer->shard;
    if (sign_in_describe(&sign_in->who, request, peer->credentials.uid == 0) ==
            0 &&
        secret_set(&sign_in->password, password, strlen(password)) == 0)
        result = sign_in_decide(sign_in, request, &wait_s);
    if (result == WIRE_OK && ask_user_has_directory(&sign_in->user)) {
        sign_in->check =
            user_check_start(daemon, sign_in->who.user, sign_in->who.uid,
                             sign_in_checked, sign_in);
        if (sign_in->check == NULL)
            result = WIRE_INTERNAL;
    }
    if (result != WIRE_OK) {
        sign_in_refuse(sign_in, result, "", wait_s);
        return;
    }
    peer->sign_in = sign_in;
    peer_enter(peer, PEER_WORKING);
    if (sign_in->check == NULL)
        sign_in_ask_provider(sign_in);
}

void
ask_authenticate(struct peer *peer, const struct message *request)
{
    sign_in_start(peer, request);
}

void
ask_verify(struct peer *peer, const struct message *request)
{
    uint64_t uid = 0;

    if (!message_number(request, WIRE_UID, &uid) ||
        uid != peer->credentials.uid) {
        log_notice("uid %u (pid %d) may verify its own password alone",
                   peer->credentials.uid, (int)peer->credentials.pid);
        peer_verdict(peer, WIRE_NOT_PERMITTED, NULL, NULL, 0);
        return;
    }
    sign_in_start(peer, request);
}
