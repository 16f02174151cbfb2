# SPDX-License-Identifier: BSD-2-Clause
"""Is everything where it began?  The table at the end of a soak."""

import time

import figures
import keys
import machine

# s until every session is revoked at the provider, and an empty K that nobody
# claims has reached its timeout (three minutes).
SETTLE = 200.0
# s before a death in which an answer may be lost: see test_crash.py.
MOMENT = 0.5
# Ids are given for ever: what one more user may cost in the store.
BYTES_A_USER = 4096
# Of the uids that logged in, _uid.N and _uid_ses.N stay: the kernel's own.
KEYS_OF_A_UID = 2
# Connections to the provider and to the directory that curl keeps.
KEPT_CONNECTIONS = 16


class Verdict:
    def __init__(self, soak):
        """Take the figures to begin with, before anybody logs in."""
        self.soak = soak
        self.weather = soak.weather
        self.before = self.sample()
        self.files = figures.files(figures.RUN, figures.STATE)
        self.processes = set(machine.processes())
        self.rows = []

    def sample(self):
        return figures.sample(self.soak.signind, self.soak.here.machine_id,
                              self.soak.uids)

    def settle(self):
        """Wait for the last revocations, as long as they may take."""
        began = time.monotonic()
        while time.monotonic() < began + SETTLE and \
                keys.sessions(self.soak.here.machine_id):
            self.soak.look(time.time() - 1)
            time.sleep(1)
        print(f"settled after {time.monotonic() - began:.0f} s", flush=True)

    def row(self, what, before, after, well, bound):
        """well None: shown, not judged."""
        word = {True: "ok", False: "DRIFT", None: "-"}[well]
        self.rows.append((what, before, after, bound, word))
        if well is False:
            self.weather.fault(f"{what}: {before} -> {after}")

    def same(self, what):
        now = self.after[what]
        self.row(what, self.before[what], now, now == self.before[what],
                 "the same")

    def give(self):
        """Print the table and the faults.  Returns the exit status."""
        self.settle()
        self.after = self.sample()
        self.judge_process()
        self.judge_keys()
        self.judge_files()
        self.judge_tokens()
        self.print()
        return 1 if self.weather.faults else 0

    def judge_process(self):
        memory = self.soak.memory
        more = self.after["fd kinds"] - self.before["fd kinds"]
        self.row("fds", self.before["fds"], self.after["fds"], not more,
                 f"no more {dict(more) or ''}")
        self.row("tcp", self.before["tcp"], self.after["tcp"],
                 self.after["tcp"] <= KEPT_CONNECTIONS,
                 f"at most {KEPT_CONNECTIONS}")
        self.row("anonymous KiB", self.before["KiB"], self.after["KiB"], None,
                 "by its slope")
        slope = memory.slope()
        self.row(f"KiB a minute, {memory.life / 60:.0f} min of one process",
                 "", f"{slope:+.2f}",
                 slope <= figures.SLOPE_BOUND_KIB if memory.judged() else None,
                 f"at most {figures.SLOPE_BOUND_KIB:g}")
        self.row("... the least of each half minute", "", "", None,
                 " ".join(str(kib) for _, kib in
                          sorted(memory.least.items())))
        self.same("children")
        mine = {self.soak.signind.process.pid,
                *figures.children(self.soak.signind.process.pid)}
        strays = {pid: command for pid, command in
                  machine.processes().items()
                  if pid not in self.processes | mine}
        self.row("stray processes", 0, len(strays), not strays,
                 "0 " + str(strays or ""))

    def judge_keys(self):
        here = self.soak.here
        left = [session.id[:8] for session in keys.sessions(here.machine_id)]
        self.row("sessions below the anchor", 0, len(left), not left, "0")
        named = figures.keys_named_after(self.soak.session_ids)
        self.row(f"keys of the {len(self.soak.session_ids)} sessions seen", 0,
                 len(named), not named, "0 " + "; ".join(named[:3]))
        others = figures.other_anchors(here.machine_id)
        for what in ("root keys", "root bytes"):
            grown = self.after[what] - self.before[what]
            self.row(what, self.before[what], self.after[what],
                     None if others else grown <= 0,
                     "not judged: other tests run here" if others
                     else "no more")
        most = KEYS_OF_A_UID * len(self.soak.uids)
        self.row("user keys", self.before["user keys"],
                 self.after["user keys"], self.after["user keys"] <= most,
                 f"at most {most}")
        self.row("user bytes", self.before["user bytes"],
                 self.after["user bytes"], None, "-")

    def judge_files(self):
        room = BYTES_A_USER * (1 + self.soak.changes.added)
        for what in ("users.db", "snapshot"):
            grown = self.after[what] - self.before[what]
            self.row(what, self.before[what], self.after[what],
                     grown <= room, f"{room} more")
        # Of openers that were killed: root's next --prepare or --enforce
        # takes them away.
        left = figures.files(figures.RUN / "sessions")
        machine.run("/usr/sbin/signind", "--enforce")
        now = figures.files(figures.RUN, figures.STATE)
        odd = sorted(set(now) ^ set(self.files))
        self.row("files of killed openers", 0, len(left), None,
                 "none after --enforce")
        self.row("files in /run and /var/lib", len(self.files), len(now),
                 not odd, "the same " + " ".join(odd))

    def judge_tokens(self):
        tokens = self.soak.tokens
        in_death, in_outage, nobodys = [], [], []
        for token in tokens.alive():
            asked, answered = tokens.issued_at(token)
            if any(asked <= death < answered + MOMENT
                   for death in self.weather.deaths):
                in_death.append(token)
            elif self.weather.lost_answers(asked, answered):
                in_outage.append(token)
            else:
                nobodys.append(token)
                when = time.strftime("%H:%M:%S", time.localtime(asked))
                print(f"! ...{token[-16:]}, issued {when}, is nobody's")
        self.row("tokens issued", "", len(self.soak.provider.proxy.issued),
                 None, "-")
        self.row("alive: lost in a death", 0, len(in_death), None, "counted")
        self.row("alive: answer lost in an outage", 0, len(in_outage), None,
                 "counted")
        self.row("alive and nobody's", 0, len(nobodys), not nobodys, "0")

    def print(self):
        print("\n" + "-" * 72)
        for what, count in sorted(self.weather.counts.items()):
            print(f"{count:8} {what}")
        print("\nlogged, at error or warning level:")
        for words, count in sorted(self.soak.lines.items(),
                                   key=lambda item: -item[1])[:40]:
            print(f"{count:8} {words[:160]}")
        print(f"\n{'':42} {'before':>10} {'after':>10}")
        for what, before, after, bound, word in self.rows:
            print(f"{word:6}{what:36} {before!s:>10} {after!s:>10}  {bound}")
        print(f"\n{len(self.weather.faults)} faults")
        for words in self.weather.faults:
            print(f"  {words}")
