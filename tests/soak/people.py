# SPDX-License-Identifier: BSD-2-Clause
"""People of a soak: they log in by every way there is, use their tokens, and
leave in every way, politely or not."""

import os
import pathlib
import random
import signal
import subprocess
import threading
import time
import traceback

from external import getent, passwd
from harness import *

# What a login, a command or a terminal that is cut off raises.
ORDINARY = (LoginFailed, AssertionError, EOFError, BrokenPipeError,
            subprocess.TimeoutExpired)
LONGEST_VISIT = 25.0


class Actor(threading.Thread):
    """Does once() again and again, with pauses, until the soak stops."""

    pause = 1.0  # on average, in s

    def __init__(self, weather):
        super().__init__(daemon=True)
        self.weather = weather

    def run(self):
        while self.weather.pause(random.expovariate(1 / self.pause)):
            begun = time.time()
            try:
                self.once()
            except ORDINARY as why:
                self.weather.failed(f"{type(self).__name__}", begun,
                                    f"{type(why).__name__}: {why}")
            except Exception:
                self.weather.fault(f"{type(self).__name__} died:\n"
                                   f"{traceback.format_exc()}")
                raise

    def once(self):
        raise NotImplementedError


def parent_of(pid):
    stat = pathlib.Path("/proc", str(pid), "stat").read_text()
    return int(stat.rpartition(")")[2].split()[1])


class Visitor(Actor):
    """Logs in by ssh as one of `names`, does this and that, leaves."""

    def __init__(self, weather, names):
        super().__init__(weather)
        self.names = names

    def once(self):
        self.user = random.choice(self.names)
        self.method = random.choices(("kbdint", "password", "publickey"),
                                     (5, 3, 2))[0]
        self.begun = time.time()
        shell = SshSession(self.user, self.method)
        self.weather.count(f"login by {self.method}")
        end = self.begun + random.uniform(0.5, LONGEST_VISIT)
        try:
            while time.time() < end and not self.weather.stopping.is_set():
                self.act(shell)
            if self.leave(shell):
                return
        except (OSError, EOFError):
            shell.kill_client()
            raise
        shell.logout()

    # ---- inside -------------------------------------------------------------

    def act(self, shell):
        if self.method == "publickey":
            deeds = (self.no_token, self.idle, self.sudo_with_password)
        else:
            deeds = (self.token, self.many_tokens, self.renew, self.status,
                     self.idle, self.idle, self.su, self.sudo_without_password)
        random.choice(deeds)(shell)

    def expect(self, what, outcome, status=0):
        """(status, text) of a command must be well, if all has been well."""
        self.weather.count(what)
        if outcome[0] != status:
            self.weather.failed(what, self.begun,
                                f"{self.user}: status {outcome[0]}: "
                                f"{outcome[1].strip()}")
        return outcome

    def idle(self, _):
        self.weather.pause(random.uniform(0.1, 6))

    def token(self, shell):
        self.expect("signin token", shell.run("signin token"))

    def many_tokens(self, shell):
        _, text = shell.run("for i in $(seq 20); do signin token & done; wait")
        tokens = [line for line in text.split() if len(line) > 100]
        self.expect("20 x signin token",
                    (0 if len(tokens) == 20 else 1, text[-200:]))

    def renew(self, shell):
        self.expect("signin refresh", shell.run("signin refresh"))

    def status(self, shell):
        self.expect("signin status", shell.run("signin status"))

    def no_token(self, shell):
        self.expect("no token by public key", shell.run("signin token"), 3)

    def su(self, shell):
        other = random.choice(self.names)
        inner = Nested(shell, f"su {other}")
        inner.expect("Password: ")
        inner.send(password(other) + "\n")
        text = inner.expect(r"[$#] |failure|denied|annot")
        if not text.endswith(("$ ", "# ")):
            inner.expect(rf"{inner._end} \d+\n")
            self.expect("su", (1, text))
            return
        inner.become_shell()
        self.expect("su", inner.run("signin token"))
        inner.close()

    def sudo_without_password(self, shell):
        """By reuse_sign_in; alice alone is an administrator."""
        if self.user == "alice":
            self.expect("sudo by reuse_sign_in",
                        shell.run("sudo -kn true"))

    def sudo_with_password(self, shell):
        if self.user == "alice":
            inner = Nested(shell, "sudo -k true")
            inner.expect("[Pp]assword.*: ?")
            inner.send(password(self.user) + "\n")
            text = inner.expect(rf"{inner._end} \d+\n|[Pp]assword.*: ?")
            if "assword" in text:
                inner.send("\x03")
                inner.expect(rf"{inner._end} \d+\n")
            self.expect("sudo with a password",
                        (int("assword" in text or " 0\n" not in text), text))

    # ---- the end ------------------------------------------------------------

    def leave(self, shell):
        """true: gone; else it remains to log out."""
        way = random.choices(("logout", "client", "opener", "shell", "signin",
                              "session"), (10, 3, 3, 2, 2, 1))[0]
        self.weather.count(f"end by {way}")
        if way == "client":
            shell.kill_client()
            return True
        if way == "opener":
            os.kill(parent_of(parent_of(shell.pid)), signal.SIGKILL)
        elif way == "shell":
            os.kill(shell.pid, signal.SIGKILL)
        elif way == "signin" and self.method != "publickey":
            self.expect("signin logout", shell.run("signin logout"))
        elif way == "session" and self.method != "publickey":
            shell.send("signin logout --session\n")
        return False


class OnConsole(Actor):
    """The same by login(1), on a terminal."""

    pause = 8.0

    def __init__(self, weather, names):
        super().__init__(weather)
        self.names = names

    def once(self):
        begun = time.time()
        terminal = Terminal("/bin/login", "-p")
        try:
            user = random.choice(self.names)
            terminal.expect("login: ")
            terminal.send(user + "\n")
            terminal.expect("Password: ")
            terminal.send(password(user) + "\n")
            terminal.expect(r"[$#] ", 10)
            terminal.become_shell()
            self.weather.count("login on a console")
            status, text = terminal.run("signin token")
            if status != 0:
                self.weather.failed("signin token on a console", begun, text)
            self.weather.pause(random.uniform(0, 5))
            terminal.send("exit\n")
        except AssertionError:
            os.kill(terminal.pid, signal.SIGKILL)
            raise
        finally:
            terminal.wait()


class Refused(Actor):
    """Whoever must not get in: wrong passwords, unknown and disabled names."""

    pause = 3.0

    def once(self):
        user, secret = random.choice((
            ("alice", "not-her-password"), ("bob", ""), ("dave", None),
            ("erin", None), (f"nobody-{random.randrange(1000)}", None),
            ("root", None)))
        try:
            shell = SshSession(user, random.choice(("kbdint", "password")),
                               secret)
        except LoginFailed:
            self.weather.count("login refused")
            return
        shell.kill_client()
        self.weather.fault(f"{user} was let in with {secret!r}")


class Storm(Actor):
    """Questions to NSS: who is known is known, whatever else happens."""

    pause = 0.3

    def __init__(self, weather, names):
        super().__init__(weather)
        self.names = names
        self.uids = {name: passwd(name).uid for name in names}

    def once(self):
        name = random.choice(self.names)
        uid = self.uids[name]
        begun = time.monotonic()
        for words in (("passwd", name), ("passwd", uid), ("group", name),
                      ("initgroups", name)):
            lines = getent(*words)
            self.weather.count("getent")
            if not lines or name not in lines[0]:
                self.weather.fault(f"getent {words}: {lines}")
        stranger = f"stranger-{random.randrange(100000)}"
        if getent("passwd", stranger):
            self.weather.fault(f"{stranger} exists")
        if time.monotonic() - begun > 10:
            self.weather.failed("getent within 10 s", time.time(),
                                f"{time.monotonic() - begun:.1f} s")
