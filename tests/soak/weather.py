# SPDX-License-Identifier: BSD-2-Clause
"""What is known of a soak while it runs: when something was wrong on purpose,
what was done, and what went wrong by itself.

Times are time.time(), as signind's log has them.
"""

import collections
import contextlib
import threading
import time

# So long after trouble is over, something may still fail because of it:
# a request's deadline, and the pause before a provider is tried again.
AFTERMATH = 30.0
# What a log line's time, cut to whole seconds, may be off.
BLUR = 2.0


class Weather:
    """counts  {what was done: how often}
    faults  [words], each of which fails the soak
    """

    def __init__(self):
        self.counts = collections.Counter()
        self.faults = []
        self.deaths = []  # when signind was killed
        self.stopping = threading.Event()
        self._troubles = []  # [begin, end or None, kind]
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def trouble(self, kind):
        """Something is wrong on purpose while this lasts."""
        entry = [time.time(), None, kind]
        with self._lock:
            self._troubles.append(entry)
        self.count(kind)
        try:
            yield
        finally:
            entry[1] = time.time()

    def troubles(self, begin, end, aftermath=AFTERMATH):
        """The kinds of trouble that may have touched this time."""
        with self._lock:
            return [kind for since, until, kind in self._troubles
                    if since <= end + BLUR and (
                        until is None or until + aftermath >= begin)]

    def fair(self, begin, end=None):
        return not self.troubles(begin, end or time.time())

    def lost_answers(self, asked, answered):
        """May an answer of that time have been lost on the way?"""
        return [kind for kind in self.troubles(asked - BLUR, answered, BLUR)
                if kind.startswith("provider: ")]

    def count(self, what):
        with self._lock:
            self.counts[what] += 1

    def failed(self, what, begin, why):
        """Something did not work that began then: our fault, or trouble's?"""
        if self.fair(begin):
            self.fault(f"{what}, in fair weather: {why}")
        else:
            self.count(f"{what} (in trouble)")

    def fault(self, words):
        when = time.strftime("%H:%M:%S")
        with self._lock:
            self.counts["faults"] += 1
            if len(self.faults) < 200:
                self.faults.append(f"{when} {words}")
        print(f"! {when} {words}", flush=True)

    def pause(self, seconds):
        """Sleep; true: the soak goes on."""
        return not self.stopping.wait(seconds)
