#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Who reads what: sessions among themselves, through su and sudo, the
refresh token, and what somebody plants in our place."""

import subprocess

from harness import *
from scenarios import check_dead, check_session


def set_up(here):
    global machine, glewlwyd, signind, sshd
    machine = here
    glewlwyd = Glewlwyd()
    configure(glewlwyd)
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd()
    write("/etc/sudoers.d/tests", "Defaults lecture=never\n"
          "alice ALL=(ALL:ALL) NOPASSWD: ALL\n", 0o440)


def all_keys(session):
    return {"K": session.keep, "S": session.ring,
            "private": session.private_key,
            "access_token": session.access_key,
            "session": session.session_key}


def check_unreadable(shell, session, names=None):
    """Nothing of a session can be read, changed or removed from a shell."""
    for name, serial in all_keys(session).items():
        if names and name not in names:
            continue
        for command in ("pipe {}", "describe {}", "revoke {}", "clear {}",
                        "timeout {} 1", "chown {} $(id -u)",
                        "setperm {} 0x3f3f3f3f", "link {} @s",
                        "update {} x", "unlink {} @s", "invalidate {}"):
            status, text = shell.run("keyctl " + command.format(serial))
            check(status != 0, f"keyctl {command} works on {name}: {text}")


@case("owner, group and rights of every key are as the layout says")
def rights():
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    readable, closed = 0x0b3f3f00, 0x003f3f00  # possessor user group other
    expected = {"K": closed, "private": closed, "S": readable,
                "access_token": readable, "session": readable}
    for name, serial in all_keys(session).items():
        kind, uid, gid, permissions, _ = keys.describe(serial)
        check_equal(f"{permissions:08x}", f"{expected[name]:08x}",
                    f"rights of {name}")
        check_equal((uid, gid), (0, machine.first_uid), f"owner of {name}")
        check_equal(kind, "keyring" if name in "KS" else "user", name)
    shell.logout()
    check_dead(machine, glewlwyd, session.id)


@case("two sessions of one user: neither reads the other, nor dies with it")
def two_sessions():
    first, second = SshSession("alice"), SshSession("alice")
    mine = {first.output("signin token"), second.output("signin token")}
    check_equal(len(mine), 2, "two tokens for two sessions")
    sessions = {session.access_token: session
                for session in keys.sessions(machine.machine_id)}
    check_equal(set(sessions), mine, "tokens in the kernel")
    other = sessions[second.output("signin token")]
    check_unreadable(first, other)
    second.logout()
    wait_for_no_session(machine, other.id)
    remaining = check_session(machine, glewlwyd, first, "alice")
    first.logout()
    check_dead(machine, glewlwyd, remaining.id)


@case("in her own session alice reads, and can change nothing")
def own_session():
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    check_unreadable(shell, session, ("K", "private"))
    for name in ("S", "access_token", "session"):
        serial = all_keys(session)[name]
        check_equal(shell.run(f"keyctl read {serial}")[0], 0, f"read {name}")
        for command in ("revoke {}", "timeout {} 1", "setperm {} 0x3f3f3f3f",
                        "update {} x", "clear {}"):
            status, text = shell.run("keyctl " + command.format(serial))
            check(status != 0, f"keyctl {command} works on {name}: {text}")
    check_session(machine, glewlwyd, shell, "alice")
    shell.logout()
    check_dead(machine, glewlwyd, session.id)


@case("the refresh token: for root and _signin alone")
def refresh_token():
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    secret = session.refresh_token.encode()
    check(secret in keys.read(session.private_key), "root cannot read it")
    for name, expected in (("_signin", True), ("alice", False),
                           ("bob", False)):
        ids = {"_signin": machine.first_uid}.get(name) or machine.uid(name)
        # keyctl(1) asks for the payload's size first, as any reader would.
        done = subprocess.run(
            ["setpriv", f"--reuid={ids}", f"--regid={ids}", "--clear-groups",
             "keyctl", "pipe", str(session.private_key)],
            capture_output=True, check=False)
        check_equal(secret in done.stdout, expected,
                    f"{name} reads the refresh token")
    status, text = shell.run("keyctl show; cat /proc/keys")
    check("signin:private" not in text,
          f"the shell sees the private key:\n{text}")
    check(session.refresh_token not in shell.output("signin status --json"),
          "signin status shows the refresh token")
    shell.logout()
    check_dead(machine, glewlwyd, session.id)


@case("su bob from alice's session: bob reads nothing of hers")
def su_bob():
    outer = SshSession("alice")
    session = check_session(machine, glewlwyd, outer, "alice")
    inner = Nested(outer, "su bob")
    inner.expect("Password: ")
    inner.send(password("bob") + "\n")
    inner.expect(r"[$#] ")
    inner.become_shell()
    check_equal(inner.output("id -un"), "bob", "who su made")
    check(inner.output("signin token") != session.access_token,
          "bob gets alice's token")
    check_unreadable(inner, session)
    inner.close()
    outer.logout()
    wait_for_no_session(machine, session.id)


@case("sudo -u bob from alice's session: bob reads nothing")
def sudo_bob():
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    status, text = shell.run("sudo -n -u bob signin token")
    check_equal(status, 3, f"signin token as bob: {text}")
    for name, serial in all_keys(session).items():
        status, text = shell.run(f"sudo -n -u bob keyctl pipe {serial}")
        check(status != 0, f"bob reads {name} of alice's session")
    status, text = shell.run("sudo -n -u bob keyctl show @s")
    check("signin:" not in text, f"bob's keyring:\n{text}")
    check_session(machine, glewlwyd, shell, "alice")
    shell.logout()
    check_dead(machine, glewlwyd, session.id)


@case("sudo to root works, and leaves alice's session alone")
def sudo_root():
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    check_equal(shell.output("sudo -n id -un"), "root", "sudo")
    check_session(machine, glewlwyd, shell, "alice")
    text = shell.output("sudo -n signin sessions")
    check("alice" in text, f"signin sessions: {text}")
    status, _ = shell.run("signin sessions")
    check_equal(status, 7, "signin sessions for alice")
    shell.logout()
    check_dead(machine, glewlwyd, session.id)


def plant_session(shell):
    """A ring with a record and a token, right in all but who owns them, and
    opened later than any other."""
    uid = shell.output("id -u")
    fields = {"v": 1, "id": "0" * 32, "user": "alice", "uid": uid,
              "provider": "glewlwyd", "subject": "alice", "secret": "0" * 32,
              "authorization": "Bearer {{access_token}}",
              "opened_at": 4000000000, "refreshed_at": 4000000000,
              "expires_at": 4000000300, "lifetime": 300, "state": "live",
              "state_since": 4000000000}
    text = "".join(f"{name}={value}\\n" for name, value in fields.items())
    shell.output("keyctl add user signin:access_token planted @s")
    ring = shell.output(f"keyctl newring signin:{'0' * 32} @s")
    shell.output(f"keyctl add user signin:access_token planted {ring}")
    shell.output(f"printf '{text}' | keyctl padd user signin:session {ring}")


@case("planted keys beside a session's are not believed")
def planted_token():
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    plant_session(shell)
    check_equal(shell.output("signin token"), session.access_token,
                "signin token beside planted keys")
    check_equal(shell.output("signin header"),
                f"Authorization: Bearer {session.access_token}",
                "signin header beside planted keys")
    shell.logout()
    check_dead(machine, glewlwyd, session.id)


@case("where there is no session a planted one is none")
def planted_session():
    shell = SshSession("alice", "publickey")
    plant_session(shell)
    status, text = shell.run("signin token")
    check_equal(status, 3, f"signin token: {text}")
    check("planted" not in text, "the planted token was handed out")
    shell.logout()


@case("a planted anchor in the caller's keyring is not believed by su")
def planted_anchor():
    outer = SshSession("alice")
    session = check_session(machine, glewlwyd, outer, "alice")
    anchor = outer.output(f"keyctl newring signin:{machine.machine_id} @u")
    for number in range(4):
        outer.output(f"keyctl newring signin:shard:{number} {anchor}")
    inner = Nested(outer, "su bob")
    inner.expect("Password: ")
    inner.send(password("bob") + "\n")
    inner.expect(r"[$#] ")
    inner.become_shell()
    his = check_session(machine, glewlwyd, inner, "bob")
    check(his.id in [found.id for found in keys.sessions(machine.machine_id)],
          "bob's session does not hang from root's anchor")
    inner.close()
    text = outer.output(f"keyctl list {anchor}")
    check(":keep" not in text, f"the planted anchor got keys: {text}")
    for number in range(4):
        text = outer.output(f"keyctl list %keyring:signin:shard:{number} "
                            f"|| keyctl show {anchor}")
        check("signin:private" not in text and ":keep" not in text,
              f"a planted shard got keys: {text}")
    outer.output(f"keyctl unlink {anchor} @u")
    outer.logout()
    check_dead(machine, glewlwyd, session.id)


@case("many keys of alice's own: her quota does not keep her out")
def quota():
    first = SshSession("alice", "publickey")
    first.run("for i in $(seq 220); do keyctl add user filler$i x @u || "
              "break; done >/dev/null 2>&1")
    status, _ = first.run("keyctl add user one-more x @u")
    check(status != 0, "alice's quota is not used up")
    shell = SshSession("alice")
    session = check_session(machine, glewlwyd, shell, "alice")
    shell.logout()
    check_dead(machine, glewlwyd, session.id)
    first.run("keyctl clear @u")
    first.logout()


@case("bob, started from alice's login before she had a token: never hers")
def started_before():
    """Her later token must not appear in a keyring that bob already has."""
    outer = SshSession("alice", "publickey")
    outer.output(
        "mkfifo -m 0666 /tmp/go /tmp/seen /tmp/there; sudo -n -u bob sh -c "
        "'echo >/tmp/there; cat /tmp/go >/dev/null; { id -un; keyctl pipe "
        "$(keyctl search @s user signin:access_token); } >/tmp/seen 2>&1' "
        ">/dev/null 2>&1 & cat /tmp/there")
    inner = Nested(outer, "su alice")
    inner.expect("Password: ")
    inner.send(password("alice") + "\n")
    inner.expect(r"[$#] ")
    inner.become_shell()
    session = live_session(machine, "alice")
    text = inner.output("echo go >/tmp/go; cat /tmp/seen")
    check("bob" in text, f"bob did not look: {text}")
    check(session.access_token not in text, "bob reads alice's token")
    inner.close()
    outer.logout()


main(set_up)
