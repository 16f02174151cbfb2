#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""signind dies at every step of a session, and at random moments.

After each death: no session is lost, no token is alive at the provider that
nobody owns, no key is left behind.  The one thing that nobody can detect is a
death between the provider's commit and our keeping of its answer: what is
lost there is counted, and must have been issued in the moment of a death.

The steps are those of helper/signind/fault.h, in a signind of a build of its
own (bootstrap makes it).  SIGNIN_CRASHES: how many random deaths.
"""

import os
import pathlib
import random
import threading
import time

from harness import *
from machine import STAGE
from scenarios import check_session, wait_until_old_enough

PROGRAM = pathlib.Path(os.environ.get(
    "SIGNIN_FAULT_SIGNIND", STAGE.parent.parent / "build-fault" / "signind"))
RANDOM_DEATHS = int(os.environ.get("SIGNIN_CRASHES", "15"))

# What came is nowhere yet when signind dies here.
LOST = {"sign_in.answered", "sign_in.bound", "save.begin",
        "refresh.answered"}
SIGN_IN = ["sign_in.begin", "sign_in.answered", "sign_in.bound", "save.begin",
           "save.refresh_token", "save.access_token", "save.record",
           "sign_in.saved", "sign_in.told", "claim.begin", "claim.answered",
           "live.begin", "live.private", "live.told"]
REFRESH = ["refresh.marked", "refresh.started", "refresh.answered",
           "save.begin", "save.refresh_token", "save.access_token",
           "save.record", "refresh.stored"]
CLOSE = ["close.begin", "close.ended", "close.saved", "revoke.started",
         "revoke.answered", "revoke.answered:2", "close.revoked",
         "close.forgotten"]
MISMATCH = ["discard.saved", "revoke.started", "sign_in.told",
            "revoke.answered", "revoke.answered:2", "close.revoked",
            "close.forgotten"]
REFUSAL = ["refusal.saved", "refusal.requested"]
LIMITS = ("unclaimed_ticket = 5s\n"
          "failures_per_user = 1000\nfailures_per_host = 1000")
# A token that was answered so long before a death may be lost in it, in s.
MOMENT = 0.5


def set_up(here):
    global machine, glewlwyd, signind
    check(PROGRAM.exists(), f"{PROGRAM} is missing: run ./bootstrap check")
    machine = here
    run("mount", "--bind", PROGRAM, "/usr/sbin/signind")
    glewlwyd = Glewlwyd("oidc")  # rotates; tokens outlive the test
    configure(glewlwyd, limits=LIMITS)
    signind = Signind(machine_id=here.machine_id)
    Sshd()


class Lost:
    """What could not be kept, by the provider's own count."""

    tokens = set()

    @classmethod
    def note(cls, step, tokens):
        check(step.partition(":")[0] in LOST or not tokens,
              f"{step}: {len(tokens)} tokens are alive and nobody's")
        cls.tokens |= set(tokens)


def alive():
    return set(glewlwyd.still_alive()) - Lost.tokens


def owned(session):
    """The tokens that the kernel holds for a session."""
    return {token for token in (
        session.access_token, session.refresh_token,
        session.private.get("previous_token"),
        session.private.get("coming_token")) if token and token != "-"}


def sessions():
    """Those that hold something: an empty K goes by its timeout."""
    return [session for session in keys.sessions(machine.machine_id)
            if session.private]


def arm(step):
    """The next signind dies at this step."""
    signind.stop()
    os.environ["SIGNIN_FAULT"] = step
    try:
        signind.start()
    finally:
        del os.environ["SIGNIN_FAULT"]


def check_died(step):
    status = signind.process.wait(10)
    check_equal(status, -9, f"{step}: exit status")


def check_nothing_left(step):
    """No session, no key that holds anything, and nothing alive that was
    not lost at this step."""
    wait_until(lambda: not sessions(), f"{step}: keys gone", 20)
    if step.partition(":")[0] in LOST:
        Lost.note(step, alive())
    wait_until(lambda: not alive(), f"{step}: every token dead", 20)


def works(step):
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    shell.logout()
    wait_for_no_session(machine, session.id)
    wait_until(lambda: not alive(), f"{step}: a login after it")


@case("at each step of a sign-in: claimed, or revoked")
def sign_in():
    for step in SIGN_IN:
        arm(step)
        shell = None
        try:
            shell = SshSession("alice")
        except LoginFailed:
            pass
        check_died(step)
        signind.start()
        if shell is not None:
            # The module had the verdict: the session is as good as any.
            wait_until(lambda: shell.run("signin token")[0] == 0,
                       f"{step}: the session goes on")
            shell.logout()
        check_nothing_left(step)
    works("sign-in")


def refresh_at(step):
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    wait_until_old_enough(machine, "alice")
    arm(step)
    shell.run("signin refresh")
    check_died(step)
    signind.start()
    mine = next(found for found in sessions() if found.id == session.id)
    Lost.note(step, alive() - owned(mine))
    if step.partition(":")[0] not in LOST:
        wait_until_old_enough(machine, "alice")
        status, text = shell.run("signin refresh")
        check_equal(status, 0, f"{step}: signin refresh ({text})")
        check_session(machine, glewlwyd, shell, "alice")
    else:
        # The one refresh token is spent: the old access token still serves.
        status, text = shell.run("signin token")
        check_equal(status, 0, f"{step}: signin token ({text})")
    shell.logout()
    check_nothing_left(step)


@case("at each step of a refresh: the session goes on, whole")
def refresh():
    for step in REFRESH:
        refresh_at(step)
    works("refresh")


@case("at each step of an end: everything is dead, nothing is left")
def close():
    for step in CLOSE:
        shell = SshSession("alice")
        check_session(machine, glewlwyd, shell, "alice")
        arm(step)
        shell.logout()
        check_died(step)
        signind.start()
        check_nothing_left(step)
    works("end")


@case("while it is asked whose new tokens are: they are kept, or revoked")
def received():
    configure(glewlwyd, limits=LIMITS, extra="check_at_refresh = introspect\n"
              "identity.user = introspect:/username\n")
    try:
        arm("sign_in.received")
        try:
            SshSession("alice").logout()
            raise AssertionError("a login without an answer")
        except LoginFailed:
            pass
        check_died("sign_in.received")
        signind.start()
        check_nothing_left("sign_in.received")
        refresh_at("refresh.received")
    finally:
        configure(glewlwyd, limits=LIMITS)
        signind.restart()


@case("at each step of a sign-in that is refused: its tokens are revoked")
def mismatch():
    configure(glewlwyd, limits=LIMITS, extra="identity.user = "
              "access:/client_id\n")
    try:
        for step in MISMATCH:
            arm(step)
            try:
                SshSession("alice").logout()
                raise AssertionError("in, in somebody else's name")
            except LoginFailed:
                pass
            check_died(step)
            signind.start()
            check_nothing_left(step)
    finally:
        configure(glewlwyd, limits=LIMITS)
        signind.restart()
    works("refused sign-in")


@case("at each step of a refusal: what is left of its tokens is revoked")
def refused():
    for step in REFUSAL:
        shell = SshSession("alice")
        session = check_session(machine, glewlwyd, shell, "alice")
        wait_until_old_enough(machine, "alice")
        status, text = glewlwyd.ask("/api/oidc/revoke",
                                    {"token": session.refresh_token})
        check_equal(status, 200, f"revocation by somebody else ({text})")
        arm(step)
        shell.run("signin refresh")
        check_died(step)
        signind.start()
        wait_until(lambda: not alive(), f"{step}: every token dead", 20)
        wait_until(lambda: not owned(session), f"{step}: none is kept")
        check_equal(shell.run("signin token")[0] == 0, False,
                    f"{step}: signin token")
        shell.logout()
        check_nothing_left(step)
    works("refusal")


class Churn(threading.Thread):
    """Somebody who logs in, refreshes and logs out, until told to stop."""

    def __init__(self, user):
        super().__init__()
        self.user = user
        self.stopping = False
        self.done = 0
        self.fault = None

    def run(self):
        while not self.stopping:
            try:
                self.once()
                self.done += 1
            except (LoginFailed, AssertionError, EOFError, BrokenPipeError):
                pass  # signind is dead at times
            except Exception as fault:
                self.fault = fault
                raise

    def once(self):
        shell = SshSession(self.user)
        try:
            for _ in range(random.randint(0, 3)):
                shell.run("signin refresh")
                time.sleep(random.uniform(0, 0.3))
        finally:
            shell.logout()


@case(f"at {RANDOM_DEATHS} random moments, while people come and go")
def at_random():
    people = [Churn(user) for user in ("alice", "bob", "carol")]
    deaths = []
    for one in people:
        one.start()
    try:
        for _ in range(RANDOM_DEATHS):
            time.sleep(random.uniform(0.1, 1.5))
            signind.kill9()
            deaths.append(time.monotonic())
            signind.start()
    finally:
        for one in people:
            one.stopping = True
        for one in people:
            one.join()
    check(sum(one.done for one in people) > RANDOM_DEATHS / 5 and
          all(one.fault is None for one in people),
          f"sessions: {[(one.done, one.fault) for one in people]}")
    wait_until(lambda: not sessions(), "keys gone", 30)

    def unexplained():
        return [token for token in alive() if not any(
            asked <= death < answered + MOMENT for death in deaths
            for asked, answered in [glewlwyd.proxy.issued_at[token]])]
    wait_until(lambda: not unexplained(), "every token dead, but for those "
               "that were under way in a death", 20)
    lost = alive()
    print(f"# {sum(one.done for one in people)} sessions, {len(deaths)} "
          f"deaths, {len(lost)} tokens lost between commit and keeping")
    Lost.tokens |= lost
    works("random deaths")


main(set_up)
