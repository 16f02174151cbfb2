# SPDX-License-Identifier: BSD-2-Clause
"""What a soak measures, from outside and without our own code."""

import collections
import os
import pathlib
import re
import statistics
import time

import keys
import machine

STATE = pathlib.Path("/var/lib/signin")
RUN = pathlib.Path("/run/signin")
# Memory may grow while caches fill and the heap finds its shape; what it
# still gains a minute after WARM_UP of a process's life is a leak, but for what
# the directory's new people cost (4 a minute, some pages of the store's cache).
# A connection costs 100 KiB while it is open: the least of each BUCKET counts.
WARM_UP = 120.0
BUCKET = 30.0
ENOUGH_LIFE = 900.0
SLOPE_BOUND_KIB = 20.0


def usage(uid):
    """(keys, bytes) that count against a uid's quota."""
    for line in pathlib.Path("/proc/key-users").read_text().splitlines():
        words = line.replace("/", " ").split()
        if words[0] == f"{uid}:":
            return int(words[4]), int(words[6])
    return 0, 0


def anonymous_kib(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return sum(int(kib) for kib in
               re.findall(r"(?m)^(?:RssAnon|VmSwap):\s+(\d+)", text))


def socket_kinds():
    """{"socket:[INODE]": what it is}"""
    kinds = {}
    for name, column in (("tcp", 9), ("tcp6", 9), ("udp", 9), ("unix", 6),
                         ("netlink", 9)):
        for line in pathlib.Path("/proc/net", name).read_text() \
                .splitlines()[1:]:
            words = line.split()
            kinds[f"socket:[{words[column]}]"] = " ".join(
                [name, *(words[7:] if name == "unix" else ())])
    return kinds


def descriptors(pid):
    """(kinds of those that are not TCP, number of those that are):
    connections to the provider are kept for a while."""
    sockets = socket_kinds()
    kinds, kept = [], 0
    for entry in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{entry}")
        except OSError:
            continue  # closed since
        kind = sockets.get(target, target)
        if kind.startswith("tcp"):
            kept += 1
        else:
            kinds.append(re.sub(r":\[\d+\]", "", kind))
    return collections.Counter(kinds), kept


def children(pid):
    """Zombies as well."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            stat = pathlib.Path("/proc", entry, "stat").read_text()
        except OSError:
            continue
        if int(stat.rpartition(")")[2].split()[1]) == pid:
            found.append(int(entry))
    return found


def files(*roots):
    return sorted(str(path) for root in roots for path in root.rglob("*"))


def size(path):
    return path.stat().st_size if path.exists() else 0


def keys_named_after(session_ids):
    """K's and S's anywhere in the kernel, of sessions that were ours.

    Not those that have expired (a K whose module died before it was filled):
    they are the kernel's to collect, kernel.keys.gc_delay later.
    """
    names = re.compile(r"signin:([0-9a-f]{32})")
    return [line for line in pathlib.Path("/proc/keys").read_text()
            .splitlines() for match in [names.search(line)]
            if match and match[1] in session_ids
            and line.split()[3] != "expd"]


def other_anchors(machine_id):
    """Other tests that use root's keys on this host at this time."""
    return [name for name in keys.children(keys.USER_KEYRING)
            if re.fullmatch(r"signin:[0-9a-f]{32}", name)
            and name != f"signin:{machine_id}"]


class Memory:
    """signind's memory over the life of one process."""

    def __init__(self):
        self.pid = None
        self.begun = 0.0
        self.least = {}  # {number of a bucket: KiB}

    def sample(self, pid):
        now = time.monotonic()
        if pid != self.pid:
            self.pid, self.begun, self.least = pid, now, {}
        try:
            kib = anonymous_kib(pid)
        except OSError:
            return
        if now - self.begun >= WARM_UP:
            bucket = int((now - self.begun) / BUCKET)
            self.least[bucket] = min(kib, self.least.get(bucket, kib))

    @property
    def life(self):
        return time.monotonic() - self.begun

    def slope(self):
        """KiB a minute: the median of all pairs' slopes (Theil and Sen),
        which a few odd samples do not move."""
        some = sorted(self.least.items())
        slopes = [(later - earlier) / ((then - when) * BUCKET / 60)
                  for at, (when, earlier) in enumerate(some)
                  for then, later in some[at + 1:]]
        return statistics.median(slopes) if slopes else 0.0

    def judged(self):
        return self.life >= ENOUGH_LIFE


class Tokens:
    """Which of all tokens ever issued are alive; who is dead stays dead."""

    def __init__(self, provider, machine_id):
        self.provider = provider
        self.machine_id = machine_id
        self.dead = set()

    def alive(self, seconds_old=0.0):
        """Those issued so long ago, and alive by the provider's word."""
        before = time.monotonic() - seconds_old
        found = []
        for token in list(self.provider.proxy.issued):
            if token in self.dead or \
                    self.provider.proxy.issued_at[token][1] > before:
                continue
            if self.provider.alive(token):
                found.append(token)
            else:
                self.dead.add(token)
        return found

    def owned(self):
        """All that the kernel holds for any session."""
        return {token for session in keys.sessions(self.machine_id)
                for token in (session.access_token, session.refresh_token,
                              session.private.get("previous_token"),
                              session.private.get("coming_token")) if token}

    def unowned(self, seconds_old=20.0):
        before = self.owned()
        alive = self.alive(seconds_old)
        mine = before | self.owned()
        return [token for token in alive if token not in mine]

    def issued_at(self, token):
        """(asked, answered) as time.time()."""
        offset = time.time() - time.monotonic()
        return tuple(when + offset
                     for when in self.provider.proxy.issued_at[token])


def sample(signind, machine_id, uids):
    """The figures of this moment, by name."""
    pid = signind.process.pid
    fds, tcp = descriptors(pid)
    ours = [usage(uid) for uid in uids]
    root = usage(0)
    return {
        "live": sum(1 for one in keys.sessions(machine_id)),
        "fds": sum(fds.values()), "fd kinds": fds, "tcp": tcp, "KiB": anonymous_kib(pid),
        "children": len(children(pid)),
        "root keys": root[0], "root bytes": root[1],
        "user keys": sum(count for count, _ in ours),
        "user bytes": sum(count for _, count in ours),
        "users.db": size(STATE / "users.db"),
        "snapshot": size(STATE / "nss" / "snapshot"),
        "processes": len(machine.processes()),
    }
