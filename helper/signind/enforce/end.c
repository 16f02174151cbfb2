/* SPDX-License-Identifier: BSD-2-Clause */
#include "end.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "signind/log.h"
#include "wire/channel.h"

static bool
end_keep(struct ending *ending, int pidfd)
{
    if (ending->count == ending->room) {
        size_t room = ending->room == 0 ? 64 : ending->room * 2;
        int *pidfds = reallocarray(ending->pidfds, room, sizeof(*pidfds));

        if (pidfds == NULL)
            return false;
        ending->pidfds = pidfds;
        ending->room = room;
    }
    ending->pidfds[ending->count++] = pidfd;
    return true;
}

static void
end_ask(int pidfd, bool opener)
{
    if (!opener)
        pidfd_send_signal(pidfd, SIGHUP, NULL, 0);
    pidfd_send_signal(pidfd, SIGTERM, NULL, 0);
    /* One that is stopped gets neither before. */
    pidfd_send_signal(pidfd, SIGCONT, NULL, 0);
}

void
end_begin(struct ending *ending, const struct process *family, size_t count,
          bool quiet)
{
    const size_t first = ending->count;
    bool opener = false;

    for (size_t i = 0; i < count; i++) {
        int pidfd = process_open(&family[i]);

        if (pidfd < 0 && pidfd != -ESRCH)
            log_error("process %d cannot be ended: %s", (int)family[i].pid,
                      strerror(-pidfd));
        if (pidfd < 0)
            continue;
        opener = opener || i == 0;
        if (!end_keep(ending, pidfd)) {
            /* It cannot be waited for: at once, then. */
            pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
            close(pidfd);
        }
    }
    /* All are held before the first is told: none is reparented by then. */
    for (size_t i = ending->count; !quiet && i-- > first;)
        end_ask(ending->pidfds[i], opener && i == first);
}

static bool
end_has_ended(int pidfd, int wait_ms)
{
    struct pollfd wait = {.fd = pidfd, .events = POLLIN};

    return poll(&wait, 1, wait_ms) == 1;
}

size_t
end_finish(struct ending *ending, int within_ms)
{
    const int64_t until_ms = channel_now_ms() + within_ms;
    size_t killed = 0;

    for (size_t i = 0; i < ending->count; i++) {
        int64_t left = until_ms - channel_now_ms();

        if (!end_has_ended(ending->pidfds[i], left > 0 ? (int)left : 0) &&
            pidfd_send_signal(ending->pidfds[i], SIGKILL, NULL, 0) == 0)
            killed++;
        close(ending->pidfds[i]);
    }
    free(ending->pidfds);
    *ending = (struct ending){0};
    return killed;
}
