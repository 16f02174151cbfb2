/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "signin/command.h"

int
main(int argc, char **argv)
{
    enum status status;

    /* Tokens pass through: no core dump, no ptrace by the same user. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    /* A reader that left is a failed write, which is told. */
    signal(SIGPIPE, SIG_IGN);
    status = command_main(argc, argv);
    /* Some file systems tell of a full disk only here.  Nobody asked for
     * output where stdout was never open. */
    if (close(STDOUT_FILENO) < 0 && errno != EBADF && status == STATUS_OK) {
        text_complain("cannot write to standard output: %s", strerror(errno));
        status = STATUS_FAILURE;
    }
    return (int)status;
}
