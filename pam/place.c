/* SPDX-License-Identifier: BSD-2-Clause */
#include "place.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "keep.h"
#include "ring.h"
#include "verdict.h"
#include "wire/memory.h"
#include "wire/process.h"

struct place_claim {
    char id[KEYRING_ID_LENGTH + 1];
    key_serial_t keep;
    bool allow; /* on_no_keyring */
};

static int
place_read_claim(const struct message *answer, struct place_claim *ret_claim)
{
    struct place_claim claim = {0};
    const char *id = message_text(answer, WIRE_ID);
    uint64_t on_no_keyring = WIRE_NO_KEYRING_DENY;

    if (id == NULL || !keyring_id_valid(id) ||
        daemon_read_serial(answer, WIRE_KEEP, &claim.keep) != 0)
        return -EPROTO;
    memcpy(claim.id, id, sizeof(claim.id));
    message_number(answer, WIRE_ON_NO_KEYRING, &on_no_keyring);
    claim.allow = on_no_keyring == WIRE_NO_KEYRING_ALLOW;
    *ret_claim = claim;
    return 0;
}

/* CLAIM.  PAM_SUCCESS and an open conversation, or PAM_SYSTEM_ERR. */
static int
place_ask_claim(const struct call *call, const struct ticket *ticket,
                struct daemon *daemon, struct place_claim *ret_claim)
{
    cleanup_message struct message request, answer;
    struct process self;
    int error;

    message_init(&answer, WIRE_NONE);
    message_init(&request, WIRE_CLAIM);
    /* signind may be unable to read it (hidepid). */
    error = process_read_self(&self);
    if (error != 0) {
        call_log(call, LOG_ERR, "/proc/self/stat cannot be read: no session");
        ticket_abandon(call, ticket);
        return PAM_SYSTEM_ERR;
    }
    if ((error = message_put_text(&request, WIRE_TICKET, ticket->text)) != 0 ||
        (error = message_put_text(&request, WIRE_USER, call->user.name)) != 0 ||
        (error = message_put_number(&request, WIRE_UID, call->user.uid)) != 0 ||
        (error = message_put_number(&request, WIRE_START_TIME, self.start)) !=
            0 ||
        (error = message_put_text(&request, WIRE_SERVICE, call->service)) !=
            0 ||
        (error = daemon_open(call, CHANNEL_PAM, DAEMON_CLAIM_MS, daemon)) !=
            0 ||
        (error = daemon_ask(daemon, &request, WIRE_CLAIMED, &answer)) != 0) {
        daemon_log_error(call, "opening the session", error);
        return PAM_SYSTEM_ERR;
    }
    if (answer.type == WIRE_VERDICT) {
        verdict_log(call, "opening the session", &answer);
        return PAM_SYSTEM_ERR;
    }
    error = place_read_claim(&answer, ret_claim);
    if (error == 0)
        return PAM_SUCCESS;
    daemon_log_error(call, "opening the session", error);
    return PAM_SYSTEM_ERR;
}

bool
place_is_ready(const struct call *call)
{
    struct ring_survey survey;
    bool closed = false;
    gid_t gid = 0;

    /* su, sudo: it may be the caller's, whose processes all have it. */
    if (getuid() != geteuid())
        return false;
    return daemon_find_group(call, &gid, &closed) == 0 &&
           ring_is_private(call->user.uid) &&
           ring_survey(gid, call->user.uid, NULL, &survey) == 0 &&
           !survey.others;
}

/* Make the ring.  0 or a negative errno, then nothing was placed. */
static int
place_make_ring(const struct call *call, const struct place_claim *claim,
                struct keyring_session *ret_keys)
{
    struct keyring_session keys = {0};
    bool closed = false;
    gid_t gid = 0;
    int error = daemon_find_group(call, &gid, &closed);

    if (error == 0 && !closed)
        error = -EPERM;
    if (error == 0)
        error = keyring_open_keep(claim->keep, gid, &keys);
    if (error == 0 && strcmp(keys.id, claim->id) != 0)
        error = -EPERM;
    /* A token that lives only seconds may have been collected by now. */
    if (error == 0)
        error = keyring_mend(&keys, gid);
    if (error == 0 && !place_is_ready(call))
        error = ring_join(call->user.uid, call->user.gid);
    if (error == 0) {
        error = keyring_make_ring(&keys, gid);
        /* The user's quota may have had room for a keyring, and none for a
         * link in it.  If root's is full, this fails in the same way. */
        if (error == -EDQUOT &&
            ring_join_as_root(call->user.uid, call->user.gid) == 0)
            error = keyring_make_ring(&keys, gid);
    }
    if (error == 0)
        *ret_keys = keys;
    return error;
}

/* PLACED.  0; -ENOKEY: signind cannot use the keys; -EIO: anything else. */
static int
place_report(const struct call *call, struct daemon *daemon,
             const struct keyring_session *keys)
{
    cleanup_message struct message request, answer;
    enum wire_result result;
    int error;

    message_init(&answer, WIRE_NONE);
    message_init(&request, WIRE_PLACED);
    error = message_put_number(&request, WIRE_RING, (uint64_t)keys->ring);
    if (error == 0)
        error = daemon_ask(daemon, &request, WIRE_VERDICT, &answer);
    if (error != 0) {
        daemon_log_error(call, "placing the session's keys", error);
        return -EIO;
    }
    result = verdict_result(&answer);
    if (result == WIRE_OK)
        return 0;
    verdict_log(call, "placing the session's keys", &answer);
    return result == WIRE_NO_KEYS ? -ENOKEY : -EIO;
}

int
place_session(const struct call *call, const struct ticket *ticket,
              struct keyring_session *ret_keys)
{
    cleanup_daemon struct daemon daemon = DAEMON_INIT;
    struct keyring_session keys = {0};
    struct place_claim claim = {0};
    int code = place_ask_claim(call, ticket, &daemon, &claim);
    int error;

    if (code != PAM_SUCCESS)
        return code;
    error = place_make_ring(call, &claim, &keys);
    if (error != 0) {
        keep_log_error(call, "placing the session's keys", error);
    } else {
        error = place_report(call, &daemon, &keys);
        if (error != 0) {
            keyctl_unlink(keys.ring, KEY_SPEC_SESSION_KEYRING);
            keyring_end_session(&keys);
        }
    }
    /* From here signind revokes the tokens: the connection closes. */
    if (error == -EIO || error == -ENOTRECOVERABLE ||
        (error != 0 && !claim.allow))
        return PAM_SYSTEM_ERR;
    if (error != 0) {
        call_log(call, LOG_ERR,
                 "session goes on without a token: on_no_keyring = allow");
        keys = (struct keyring_session){0};
    }
    *ret_keys = keys;
    return PAM_SUCCESS;
}
