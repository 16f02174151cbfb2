/* SPDX-License-Identifier: BSD-2-Clause */
#include "shutdown.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "log.h"
#include "wire/channel.h"
#include "wire/memory.h"

/* signind answers within shutdown_revoke_timeout, which is the
 * administrator's; this only ends a wait for one that hangs. */
#define SHUTDOWN_WAIT_MS 600000

int
shutdown_revoke_all(void)
{
    struct message request, answer;
    struct account account;
    cleanup_close int fd = -1;
    uint64_t result = WIRE_RESULT_NONE;
    int error;

    if (account_find(&account) != 0)
        return EXIT_FAILURE;
    message_init(&request, WIRE_END_ALL);
    message_init(&answer, WIRE_NONE);
    error = channel_open(CHANNEL_PAM, account.uid, &fd);
    if (error == 0)
        error = channel_call(fd, &request, &answer,
                             channel_now_ms() + SHUTDOWN_WAIT_MS);
    if (error == 0)
        message_number(&answer, WIRE_RESULT, &result);
    message_done(&answer);
    if (error != 0) {
        log_error("signind cannot be asked to end the sessions: %s%s",
                  strerror(-error), error == -EACCES ? "; run as root" : "");
        return EXIT_FAILURE;
    }
    if (result != WIRE_OK) {
        log_error("not every session is revoked: %s; signind's log has more",
                  wire_result_name((enum wire_result)result));
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
