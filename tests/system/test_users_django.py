#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""People of a Django project: a REST view with pages lists them, simplejwt
signs them in, and both name the same immutable id."""

from directories import DJANGO_TOKEN, configure_people, with_more
from djangoidp import Django
from external import *
from harness import *


class DjangoPeople(Django):
    """The project's directory beside its sign-in."""

    directory_secret = DJANGO_TOKEN
    more = ""

    def directory_configuration(self):
        return with_more(f"""\
type = rest
base_url = {self.url}/api
auth = static
authorization = Token {{{{secret.directory}}}}
ca_file = /etc/signin/directory-ca.crt
match = subject
missing_for = 1s
user_by_name.url = {{{{base_url}}}}/users/{{{{user}}}}/
users.url = {{{{base_url}}}}/users/
users.answer = /results
users.page = next
users.next = /next
attribute.name = /username
attribute.subject = /id
attribute.gecos = /full_name
attribute.enabled = /is_active
attribute.groups = /groups
attribute.ssh_keys = /ssh_keys
group.name = /name
group.id = /id
""", self.more)


def set_up(here):
    global machine, django, signind, sshd
    machine = here
    django = DjangoPeople(port=4920)
    use()
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd(people=())
    write("/etc/sudoers.d/tests", "%linux-admins ALL=(ALL:ALL) ALL\n", 0o440)
    refresh()


def use(**options):
    configure_people(machine, django, django, **options)


@case("two pages of two: all four, with groups, before any login")
def listed():
    django.forget()
    users = refresh()
    check_equal(sorted(name for name in users),
                ["alice", "bob", "carol", "dave"], "users")
    check_equal(sorted(groups_of("alice")[1:]), ["linux-admins", "linux-users"],
                "groups of alice")
    check_equal(groups_of("bob"), ["bob", "linux-users"], "groups of bob")
    check([line for line in django.requests() if "page=2" in line],
          f"{django.requests()}")
    check_equal(users["alice"]["id"], "1", "immutable id")


@case("whole logins: ssh by both methods, console; a number is the subject")
def logins():
    for user, method in (("alice", "kbdint"), ("bob", "password")):
        shell = SshSession(user, method)
        session = live_session(machine, user)
        check("(linux-users)" in shell.output("id"), "id")
        check_equal(shell.output("pwd"), f"/home/{user}", "home")
        check_equal(shell.output("signin token"), session.access_token, "token")
        shell.logout()
        wait_for_no_session(machine, session.id)
    terminal = login_on_terminal("carol")
    check_equal(terminal.output("id -un"), "carol", "console")
    session = live_session(machine, "carol")
    terminal.logout()
    wait_for_no_session(machine, session.id)
    check_out("dave")


@case("renamed: the same uid under the new name, and a login by it")
def renamed():
    uid = passwd("bob").uid
    django.user("bob", rename="erin")
    refresh()
    try:
        check_equal(wait_for_person("erin").uid, uid, "uid")
        check(passwd("bob") is None, "bob is still there")
        text = check_in("erin", secret=password("bob"))
        check(text.startswith(f"uid={uid}(erin)"), text)
    finally:
        django.user("erin", rename="bob")
        refresh()
    check_in("bob")


@case("deleted, and somebody else of that name: refused until forgotten")
def another():
    uid = passwd("bob").uid
    django.user("bob", delete="yes")
    refresh()
    check_out("bob")
    django.user("bob", groups="linux-users")
    refresh()
    check_out("bob")
    check_equal(passwd("bob").uid, uid, "the old bob's files have a name")
    check_equal(signin("users", "--forget", "bob")[0], 0, "--forget")
    refresh()
    check(wait_for_person("bob").uid != uid, "the old bob's uid")
    check_in("bob")


@case("the sign-in names another id than the directory: refused")
def mismatch():
    django.more = "attribute.subject = /username"
    use()
    signind.stop()
    run("rm", "-rf", "/var/lib/signin")
    signind.start()
    try:
        wait_for_person("alice")
        since = signind.mark()
        check_out("alice")
        signind.wait_for_log("identity_mismatch", since)
        check_equal(keys.sessions(machine.machine_id), [], "sessions")
    finally:
        django.more = ""
        use()
        signind.stop()
        run("rm", "-rf", "/var/lib/signin")
        signind.start()
        refresh()
    check_in("alice")


@case("inactive: out at once, also with a key of the directory")
def inactive():
    key = (WORK / "client" / "user_key.pub").read_text().split()
    sshd.restart("AuthorizedKeysCommand /usr/bin/signin ssh-keys %u\n"
                 "AuthorizedKeysCommandUser nobody")
    django.user("carol", ssh_key=" ".join(key[:2]))
    refresh()
    try:
        check(check_in("carol", "publickey").startswith("uid="), "id")
        django.user("carol", active="no")
        refresh()
        check_out("carol", "publickey")
        check_out("carol")
    finally:
        django.user("carol", active="yes")
        refresh()
        sshd.restart()


@case("a wrong token for the directory: told, and nobody is marked")
def wrong_token():
    django.directory_secret = "another"
    use()
    signind.reload()
    try:
        status, out, err = signin("users", "--refresh")
        check(status in (1, 4) and out == "", f"{status} {out}")
        check("another" not in err, err)
        check(passwd("alice") is not None, "alice is gone")
    finally:
        django.directory_secret = DJANGO_TOKEN
        use()
        signind.reload()
    refresh()
    check_in("alice")


if __name__ == "__main__":
    main(set_up, External)
