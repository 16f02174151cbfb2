# SPDX-License-Identifier: BSD-2-Clause
"""What goes wrong on purpose in a soak: outages, deaths of signind, and a
directory that changes all the time."""

import random
import subprocess
import time

from external import signin
from people import Actor

FAULTS = ("refuse", "black hole", "stall handshake", "stall request",
          "truncate", "reset request", "reset answer", "delay")
OUTAGE = (2.0, 10.0)  # from, to; in s


class Outages(Actor):
    """Now and then the provider or the directory has a bad moment."""

    def __init__(self, weather, provider, directory):
        super().__init__(weather)
        self.provider = provider
        self.directory = directory
        self.calm = False

    pause = 40.0

    def once(self):
        if not self.calm:
            random.choices((self.broken_line, self.broken_provider,
                            self.broken_directory), (6, 1, 1))[0]()

    def broken_line(self):
        name, proxy = random.choice((("provider", self.provider.fault_proxy),
                                     ("directory",
                                      self.directory.fault_proxy)))
        fault = random.choice(FAULTS)
        with self.weather.trouble(f"{name}: {fault}"):
            proxy.set(fault)
            self.weather.pause(random.uniform(*OUTAGE))
            proxy.set(None)

    def broken_provider(self):
        with self.weather.trouble("provider: 503"):
            self.provider.proxy.trouble = "fail"
            self.weather.pause(random.uniform(*OUTAGE))
            self.provider.proxy.trouble = None

    def broken_directory(self):
        with self.weather.trouble("directory: 503"):
            self.directory.trouble("down")
            self.weather.pause(random.uniform(*OUTAGE))
            self.directory.trouble("none")


class Keeper(Actor):
    """Kills, restarts and reloads signind; nobody else does.

    deadly  false: only reloads, which nobody may notice.
    """

    def __init__(self, weather, signind):
        super().__init__(weather)
        self.signind = signind
        self.deadly = True

    @property
    def pause(self):
        return 6.0 if self.deadly else 20.0

    def once(self):
        deed = random.choice(("kill", "kill", "restart", "reload"))
        if self.deadly and deed == "kill":
            self.kill()
        elif self.deadly and deed == "restart":
            with self.weather.trouble("signind: restart"):
                self.signind.restart()
        else:
            self.weather.count("signind: reload")
            self.signind.reload()

    def kill(self):
        with self.weather.trouble("signind: kill -9"):
            self.weather.deaths.append(time.time())
            self.signind.kill9()
            # Sometimes it stays away for a while.
            time.sleep(random.choice((0, 0, 0, 2)))
            self.signind.start()


class Changes(Actor):
    """The directory's administrator; what happens to those whom nobody logs
    in as must not disturb the others."""

    pause = 5.0
    MANY = 30

    def __init__(self, weather, directory):
        super().__init__(weather)
        self.directory = directory
        self.numbers = iter(range(1, 1 << 30))
        self.present = []
        self.added = 0

    def once(self):
        deed = random.choice((self.add, self.add, self.change, self.delete,
                              self.move, self.refresh))
        deed()

    def add(self):
        if len(self.present) >= self.MANY:
            self.delete()
            return
        name = f"guest{next(self.numbers)}"
        self.directory.add_user(name, displayName=f"{name} of the soak")
        self.present.append(name)
        self.added += 1
        self.weather.count("user added")

    def delete(self):
        if self.present:
            name = self.present.pop(random.randrange(len(self.present)))
            self.directory.delete_user(name)
            self.weather.count("user deleted")

    def change(self):
        if self.present:
            self.directory.user(random.choice(self.present),
                                active=random.choice((True, False)),
                                displayName=f"Guest {random.random()}")
            self.weather.count("user changed")

    def move(self):
        if self.present:
            name = random.choice(self.present)
            self.directory.join("linux-admins", self.directory.id_of(name))
            self.directory.leave("linux-admins", name)
            self.weather.count("user moved")

    def refresh(self):
        begun = time.time()
        self.weather.count("signin users --refresh")
        try:
            status, _, text = signin("users", "--refresh", timeout=60)
        except subprocess.TimeoutExpired:
            status, text = -1, "no end within 60 s"
        if status != 0:
            self.weather.failed("signin users --refresh", begun,
                                f"{status}: {text}")
