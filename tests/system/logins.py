# SPDX-License-Identifier: BSD-2-Clause
"""The real ways in: sshd, login on a terminal, su and sudo."""

import itertools
import os
import pathlib
import pty
import re
import secrets
import select
import subprocess
import time

import machine
import tap
from machine import WORK, write
from provider import password

CLIENT = WORK / "client"
PORT = 2200
METHODS = {"kbdint": "keyboard-interactive", "password": "password",
           "publickey": "publickey"}


class Sshd:
    """The real sshd on loopback, with UsePAM and all three methods.

    people   who gets our key into ~/.ssh/authorized_keys
    options  further lines of sshd_config(5)
    """

    def __init__(self, people=machine.PEOPLE, options=""):
        for name in ("host_key", "user_key"):
            machine.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        CLIENT / name)
        for name in people:
            home = pathlib.Path("/home", name, ".ssh")
            home.mkdir(mode=0o700)
            write(home / "authorized_keys",
                  (CLIENT / "user_key.pub").read_text(), 0o600)
            machine.run("chown", "-R", f"{name}:{name}", home)
        self._start(options)

    def restart(self, options=""):
        """Another configuration; sessions that are open stay."""
        self.process.kill()
        self.process.wait()
        self._start(options)

    def _start(self, options):
        write(CLIENT / "sshd_config", f"""\
Port {PORT}
ListenAddress 127.0.0.1
HostKey {CLIENT}/host_key
PidFile none
UsePAM yes
UseDNS no
PasswordAuthentication yes
KbdInteractiveAuthentication yes
PubkeyAuthentication yes
PermitRootLogin no
DenyUsers denied
LogLevel VERBOSE
MaxStartups 200
PerSourceMaxStartups none
{options}
""")
        self.process = subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-f", str(CLIENT / "sshd_config")],
            stdin=subprocess.DEVNULL)
        tap.wait_until(lambda: b":0898 00000000:0000 0A" in pathlib.Path(
            "/proc/net/tcp").read_bytes(), f"sshd listens on {PORT}")

    @staticmethod
    def monitor_of(user):
        """Pids of the "sshd: USER [priv]" processes: they run PAM."""
        return [pid for pid, command in machine.processes().items()
                if command.startswith(f"sshd: {user} [priv]")]


class LoginFailed(Exception):
    """The login was refused; the text is what the client printed."""


class Shell:
    """A shell that runs commands and says what they answered."""

    def run(self, command, timeout=20):
        """Run a shell command.  Returns (exit status, output)."""
        raise NotImplementedError

    def output(self, command, timeout=20):
        """The output of a command that must succeed, without final newline."""
        status, text = self.run(command, timeout)
        tap.check(status == 0, f"{command}: status {status}\n{text}")
        return text.rstrip("\n")


class SshSession(Shell):
    """alice@localhost by ssh, with a shell that reads our commands.

    secret: what the client answers to a password prompt; never in the
    environment or an argument, so that a search for leaks stays meaningful.
    """

    _numbers = itertools.count()

    def __init__(self, user, method="kbdint", secret=None, timeout=30):
        number = next(self._numbers)
        self._errors = CLIENT / f"stderr.{number}"
        answer = CLIENT / f"answer.{number}"
        write(answer, password(user) if secret is None else secret, 0o600)
        ask = CLIENT / f"askpass.{number}"
        write(ask, f"#!/bin/sh\nexec cat {answer}\n", 0o700)
        environment = dict(os.environ, SSH_ASKPASS=str(ask),
                           SSH_ASKPASS_REQUIRE="force", DISPLAY="none")
        with open(self._errors, "wb") as errors:
            self._process = subprocess.Popen(
                ["ssh", "-F", "none", "-p", str(PORT), "-l", user,
                 "-o", f"PreferredAuthentications={METHODS[method]}",
                 "-o", "NumberOfPasswordPrompts=1",
                 "-o", "StrictHostKeyChecking=no",
                 "-o", "UserKnownHostsFile=/dev/null",
                 "-o", "IdentitiesOnly=yes",
                 "-i", str(CLIENT / "user_key"),
                 "localhost", "exec bash --norc --noprofile"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                env=environment)
        self._buffer = b""
        try:
            self.pid = int(self.output("echo $$", timeout))
        except (EOFError, BrokenPipeError):
            self._process.wait(timeout)
            raise LoginFailed(self.errors()) from None

    def errors(self):
        """What the ssh client printed, without its own remark on the key."""
        text = self._errors.read_text(errors="replace").replace("\r", "")
        return "".join(line for line in text.splitlines(True)
                       if "Permanently added" not in line)

    def run(self, command, timeout=20):
        marker = secrets.token_hex(8)
        self.send(f"{{ {command}\n}} < /dev/null 2>&1\n"
                  f"echo \"{marker}\"\" $?\"\n")
        text = self._read_to(rf"{marker} (\d+)\n", timeout)
        body, _, status = text.rpartition(f"{marker} ")
        return int(status), body

    def send(self, text):
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()

    def _read_to(self, pattern, timeout):
        """Output up to and including the pattern."""
        end = time.monotonic() + timeout
        while True:
            match = re.search(pattern.encode(), self._buffer)
            if match:
                text = self._buffer[:match.end()]
                self._buffer = self._buffer[match.end():]
                return text.decode(errors="replace")
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [],
                                              left)[0]:
                raise AssertionError(
                    f"no {pattern!r} within {timeout} s, but "
                    f"{self._buffer.decode(errors='replace')!r}")
            piece = os.read(self._process.stdout.fileno(), 65536)
            if not piece:
                raise EOFError(self.errors())
            self._buffer += piece

    def logout(self, timeout=20):
        """End the shell and wait for the connection's end."""
        if self._process.poll() is None:
            self._process.stdin.close()
            self._process.wait(timeout)

    def kill_client(self):
        self._process.kill()
        self._process.wait()


class Terminal(Shell):
    """A program on a terminal of its own: login, su, sudo, by expecting."""

    def __init__(self, *command):
        self._buffer = b""
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execvp(command[0], [str(word) for word in command])

    def expect(self, pattern, timeout=20):
        """Wait for a pattern in the output; returns all up to its end."""
        end = time.monotonic() + timeout
        while True:
            match = re.search(pattern.encode(), self._buffer)
            if match:
                text = self._buffer[:match.end()]
                self._buffer = self._buffer[match.end():]
                return text.decode(errors="replace")
            left = end - time.monotonic()
            seen = self._buffer.decode(errors="replace")
            if left <= 0 or not select.select([self._fd], [], [], left)[0]:
                raise AssertionError(
                    f"no {pattern!r} within {timeout} s, but {seen!r}")
            try:
                piece = os.read(self._fd, 65536)
            except OSError:
                piece = b""
            if not piece:
                raise AssertionError(f"ended without {pattern!r}: {seen!r}")
            self._buffer += piece

    def send(self, text):
        os.write(self._fd, text.encode())

    def become_shell(self):
        """The program is a shell by now: no echo, no prompt."""
        marker = secrets.token_hex(8)
        self.send("stty -echo; PS1= PS2= PROMPT_COMMAND=; set +o history; "
                  f"echo \"{marker}\"\" ready\"\n")
        self.expect(f"{marker} ready\r\n")

    def run(self, command, timeout=20):
        marker = secrets.token_hex(8)
        self.send(f"{{ {command}\n}} < /dev/null 2>&1; "
                  f"echo \"{marker}\"\" $?\"\n")
        text = self.expect(rf"{marker} (\d+)\r\n", timeout)
        text = text.replace("\r\n", "\n")
        body, _, status = text.rpartition(f"{marker} ")
        return int(status), body

    def wait(self, timeout=20):
        """Wait for the program's end.  Returns (exit status, output)."""
        end = time.monotonic() + timeout
        while True:
            try:
                if select.select([self._fd], [], [], 0.05)[0]:
                    piece = os.read(self._fd, 65536)
                    self._buffer += piece
            except OSError:
                pass
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self._fd)
                return (os.waitstatus_to_exitcode(status),
                        self._buffer.decode(errors="replace"))
            if time.monotonic() > end:
                raise AssertionError(f"process {self.pid} does not end: "
                                     f"{self._buffer!r}")

    def logout(self):
        self.send("exit\n")
        return self.wait()


def login_on_terminal(user, secret=None):
    """login(1) on a terminal, as getty starts it."""
    terminal = Terminal("/bin/login", "-p")
    terminal.expect("login: ")
    terminal.send(user + "\n")
    terminal.expect("Password: ")
    terminal.send((password(user) if secret is None else secret) + "\n")
    terminal.expect(r"[$#] ")
    terminal.become_shell()
    return terminal


class Nested(Shell):
    """A terminal inside an ssh session, for su and sudo to ask on.

    script(1) is their terminal; what is typed goes through the session's
    shell, which it occupies until close().
    """

    def __init__(self, session, command):
        self._session = session
        self._end = secrets.token_hex(8)
        session.send(f"script -qefc '{command}' /dev/null 2>&1; "
                     f"echo \"{self._end}\"\" $?\"\n")

    def expect(self, pattern, timeout=20):
        return self._session._read_to(pattern, timeout)

    def send(self, text):
        self._session.send(text)

    def become_shell(self):
        marker = secrets.token_hex(8)
        self.send("stty -echo; PS1= PS2= PROMPT_COMMAND=; "
                  f"echo \"{marker}\"\" ready\"\n")
        self.expect(f"{marker} ready\r\n")

    def run(self, command, timeout=20):
        marker = secrets.token_hex(8)
        self.send(f"{{ {command}\n}} < /dev/null 2>&1; "
                  f"echo \"{marker}\"\" $?\"\n")
        text = self.expect(rf"{marker} (\d+)\r\n", timeout)
        text = text.replace("\r\n", "\n")
        body, _, status = text.rpartition(f"{marker} ")
        return int(status), body

    def close(self, timeout=20):
        """Leave the inner shell, until the session's own shell is back."""
        self.send("exit\n")
        self.expect(rf"{self._end} \d+\n", timeout)
