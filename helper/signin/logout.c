/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signin logout: end the session's tokens, and with --session the login.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "signin/command.h"
#include "signin/daemon.h"

/*
 * Hang up on the leader of this process's session (setsid(2)), as a terminal
 * that goes away does: with login or sshd that is the login shell, and its
 * end ends the login, with systemd or without.
 */
static enum status
hang_up(void)
{
    pid_t leader = getsid(0);

    /* A leader that this process is itself ends anyway; one outside of our
     * pid namespace shows as 0, and 1 is nobody's login shell. */
    if (leader == getpid())
        return STATUS_OK;
    if (leader <= 1) {
        text_complain("the tokens are gone, but there is no login shell to "
                      "end; leave it with \"exit\"");
        return STATUS_FAILURE;
    }
    if (kill(leader, SIGHUP) == 0 || errno == ESRCH)
        return STATUS_OK;
    text_complain("the tokens are gone, but the login shell (process %d) "
                  "cannot be ended: %s; leave it with \"exit\"",
                  (int)leader, strerror(errno));
    return STATUS_NOT_PERMITTED;
}

enum status
command_logout(const struct arguments *arguments)
{
    cleanup_session struct session session = {0};
    enum status status = session_find(&session);
    struct answer answer;

    if (status != STATUS_OK)
        return status;
    answer = daemon_logout(&session);
    if (answer.status != STATUS_OK)
        return daemon_complain(&answer);
    return arguments->session ? hang_up() : STATUS_OK;
}
