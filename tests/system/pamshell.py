#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A login by libpam alone, for when there must be many, or each by a PAM
service of its own: what sshd does, in a process that is opened at once.

usage: pamshell.py SERVICE USER

The password is the first line of standard input; then commands, each a line
of JSON, run as USER in the session.  Each answer is [status, output].
"""

import json
import os
import pwd
import select
import subprocess
import sys

import keys
import pamcall
from logins import LoginFailed, Shell
from provider import password


class PamShell(Shell):
    def __init__(self, service, user, timeout=30):
        self._process = subprocess.Popen(
            [sys.executable, __file__, service, user], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        code, told = self._ask(password(user), timeout)
        if code != pamcall.SUCCESS:
            raise LoginFailed(f"{code}: {told}")

    def _ask(self, line, timeout):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout
        if not select.select([answer], [], [], timeout)[0]:
            raise AssertionError(f"no answer within {timeout} s")
        return json.loads(answer.readline())

    def run(self, command, timeout=20):
        return tuple(self._ask(json.dumps(command), timeout))

    def logout(self, timeout=20):
        self._process.stdin.close()
        self._process.wait(timeout)


def run_as(person, command):
    done = subprocess.run(
        ["setpriv", f"--reuid={person.pw_uid}", f"--regid={person.pw_gid}",
         "--clear-groups", "sh", "-c", command], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False)
    return [done.returncode, done.stdout]


def main(service, user):
    keys.join_session()
    pam = pamcall.Pam(service, user, sys.stdin.readline().rstrip("\n"))
    code = pam.authenticate() or pam.account() or pam.open_session()
    print(json.dumps([code, " ".join(pam.told)]), flush=True)
    if code != pamcall.SUCCESS:
        sys.exit(1)
    for line in sys.stdin:
        print(json.dumps(run_as(pwd.getpwnam(user), json.loads(line))),
              flush=True)
    pam.close_session()
    pam.end()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    main(*sys.argv[1:])
