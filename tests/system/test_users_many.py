#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A directory of 100,000 users."""

import json
import os
import pathlib
import subprocess
import threading
import time

from directories import Scim, configure_people
from external import *
from harness import *

MANY = 100000
told = []  # what `signin users` said


def set_up(here):
    global machine, glewlwyd, scim, signind, sshd
    machine = here
    glewlwyd = Glewlwyd()
    scim = Scim(port=4820, GENERATED=str(MANY), PAGE_MAX="5000",
                more="users.page_size = 5000\ngroups.page_size = 20\n"
                     "max_answer = 4M\nrequest_timeout = 60s\n"
                     "refresh_every = 24h")
    # Collisions are to be expected: 18.6 in the default range.
    configure_people(machine, glewlwyd, scim, level="info",
                     accounts="id_range = 1879048192-2147352575")
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd(people=())


def memory():
    """Resident memory of signind, in KiB."""
    for line in pathlib.Path(f"/proc/{signind.process.pid}/status"
                             ).read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def worked():
    """Seconds of CPU that signind has used."""
    fields = pathlib.Path(f"/proc/{signind.process.pid}/stat"
                          ).read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@case("all are listed; signind answers others meanwhile")
def listed():
    listing = subprocess.Popen(["signin", "users", "--refresh", "--json"],
                               stdout=subprocess.PIPE)
    started, slowest, asked = time.monotonic(), 0.0, 0
    reader = threading.Thread(target=lambda: told.append(
        listing.stdout.read()))
    reader.start()
    while reader.is_alive():
        before = time.monotonic()
        # 4: nobody can say yet which groups alice is in.
        check(signin("ssh-keys", "alice")[0] in (0, 4), "signin ssh-keys")
        slowest = max(slowest, time.monotonic() - before)
        asked += 1
        reader.join(0.1)
    print(f"# listed in {time.monotonic() - started:.1f} s, of which signind "
          f"worked {worked():.1f} s; it has {memory()} KiB")
    print(f"# asked {asked} times meanwhile, at most {slowest:.2f} s")
    check_equal(listing.wait(), 0, "signin users --refresh")
    # sshd's keys command gives up after 5 s.
    check(slowest < 5, f"{slowest} s for ssh-keys")


@case("all are known by name, by uid, and in their groups")
def all_known():
    users = {user["user"]: user["uid"] for user in json.loads(told[0])}
    print(f"# {len(users)} users; the snapshot has "
          f"{os.stat('/var/lib/signin/nss/snapshot').st_size} bytes")
    # 18.6 collisions are expected; 60 would be nine standard deviations off.
    check(MANY + 5 - len(users) < 60, f"{len(users)} of {MANY + 5}")
    check_equal(len(set(users.values())), len(users), "different uids")
    for number in (1, 777, 50000, MANY):
        name = f"u{number:06}"
        person = passwd(name)
        if person is None and name not in users:
            continue  # it may be one of those that collide
        check_equal(person.uid, users[name], f"uid of {name}")
        check_equal(passwd(person.uid).name, name, "by uid")
        check(f"team-{(number + 999) // 1000}" in groups_of(name),
              f"{groups_of(name)}")


@case("a login among 100,000")
def login():
    check_in("alice")


if __name__ == "__main__":
    main(set_up, External)
