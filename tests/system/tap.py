# SPDX-License-Identifier: BSD-2-Clause
"""The cases of one test file, run in order and printed as TAP.

    @case("what is true when this passes")
    def some_name():
        check(this == that, "words for when it is not")

A case fails by any exception.  What explain() callbacks return is printed
with a failure, so that the log of a failed run is enough to understand it.
"""

import sys
import time
import traceback

_cases = []
_explanations = []


class Skip(Exception):
    """Raised by a case that cannot run here; the text says why."""


def case(title):
    """Register a function as a test case."""
    def register(function):
        _cases.append((title, function))
        return function
    return register


def explain(callback):
    """Have callback() return lines to print after a failure."""
    _explanations.append(callback)


def check(condition, message):
    """An assert that survives python3 -O and has to say something."""
    if not condition:
        raise AssertionError(message)


def check_equal(actual, expected, what):
    check(actual == expected, f"{what}: {actual!r}, expected {expected!r}")


def wait_until(condition, what, timeout=10.0):
    """Poll until condition() is true, and return what it returned."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout:g} s: {what}")
        time.sleep(0.02)


def _diagnose(lines):
    for line in lines:
        for part in str(line).rstrip("\n").split("\n"):
            print("# " + part)


def run_cases():
    """Run everything registered.  Returns the exit status."""
    # With names on the command line only those cases run.
    chosen = [(title, function) for title, function in _cases
              if not sys.argv[1:] or function.__name__ in sys.argv[1:]]
    print(f"1..{len(chosen)}")
    failed = 0
    for number, (title, function) in enumerate(chosen, 1):
        started = time.monotonic()
        try:
            function()
            word, note = "ok", ""
        except Skip as reason:
            word, note = "ok", f" # SKIP {reason}"
        except Exception:  # a test may fail in any way
            word, note = "not ok", ""
            failed += 1
            trace = traceback.format_exc().splitlines()
        seconds = time.monotonic() - started
        print(f"{word} {number} - {title}{note}")
        print(f"# {seconds:.1f} s")
        if word == "not ok":
            _diagnose(trace)
            for callback in _explanations:
                _diagnose(callback())
        sys.stdout.flush()
    return 1 if failed else 0


def fail_set_up():
    """Report the exception being handled as the file's one failed case."""
    print("1..1\nnot ok 1 - set-up")
    _diagnose(traceback.format_exc().splitlines())
    for callback in _explanations:
        _diagnose(callback())
