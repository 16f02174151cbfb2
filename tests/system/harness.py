# SPDX-License-Identifier: BSD-2-Clause
"""What a test file imports; each part is a file of its own beside this."""

import sys

import keys
import leaks
import machine
import tap
from daemon import Signind, configure
from logins import (LoginFailed, Nested, Sshd, SshSession, Terminal,
                    login_on_terminal)
from machine import (PEOPLE, WORK, Machine, alive, kill9, processes, run,
                     write)
from provider import Glewlwyd, Oidc, password
from tap import Skip, case, check, check_equal, wait_until

__all__ = [
    "Glewlwyd", "LoginFailed", "Machine", "Nested", "Oidc", "PEOPLE",
    "Signind", "Skip", "SshSession", "Sshd", "Terminal", "WORK", "alive",
    "case", "check", "check_equal", "configure", "keys", "kill9", "leaks",
    "live_session", "login_on_terminal", "main", "password", "processes",
    "run", "wait_until", "wait_for_no_session", "write",
]


def main(set_up, kind=Machine):
    """Enter the private machine, set_up(machine), run the file's cases."""
    machine.enter()
    with kind() as here:
        try:
            set_up(here)
        except Exception:
            # Without a set-up no case means anything; say why, fail once.
            tap.fail_set_up()
            sys.exit(1)
        sys.exit(tap.run_cases())


def live_session(here, user, timeout=10):
    """The only live session of a user in the kernel, with its tokens."""
    def found():
        mine = [session for session in keys.sessions(here.machine_id)
                if session.user == user and session.ring
                and session.access_token]
        return mine[0] if len(mine) == 1 else None
    return wait_until(found, f"one live session of {user} in the kernel",
                      timeout)


def wait_for_no_session(here, session_id, timeout=10):
    """Until nothing of a session is left in the kernel."""
    wait_until(lambda: session_id not in
               [session.id for session in keys.sessions(here.machine_id)],
               f"keys of session {session_id} gone", timeout)
