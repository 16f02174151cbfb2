#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""login on a terminal, su and sudo, against both providers."""

from harness import *
from scenarios import check_dead, check_session, whole_login


def set_up(here):
    global machine, glewlwyd, opaque, jwt, signind, sshd
    machine = here
    glewlwyd = Glewlwyd()
    opaque = Oidc("opaque")
    jwt = Oidc("jwt", port=4610)
    configure(glewlwyd, opaque, jwt)
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd()
    write("/etc/sudoers.d/tests", "alice ALL=(ALL:ALL) ALL\n", 0o440)
    # Nobody's lectures or e-mail between us and the prompts.
    write("/etc/sudoers.d/quiet", "Defaults lecture=never, !mail_badpass\n",
          0o440)


def each_provider(function):
    for provider in (glewlwyd, opaque, jwt):
        machine.write_pam(auth_options=f"provider={provider.name}")
        try:
            function(provider)
        finally:
            machine.write_pam()


@case("login on a terminal: a whole session with each provider")
def login():
    each_provider(lambda provider: whole_login(
        machine, provider, lambda: login_on_terminal("alice")))


@case("login without pam_keyinit in the stack")
def login_without_keyinit():
    machine.write_pam(keyinit=False)
    try:
        whole_login(machine, glewlwyd, lambda: login_on_terminal("alice"))
    finally:
        machine.write_pam()


@case("login with a wrong password: refused, nothing is left")
def login_wrong():
    terminal = Terminal("/bin/login", "-p")
    terminal.expect("login: ")
    terminal.send("alice\n")
    terminal.expect("Password: ")
    terminal.send("not-her-password\n")
    terminal.expect("Login incorrect")
    kill9(terminal.pid)
    terminal.wait()
    wait_until(lambda: not keys.sessions(machine.machine_id), "no session")


def su_to_bob(provider):
    """alice becomes bob with bob's password: a session of bob's own."""
    outer = SshSession("alice")
    mine = check_session(machine, provider, outer, "alice")
    inner = Nested(outer, "su bob")
    inner.expect("Password: ")
    inner.send(password("bob") + "\n")
    inner.expect(r"[$#] ")
    inner.become_shell()
    check_equal(inner.output("id -un"), "bob", "who su made")
    his = check_session(machine, provider, inner, "bob")
    check(his.id != mine.id, "su goes on in alice's session")
    inner.close()
    wait_for_no_session(machine, his.id)
    check_session(machine, provider, outer, "alice")
    outer.logout()
    check_dead(machine, provider, mine.id)


@case("su bob: bob's session, ended with su; alice's goes on")
def su():
    each_provider(su_to_bob)


@case("su from root asks nobody and opens no session")
def su_from_root():
    requests = len(glewlwyd.proxy.requests)
    shell = Terminal("su", "-", "bob")
    shell.expect(r"[$#] ")
    shell.become_shell()
    status, _ = shell.run("signin token")
    check_equal(status, 3, "signin token")
    shell.logout()
    check_equal(len(glewlwyd.proxy.requests), requests, "requests")


def sudo_to(provider, options, expected):
    """alice proves herself to sudo; her session is the only one."""
    outer = SshSession("alice")
    mine = check_session(machine, provider, outer, "alice")
    alive = set(provider.still_alive())
    inner = Nested(outer, f"sudo -k {options} bash --norc --noprofile")
    inner.expect("password for alice: ")
    inner.send(password("alice") + "\n")
    inner.expect(r"[$#] ")
    inner.become_shell()
    check_equal(inner.output("id -un"), expected, "who sudo made")
    # What proved the password is nobody's session: revoked, ticket unused.
    wait_until(lambda: set(provider.still_alive()) == alive,
               "sudo's own tokens dead")
    check_equal([session.id for session in keys.sessions(machine.machine_id)],
                [mine.id], "sessions")
    inner.close()
    check_session(machine, provider, outer, "alice")
    outer.logout()
    check_dead(machine, provider, mine.id)


@case("sudo: the password is checked, the tokens it brought are revoked")
def sudo():
    each_provider(lambda provider: sudo_to(provider, "", "root"))


@case("sudo -u bob: alice's password, no session of bob's")
def sudo_user():
    each_provider(lambda provider: sudo_to(provider, "-u bob", "bob"))


main(set_up)
