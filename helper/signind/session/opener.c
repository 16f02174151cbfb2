/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process that opened a session closes it.  One that dies without doing
 * so is noticed through a pidfd (pidfd_open(2)), which needs no privilege and
 * cannot be fooled by a reused process id.
 */
#include "session.h"

#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wire/process.h"

static void
opener_ended(evutil_socket_t fd, short what, void *context)
{
    struct session *session = context;

    (void)fd;
    (void)what;
    session->table->openers_died = true;
    session_close(session, "the process that opened it has ended");
}

/*
 * Is what fd stands for the process that opened the session, and not one that
 * has its number by now?  While fd's process lives the number is its own, so
 * what /proc says of the number is asked first, and whether it lives then.
 */
static bool
opener_is_another(const struct session *session, int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    struct process process;

    /* Under hidepid nothing can be read. */
    if (session->opener_start == 0 ||
        process_read(session->opener, &process) != 0)
        return false;
    return process.start != session->opener_start || poll(&poll_fd, 1, 0) > 0;
}

int
session_watch_opener(struct session *session)
{
    int fd;

    /* A process of a container, which has no number here. */
    if (session->opener <= 0)
        return -EOPNOTSUPP;
    fd = (int)syscall(SYS_pidfd_open, session->opener, 0);
    if (fd < 0)
        return -errno;
    if (opener_is_another(session, fd)) {
        close(fd);
        return -ESRCH;
    }
    session->opener_fd = fd;
    session->opener_event =
        event_new(session->table->base, fd, EV_READ, opener_ended, session);
    if (session->opener_event == NULL ||
        event_add(session->opener_event, NULL) != 0) {
        session_unwatch_opener(session);
        return -ENOMEM;
    }
    return 0;
}

void
session_unwatch_opener(struct session *session)
{
    if (session->opener_event != NULL)
        event_free(session->opener_event);
    session->opener_event = NULL;
    if (session->opener_fd >= 0)
        close(session->opener_fd);
    session->opener_fd = -1;
}
