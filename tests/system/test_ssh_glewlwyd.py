#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""ssh to the real sshd, tokens of glewlwyd: by each method, from login to
the provider's word that all is dead; and the token's renewal."""

from harness import *
from scenarios import check_dead, check_session, refresh_now, whole_login


def set_up(here):
    global machine, glewlwyd, signind, sshd
    machine = here
    glewlwyd = Glewlwyd()
    configure(glewlwyd)
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd()


@case("keyboard-interactive: a whole session")
def keyboard_interactive():
    whole_login(machine, glewlwyd, lambda: SshSession("alice", "kbdint"))


@case("password method: a whole session")
def password_method():
    whole_login(machine, glewlwyd, lambda: SshSession("alice", "password"))


@case("public key: in, without a token, and the provider is not asked")
def public_key():
    requests = len(glewlwyd.proxy.requests)
    shell = SshSession("alice", "publickey")
    status, text = shell.run("signin token")
    check_equal(status, 3, f"signin token without a session ({text})")
    check_equal(keys.sessions(machine.machine_id), [], "sessions")
    shell.logout()
    check_equal(len(glewlwyd.proxy.requests), requests, "requests")


@case("without pam_keyinit in the stack: both password methods")
def without_keyinit():
    machine.write_pam(keyinit=False)
    try:
        for method in ("kbdint", "password"):
            whole_login(machine, glewlwyd,
                        lambda method=method: SshSession("bob", method), "bob")
    finally:
        machine.write_pam()


@case("no_session: the password opens the door, the tokens die at once")
def no_session():
    machine.write_pam(options="no_session")
    try:
        shell = SshSession("alice", "kbdint")
        status, _ = shell.run("signin token")
        check_equal(status, 3, "signin token with no_session")
        wait_until(lambda: not glewlwyd.still_alive(), "every token dead")
        shell.logout()
    finally:
        machine.write_pam()


@case("several people at once, each with a session of their own")
def several():
    people = ("alice", "bob", "carol")
    shells = {name: SshSession(name) for name in people}
    sessions = {name: check_session(machine, glewlwyd, shells[name], name)
                for name in people}
    check_equal(len({session.access_token for session in sessions.values()}),
                3, "different tokens")
    shells["bob"].logout()
    wait_for_no_session(machine, sessions["bob"].id)
    check_session(machine, glewlwyd, shells["alice"], "alice")
    for name in ("alice", "carol"):
        shells[name].logout()
        check_dead(machine, glewlwyd, sessions[name].id) if name == "carol" \
            else wait_for_no_session(machine, sessions[name].id)


@case("signin logout ends the session's tokens, the shell lives on")
def logout_command():
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    shell.output("signin logout")
    check_dead(machine, glewlwyd, session.id)
    status, _ = shell.run("signin token")
    check_equal(status, 3, "signin token after signin logout")
    shell.logout()


@case("signin logout --session ends the login session as well")
def logout_session():
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    try:
        shell.run("signin logout --session")
        raise AssertionError("the shell lives on")
    except EOFError:
        pass
    check_dead(machine, glewlwyd, session.id)


@case("a provider whose refresh token stays the same")
def fixed_refresh_token():
    glewlwyd.plugin = "fixed"
    configure(glewlwyd)
    signind.restart()
    shell = SshSession("alice")
    before = check_session(machine, glewlwyd, shell, "alice")
    old, refresh_token = before.access_token, before.refresh_token
    refresh_now(machine, shell, "alice")
    after = check_session(machine, glewlwyd, shell, "alice")
    check(after.access_token != old, "signin refresh changed nothing")
    check_equal(after.refresh_token, refresh_token, "refresh token")
    shell.logout()
    check_dead(machine, glewlwyd, after.id)


main(set_up)
