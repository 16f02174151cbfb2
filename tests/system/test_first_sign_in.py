#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""No directory, no accounts: whoever the provider accepts gets an account at
the first sign-in, and keeps it."""

import os
import pathlib
import subprocess

from directories import GlewlwydPeople, configure_people
from external import *
from harness import *

DIRECTORY = "type = first_sign_in\nmissing_for = 1s"


def set_up(here):
    global machine, glewlwyd, signind, sshd
    machine = here
    glewlwyd = GlewlwydPeople()
    use()
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd(people=())


def use(directory=DIRECTORY, **options):
    options.setdefault("access", "allow_users = *")
    configure_people(machine, glewlwyd, directory, **options)


def use_now(*arguments, **options):
    use(*arguments, **options)
    signind.reload()


@case("before the first sign-in nobody exists: not for root, not for a user")
def nobody_yet():
    for name in ("alice", "bob", "mistyped"):
        check(passwd(name) is None, f"{name} is known")
        check(group(name) is None, f"group {name} is known")
        done = machine.start_as(RESIDENT, "getent", "passwd", name,
                                stdout=subprocess.DEVNULL)
        check_equal(done.wait(10), 2, f"getent passwd {name} as a user")
    for words in (["id", "alice"], ["chown", "alice", "/tmp"],
                  ["su", "alice", "-c", "id"]):
        done = subprocess.run(words, stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
        check(done.returncode != 0, f"{words} succeeded")


@case("the first sign-in by ssh makes the account, for every program")
def first_ssh():
    shell = SshSession("alice")
    alice = passwd("alice")
    check(alice is not None, "alice is unknown after her sign-in")
    check(machine.first_id <= alice.uid, f"{alice}")
    check_equal((alice.gid, alice.home, alice.shell),
                (alice.uid, "/home/alice", "/bin/bash"), "alice")
    check_equal(passwd(alice.uid), alice, "by uid")
    check_equal(group("alice").gid, alice.uid, "the private group")
    check(shell.output("id").startswith(f"uid={alice.uid}(alice) "
                                        f"gid={alice.uid}(alice)"), "id")
    check_equal(shell.output("pwd"), "/home/alice", "home")
    check_equal(os.stat("/home/alice").st_uid, alice.uid, "the home's owner")
    check_equal(shell.output("touch f; ls -l f | cut -d' ' -f3,4"),
                "alice alice", "ls -l")
    session = live_session(machine, "alice")
    check_equal(shell.output("signin token"), session.access_token, "token")
    shell.logout()
    wait_for_no_session(machine, session.id)


@case("the password method, and the console")
def other_ways():
    shell = SshSession("bob", "password")
    check_equal(shell.output("id -un"), "bob", "id")
    session = live_session(machine, "bob")
    shell.logout()
    wait_for_no_session(machine, session.id)
    terminal = login_on_terminal("carol")
    check_equal(terminal.output("id -un"), "carol", "id")
    check_equal(terminal.output("pwd"), "/home/carol", "home")
    session = live_session(machine, "carol")
    terminal.logout()
    wait_for_no_session(machine, session.id)


@case("refused sign-ins leave nobody behind: no name, no home, no number")
def refused():
    for name in ("dave", "mallory", "never-seen"):
        check_out(name)
        check(passwd(name) is None, f"{name} is known")
        check(not pathlib.Path("/home", name).exists(), f"home of {name}")
        check_equal(signin("user", name)[0], 9, f"signin user {name}")


@case("names that do not exist leave nothing in the store")
def many_names():
    before = signin("users", "--json")[1]
    size = os.stat("/var/lib/signin/users.db").st_size
    for number in range(8):
        check_out(f"guess{number}", secret="x")
    check_equal(signin("users", "--json")[1], before, "users")
    check(os.stat("/var/lib/signin/users.db").st_size <= size + 8192,
          "the store has grown")


@case("a second sign-in: the same number; also after a restart")
def again():
    uid = passwd("alice").uid
    check_in("alice")
    signind.restart()
    check_equal(passwd("alice").uid, uid, "after a restart")
    check(check_in("alice", "password").startswith(f"uid={uid}("), "id")


@case("the same name with another subject is refused, until it is forgotten")
def another_subject():
    uid = passwd("bob").uid
    glewlwyd.replace_subject("bob")
    since = signind.mark()
    check_out("bob")
    signind.wait_for_log("identity_mismatch", since)
    check_equal(keys.sessions(machine.machine_id), [], "sessions")
    check_equal(passwd("bob").uid, uid, "bob of NSS")
    check_equal(signin("users", "--forget", "bob")[0], 0, "--forget")
    check(passwd("bob") is None, "bob is known after --forget")
    text = ""
    try:
        text = check_in("bob")
    except LoginFailed:
        pass
    check(f"uid={uid}(" not in text, "the new bob has the old bob's files")


@case("two hosts agree on the number of a name")
def two_hosts():
    uids = {name: passwd(name).uid for name in ("alice", "carol")}
    signind.stop()
    run("rm", "-rf", "/var/lib/signin")
    signind.start()
    for name, uid in uids.items():
        check(passwd(name) is None, f"{name} is known on a new host")
        check(check_in(name).startswith(f"uid={uid}("), f"uid of {name}")


@case("a number that is taken on this host: the name does not resolve")
def taken():
    uid = passwd("carol").uid
    signind.stop()
    run("rm", "-rf", "/var/lib/signin")
    path = pathlib.Path("/etc/passwd")
    saved = path.read_text()
    write(path, saved + f"squatter:x:{uid}:65534::/:/usr/sbin/nologin\n")
    since = signind.mark()
    signind.start()
    try:
        check_out("carol")
        check_equal(passwd(uid).name, "squatter", "name of the number")
        signind.wait_for_log("carol", since)
    finally:
        write(path, saved)
    check_in("carol")


@case("id.NAME and name_pattern hold")
def rules():
    own = machine.first_id + 4321
    signind.stop()
    run("rm", "-rf", "/var/lib/signin")
    use(accounts=f"id.alice = {own}\nname_pattern = [a-b][a-z]+")
    signind.start()
    try:
        check(check_in("alice").startswith(f"uid={own}(alice)"), "id.alice")
        check_out("carol")
        check(passwd("carol") is None, "carol is known")
    finally:
        use_now()
    check_in("carol")


@case("deny_users: the name is not even asked about at the provider")
def denied():
    use_now(access="allow_users = *\ndeny_users = bob")
    try:
        sign_ins = glewlwyd.sign_ins()
        check_out("bob")
        check_equal(glewlwyd.sign_ins(), sign_ins, "passwords sent")
    finally:
        use_now()


@case("root, system accounts and residents are theirs alone")
def not_ours():
    for name in ("root", "daemon", "nobody", "_signin", RESIDENT):
        sign_ins = glewlwyd.sign_ins()
        check_out(name, secret="x")
        check_equal(glewlwyd.sign_ins(), sign_ins, f"asked about {name}")
    check_in(RESIDENT, secret=RESIDENT_PASSWORD)


if __name__ == "__main__":
    main(set_up, External)
