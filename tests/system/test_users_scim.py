#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Whole logins of people whom only a SCIM directory knows: who they are on
the host, before their first login and after, and what the directory changes."""

import os
import pathlib
import stat

from directories import Scim, configure_people
from external import *
from harness import *

ADMINS = "%linux-admins ALL=(ALL:ALL) ALL\n"


def set_up(here):
    global machine, glewlwyd, scim, signind, sshd
    machine = here
    glewlwyd = Glewlwyd()
    scim = Scim()
    use()
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd(people=())
    write("/etc/sudoers.d/tests", ADMINS, 0o440)
    # Nobody's lectures or e-mail between us and the prompts.
    write("/etc/sudoers.d/quiet", "Defaults lecture=never, !mail_badpass\n",
          0o440)
    refresh()


def use(**options):
    """Write the configuration; the people are scim's."""
    configure_people(machine, glewlwyd, scim, **options)


def use_now(**options):
    use(**options)
    signind.reload()


# ---- before anybody has logged in -------------------------------------------

@case("everybody is known before the first login: passwd, group, initgroups")
def known_before():
    for name in ("alice", "bob", "carol", "erin"):
        person = passwd(name)
        check(person is not None, f"{name} is unknown")
        check(machine.first_id <= person.uid, f"{person}")
        check_equal(person.gid, person.uid, "the private group")
        check_equal(person.gecos, f"{name.capitalize()} of the tests", "gecos")
        check_equal((person.home, person.shell),
                    (f"/home/{name}", "/bin/bash"), "home and shell")
        check(person.password not in ("", "x"), f"password {person.password}")
        check_equal(passwd(person.uid), person, "by uid")
        check_equal(group(name), group(person.gid), "the private group")
        check(not pathlib.Path(person.home).exists(), "a home already")
    check_equal(groups_of("alice")[0], "alice", "primary group of alice")
    check_equal(sorted(groups_of("alice")[1:]), ["linux-admins", "linux-users"],
                "groups of alice")
    check_equal(sorted(group("linux-admins").members), ["alice"], "members")
    check(set(group("linux-users").members) >= {"alice", "bob", "carol"},
          f"{group('linux-users')}")
    gid = group("linux-users").gid
    check(str(gid) in getent("initgroups", "bob")[0].split(),
          f"initgroups: {getent('initgroups', 'bob')}")
    check_equal(group(gid).name, "linux-users", "by gid")


@case("not listed by getent without a name; with enumerate = yes they are")
def enumeration():
    check(not [line for line in getent("passwd") if "of the tests" in line],
          "getent passwd lists people")
    use_now(accounts="enumerate = yes")
    try:
        wait_until(lambda: [line for line in getent("passwd")
                            if line.startswith("alice:")], "alice is listed")
        check([line for line in getent("group")
               if line.startswith("linux-users:")], "groups are not listed")
    finally:
        use_now()
    wait_until(lambda: not [line for line in getent("passwd")
                            if line.startswith("alice:")], "no longer listed")


@case("ls -l, chown, find and ps show the name")
def names_in_tools():
    uid = passwd("alice").uid
    write("/tmp/hers", "")
    run("chown", "alice:linux-users", "/tmp/hers")
    check_equal(os.stat("/tmp/hers").st_uid, uid, "owner")
    words = run("ls", "-l", "/tmp/hers").split()
    check_equal(words[2:4], ["alice", "linux-users"], "ls -l")
    check_equal(run("find", "/tmp", "-maxdepth", "1", "-user", "alice"),
                "/tmp/hers\n", "find -user")
    with machine.start_as("alice", "sleep", "60") as process:
        try:
            check("alice" in run("ps", "-o", "user:20", "-p", process.pid),
                  "ps does not show alice")
        finally:
            process.kill()


# ---- logins -----------------------------------------------------------------

def check_shell(shell, user):
    person = passwd(user)
    text = shell.output("id")
    check(text.startswith(f"uid={person.uid}({user}) gid={person.gid}({user}) "
                          "groups="), text)
    check("(linux-users)" in text, text)
    check_equal(shell.output("pwd"), f"/home/{user}", "home")
    check_equal(shell.output("echo $USER"), user, "USER")
    home = os.stat(person.home)
    check_equal((home.st_uid, home.st_gid, stat.S_IMODE(home.st_mode)),
                (person.uid, person.gid, 0o700), "home")
    check(pathlib.Path(person.home, ".profile").exists(), "no skeleton")
    session = live_session(machine, user)
    check_equal(shell.output("signin token"), session.access_token, "token")
    check(glewlwyd.alive(session.access_token), "the token is not alive")
    check("(%s)" % user in shell.output("id") and user in
          shell.output("ps -o user:20 -p $$"), "ps in the session")
    return session


@case("first login ever, keyboard-interactive: home, id, token")
def first_kbdint():
    check(not pathlib.Path("/home/alice").exists(), "alice was here")
    shell = SshSession("alice")
    session = check_shell(shell, "alice")
    shell.logout()
    wait_for_no_session(machine, session.id)


@case("first login ever, password method")
def first_password():
    shell = SshSession("bob", "password")
    session = check_shell(shell, "bob")
    shell.logout()
    wait_for_no_session(machine, session.id)


@case("first login ever, on the console")
def first_console():
    terminal = login_on_terminal("carol")
    session = check_shell(terminal, "carol")
    terminal.logout()
    wait_for_no_session(machine, session.id)


@case("refused: wrong password, disabled, not known, and nothing is left")
def refused():
    check_out("alice", secret="not-her-password")
    check_out("dave")
    check_out("mallory")
    check_out("nobody-of-that-name")
    check_equal(keys.sessions(machine.machine_id), [], "sessions")
    check(not pathlib.Path("/home/dave").exists(), "dave has a home")


@case("sudo by a group of the directory: alice may, bob may not")
def sudo_by_group():
    for user, expected in (("alice", "root"), ("bob", None)):
        shell = SshSession(user)
        nested = Nested(shell, "sudo -k whoami")
        nested.expect("[Pp]assword.*: ?")
        nested.send(password(user) + "\n")
        if expected:
            nested.expect("root\r?\n")
        else:
            nested.expect("not in the sudoers|not allowed")
        nested.expect(rf"{nested._end} \d+\n")
        session = live_session(machine, user)
        shell.logout()
        wait_for_no_session(machine, session.id)


# ---- attributes ---------------------------------------------------------------

@case("uid, home and shell of the directory; where each came from")
def attributes():
    scim.more = ("attribute.uid = /uidNumber\n"
                 "attribute.shell = /loginShell\n"
                 "attribute.home = /homeDirectory")
    own = machine.first_id + 4242
    try:
        use_now()
        scim.add_user("zoe", uidNumber=own, loginShell="/bin/sh",
                      homeDirectory="/home/elsewhere/zoe")
        scim.add_user("xenia", uidNumber=0, loginShell="/tmp/evil",
                      homeDirectory="relative/../..")
        scim.add_user("walt", uidNumber=os.getuid() + 100)
        refresh()
        zoe, xenia = wait_for_person("zoe"), wait_for_person("xenia")
        check_equal((zoe.uid, zoe.shell, zoe.home),
                    (own, "/bin/sh", "/home/elsewhere/zoe"), "zoe")
        check(xenia.uid >= machine.first_id, f"{xenia}")
        check_equal((xenia.shell, xenia.home), ("/bin/bash", "/home/xenia"),
                    "xenia")
        check(passwd("walt") is None or passwd("walt").uid >= 1000,
              f"{passwd('walt')}")
        properties = user_properties("zoe")
        check_equal(properties["uid"][0], str(own), "uid")
        for name in ("uid", "shell", "home"):
            check("directory" in properties[name][1], f"{properties}")
        check(user_properties("alice")["uid"][1] != properties["uid"][1],
              "origin of a derived uid")
    finally:
        scim.more = ""
        use_now()


@case("signin users and groups: for root, with states; not for others")
def listing():
    users = refresh()
    check_equal(users["alice"]["uid"], passwd("alice").uid, "uid")
    check_equal(users["alice"]["directory"], "people", "directory")
    check_equal(users["alice"]["id"], scim.id_of("alice"), "id")
    status, out, _ = signin("groups")
    check(status == 0 and "linux-admins" in out, out)
    check(str(group("linux-admins").gid) in out, out)
    for words in (("users",), ("groups",), ("user", "alice"),
                  ("users", "--forget", "alice")):
        done = machine.start_as("alice", "signin", *words)
        check_equal(done.wait(10), 7, f"signin {words} as alice")
    check_equal(signin("user", "nobody-here")[0], 9, "an unknown user")
    check_equal(signin("user", RESIDENT)[0], 9, "a user of this host")


if __name__ == "__main__":
    main(set_up, External)
