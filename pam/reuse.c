/* SPDX-License-Identifier: BSD-2-Clause */
#include "reuse.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "daemon.h"
#include "keyring/record.h"
#include "ring.h"
#include "verdict.h"
#include "wire/memory.h"

/* Is there anything that a password would be asked for, and nobody has? */
static bool
reuse_is_due(const struct call *call)
{
    const void *password = NULL;

    return geteuid() == 0 && getuid() == call->user.uid &&
           !call->options.use_first_pass &&
           pam_get_item(call->pamh, PAM_AUTHTOK, &password) == PAM_SUCCESS &&
           password == NULL;
}

/* The user's own session in @s.  Keys that root and signind's group do not
 * own do not count, so nothing of this can be planted. */
static bool
reuse_find_session(const struct call *call, struct keyring_session *ret_keys)
{
    struct ring_survey survey = {0};
    bool closed = false;
    gid_t gid = 0;

    if (daemon_find_group(call, &gid, &closed) != 0 || !closed ||
        ring_survey(gid, call->user.uid, NULL, &survey) != 0 ||
        survey.strangers || survey.mine.id[0] == '\0')
        return false;
    *ret_keys = survey.mine;
    return true;
}

/* REUSE, with the secret that only the inside of the session can read.  0,
 * -EPERM (the session is of another name) or another negative errno. */
static int
reuse_build(const struct call *call, const struct keyring_session *keys,
            struct message *request)
{
    __attribute__((cleanup(record_done))) struct record record;
    char secret[WIRE_ID_LENGTH + 1] = "", user[PEOPLE_NAME_MAX + 1];
    ssize_t length;
    int error;

    record_init(&record);
    message_init(request, WIRE_REUSE);
    error = record_read(&record, keys->session);
    if (error != 0)
        return error;
    if (record_get(&record, "user", user, sizeof(user)) < 0 ||
        strcmp(user, call->user.name) != 0)
        return -EPERM;
    length = record_get(&record, "secret", secret, sizeof(secret));
    error = length < 0 ? (int)length : 0;
    if (error == 0 &&
        (error = message_put_text(request, WIRE_USER, call->user.name)) == 0 &&
        (error = message_put_number(request, WIRE_UID, call->user.uid)) == 0 &&
        (error = message_put_text(request, WIRE_SERVICE, call->service)) == 0 &&
        (error = message_put_text(request, WIRE_ID, keys->id)) == 0 &&
        (error = message_put_text(request, WIRE_PROVIDER,
                                  call->options.provider)) == 0)
        error = message_put_text(request, WIRE_SECRET, secret);
    explicit_bzero(secret, sizeof(secret));
    return error;
}

bool
reuse_sign_in(const struct call *call)
{
    cleanup_message struct message request, answer;
    cleanup_daemon struct daemon daemon = DAEMON_INIT;
    struct keyring_session keys = {0};
    enum wire_result result;
    int error;

    message_init(&request, WIRE_NONE);
    message_init(&answer, WIRE_NONE);
    if (!reuse_is_due(call) || !reuse_find_session(call, &keys))
        return false;
    error = reuse_build(call, &keys, &request);
    if (error == 0)
        error = daemon_open(call, CHANNEL_PAM, DAEMON_REUSE_MS, &daemon);
    if (error == 0)
        error = daemon_ask(&daemon, &request, WIRE_VERDICT, &answer);
    if (error != 0) {
        /* The sign-in that follows says what is wrong, aloud. */
        call_log(call, LOG_DEBUG, "reuse of session %.8s: %s", keys.id,
                 strerrordesc_np(-error));
        return false;
    }
    result = verdict_result(&answer);
    if (result != WIRE_OK) {
        call_log(call, LOG_DEBUG, "reuse of session %.8s: %s", keys.id,
                 wire_result_name(result));
        return false;
    }
    call_log(call, LOG_NOTICE,
             "sign-in for %s: ok without a password: session %.8s signed in "
             "a moment ago (reuse_sign_in)",
             call->service, keys.id);
    return true;
}
