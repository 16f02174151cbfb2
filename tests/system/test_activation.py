#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""signind as its systemd units start it: --prepare as root, the two sockets
handed over, itself never root, and a strict umask."""

import fcntl
import os
import socket
import subprocess

from harness import *
from machine import DAEMON
from scenarios import check_dead, check_session

# What Exec*= of signind.service come to.
PREPARE = ["sh", "-c", "umask 0077; exec signind --prepare"]
ACTIVATE = """\
umask 0077; exec 3<&$1 4<&$2
LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=$3 exec setpriv --reuid=$4 \
--regid=$4 --clear-groups --no-new-privs --bounding-set=-all signind"""


def listen(path, mode):
    """A listening socket at a number that the shell's 3 and 4 do not meet."""
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    made.bind(str(path))
    os.chmod(path, mode)
    made.listen(64)
    return fcntl.fcntl(made.detach(), fcntl.F_DUPFD, 100)


class Activated(Signind):
    """Keeps the sockets, as systemd does, while signind comes and goes."""

    def __init__(self, **arguments):
        directory = machine_path("/run/signin")
        self.sockets = [listen(directory / "pam", 0o600),
                        listen(directory / "public", 0o666)]
        super().__init__(**arguments)

    def command(self, names="pam:public"):
        return ["bash", "-c", ACTIVATE, "activate",
                *map(str, self.sockets), names, DAEMON]

    def start(self, timeout=10):
        self._drain()
        environment = dict(os.environ, NOTIFY_SOCKET=self._notify_path)
        with open(self.log_path, "ab") as log:
            subprocess.run(PREPARE, check=True, stdout=log, stderr=log)
            self.process = subprocess.Popen(
                self.command(), env=environment, pass_fds=self.sockets,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_for_state("READY=1", timeout)


def machine_path(text):
    return type(WORK)(text)


def set_up(here):
    global machine, glewlwyd, signind, sshd
    machine = here
    glewlwyd = Glewlwyd("short")
    configure(glewlwyd)
    signind = Activated(machine_id=here.machine_id)
    sshd = Sshd()


@case("a whole session through sockets that were handed over")
def whole_session():
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    check_equal(shell.run("signin token --min-valid 4")[0], 0,
                "status of a hand-out through the public socket")
    shell.logout()
    check_dead(machine, glewlwyd, session.id)


@case("it was never root, and has no capability")
def without_privilege():
    status = machine_path(f"/proc/{signind.process.pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines()
                  if ":\t" in line)
    check("0" not in fields["Uid"].split(), f"uids {fields['Uid']}")
    check_equal(int(fields["CapPrm"], 16), 0, "permitted capabilities")
    check_equal(int(fields["CapBnd"], 16), 0, "bounding capabilities")
    check_equal(fields["NoNewPrivs"].strip(), "1", "NoNewPrivs")


@case("restarted: the session goes on, and a login waits for it meanwhile")
def restarted():
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    signind.restart()
    check_equal(shell.run("signin refresh")[0], 0, "status after a restart")
    shell.logout()
    check_dead(machine, glewlwyd, session.id)


@case("wrong sockets, no sockets: it says what it needs, and does not start")
def refused():
    for names, word in (("pam:pam", "pam and public"),
                        ("nss:public", "pam and public")):
        done = subprocess.run(signind.command(names), text=True,
                              capture_output=True, pass_fds=signind.sockets,
                              stdin=subprocess.DEVNULL, timeout=10)
        check_equal(done.returncode, 1, f"status with sockets {names}")
        check(word in done.stderr, done.stderr)
    done = subprocess.run(["setpriv", f"--reuid={DAEMON}", f"--regid={DAEMON}",
                           "--clear-groups", "signind"], text=True,
                          capture_output=True, timeout=10)
    check_equal(done.returncode, 1, "status without sockets")
    check("as root" in done.stderr, done.stderr)


main(set_up)
