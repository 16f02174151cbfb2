#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""People whom glewlwyd knows, asked for one by one by its REST API: it is
provider and directory in one."""

import subprocess
import time

from directories import GlewlwydPeople, configure_people
from external import *
from harness import *

LISTED = ("users.url = {{base_url}}/user/\nusers.page = offset\n"
          "users.page_parameter = offset\nusers.page_size_parameter = limit\n"
          "users.page_first = 0\nusers.page_size = 2")


def set_up(here):
    global machine, glewlwyd, signind, sshd
    machine = here
    glewlwyd = GlewlwydPeople()
    use()
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd(people=())


def use(**options):
    options.setdefault("access", "allow_groups = login")
    configure_people(machine, glewlwyd, glewlwyd, **options)


def use_now(**options):
    use(**options)
    signind.reload()


@case("nobody is known until somebody asks; then the name is, and stays")
def on_demand():
    check(passwd("alice") is None, "known at the first question")
    alice = wait_for_person("alice")
    check_equal((alice.gecos, alice.home),
                ("alice of the tests", "/home/alice"), "alice")
    wait_until(lambda: passwd(alice.uid) == alice, "known by uid")
    check("login" in groups_of("alice"), f"{groups_of('alice')}")
    check(passwd("mallory") is None, "mallory is known")
    time.sleep(0.3)
    check(passwd("mallory") is None, "mallory is known")


@case("a whole login: ssh, both methods, and console")
def logins():
    for user in ("alice", "bob", "carol"):
        wait_for_person(user)
    for user, method in (("alice", "kbdint"), ("bob", "password")):
        shell = SshSession(user, method)
        session = live_session(machine, user)
        check(shell.output("id").startswith(f"uid={passwd(user).uid}({user})"),
              "id")
        check_equal(shell.output("signin token"), session.access_token, "token")
        check_equal(shell.output("pwd"), f"/home/{user}", "home")
        shell.logout()
        wait_for_no_session(machine, session.id)
    terminal = login_on_terminal("carol")
    check_equal(terminal.output("id -un"), "carol", "console")
    session = live_session(machine, "carol")
    terminal.logout()
    wait_for_no_session(machine, session.id)
    wait_until(lambda: not glewlwyd.still_alive(), "every token dead")


@case("disabled at the directory: no password is sent; enabled: as before")
def disabled():
    uid = wait_for_person("carol").uid
    glewlwyd.change_user("carol", enabled=False)
    try:
        refresh()
        sign_ins = glewlwyd.sign_ins()
        check_out("carol")
        check_equal(glewlwyd.sign_ins(), sign_ins, "passwords sent")
        check_equal(passwd("carol").uid, uid, "the name is gone")
    finally:
        glewlwyd.change_user("carol")
    refresh()
    check_in("carol")


@case("removed: 404, and no password is sent; made anew: another person")
def removed():
    uid = wait_for_person("bob").uid
    glewlwyd.delete_user("bob")
    try:
        refresh()
        sign_ins = glewlwyd.sign_ins()
        check_out("bob")
        check_equal(glewlwyd.sign_ins(), sign_ins, "passwords sent")
        check_equal(passwd("bob").uid, uid, "the name is gone")
    finally:
        glewlwyd.add_user("bob")
    refresh()
    since = signind.mark()
    check_out("bob")
    signind.wait_for_log("identity_mismatch", since)
    check_equal(signin("users", "--forget", "bob")[0], 0, "--forget")
    wait_for_person("bob")
    check_in("bob")


@case("without the scope: in no group that may log in")
def no_scope():
    wait_for_person("erin")
    sign_ins = glewlwyd.sign_ins()
    check_out("erin")
    check_equal(glewlwyd.sign_ins(), sign_ins, "passwords sent")


@case("the name passes to another person: the sign-in's subject is another")
def another_person():
    check_in("alice")
    glewlwyd.replace_subject("alice")
    since = signind.mark()
    check_out("alice")
    signind.wait_for_log("identity_mismatch", since)
    old = passwd("alice").uid
    check_equal(signin("users", "--forget", "alice")[0], 0, "--forget")
    wait_for_person("alice")
    check_in("alice")
    # glewlwyd's immutable id is the name: the number is that of the name.
    check_equal(passwd("alice").uid, old, "uid")


@case("an answer with the list of all: the URL of an empty name, or a trap")
def everybody_for_one():
    glewlwyd.more = "user_by_name.url = {{base_url}}/user/?for={{user}}"
    use_now()
    since = signind.mark()
    try:
        check(passwd("dave") is None, "dave was known")
        signind.wait_for_log("directory people.*misconfigured", since)
        time.sleep(0.2)
        check(passwd("dave") is None, "a list was taken for dave")
    finally:
        glewlwyd.more = ""
        use_now()


@case("with the list: everybody is known before anybody asks, in pages")
def listed():
    glewlwyd.more = LISTED
    use_now()
    try:
        users = refresh()
        check({"alice", "bob", "carol", "dave"} <= set(users), f"{users}")
        wait_for_person("dave", 1)
        check_out("dave")
    finally:
        glewlwyd.more = ""
        use_now()


@case("the directory hangs: NSS answers at once, logins by stale_ok")
def hangs():
    wait_for_person("alice")
    glewlwyd.proxy.trouble = "hang"
    try:
        check(passwd("some-new-name") is None, "some-new-name is known")
        check(passwd("alice") is not None, "alice is gone")
        check("login" in groups_of("alice"), "groups")
    finally:
        glewlwyd.proxy.stop()
        glewlwyd.proxy.trouble = None
        glewlwyd.proxy.start()
    check_in("alice")


@case("the key for the directory is in no log and no file of ours but one")
def leaks_of_the_key():
    key = glewlwyd.directory_secret
    check(key not in signind.log(), "in signind's log")
    check(key not in "\n".join(machine.syslog.lines), "in syslog")
    done = subprocess.run(["grep", "-rlF", key, "/var/lib/signin", "/run/signin",
                           "/etc/signin"], stdout=subprocess.PIPE, text=True,
                          check=False)
    check_equal(done.stdout.split(), ["/etc/signin/secrets/directory"],
                "files with the key")


if __name__ == "__main__":
    main(set_up, External)
