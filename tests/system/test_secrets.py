#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""No password or token in a log at debug level, in the environment or the
arguments of a process, or on disk: searched through whole sessions."""

from harness import *
from scenarios import check_session
from provider import SECRET


def set_up(here):
    global machine, glewlwyd, signind, sshd
    machine = here
    glewlwyd = Glewlwyd("short")
    configure(glewlwyd, level="debug")
    machine.write_pam(options="debug")
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd()


def search_for(shell_tokens=()):
    secrets = {"alice's password": password("alice"),
               "bob's password": password("bob"),
               "a mistyped password": "mistyped-Passw0rd",
               "the client's secret": SECRET}
    for number, token in enumerate((*glewlwyd.proxy.issued, *shell_tokens)):
        secrets[f"token {number}"] = token
        # A JWT's signature alone would be telling as well.
        if token.count(".") == 2:
            secrets[f"signature {number}"] = token.rpartition(".")[2]
    for session in keys.sessions(machine.machine_id):
        for name in ("secret", "ticket"):
            value = session.session.get(name) or session.private.get(name)
            if value:
                secrets[f"{name} of a session"] = value
    return leaks.search(secrets, allowed=["/etc/signin/secrets/glewlwyd"] + [
        str(WORK / "up/etc/signin/secrets/glewlwyd")])


@case("the search finds what is there to be found")
def search_works():
    write("/tmp/leak", f"x {password('alice')} y")
    check(("/run/.test/up/tmp/leak", "alice's password") in search_for(),
          "a planted leak is not found")
    run("rm", "/tmp/leak")


@case("nothing leaks through sign-in, refresh, hand-out, su and logout")
def no_leaks():
    try:
        SshSession("alice", "kbdint", "mistyped-Passw0rd")
    except LoginFailed:
        pass
    shells = [SshSession("alice", "kbdint"), SshSession("bob", "password"),
              login_on_terminal("alice")]
    shells[0].output("signin token; signin header; signin status --json; "
                     "signin refresh")
    inner = Nested(shells[0], "su bob")
    inner.expect("Password: ")
    inner.send(password("bob") + "\n")
    inner.expect(r"[$#] ")
    inner.become_shell()
    check_equal(inner.output("id -un"), "bob", "who su made")
    before = glewlwyd.refreshes()
    wait_until(lambda: glewlwyd.refreshes() > before, "a refresh", 10)
    check_equal(search_for(), [], "leaks during the sessions")
    inner.close()
    for shell in shells:
        shell.logout()
    wait_until(lambda: not glewlwyd.still_alive(), "every token dead", 20)
    check_equal(search_for(), [], "leaks afterwards")
    check(len(glewlwyd.proxy.issued) >= 8, "too few tokens to mean anything")


@case("a crash of signind leaves no core file, and it cannot be traced")
def no_core():
    pid = signind.process.pid
    shell = SshSession("alice")
    check_session(machine, glewlwyd, shell, "alice")
    limits = open(f"/proc/{pid}/limits", encoding="ascii").read()
    line = next(line for line in limits.splitlines()
                if line.startswith("Max core file size"))
    check_equal(line.split()[4:6], ["0", "0"], "core file size limit")
    # Not dumpable: its files in /proc are root's although it runs as _signin.
    status = open(f"/proc/{pid}/status", encoding="ascii").read()
    uids = next(line for line in status.splitlines()
                if line.startswith("Uid:")).split()[1:]
    check_equal(set(uids), {str(machine.first_uid)}, "uids of signind")
    import os
    check_equal(os.stat(f"/proc/{pid}/environ").st_uid, 0,
                "owner of /proc/PID/environ")
    shell.logout()
    wait_until(lambda: not glewlwyd.still_alive(), "every token dead", 20)


main(set_up)
