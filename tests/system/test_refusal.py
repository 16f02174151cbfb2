#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A provider or a directory that ends a session: the person is told, locked
or logged out, within one refresh interval; and nobody who holds _signin can
make root do more than that."""

import os
import pathlib
import signal
import subprocess
import time

from harness import *
from scenarios import check_dead, check_session, wait_until_old_enough

RUN = pathlib.Path("/run/signin")
SESSIONS, REQUESTS = RUN / "sessions", RUN / "requests"


def set_up(here):
    global machine, glewlwyd, signind, sshd
    machine = here
    glewlwyd = Glewlwyd("short")  # access tokens live 6 s
    configure(glewlwyd)
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd()


def use(action):
    configure(glewlwyd, session=f"on_refusal = {action}")
    signind.reload()


def ssh_terminal(user):
    """A login by ssh with a terminal."""
    answer = WORK / "client" / "answer.tty"
    write(answer, f"#!/bin/sh\necho {password(user)}\n", 0o700)
    os.environ.update(SSH_ASKPASS=str(answer), SSH_ASKPASS_REQUIRE="force",
                      DISPLAY="none")
    terminal = Terminal("ssh", "-F", "none", "-p", "2200", "-l", user, "-tt",
                        "-o", "PreferredAuthentications=keyboard-interactive",
                        "-o", "StrictHostKeyChecking=no",
                        "-o", "UserKnownHostsFile=/dev/null",
                        "localhost", "exec bash --norc --noprofile")
    terminal.expect(r"[$#] ")
    terminal.become_shell()
    return terminal


def revoke(session):
    """Somebody ends the session at the provider."""
    status, text = glewlwyd.ask("/api/short/revoke",
                                {"token": session.refresh_token})
    check_equal(status, 200, f"revocation by somebody else ({text})")


def opening(session):
    return dict(line.split(" ", 1) for line in
                (SESSIONS / session.id).read_text().splitlines()[1:])


def wait_until_enforced(session, action, since):
    signind.wait_for_log(rf"session {session.id[:8]} of \w+ \(uid \d+\): "
                         rf"{action}: provider glewlwyd: ", since, 10)
    wait_until(lambda: not os.listdir(REQUESTS), "the request is done")


@case("notify: the reason on the terminal, in status; the shell goes on")
def notify():
    terminal = ssh_terminal("alice")
    session = live_session(machine, "alice")
    since = signind.mark()
    check_equal(opening(session)["user"], "alice", "root's file")
    check_equal((SESSIONS / session.id).stat().st_uid, 0, "its owner")
    revoke(session)
    terminal.expect("signin: your session at glewlwyd has ended: the provider "
                    "does not renew it. Sign in again.", 10)
    wait_until_enforced(session, "notify", since)
    status, text = terminal.run("signin status")
    check_equal(status, 5, f"status ({text})")
    check("since" in text and "the provider does not renew it" in text, text)
    # A restart does not tell again.
    signind.restart()
    mark = signind.mark()
    time.sleep(0.5)
    check("notify: provider" not in signind.log()[mark:], "told again")
    terminal.logout()
    check_dead(machine, glewlwyd, session.id)
    check(not (SESSIONS / session.id).exists(), "root's file is left")


@case("lock: public keys, su and sudo are out until a password; "
      "a restart keeps it")
def lock():
    use("lock")
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    SshSession("alice", "publickey").logout()
    since = signind.mark()
    revoke(session)
    wait_until_enforced(session, "lock", since)

    def key_is_refused():
        try:
            SshSession("alice", "publickey").logout()
        except LoginFailed:
            return True
        return False
    check(key_is_refused(), "a public key opened a locked account")
    signind.restart()
    since = signind.mark()
    check(key_is_refused(), "a restart opened it")
    signind.wait_for_log("account alice .*refused: on_refusal = lock", since)
    SshSession("bob", "publickey").logout()
    shell.logout()
    check(key_is_refused(), "a logout opened it")
    again = SshSession("alice")
    SshSession("alice", "publickey").logout()
    again.logout()
    wait_until(lambda: not glewlwyd.still_alive(), "every token dead")


@case("terminate: the login is ended, with what ignores signals, and nothing "
      "else")
def terminate():
    use("terminate")
    shell, other = SshSession("alice"), SshSession("bob")
    session = live_session(machine, "alice")
    pid = int(opening(session)["pid"])
    check(pid in Sshd.monitor_of("alice"), f"opener {pid}")
    stubborn = int(shell.output("(trap '' HUP TERM; exec sleep 60) "
                                ">/dev/null 2>&1 & echo $!"))
    since = signind.mark()
    revoke(session)
    wait_until(lambda: not alive(shell.pid), "the shell has ended", 10)
    signind.wait_for_log("terminate: provider glewlwyd: .*ended", since, 10)
    wait_until(lambda: not alive(pid) and not alive(stubborn),
               "what ignored the signals is killed", 12)
    check_dead(machine, glewlwyd_but(other), session.id)
    check(alive(other.pid), "bob was logged out")
    other.logout()
    wait_until(lambda: not os.listdir(SESSIONS), "root's files are gone")


def glewlwyd_but(shell):
    """The provider, as far as it is not about that shell's session."""
    mine = [session for session in keys.sessions(machine.machine_id)
            if session.user == "bob"]

    class But:
        name = glewlwyd.name

        @staticmethod
        def still_alive():
            theirs = [session.access_token for session in mine]
            theirs += [session.refresh_token for session in mine]
            theirs += [session.private.get("previous_token")
                       for session in mine]
            return [token for token in glewlwyd.still_alive()
                    if token not in theirs]
    check(alive(shell.pid), "bob's shell")
    return But


@case("signind dies between the refusal and the request: done when it is back")
def restart():
    use("notify")
    terminal = login_on_terminal("alice")
    session = live_session(machine, "alice")
    REQUESTS.rmdir()  # as if it had died before the request
    since = signind.mark()
    revoke(session)
    signind.wait_for_log("cannot be asked for", since, 10)
    signind.kill9()
    check(not REQUESTS.exists(), "requests/")
    signind.start()  # --prepare makes it anew
    terminal.expect("signin: your session at glewlwyd has ended", 10)
    wait_until_enforced(session, "notify", since)
    terminal.logout()
    check_dead(machine, glewlwyd, session.id)


def forge(name, text):
    """As _signin, put a request there."""
    path = REQUESTS / name
    subprocess.run(["setpriv", f"--reuid={machine.first_uid}",
                    f"--regid={machine.first_uid}", "--clear-groups",
                    "sh", "-c", 'umask 077; cat > "$0"', str(path)],
                   input=text.encode(), check=True)


@case("forged by _signin: others' processes, links, giants: nothing is done")
def forged():
    use("notify")
    request = ("signin request 1\naction terminate\nprovider x\n"
               "reason y\n")
    victim = machine.start_as("bob", "sleep", "60")
    shell = SshSession("alice", "publickey")  # no session of ours
    before = set(processes())
    forge("0" * 32, request)
    forge("1" * 32, f"signin request 1\naction terminate\nprovider x\n"
                    f"reason y\npid {victim.pid}\n")
    forge("2" * 32, "x" * 100000)
    forge("rubbish", request)
    os.symlink("/etc/shadow", REQUESTS / ("3" * 32))
    os.symlink(REQUESTS / ("0" * 32), REQUESTS / ("4" * 32))
    os.mkfifo(REQUESTS / ("5" * 32))
    # Nor can _signin write root's own file.
    done = subprocess.run(["setpriv", f"--reuid={machine.first_uid}",
                           f"--regid={machine.first_uid}", "--clear-groups",
                           "sh", "-c", f"echo > {SESSIONS}/{'0' * 32}"],
                          check=False, stderr=subprocess.DEVNULL)
    check(done.returncode != 0, "_signin writes root's files")
    run("/usr/sbin/signind", "--enforce")
    check_equal(os.listdir(REQUESTS), [], "requests left")
    check(alive(victim.pid) and alive(shell.pid), "somebody was ended")
    check(before <= set(processes()) | {victim.pid}, "somebody was ended")
    check("root" in pathlib.Path("/etc/shadow").read_text(), "/etc/shadow")
    os.kill(victim.pid, signal.SIGTERM)
    victim.wait()
    shell.logout()


@case("an opener that is killed leaves a file that root is told to take away")
def stale():
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    kill9(int(opening(session)["pid"]))
    wait_for_no_session(machine, session.id)
    check((SESSIONS / session.id).exists(), "root's file is not there")
    # It looks four times a minute; and now.
    signind.reload()
    wait_until(lambda: not (SESSIONS / session.id).exists(),
               "root's file gone")
    shell.kill_client()


@case("check_at_refresh = directory: removed from the host, refused in time")
def directory():
    configure(glewlwyd, extra="check_at_refresh = directory\n")
    signind.reload()
    terminal = login_on_terminal("carol")
    session = live_session(machine, "carol")
    wait_until_old_enough(machine, "carol")
    check_equal(terminal.run("signin refresh")[0], 0, "refresh")
    check_equal(session.session["state"], "live", "state")
    configure(glewlwyd, extra="check_at_refresh = directory\n",
              access="allow_users = *\ndeny_users = carol")
    signind.reload()
    terminal.expect("has ended: you may not use this host any more", 10)
    wait_until(lambda: not glewlwyd.still_alive(), "every token dead")
    terminal.logout()
    wait_for_no_session(machine, session.id)


main(set_up)
