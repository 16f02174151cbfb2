#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Root's key quota is full, at each step of a session's life: what the person
is told, that the provider is left with nothing, and that nothing stays."""

import contextlib
import ctypes
import pathlib

import boxed
from harness import *

LIMITS = "failures_per_user = 1000\nfailures_per_host = 1000"

_lib = ctypes.CDLL("libkeyutils.so.1", use_errno=True)
_lib.add_key.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p,
                         ctypes.c_size_t, ctypes.c_int]


def set_up(here):
    global machine, glewlwyd, signind, sshd, empty
    machine = here
    glewlwyd = Glewlwyd("short")
    configure(glewlwyd, limits=LIMITS)
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd()
    # Once, so that what is made once is there.
    shell = SshSession("alice")
    check(shell.output("signin token"), "no token")
    shell.logout()
    wait_until(lambda: not keys.sessions(machine.machine_id), "no keys left")
    empty = wait_until_still(usage)


def usage():
    """Root's (keys, bytes), in this user namespace: /proc/key-users."""
    for line in pathlib.Path("/proc/key-users").read_text().splitlines():
        who, _, numbers = line.partition(":")
        if int(who) == 0:
            words = numbers.split()
            return tuple(int(word.split("/")[0]) for word in words[2:4])
    return 0, 0


def wait_until_still(value):
    """A value that the kernel's collector may still be changing."""
    seen = [value()]

    def still():
        seen.append(value())
        return len(seen) > 15 and len(set(seen[-15:])) == 1
    wait_until(still, "usage stands still", 10)
    return seen[-1]


def limit(name):
    return int(pathlib.Path("/proc/sys/kernel/keys", name).read_text())


def fill(name, size):
    serial = _lib.add_key(b"user", name.encode(), b"x" * size, size, -4)
    check(serial > 0, f"add_key: errno {ctypes.get_errno()}")
    return serial


@contextlib.contextmanager
def left(keys_left=None, bytes_left=None):
    """Root's quota has so much left."""
    serials = []
    try:
        if keys_left is not None:
            for number in range(limit("maxkeys") - usage()[0] - keys_left):
                serials.append(fill(f"fill{number}", 1))
            check_equal(limit("maxkeys") - usage()[0], keys_left, "keys left")
        else:
            # The link to it in @u is 4 bytes, its name and NUL 5.
            size = limit("maxbytes") - usage()[1] - bytes_left - 9
            serials.append(fill("fill", size))
            check_equal(limit("maxbytes") - usage()[1], bytes_left,
                        "bytes left")
        yield
    finally:
        for serial in serials:
            run("keyctl", "unlink", serial, "@u")


def nothing_left():
    wait_until(lambda: not keys.sessions(machine.machine_id), "no keys left")
    wait_until(lambda: not glewlwyd.still_alive(), "every token dead")
    # Or less: what signind had at its start went with that process.
    wait_until(lambda: all(now <= before for now, before
                           in zip(usage(), empty)),
               f"root's usage {usage()}, as before: {empty}", 15)


def attempt():
    """Log in.  "token", "no token", or what the person is told instead."""
    try:
        shell = SshSession("alice")
    except LoginFailed as failure:
        return str(failure)
    status, text = shell.run("signin token")
    shell.logout()
    check(status in (0, 3), f"signin token: {status} {text}")
    return "token" if status == 0 else "no token"


def sweep(key_amounts, byte_amounts):
    """{what is left: outcome}, nothing left behind by any.

    K and its pockets are four keys, S is one, and for a moment there are a
    few more; the payloads are between 2 and 4 KB.
    """
    outcomes = {}
    for kind, amounts in (("keys_left", key_amounts),
                          ("bytes_left", byte_amounts)):
        for amount in amounts:
            syslog, log = machine.syslog.mark(), signind.mark()
            with left(**{kind: amount}):
                outcomes[kind, amount] = attempt()
            nothing_left()
            if outcomes[kind, amount] != "token":
                said = "\n".join(machine.syslog.lines[syslog:])
                check("key quota is full" in said + signind.log()[log:],
                      f"{kind} = {amount}: the logs do not say why")
    print("#", *(f"{kind} {amount}: {outcome[:20]!r};" for (kind, amount),
                 outcome in outcomes.items()))
    return outcomes


@case("on_no_keyring = deny: refused at each step, with a word, nothing stays")
def deny():
    asked = glewlwyd.sign_ins()
    with left(keys_left=0):
        attempt()
    check_equal(glewlwyd.sign_ins(), asked, "sign-ins asked")
    nothing_left()
    # Each refusal costs the person two seconds.
    outcomes = sweep((3, 6, 12), (300, 1700, 2500, 6000))
    check_equal(outcomes["keys_left", 12], "token", "with room for keys")
    check_equal(outcomes["bytes_left", 6000], "token", "with room for bytes")
    for what, outcome in outcomes.items():
        check(outcome != "no token", f"{what}: let in without a token")
    refused = [outcome for outcome in outcomes.values() if outcome != "token"]
    check(len(refused) >= 4, f"{outcomes}")
    # Where the session cannot open, sshd says nothing.
    check(any("does not work on this host" in told for told in refused),
          f"{refused}")


@case("on_no_keyring = allow: let in without a token, nothing stays")
def allow():
    configure(glewlwyd, limits=LIMITS, session="on_no_keyring = allow")
    signind.reload()
    outcomes = sweep(range(0, 9, 2), range(0, 3300, 300))
    check_equal(set(outcomes.values()), {"token", "no token"}, "outcomes")
    # The password counts all the same.
    with left(keys_left=0):
        try:
            SshSession("alice", secret="wrong")
            raise AssertionError("let in with a wrong password")
        except LoginFailed:
            pass
    nothing_left()
    configure(glewlwyd, limits=LIMITS)
    signind.reload()


@case("full while sessions live: no refresh is asked for; then they come back")
def live():
    shells = [SshSession("alice"), SshSession("bob")]
    asked = glewlwyd.refreshes()
    since = signind.mark()
    with left(bytes_left=0):
        signind.wait_for_log("cannot refresh .*key quota is full", since, 10)
        check_equal(glewlwyd.refreshes(), asked, "refreshes")
        tokens = [session.refresh_token
                  for session in keys.sessions(machine.machine_id)]
        check(all(glewlwyd.alive(token) for token in tokens),
              "a refresh token is lost")
    for shell in shells:
        wait_until(lambda: shell.run("signin token")[0] == 0,
                   "a token again", 20)
        shell.logout()
    nothing_left()


@case("full at logout: revoked and gone all the same")
def logout():
    shell = SshSession("alice")
    with left(bytes_left=0):
        shell.logout()
        wait_until(lambda: not keys.sessions(machine.machine_id),
                   "no keys left")
    nothing_left()


@case("full when signind starts anew: sessions are taken up")
def restart():
    shell = SshSession("alice")
    with left(bytes_left=0):
        signind.kill9()
        signind.start()
    wait_until(lambda: shell.run("signin token")[0] == 0, "a token", 20)
    shell.logout()
    nothing_left()


boxed.enter()
main(set_up, boxed.BoxedMachine)
