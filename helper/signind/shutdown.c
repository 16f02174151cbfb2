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

/* systemd's socket takes the connection even if no signind can be started any
 * more: whether one is there must not take that long to learn. */
#define SHUTDOWN_LOOK_MS 10000

static int
shutdown_ask(const struct account *account, enum wire_type type, int wait_ms,
             struct message *ret_answer)
{
    struct message request;
    cleanup_close int fd = -1;
    int error = channel_open(CHANNEL_PAM, account->uid, &fd);

    message_init(&request, type);
    message_init(ret_answer, WIRE_NONE);
    if (error == 0)
        error =
            channel_call(fd, &request, ret_answer, channel_now_ms() + wait_ms);
    message_done(&request);
    return error;
}

int
shutdown_revoke_all(void)
{
    struct message answer;
    struct account account;
    uint64_t result = WIRE_RESULT_NONE;
    int error;

    if (account_find(&account) != 0)
        return EXIT_FAILURE;
    error = shutdown_ask(&account, WIRE_BEGIN, SHUTDOWN_LOOK_MS, &answer);
    message_done(&answer);
    if (error == 0)
        error = shutdown_ask(&account, WIRE_END_ALL, SHUTDOWN_WAIT_MS, &answer);
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
