#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""make soak: half an hour of people who come and go, while the provider, its
directory and signind itself fail; at the end everything is where it began.

Real sshd, login, su, sudo; glewlwyd with tokens of 6 s that rotate; a SCIM
directory that changes; a fault proxy before each.  In the first quarter
signind is killed, restarted and reloaded; then one process serves to the end,
so that what it leaks can be seen.  A line of figures each minute, a table and
the faults at the end; the exit status is 1 if there is any fault or drift.

SIGNIN_SOAK_SECONDS  how long (1800); from 1300 on memory is judged as well
"""

import os
import pathlib
import re
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
# pylint: disable=wrong-import-position
import figures  # noqa: E402
import machine  # noqa: E402
import people  # noqa: E402
import trouble  # noqa: E402
from directories import (GlewlwydPeople, Scim,  # noqa: E402
                         configure_people)
from external import External, refresh, wait_for_person  # noqa: E402
from faultproxy import FaultProxy  # noqa: E402
from harness import (Signind, Sshd, SshSession, keys,  # noqa: E402
                     wait_until, write)
from verdict import Verdict  # noqa: E402
from weather import Weather  # noqa: E402

NAMES = ("alice", "bob", "carol", "frank", "grace", "heidi")
VISITORS = 12
DEADLY = 0.25     # of the time
LAST_CALM = 45.0  # s before the end without outages
LIMITS = "failures_per_user = 1000000\nfailures_per_host = 1000000"
DEADLINES = ("connect_timeout = 3s\nrequest_timeout = 5s\n"
             "sign_in_timeout = 10s\n")


def is_error(line):
    """Of signind, or in syslog (RFC 3164) of our modules?"""
    match = re.match(r"<(\d+)>.*(?:pam_|lib|nss_|\b)signin", line)
    return "]: error: " in line and "signind[" in line or (
        match and int(match[1]) % 8 <= 3)


class Provider(GlewlwydPeople):
    """glewlwyd behind a fault proxy; every token passes the counting one."""

    def __init__(self, plugin):
        super().__init__(plugin)
        self.fault_proxy = FaultProxy(4700, self.port)

    def configuration(self):
        return super().configuration().replace(
            self.url, f"https://localhost:{self.fault_proxy.port}")


class Directory(Scim):
    def __init__(self):
        super().__init__(more="refresh_every = 30s")
        self.fault_proxy = FaultProxy(4701, self.port)

    def directory_configuration(self):
        return super().directory_configuration().replace(
            self.url, f"https://localhost:{self.fault_proxy.port}")


class Soak:
    def __init__(self, here, seconds):
        self.here = here
        self.seconds = seconds
        self.weather = Weather()
        self.memory = figures.Memory()
        self.session_ids = set()
        self.log_at = self.syslog_at = 0
        self.lines = {}  # words at error or warning level: how often
        self.set_up()
        self.tokens = figures.Tokens(self.provider, here.machine_id)
        self.actors = self.make_actors()

    def set_up(self):
        here = self.here
        self.provider = Provider("short")
        self.directory = Directory()
        for name in NAMES:
            if name not in ("alice", "bob", "carol"):
                self.provider.add_user(name)
                self.directory.add_user(name)
        configure_people(
            here, self.provider, self.directory, level="info",
            extra=DEADLINES, limits=LIMITS,
            rules={"sudo": "allow_groups = linux-admins\n"
                           "reuse_sign_in = 5m"})
        self.signind = Signind(machine_id=here.machine_id)
        write("/etc/sudoers.d/soak", "%linux-admins ALL=(ALL:ALL) ALL\n"
              "Defaults lecture=never, !mail_badpass, noninteractive_auth\n",
              0o440)
        refresh()
        self.uids = [wait_for_person(name).uid for name in NAMES]
        for name in NAMES:
            home = pathlib.Path("/home", name)
            home.mkdir(mode=0o700)
            machine.run("chown", f"{name}:{name}", home)
        self.sshd = Sshd(people=NAMES)
        # signind keeps descriptors for each provider from the first request.
        SshSession(NAMES[0]).logout()
        wait_until(lambda: not keys.sessions(here.machine_id), "no session")

    def make_actors(self):
        weather = self.weather
        self.outages = trouble.Outages(weather, self.provider, self.directory)
        self.keeper = trouble.Keeper(weather, self.signind)
        self.changes = trouble.Changes(weather, self.directory)
        return [*(people.Visitor(weather, NAMES) for _ in range(VISITORS)),
                people.OnConsole(weather, NAMES), people.Refused(weather),
                people.Storm(weather, NAMES), self.outages, self.keeper,
                self.changes]

    # ---- while it runs --------------------------------------------------------

    def read_logs(self, since):
        """Note lines at error level, and judge those of fair weather."""
        with open(self.signind.log_path, errors="replace") as file:
            file.seek(self.log_at)
            new = file.read()
            self.log_at = file.tell()
        new = new.splitlines() + self.here.syslog.lines[self.syslog_at:]
        self.syslog_at = len(self.here.syslog.lines)
        for line in new:
            words = re.sub(r"^.*?(?=error: |warning: |signin)", "", line)
            words = re.sub(r"\b(session|of) [\w-]+|\d+", r"\1 *", words)
            if is_error(line):
                self.lines[words] = self.lines.get(words, 0) + 1
                if self.weather.fair(since):
                    self.weather.fault(f"logged in fair weather: {line}")
            elif ": warning: " in line:
                self.lines[words] = self.lines.get(words, 0) + 1

    def look(self, since):
        """Every second or so."""
        self.session_ids |= {one.id for one in
                             keys.sessions(self.here.machine_id)}
        if self.signind.process.poll() is None:
            self.memory.sample(self.signind.process.pid)
        self.read_logs(since)

    def minute(self, begun, unowned):
        try:
            now = figures.sample(self.signind, self.here.machine_id,
                                 self.uids)
        except OSError:
            return  # signind is dead just now
        counts = self.weather.counts
        print(f"{time.monotonic() - begun:6.0f} {now['live']:5} "
              f"{sum(n for what, n in counts.items() if what[:6] == 'login ')}"
              f"{'':3} {self.provider.refreshes():7} {now['fds']:4} "
              f"{now['tcp']:4} {now['KiB']:7} {self.memory.slope():+8.1f} "
              f"{now['root keys']:6} {now['root bytes']:8} "
              f"{now['user keys']:6} {now['users.db'] // 1024:7} "
              f"{now['snapshot'] // 1024:5} {now['processes']:6} "
              f"{len(unowned):4} {len(self.weather.deaths):6} "
              f"{counts['faults']:4}", flush=True)

    def go(self):
        print("     s  live logins refresh  fds  tcp anon KiB  KiB/min "
              "rootk  rootbytes userk users.db  snap  procs  unow deaths "
              "faults", flush=True)
        begun = time.monotonic()
        next_minute = begun + 60
        for actor in self.actors:
            actor.start()
        while time.monotonic() < begun + self.seconds:
            at = time.time()
            time.sleep(1.0)
            self.look(at)
            passed = time.monotonic() - begun
            if passed > DEADLY * self.seconds:
                self.keeper.deadly = False
            if passed > self.seconds - LAST_CALM:
                self.outages.calm = True
            if time.monotonic() >= next_minute:
                self.minute(begun, self.tokens.unowned())
                next_minute += 60
        self.weather.stopping.set()
        for actor in self.actors:
            actor.join(90)
            if actor.is_alive():
                self.weather.fault(f"{actor} does not end")


def main():
    if os.geteuid() != 0:
        sys.exit("soak.py: whole logins need root")
    machine.PASSED_ON += ("SIGNIN_SOAK_SECONDS",)
    machine.enter()
    seconds = float(os.environ.get("SIGNIN_SOAK_SECONDS", "1800"))
    with External() as here:
        soak = Soak(here, seconds)
        verdict = Verdict(soak)
        soak.go()
        sys.exit(verdict.give())


main()
