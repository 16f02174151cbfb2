/* SPDX-License-Identifier: BSD-2-Clause */
#include "keep.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "verdict.h"
#include "wire/memory.h"

/* What PLACE says, taken out of the message. */
struct keep_place {
    key_serial_t shard;
    gid_t gid;
    bool allow; /* on_no_keyring */
    char id[KEYRING_ID_LENGTH + 1];
};

static int
keep_read_place(const struct message *answer, struct keep_place *ret_place)
{
    struct keep_place place = {0};
    const char *id = message_text(answer, WIRE_ID);
    uint64_t gid = 0, on_no_keyring = WIRE_NO_KEYRING_DENY;

    /* Shard 0, none at hand, is for the check below: not a broken answer. */
    if (daemon_read_serial(answer, WIRE_SHARD, &place.shard) != 0)
        place.shard = 0;
    if (!message_number(answer, WIRE_GID, &gid) || gid > UINT32_MAX ||
        id == NULL || !keyring_id_valid(id))
        return -EPROTO;
    place.gid = (gid_t)gid;
    memcpy(place.id, id, sizeof(place.id));
    message_number(answer, WIRE_ON_NO_KEYRING, &on_no_keyring);
    place.allow = on_no_keyring == WIRE_NO_KEYRING_ALLOW;
    *ret_place = place;
    return 0;
}

void
keep_log_error(const struct call *call, const char *what, int error)
{
    call_log(call, LOG_ERR, "%s: %s", what,
             error == -EPERM ? "a key is not what signind said it is"
                             : keyring_error_text(error));
}

/* Is the group the one that signind has, and open to nobody else? */
static bool
keep_check_group(const struct call *call, gid_t expected)
{
    gid_t gid = 0;
    bool closed = false;

    if (daemon_find_group(call, &gid, &closed) != 0)
        call_log(call, LOG_ERR, "group " DAEMON_USER " does not exist");
    else if (gid != expected)
        call_log(call, LOG_ERR,
                 "group " DAEMON_USER " is not the one that signind has");
    else if (!closed)
        call_log(call, LOG_ERR,
                 "group " DAEMON_USER " has members, who could read every "
                 "session's tokens: take them out");
    else
        return true;
    return false;
}

/* Is that one of signind's shards?  0, -EPERM or another negative errno. */
static int
keep_check_shard(const struct keep_place *place)
{
    char name[32];
    int error = -EPERM;

    for (int n = 0; n < KEYRING_SHARDS && error == -EPERM; n++) {
        snprintf(name, sizeof(name), "signin:shard:%d", n);
        error = keyring_check(place->shard, "keyring", name, place->gid);
    }
    return error;
}

/* BEGIN.  PAM_SUCCESS and a place, or the code to leave with. */
static int
keep_ask_place(const struct call *call, struct daemon *daemon,
               struct keep_place *ret_place)
{
    cleanup_message struct message request, answer;
    const int64_t whole_ms = daemon->deadline_ms;
    int error;

    /* systemd takes connections for a signind that cannot start: this, which
     * is answered from memory, finds out before the person has waited long. */
    daemon->deadline_ms = channel_now_ms() + DAEMON_BEGIN_MS;
    message_init(&request, WIRE_BEGIN);
    error = daemon_ask(daemon, &request, WIRE_PLACE, &answer);
    daemon->deadline_ms = whole_ms;
    if (error == 0 && answer.type == WIRE_VERDICT) {
        verdict_log(call, "sign-in", &answer);
        verdict_tell(call, &answer);
        return verdict_authenticate_code(verdict_result(&answer));
    }
    if (error == 0)
        error = keep_read_place(&answer, ret_place);
    if (error == 0)
        return PAM_SUCCESS;
    daemon_log_error(call, "sign-in", error);
    verdict_tell_unavailable(call);
    return PAM_AUTHINFO_UNAVAIL;
}

int
keep_make(const struct call *call, struct daemon *daemon, struct keep *ret_keep)
{
    struct keep_place place = {0};
    struct keep keep = {0};
    int code = keep_ask_place(call, daemon, &place);
    int error;

    if (code != PAM_SUCCESS)
        return code;
    if (call->options.no_session) {
        *ret_keep = keep;
        return PAM_SUCCESS;
    }
    if (!keep_check_group(call, place.gid)) {
        verdict_tell_unavailable(call);
        return PAM_AUTHINFO_UNAVAIL;
    }
    keep.shard = place.shard;
    keep.allow = place.allow;
    error = keep_check_shard(&place);
    if (error == 0)
        error = keyring_make_keep(place.shard, place.gid, place.id, &keep.keys);
    if (error == 0) {
        *ret_keep = keep;
        return PAM_SUCCESS;
    }
    keep_log_error(call, "making the session's keys", error);
    if (place.allow) {
        call_log(call, LOG_ERR,
                 "sign-in goes on without a token: on_no_keyring = allow");
        *ret_keep = (struct keep){0};
        return PAM_SUCCESS;
    }
    verdict_tell_unavailable(call);
    return PAM_AUTHINFO_UNAVAIL;
}

void
keep_drop(struct keep *keep)
{
    if (keep->keys.keep != 0)
        keyring_forget(&keep->keys, keep->shard);
    *keep = (struct keep){0};
}
