# SPDX-License-Identifier: BSD-2-Clause
"""The real signind, started as root as an administrator without systemd
would, and its configuration."""

import os
import pathlib
import re
import signal
import socket
import subprocess

import machine
import tap
from machine import DAEMON, PEOPLE, WORK, write
from provider import SECRET


def configure(*providers, level="debug", extra="", signin="", **sections):
    """Write /etc/signin for these providers; the first is the default.

    signin is added to [signin]; other keywords are whole sections' text.
    """
    directory = pathlib.Path("/etc/signin")
    directory.mkdir(exist_ok=True)
    secrets = directory / "secrets"
    secrets.mkdir(mode=0o750, exist_ok=True)
    gid = _gid(DAEMON)
    os.chown(secrets, 0, gid)
    text = f"""\
[signin]
config_version = 1
log_level = {level}
default_provider = {providers[0].name}
{signin}
"""
    for provider in providers:
        write(secrets / provider.name, SECRET, 0o640)
        os.chown(secrets / provider.name, 0, gid)
        # The daemon reads it after it has dropped root.
        copy = directory / f"{provider.name}-ca.crt"
        write(copy, pathlib.Path(provider.ca_file).read_text())
        text += (f"\n[provider {provider.name}]\n"
                 + provider.configuration().replace(provider.ca_file,
                                                    str(copy)))
        text += extra
    sections.setdefault("accounts", f"local_users = {' '.join(PEOPLE)}")
    sections.setdefault("access", "allow_users = *")
    for name, content in sections.items():
        text += f"\n[{name}]\n{content}\n"
    write(directory / "signin.conf", text)


def _gid(name):
    for line in pathlib.Path("/etc/group").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split(":")[2])
    raise KeyError(name)


class Signind:
    """One signind process.  log is its stderr, all starts in one file."""

    def __init__(self, *wrapper, machine_id):
        self.wrapper = wrapper
        self.machine_id = machine_id
        self.log_path = WORK / "log" / "signind"
        self.process = None
        self._notify_path = "/run/notify"
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(self._notify_path)
        self._notify.settimeout(0.1)
        os.chmod(self._notify_path, 0o666)
        tap.explain(lambda: ["--- signind",
                             *self.log().splitlines()[-60:]])
        self.start()

    def start(self, timeout=10):
        """Start and wait for READY=1 (sd_notify(3), its protocol)."""
        self._drain()
        environment = dict(os.environ, NOTIFY_SOCKET=self._notify_path)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, "/usr/sbin/signind"], env=environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_for_state("READY=1", timeout)

    def wait_for_state(self, state, timeout=10):
        """Until it tells the service manager so."""
        def told():
            tap.check(self.process.poll() is None,
                      f"signind ended: status {self.process.poll()}\n"
                      f"{self.log()}")
            try:
                return state.encode() in self._notify.recv(4096)
            except TimeoutError:
                return False
        tap.wait_until(told, f"signind says {state}", timeout)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def mark(self):
        return len(self.log())

    def wait_for_log(self, pattern, since=0, timeout=5.0):
        """The first line after `since` that the pattern is found in."""
        def found():
            for line in self.log()[since:].splitlines():
                if re.search(pattern, line):
                    return line
            return None
        return tap.wait_until(found, f"a line {pattern!r} in signind's log",
                              timeout)

    def stop(self, timeout=15):
        """SIGTERM and wait.  Returns the exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout)

    def kill9(self):
        self.process.kill()
        self.process.wait()

    def restart(self):
        self.stop()
        self.start()

    def reload(self):
        """SIGHUP, and wait until it has read (or refused) the new files."""
        self._drain()
        self.process.send_signal(signal.SIGHUP)
        self.wait_for_state("READY=1")

    def _drain(self):
        """Forget what it has told so far."""
        try:
            while self._notify.recv(4096):
                pass
        except TimeoutError:
            pass
