#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Who of a SCIM directory's people may log in, how fresh that must be, by
which keys of ssh, and when sudo asks for no password."""

import time

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
    # sudo -n is to ask PAM, which may need no password.
    write("/etc/sudoers.d/quiet", "Defaults lecture=never, !mail_badpass, "
          "noninteractive_auth\n", 0o440)
    refresh()


def use(**options):
    """Write the configuration; the people are scim's."""
    configure_people(machine, glewlwyd, scim, **options)


def use_now(**options):
    use(**options)
    signind.reload()


# ---- access -----------------------------------------------------------------

@case("access rules: by group, by name, by id; deny comes first")
def access():
    alice, admins = scim.id_of("alice"), scim.group_id_of("linux-admins")
    cases = (
        ("allow_groups = linux-admins", ["alice"], ["bob"]),
        (f"allow_groups = id:{admins}", ["alice"], ["bob"]),
        (f"allow_users = id:{alice}", ["alice"], ["bob"]),
        ("allow_users = bob", ["bob"], ["alice"]),
        ("allow_users = *\ndeny_groups = linux-admins", ["bob"], ["alice"]),
        (f"allow_users = *\ndeny_users = id:{alice}", ["bob"], ["alice"]),
        ("allow_groups = linux-users\ndeny_users = bob", ["alice"], ["bob"]),
        ("", [], ["alice", "bob"]),
    )
    try:
        for rules, allowed, denied in cases:
            use_now(access=rules)
            for user in allowed:
                check_in(user)
            for user in denied:
                sign_ins = glewlwyd.sign_ins()
                check_out(user)
                check_equal(glewlwyd.sign_ins(), sign_ins,
                            f"passwords sent for {user} with {rules!r}")
    finally:
        use_now()


@case("access rules of one service: sshd lets in whom login does not")
def access_by_service():
    use_now(rules={"login": "allow_groups = linux-admins"})
    try:
        check_in("bob")
        terminal = Terminal("/bin/login", "-p")
        terminal.expect("login: ")
        terminal.send("bob\n")
        terminal.expect("Password: ")
        terminal.send(password("bob") + "\n")
        terminal.expect("incorrect|denied|failure|Permission")
        kill9(terminal.pid)
        terminal.wait()
    finally:
        use_now()


@case("directory down: within stale_ok people log in, without it they do not")
def stale():
    for rule, let_in in (("stale_ok = 24h", True), ("stale_ok = 0s", False)):
        scim.more = "refresh_every = 1s"
        use_now(access=f"allow_groups = linux-users\n{rule}")
        refresh()
        scim.stop()
        try:
            time.sleep(2.1)
            (check_in if let_in else check_out)("alice")
            check(passwd("alice") is not None, "alice is gone")
        finally:
            scim.start()
            scim.more = ""
            use_now()
            refresh()


# ---- keys of ssh --------------------------------------------------------------

@case("ssh-keys as nobody, with an empty environment; by sshd too")
def ssh_keys():
    key = (WORK / "client" / "user_key.pub").read_text().strip()
    other = (WORK / "client" / "host_key.pub").read_text().strip()
    scim.user("alice", sshPublicKeys=[key, "ssh-rsa no-key-at-all", other,
                                      "ssh-rsa AAAA\nroot-of-all"])
    refresh()
    command = ["setpriv", "--reuid=nobody", "--regid=nogroup",
               "--clear-groups", "env", "-i", "/usr/bin/signin", "ssh-keys"]
    check_equal(run(*command, "alice"), f"{key}\n{other}\n",
                "signin ssh-keys alice")
    for nobody in ("bob", "dave", "not-known", "root", RESIDENT, "a" * 2000):
        check_equal(run(*command, nobody), "", f"keys of {nobody[:20]}")
    sshd.restart("AuthorizedKeysCommand /usr/bin/signin ssh-keys %u\n"
                 "AuthorizedKeysCommandUser nobody")
    try:
        scim.user("carol", sshPublicKeys=[key])
        refresh()
        run("rm", "-rf", "/home/carol")
        shell = SshSession("carol", "publickey")
        check_equal(shell.output("id -un"), "carol", "id")
        check_equal(shell.output("pwd"), "/home/carol", "home")
        check_equal(shell.run("signin token")[0], 3, "a token by public key")
        shell.logout()
        check_out("bob", "publickey")
        # The rules hold for keys as well.
        use_now(access="allow_users = alice")
        check_out("carol", "publickey")
        check_equal(run(*command, "carol"), "", "keys of whom the rules deny")
    finally:
        use_now()
        sshd.restart()


# ---- sudo without a password --------------------------------------------------

@case("reuse_sign_in: sudo asks for no password, until the token is dead")
def reuse():
    use_now(rules={"sudo": "allow_groups = linux-admins\n"
                           "reuse_sign_in = 5m"})
    try:
        shell = SshSession("alice")
        session = live_session(machine, "alice")
        check_equal(shell.output("sudo -kn whoami"), "root", "sudo -n")
        # Another session of hers cannot use it: it has no keys.
        status, _ = shell.run("keyctl session - sudo -kn whoami 2>&1")
        check(status != 0, "sudo without a session")
        glewlwyd.ask(f"/api/{glewlwyd.plugin}/revoke",
                     {"token": session.refresh_token})
        glewlwyd.ask(f"/api/{glewlwyd.plugin}/revoke",
                     {"token": session.access_token})
        check(not glewlwyd.alive(session.access_token), "still alive")
        status, text = shell.run("sudo -kn whoami")
        check(status != 0 and "password" in text, f"sudo: {status} {text}")
        shell.logout()
    finally:
        use_now()
    shell = SshSession("alice")
    status, _ = shell.run("sudo -kn whoami")
    check(status != 0, "sudo without reuse_sign_in asked for nothing")
    shell.logout()


if __name__ == "__main__":
    main(set_up, External)
