#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Keys destroyed by the person and by root, collected, replaced; the person's
quota full; the clock set.  What the person sees, and that nothing is left."""

import contextlib
import os
import pathlib
import subprocess
import time

from harness import *

# signind looks at the keys of all sessions every 15 s.
LOOKS = 22
GC_DELAY = pathlib.Path("/proc/sys/kernel/keys/gc_delay")
LAST_PID = pathlib.Path("/proc/sys/kernel/ns_last_pid")
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
# What `signin` ends with: signin(1), EXIT STATUS.
FAILURE, NO_SESSION, EXPIRED = 1, 3, 4


def set_up(here):
    global machine, glewlwyd, signind, sshd
    machine = here
    glewlwyd = Glewlwyd()
    configure(glewlwyd)
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd()


def log_in(user):
    """A shell, and what the kernel keeps of its session."""
    before = {session.id for session in keys.sessions(machine.machine_id)}
    shell = SshSession(user)
    [session] = [session for session in keys.sessions(machine.machine_id)
                 if session.id not in before]
    return shell, session


def keyctl(*words):
    return run("keyctl", *words).strip()


def nothing_left(timeout=10):
    wait_until(lambda: not keys.sessions(machine.machine_id),
               "no keys left", timeout)
    wait_until(lambda: not glewlwyd.still_alive(), "every token dead",
               timeout)


def says(shell, command, status, pattern=""):
    actual, text = shell.run(command)
    check_equal(actual, status, f"{command}: {text}")
    check(pattern in text, f"{command} says {text!r}, not {pattern!r}")


@case("invalidated, unlinked, cleared, replaced by the person, revoked by root")
def destroyed():
    shells, sessions = {}, {}
    for name, user in (("token", "alice"), ("record", "alice"),
                       ("ring", "alice"), ("unlinked", "bob"),
                       ("cleared", "bob"), ("replaced", "bob"),
                       ("keep", "carol"), ("private", "carol")):
        shells[name], sessions[name] = log_in(user)
    gone = {name: sessions[name] for name in ("ring", "keep", "private")}
    tokens = {name: session.access_token
              for name, session in sessions.items()}
    lost = [session.refresh_token for name, session in gone.items()
            if name != "ring"]
    since = signind.mark()

    # What the person destroys is gone at once, and said so.
    shells["token"].output("keyctl invalidate %user:signin:access_token")
    says(shells["token"], "signin token", FAILURE, "damaged")
    says(shells["token"], "signin status", EXPIRED, "no valid token")
    shells["record"].output("keyctl invalidate %user:signin:session")
    check_equal(shells["record"].output(
        "keyctl pipe %user:signin:access_token"), tokens["record"], "token")
    shells["ring"].output("keyctl invalidate %keyring:signin:"
                          + sessions["ring"].id)
    says(shells["ring"], "signin token", NO_SESSION)
    shells["unlinked"].output("keyctl unlink %keyring:signin:"
                              f"{sessions['unlinked'].id} @s")
    says(shells["unlinked"], "signin token", NO_SESSION)
    shells["cleared"].output("keyctl clear @s")
    says(shells["cleared"], "signin token", NO_SESSION)
    shells["replaced"].output("keyctl new_session")
    says(shells["replaced"], "signin token", NO_SESSION)
    # What root destroys.
    keyctl("revoke", sessions["keep"].keep)
    keyctl("invalidate", sessions["private"].private_key)

    # Sessions that cannot go on end; the others do.
    wait_until(lambda: not {session.id for session in keys.sessions(
        machine.machine_id)} & {session.id for session in gone.values()},
        "sessions without keys have ended", LOOKS)
    for name in gone:
        says(shells[name], "signin token", NO_SESSION)
    wait_until(lambda: not {tokens[name] for name in gone}
               & set(glewlwyd.still_alive()), "their access tokens dead")
    check_equal(sorted(token for token in glewlwyd.still_alive()
                       if token in lost), sorted(lost),
                "refresh tokens that root has destroyed")
    signind.wait_for_log(r"error: .*refresh token with them", since)
    for name in ("token", "record"):
        signind.wait_for_log(f"{sessions[name].id[:8]} .*been destroyed",
                             since, LOOKS)

    # Root mends, and what was destroyed is there again, tokens and all.
    run("signind", "--prepare")
    signind.reload()
    for name in ("token", "record"):
        signind.wait_for_log(f"{sessions[name].id[:8]} .*made again", since)
        check_equal(shells[name].output("signin token"), tokens[name],
                    "the token that came back")
    for shell in shells.values():
        shell.logout()
    for token in lost:
        glewlwyd.ask("/api/oidc/revoke", {"token": token})
    nothing_left()


@case("token destroyed, never mended: at logout it is revoked all the same")
def destroyed_for_good():
    shell, session = log_in("alice")
    shell.output("keyctl invalidate %user:signin:access_token")
    shell.logout()
    check_dead_session(session)


def check_dead_session(session):
    wait_for_no_session(machine, session.id)
    wait_until(lambda: not glewlwyd.still_alive(), "every token dead")


@case("the anchor unlinked by root: --prepare links it again, nothing is lost")
def anchor_unlinked():
    shell, session = log_in("alice")
    anchor = keys.anchor(machine.machine_id)
    keyctl("unlink", anchor, "@u")
    check_equal(keys.anchor(machine.machine_id), None, "the anchor")
    run("signind", "--prepare")
    check_equal(keys.anchor(machine.machine_id), anchor, "the anchor")
    signind.kill9()
    signind.start()
    check_equal(shell.output("signin token"), session.access_token, "token")
    shell.logout()
    check_dead_session(session)


@case("the anchor revoked by root: sessions end, logins are refused; reload")
def anchor_revoked():
    shell, session = log_in("alice")
    refresh = session.refresh_token
    since = signind.mark()
    keyctl("revoke", keys.anchor(machine.machine_id))
    syslog = machine.syslog.mark()
    asked = glewlwyd.sign_ins()
    try:
        SshSession("bob")
        raise AssertionError("let in without keys")
    except LoginFailed:
        pass
    machine.syslog.wait_for("pam_signin.*making the session's keys", syslog)
    check_equal(glewlwyd.sign_ins(), asked, "sign-ins asked")
    signind.reload()
    signind.wait_for_log("error: .*hang from", since)
    wait_until(lambda: glewlwyd.still_alive() == [refresh],
               "the access token is dead")
    says(shell, "signin token", NO_SESSION)
    run("signind", "--prepare")
    signind.reload()
    other, session = log_in("bob")
    check_equal(other.output("signin token"), session.access_token, "token")
    other.logout()
    shell.logout()
    glewlwyd.ask("/api/oidc/revoke", {"token": refresh})
    check_dead_session(session)


# ---- the person's quota -----------------------------------------------------

def usage(uid):
    """(keys, bytes) of a user: /proc/key-users, keyrings(7)."""
    for line in pathlib.Path("/proc/key-users").read_text().splitlines():
        who, _, numbers = line.partition(":")
        if int(who) == uid:
            words = numbers.split()
            return (int(words[2].split("/")[0]), int(words[3].split("/")[0]))
    return 0, 0


@contextlib.contextmanager
def full_quota(user, keys_left=None, bytes_left=None):
    """A user whose own key quota has so much left."""
    script = f"""
import ctypes, sys
lib = ctypes.CDLL("libkeyutils.so.1", use_errno=True)
def add(name, size):
    return lib.add_key(b"user", name.encode(), b"x" * size, size, -4)
lib.keyctl_get_keyring_ID(-4, 1)
lib.keyctl_get_keyring_ID(-5, 1)
def usage():
    for line in open("/proc/key-users"):
        who, _, numbers = line.partition(":")
        if int(who) == {machine.uid(user)}:
            words = numbers.split()
            return [int(word.split("/")[0]) for word in words[2:4]]
limit = [int(open("/proc/sys/kernel/keys/" + name).read())
         for name in ("maxkeys", "maxbytes")]
keys_left, bytes_left = {keys_left}, {bytes_left}
if keys_left is not None:
    for number in range(limit[0] - usage()[0] - keys_left):
        assert add("f%d" % number, 1) > 0
else:
    # The link to it in @u is 4 bytes, its name and NUL 5.
    assert add("fill", limit[1] - usage()[1] - bytes_left - 9) > 0
print(limit[0] - usage()[0], limit[1] - usage()[1], flush=True)
sys.stdin.read()
lib.keyctl_clear(-4)
"""
    # The one before it is still being collected.
    wait_until(lambda: usage(machine.uid(user))[0] <= 2, "an empty quota")
    filler = machine.start_as(user, "python3", "-c", script, text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    left = filler.stdout.readline().split()
    try:
        if keys_left is not None:
            check_equal(int(left[0]), keys_left, "keys left")
        else:
            check_equal(int(left[1]), bytes_left, "bytes left")
        yield
    finally:
        filler.stdin.close()
        filler.wait(20)


def quota_login():
    shell, session = log_in("alice")
    check_equal(shell.output("signin token"), session.access_token, "token")
    check_equal(shell.output("keyctl pipe %user:signin:access_token"),
                session.access_token, "token")
    ring = shell.output("keyctl rdescribe @s").split(";")
    shell.logout()
    check_dead_session(session)
    return int(ring[1])


@case("the person's quota full: the session keyring is root's, nothing else is")
def quota_of_keys():
    with full_quota("alice", keys_left=0):
        check_equal(quota_login(), 0, "owner of @s")


@case("... full by bytes, with room for a keyring but not for a link in it")
def quota_of_bytes():
    owners = set()
    for left in (0, 5, 9, 10, 12, 13, 16):
        with full_quota("alice", bytes_left=left):
            owners.add(quota_login())
    check_equal(owners, {0, machine.uid("alice")}, "owners of @s")


# ---- collected, while nobody looked -----------------------------------------

@contextlib.contextmanager
def quick_collection():
    """gc_delay is the host's: as it was, afterwards."""
    before = GC_DELAY.read_text()
    GC_DELAY.write_text("1")
    try:
        yield
    finally:
        GC_DELAY.write_text(before)


@case("signind away past expiry and collection: --prepare makes a new key")
def collected():
    glewlwyd.plugin = "short"
    configure(glewlwyd)
    signind.reload()
    shell, session = log_in("alice")
    signind.kill9()
    with quick_collection():
        # Expired first, for readers to see; collected a second later.
        wait_until(lambda: shell.run(
            "keyctl pipe %user:signin:access_token")[0] != 0, "expiry", 10)
        since = signind.mark()
        wait_until(lambda: keys.Session(
            session.id, session.keep).access_key is None and str(
                session.access_key) not in keyctl("show", session.keep),
                   "collection", 10)
    signind.start()
    signind.wait_for_log("made its collected keys again", since)
    wait_until(lambda: shell.run("signin token")[0] == 0, "a new token")
    check_equal(shell.output("keyctl pipe %user:signin:access_token"),
                shell.output("signin token"), "token in the session")
    shell.logout()
    check_dead_session(session)
    glewlwyd.plugin = "oidc"
    configure(glewlwyd)
    signind.reload()


@case("the opener's number is another process's when signind is back")
def number_reused():
    shell, session = log_in("alice")
    [monitor] = Sshd.monitor_of("alice")
    signind.kill9()
    kill9(monitor)
    shell.kill_client()
    wait_until(lambda: not pathlib.Path(f"/proc/{monitor}").exists(),
               "the opener has gone")
    for _ in range(100):
        LAST_PID.write_text(str(monitor - 1))
        other = subprocess.Popen(["sleep", "60"])
        if other.pid == monitor:
            break
        other.kill()
        other.wait()
    else:
        raise Skip(f"no process gets the number {monitor} again")
    try:
        signind.start()
        check_dead_session(session)
    finally:
        other.kill()
        other.wait()


# ---- the clock --------------------------------------------------------------

@case("the clock that signind sees is set forward, and back: nobody notices")
def clock_set():
    if not os.path.exists(FAKETIME):
        raise Skip("libfaketime is not installed")
    said = pathlib.Path("/run/faketime")
    write(said, "+0\n")
    signind.stop()
    signind.wrapper = ("env", f"LD_PRELOAD={FAKETIME}", "FAKETIME_NO_CACHE=1",
                       f"FAKETIME_TIMESTAMP_FILE={said}",
                       "FAKETIME_DONT_FAKE_MONOTONIC=1")
    try:
        signind.start()
        shell, session = log_in("alice")
        token = session.access_token
        asked = glewlwyd.refreshes()
        for time_is, pattern in (("+3h", "set forward by 10800 s"),
                                 ("+0", "set back by 10800 s")):
            since = signind.mark()
            write(said, time_is + "\n")
            signind.reload()
            signind.wait_for_log(pattern, since)
            # The very same token, readable, and no word to the provider.
            check_equal(shell.output(
                "keyctl pipe %user:signin:access_token"), token, "token")
            check_equal(glewlwyd.refreshes(), asked, "refreshes")
            # A younger token is not renewed again, whoever asks.
            time.sleep(2.1)
            since = signind.mark()
            shell.output("signin refresh")
            asked += 1
            check_equal(glewlwyd.refreshes(), asked, "refreshes")
            token = shell.output("keyctl pipe %user:signin:access_token")
        # The oldest of the three is revoked, and stands in memory until then.
        signind.wait_for_log("revoke.access is done", since)
        # Set while signind is away: it finds out when it is back.
        signind.kill9()
        write(said, "+2h\n")
        signind.start()
        check_equal(shell.output("keyctl pipe %user:signin:access_token"),
                    token, "token")
        check_equal(glewlwyd.refreshes(), asked, "refreshes")
        shell.logout()
        check_dead_session(session)
    finally:
        signind.stop()
        signind.wrapper = ()
        signind.start()


main(set_up)
