/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BEGIN, AUTHENTICATE and VERIFY: from a password to a ticket.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory/directory.h"
#include "log.h"
#include "policy.h"
#include "wire/channel.h"
#include "wire/memory.h"

/* Of a provider and a user; a longer one is cut, and shared. */
#define PACE_NAME_MAX 256

struct sign_in {
    LIST_ENTRY(sign_in) link;
    struct daemon *daemon;
    struct peer *peer; /* NULL: it has gone */
    struct provider_call *call;
    struct session who; /* the describing members only */
    char id[WIRE_ID_LENGTH + 1];
    key_serial_t keep; /* 0: nobody will claim */
};

static void
sign_in_free(struct sign_in *sign_in)
{
    if (sign_in->peer != NULL)
        sign_in->peer->sign_in = NULL;
    provider_cancel(sign_in->call);
    LIST_REMOVE(sign_in, link);
    sign_in->daemon->sign_ins_in_flight--;
    free(sign_in->who.user);
    free(sign_in->who.provider);
    free(sign_in->who.service);
    free(sign_in->who.tty);
    free(sign_in->who.rhost);
    free(sign_in);
}

void
ask_sign_in_gone(struct sign_in *sign_in)
{
    /* What the provider may already have granted must be revoked: the call
     * goes on without its peer. */
    sign_in->peer = NULL;
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
static void
sign_in_forget_keep(const struct sign_in *sign_in)
{
    struct keyring_session keys = {0};

    if (sign_in->keep != 0 &&
        keyring_open_keep(sign_in->keep, sign_in->daemon->account.gid, &keys) ==
            0 &&
        strcmp(keys.id, sign_in->id) == 0)
        keyring_forget(&keys, sign_in->who.shard);
}

/* One line per decision. */
static void
sign_in_log(const struct session *who, enum wire_result result, const char *why)
{
    log_line(result == WIRE_OK ? LOG_INFO
             : result == WIRE_MISCONFIGURED || result == WIRE_INTERNAL
                 ? LOG_ERR
                 : LOG_NOTICE,
             "sign-in of %s (service %s, host %s, provider %s): %s%s%s",
             who->user, who->service,
             who->rhost == NULL || who->rhost[0] == '\0' ? "local" : who->rhost,
             who->provider == NULL ? "none" : who->provider,
             wire_result_name(result), why[0] == '\0' ? "" : ": ", why);
}

static enum wire_result
sign_in_finish(struct sign_in *sign_in, const struct provider_result *result,
               const struct provider_tokens *tokens,
               struct session **ret_session)
{
    int error;

    if (result->result != WIRE_OK)
        return result->result;
    if (sign_in->keep == 0 || sign_in->peer == NULL)
        return WIRE_OK;
    error = session_begin(&sign_in->daemon->sessions, sign_in->keep,
                          sign_in->id, &sign_in->who, tokens, ret_session);
    if (error == 0)
        return WIRE_OK;
    log_error("sign-in of %s: cannot store the tokens: %s", sign_in->who.user,
              strerror(-error));
    return WIRE_NO_KEYS;
}

static void
sign_in_pace_name(char name[PACE_NAME_MAX], const char *provider,
                  const char *user)
{
    snprintf(name, PACE_NAME_MAX, "%s %s", provider, user);
}

static void
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

    sign_in->call = NULL;
    sign_in_pace_name(name, sign_in->who.provider, sign_in->who.user);
    pace_note(&daemon->sessions, name, result);
    throttle_leave(daemon->throttle, sign_in->who.user, sign_in->who.rhost,
                   wrong, result->result == WIRE_OK);
    told = sign_in_finish(sign_in, result, tokens, &session);
    sign_in_log(&sign_in->who, told, result->why);
    if (session == NULL)
        session_discard(&daemon->sessions, sign_in->who.provider,
                        sign_in->who.user, tokens);
    if (sign_in->peer != NULL)
        peer_verdict(sign_in->peer, told,
                     session == NULL ? NULL : session->ticket, NULL,
                     result->retry_after_s);
    else
        sign_in_forget_keep(sign_in);
    sign_in_free(sign_in);
}

/* What is decided before the provider hears of it. */
static enum wire_result
sign_in_allowed(struct daemon *daemon, const struct session *who,
                const char *asked, const struct provider_config **ret_provider,
                unsigned *ret_wait_s)
{
    const struct config *config = daemon->config;
    char name[PACE_NAME_MAX];
    const struct throttle_limits limits = {
        config->failures_per_user, config->failures_per_host, config->window_s};

    if (!directory_knows(config, who->user, who->uid))
        return WIRE_UNKNOWN_USER;
    if (!config_access(config, who->service, who->user))
        return WIRE_DENIED;
    *ret_provider = config_choose(config, asked, who->user);
    if (*ret_provider == NULL)
        return WIRE_MISCONFIGURED;
    sign_in_pace_name(name, (*ret_provider)->name, who->user);
    *ret_wait_s = pace_wait_s(&daemon->sessions, name);
    if (*ret_wait_s > 0)
        return WIRE_SLOW_DOWN;
    if (daemon->sign_ins_in_flight >= config->sign_ins_in_flight)
        return WIRE_BUSY;
    if (!throttle_enter(daemon->throttle, &limits, who->user, who->rhost,
                        channel_now_ms() / 1000, ret_wait_s))
        return WIRE_THROTTLED;
    return WIRE_OK;
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

/* Ask the provider; answers the peer at once if that is not to be. */
static void
sign_in_start(struct peer *peer, const struct message *request)
{
    struct daemon *daemon = peer->daemon;
    const struct provider_config *provider = NULL;
    struct sign_in *sign_in = calloc(1, sizeof(*sign_in));
    enum wire_result result = WIRE_INTERNAL;
    unsigned wait_s = 0;
    uint64_t keep = 0;

    if (sign_in == NULL) {
        peer_verdict(peer, WIRE_INTERNAL, NULL, NULL, 0);
        return;
    }
    sign_in->daemon = daemon;
    LIST_INSERT_HEAD(&daemon->sign_ins, sign_in, link);
    if (sign_in_describe(&sign_in->who, request, peer->credentials.uid == 0) ==
        0)
        result = sign_in_allowed(daemon, &sign_in->who,
                                 message_text(request, WIRE_PROVIDER),
                                 &provider, &wait_s);
    daemon->sign_ins_in_flight++;
    if (result == WIRE_OK &&
        session_set(&sign_in->who.provider, provider->name) == 0) {
        if (message_number(request, WIRE_KEEP, &keep) && keep <= INT32_MAX)
            sign_in->keep = (key_serial_t)keep;
        memcpy(sign_in->id, peer->id, sizeof(sign_in->id));
        sign_in->who.shard = peer->shard;
        sign_in->call = provider_sign_in(
            &daemon->sessions.provider_context, provider, sign_in->who.user,
            message_text(request, WIRE_PASSWORD), sign_in_done, sign_in);
        if (sign_in->call != NULL) {
            sign_in->peer = peer;
            peer->sign_in = sign_in;
            peer_enter(peer, PEER_WORKING);
            return;
        }
        throttle_leave(daemon->throttle, sign_in->who.user, sign_in->who.rhost,
                       false, false);
        result = WIRE_INTERNAL;
    }
    if (sign_in->who.user != NULL && sign_in->who.service != NULL)
        sign_in_log(&sign_in->who, result, "the provider was not asked");
    sign_in_free(sign_in);
    peer_verdict(peer, result, NULL, NULL, wait_s);
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
