#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A network that loses packets: a quarter of them, or all for a while."""

import concurrent.futures

from harness import *
from packetloss import lose
from scenarios import check_session, wait_until_old_enough

USERS = ("alice", "bob", "carol")
# What is lost is sent again: later and later, and for longer than usual.
PATIENT = ("connect_timeout = 60s\nrequest_timeout = 60s\n"
           "sign_in_timeout = 60s\n")
TIGHT = "connect_timeout = 1s\nrequest_timeout = 1s\ngrace = 60s\n"
LIMITS = "failures_per_user = 1000\nfailures_per_host = 1000\n"
# A login, a refresh or a logout, as long as TCP needs.
LONG = 90


def set_up(here):
    global machine, glewlwyd, signind
    machine = here
    glewlwyd = Glewlwyd()
    configure(glewlwyd, limits=LIMITS, extra=PATIENT)
    signind = Signind(machine_id=here.machine_id)
    Sshd()


def must_lose(percent):
    said = lose(percent, glewlwyd.port)
    if said:
        raise Skip(f"this kernel loses no packets for us: {said.strip()}")


def whole_session(user):
    shell = SshSession(user, timeout=LONG)
    session = check_session(machine, glewlwyd, shell, user)
    token = session.access_token
    wait_until_old_enough(machine, user)
    status, text = shell.run("signin refresh", LONG)
    check_equal(status, 0, f"signin refresh ({text})")
    check(shell.output("signin token") != token, "no new token")
    shell.logout(LONG)
    wait_for_no_session(machine, session.id, LONG)


@case("every fourth packet is lost, both ways: whole sessions, nothing twice")
def some_are_lost():
    asked = glewlwyd.sign_ins(), glewlwyd.refreshes()
    must_lose(25)
    try:
        with concurrent.futures.ThreadPoolExecutor(len(USERS)) as pool:
            list(pool.map(whole_session, USERS))
    finally:
        lose(0, glewlwyd.port)
    check_equal((glewlwyd.sign_ins() - asked[0],
                 glewlwyd.refreshes() - asked[1]),
                (len(USERS), len(USERS)), "sign-ins and refreshes")
    wait_until(lambda: not glewlwyd.still_alive(), "every token dead")


@case("all are lost in the middle of a request: it ends, and all comes back")
def all_are_lost():
    shell = SshSession("alice")
    token = shell.output("signin token")
    wait_until_old_enough(machine, "alice")
    configure(glewlwyd, limits=LIMITS, extra=TIGHT)
    signind.reload()
    taken = len(glewlwyd.proxy.requests)
    glewlwyd.proxy.trouble = "hang"
    try:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            refresh = pool.submit(shell.run, "signin refresh")
            wait_until(lambda: len(glewlwyd.proxy.requests) > taken,
                       "the request is there")
            must_lose(100)
            check_equal(refresh.result()[0], 4, "status of signin refresh")
        check_equal(shell.output("signin token"), token, "the token")
        try:
            SshSession("bob").logout()
            raise AssertionError("bob is in")
        except LoginFailed:
            pass
        check_equal(len(glewlwyd.proxy.requests), taken + 1, "requests")
    finally:
        glewlwyd.proxy.trouble = None
        lose(0, glewlwyd.port)
    # Nobody asks again.
    wait_until(lambda: shell.output("keyctl pipe %user:signin:access_token")
               != token, "a fresh token by itself", 30)
    wait_until(lambda: shell.run("signin status")[0] == 0, "status")
    shell.logout()
    wait_until(lambda: not glewlwyd.still_alive(), "every token dead")


@case("all are lost at logout: the keys end at once, the tokens when they can")
def lost_at_logout():
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    since = signind.mark()
    must_lose(100)
    try:
        shell.logout()
        wait_until(lambda: keys.describe(session.ring) is None, "S dead")
        signind.wait_for_log("revoke.refresh failed at provider", since)
    finally:
        lose(0, glewlwyd.port)
    wait_for_no_session(machine, session.id, 30)
    check_equal(glewlwyd.still_alive(), [], "tokens that live on")


main(set_up)
