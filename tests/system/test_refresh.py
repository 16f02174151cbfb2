#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The token stays fresh under a running shell: on schedule, on demand, once
for all who ask, and through a provider's bad hours."""

import time

from harness import *
from scenarios import check_dead, check_session


def set_up(here):
    global machine, glewlwyd, signind, sshd
    machine = here
    glewlwyd = Glewlwyd("short")  # access tokens live 6 s
    configure(glewlwyd)
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd()


@case("in the background, before expiry, the token changes under the shell")
def background():
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    first, first_refresh = session.access_token, session.refresh_token
    asked = glewlwyd.refreshes()
    # Reading the key directly: nobody asks for a refresh here.
    wait_until(lambda: shell.output(
        "keyctl pipe %user:signin:access_token") != first,
        "a new token under the shell", 8)
    check(glewlwyd.alive(first), "the old one had already expired")
    check_equal(glewlwyd.refreshes() - asked, 1, "refreshes")
    session = check_session(machine, glewlwyd, shell, "alice")
    check(session.refresh_token != first_refresh, "it did not rotate")
    shell.logout()
    check_dead(machine, glewlwyd, session.id)


@case("50 callers in a token's last second: one refresh")
def fifty_callers():
    configure(glewlwyd, session="refresh_at = 99%")
    signind.restart()
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    old = session.access_token
    expires = int(session.session["expires_at"])
    asked = glewlwyd.refreshes()
    time.sleep(max(0, expires - 0.95 - time.time()))
    status, text = shell.run(
        "for i in $(seq 50); do "
        "(signin token --min-valid 2; echo \"status $?\") & done; wait", 30)
    lines = text.splitlines()
    check_equal(lines.count("status 0"), 50, f"callers served\n{text}")
    tokens = {line for line in lines if not line.startswith("status ")}
    check_equal(len(tokens), 1, "different tokens handed out")
    check(old not in tokens, "the old token was handed out")
    check_equal(glewlwyd.refreshes() - asked, 1, "refreshes at the provider")
    shell.logout()
    check_dead(machine, glewlwyd, session.id)


@case("--min-valid beyond what the provider gives: said so, one refresh")
def min_valid():
    shell = SshSession("alice")
    check_session(machine, glewlwyd, shell, "alice")
    status, text = shell.run("signin token --min-valid 100")
    check_equal(status, 8, f"status ({text})")
    session = check_session(machine, glewlwyd, shell, "alice")
    shell.logout()
    check_dead(machine, glewlwyd, session.id)


@case("provider away beyond expiry: expired, said so, and fresh when back")
def provider_away():
    configure(glewlwyd)
    signind.restart()
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    glewlwyd.proxy.stop()
    old = session.access_token
    wait_until(lambda: not glewlwyd.alive(old), "the token expired", 10)
    status, text = shell.run("signin token")
    check_equal(status, 4, f"status while it is away ({text})")
    check("later" in text, f"no advice: {text}")
    status, _ = shell.run("keyctl pipe %user:signin:access_token")
    check(status != 0, "an expired token can be read")
    glewlwyd.proxy.start()
    wait_until(lambda: shell.run("signin token")[0] == 0,
               "a fresh token after the provider is back", 20)
    session = check_session(machine, glewlwyd, shell, "alice")
    shell.logout()
    check_dead(machine, glewlwyd, session.id)


@case("provider answers 503 for a while: tried again, never signed out")
def provider_fails():
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    glewlwyd.proxy.trouble = "fail"
    seen = len(glewlwyd.proxy.requests)
    wait_until(lambda: len(glewlwyd.proxy.requests) > seen,
               "an attempt that fails", 8)
    glewlwyd.proxy.trouble = None
    wait_until(lambda: shell.run("signin token --min-valid 1")[0] == 0,
               "a fresh token afterwards", 20)
    session = check_session(machine, glewlwyd, shell, "alice")
    shell.logout()
    check_dead(machine, glewlwyd, session.id)


@case("provider down at logout: the keys die at once, the tokens when it "
      "is back")
def down_at_logout():
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    glewlwyd.proxy.stop()
    started = time.monotonic()
    shell.logout()
    check(time.monotonic() - started < 5, "logout waited for the network")
    wait_until(lambda: keys.describe(session.ring) is None, "S revoked")
    glewlwyd.proxy.start()
    wait_until(lambda: not glewlwyd.still_alive(), "every token dead", 30)
    wait_for_no_session(machine, session.id, 30)


main(set_up)
