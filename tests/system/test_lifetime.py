#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""signind and sshd die; sessions are neither lost nor left behind."""

from harness import *
from scenarios import check_dead, check_session


def set_up(here):
    global machine, glewlwyd, signind, sshd
    machine = here
    glewlwyd = Glewlwyd("short")
    configure(glewlwyd)
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd()


def goes_on_after(interrupt):
    """A session outlives an interruption of signind, and ends as it should."""
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    token = session.access_token
    interrupt()
    check_equal(len(glewlwyd.still_alive()) >= 2, True,
                "an end of signind revoked a live session")
    wait_until(lambda: shell.output(
        "keyctl pipe %user:signin:access_token; true") not in (token, "")
        and shell.run("keyctl pipe %user:signin:access_token")[0] == 0,
        "a refresh after it", 12)
    session = check_session(machine, glewlwyd, shell, "alice")
    shell.logout()
    check_dead(machine, glewlwyd, session.id)


@case("signind restarted: it still refreshes and still revokes")
def restart():
    goes_on_after(signind.restart)


@case("signind killed with -9: it still refreshes and still revokes")
def kill_9():
    def interrupt():
        signind.kill9()
        signind.start()
    goes_on_after(interrupt)


@case("reload keeps sessions and takes the new configuration")
def reload():
    def interrupt():
        since = signind.mark()
        configure(glewlwyd, level="info")
        signind.reload()
        signind.wait_for_log("(?i)reload|configuration", since)
    goes_on_after(interrupt)
    since = signind.mark()
    write("/etc/signin/signin.conf", "[signin]\nno_such_key = 1\n")
    signind.reload()
    signind.wait_for_log(r"signin\.conf:2", since)
    check(signind.process.poll() is None, "a bad reload ended signind")
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    configure(glewlwyd)
    signind.reload()
    shell.logout()
    check_dead(machine, glewlwyd, session.id)


@case("login while signind is down: refused, with a word; then it works")
def down():
    signind.stop()
    try:
        since = machine.syslog.mark()
        try:
            SshSession("alice")
            raise AssertionError("let in without signind")
        except LoginFailed:
            pass
        machine.syslog.wait_for("pam_signin.*signind is not running", since)
    finally:
        signind.start()
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    shell.logout()
    check_dead(machine, glewlwyd, session.id)


@case("logout while signind is down: keys dead at once, tokens when it is up")
def logout_while_down():
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    signind.kill9()
    shell.logout()
    wait_until(lambda: keys.describe(session.ring) is None,
               "S revoked without signind")
    signind.start()
    check_dead(machine, glewlwyd, session.id)


@case("the sshd that opened the session killed with -9: revoked")
def opener_killed():
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    monitors = Sshd.monitor_of("alice")
    check_equal(len(monitors), 1, "sshd: alice [priv]")
    kill9(monitors[0])
    check_dead(machine, glewlwyd, session.id)
    shell.kill_client()


@case("the same while signind is down: revoked when it is back")
def opener_killed_while_down():
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    signind.kill9()
    kill9(Sshd.monitor_of("alice")[0])
    shell.kill_client()
    signind.start()
    check_dead(machine, glewlwyd, session.id)


@case("the client vanishes: revoked")
def client_vanishes():
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    shell.kill_client()
    check_dead(machine, glewlwyd, session.id)


@case("shutdown (signind --revoke-all): every session ends, here and there")
def shutdown():
    shells = [SshSession("alice"), SshSession("alice"), SshSession("bob")]
    run("signind", "--revoke-all")
    for shell in shells:
        check_equal(shell.run("signin token")[0], 3, "status of signin token")
    check_equal(glewlwyd.still_alive(), [], "tokens alive after a shutdown")
    check_equal([session.id for session in keys.sessions(machine.machine_id)],
                [], "sessions left in the kernel")
    for shell in shells:
        shell.logout()


main(set_up)
