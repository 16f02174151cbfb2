#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""signind under valgrind through whole sessions: no error, no leak."""

import re

from harness import *
from scenarios import check_dead, check_session, wait_until_old_enough

ERRORS = 99  # valgrind's exit status when it has found something


def set_up(here):
    global machine, glewlwyd, signind, sshd
    machine = here
    glewlwyd = Glewlwyd("short")
    # On two slow cores valgrind's start alone takes seconds.
    configure(glewlwyd, extra="request_timeout = 30s\n")
    signind = Signind(
        "valgrind", "-q", f"--error-exitcode={ERRORS}", "--leak-check=full",
        "--show-leak-kinds=definite,indirect,possible",
        "--errors-for-leak-kinds=definite,indirect,possible",
        "--vgdb=no", machine_id=here.machine_id)
    sshd = Sshd()


@case("sign-in, refusal, refresh, hand-out, logout, reload, shutdown")
def whole_session():
    try:
        SshSession("alice", "kbdint", "wrong", timeout=60)
    except LoginFailed:
        pass
    shell = SshSession("alice", timeout=60)
    session = check_session(machine, glewlwyd, shell, "alice")
    wait_until_old_enough(machine, "alice")
    shell.output("signin refresh", 60)
    before = glewlwyd.refreshes()
    wait_until(lambda: glewlwyd.refreshes() > before, "a refresh", 30)
    signind.reload()
    shell.output("signin token --min-valid 1", 60)
    # One more stays open: shutdown with a live session.
    second = SshSession("bob", timeout=60)
    shell.logout()
    wait_for_no_session(machine, session.id, 30)
    status = signind.stop(60)
    check_equal(status, 0, "exit status of signind under valgrind")
    check(not re.search(r"^==\d+== ", signind.log(), re.MULTILINE),
          "valgrind has something to say")
    signind.wrapper = ()
    signind.start()
    left = [session.id for session in keys.sessions(machine.machine_id)]
    second.logout()
    for session_id in left:
        check_dead(machine, glewlwyd, session_id)


main(set_up)
