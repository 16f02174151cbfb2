#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a SCIM directory changes: disabled, removed, renamed, replaced by
another; and what it does wrong."""

import time

from directories import Scim, configure_people
from external import *
from harness import *


def set_up(here):
    global machine, glewlwyd, scim, signind, sshd
    machine = here
    glewlwyd = Glewlwyd()
    scim = Scim()
    use()
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd(people=())
    refresh()


def use(**options):
    """Write the configuration; the people are scim's."""
    configure_people(machine, glewlwyd, scim, **options)


def use_now(**options):
    use(**options)
    signind.reload()


# ---- what the directory changes ---------------------------------------------

@case("disabled: no login at once; the name stays; enabled again: as before")
def disable():
    before = passwd("carol")
    scim.user("carol", active=False)
    refresh()
    check_out("carol")
    check_equal(passwd("carol"), before, "carol of NSS")
    scim.user("carol", active=True)
    refresh()
    check_in("carol")
    check_equal(passwd("carol"), before, "carol of NSS")


@case("refresh_every: a disabled user is out without anybody's refresh")
def disabled_by_itself():
    scim.more = "refresh_every = 1s"
    use_now()
    try:
        check_in("carol")
        since = signind.mark()
        scim.user("carol", active=False)
        signind.wait_for_log("carol is disabled", since, 20)
        check_out("carol")
    finally:
        scim.more = ""
        use_now()
        scim.user("carol", active=True)
        refresh()


@case("new at the directory: unknown, asked for, known; then a login")
def new_user():
    added = scim.add_user("denied", displayName="New Person")
    check(passwd("denied") is None, "known before anybody asked")
    wait_for_person("denied")
    check_equal(passwd("denied").gecos, "New Person", "gecos")
    properties = user_properties("denied")
    check(added in [value for value, _ in properties.values()],
          f"no {added} in {properties}")


@case("removed: no login; the name stays for disabled_grace, the id for ever")
def remove():
    before = passwd("erin")
    scim.delete_user("erin")
    users = refresh()
    check(users["erin"]["state"] != users["alice"]["state"], f"{users['erin']}")
    check_out("erin")
    check_equal(passwd("erin"), before, "erin within the grace")
    scim.more = "disabled_grace = 1s"
    use_now()
    try:
        time.sleep(1.1)
        refresh()
        wait_until_gone("erin")
        check(passwd(before.uid) is None, "the uid still has a name")
    finally:
        scim.more = ""
        use_now()


@case("same name, another subject: refused until --forget, then another id")
def another_subject():
    """After remove(): erin is another person now."""
    old = {user["user"]: user for user in refresh().values()}.get("erin")
    check(old is not None, "erin's record is gone")
    since = signind.mark()
    scim.add_user("erin")
    refresh()
    signind.wait_for_log("erin.*forget", since)
    person = passwd("erin")
    check(person is None or person.uid == old["uid"], f"{person}")
    check_out("erin")
    status, out, _ = signin("users", "--forget", "erin")
    check_equal(status, 0, "signin users --forget")
    check("stays taken" in out, out)
    refresh()
    new = wait_for_person("erin")
    check(new.uid != old["uid"], "erin got the old erin's uid")
    check_equal(signin("users", "--forget", "nobody-here")[0], 9,
                "status of --forget for an unknown name")


@case("renamed: the new name has the old uid, the old name is nobody's")
def rename():
    before = passwd("bob")
    scim.user("bob", userName="mallory")
    refresh()
    try:
        after = wait_for_person("mallory")
        check_equal(after.uid, before.uid, "uid after the rename")
        check(passwd("bob") is None, "bob is still there")
        check_equal(passwd(before.uid).name, "mallory", "name of the uid")
        check("mallory" in group("linux-users").members, "membership")
    finally:
        scim.user("mallory", userName="bob")
        refresh()
    check_equal(passwd("bob"), before, "bob again")


@case("group membership follows the directory; sudo rights with it")
def membership():
    scim.leave("linux-admins", "alice")
    refresh()
    check("linux-admins" not in groups_of("alice"), "still an admin")
    scim.join("linux-admins", scim.id_of("alice"))
    refresh()
    check("linux-admins" in groups_of("alice"), "no admin again")


@case("a list that is empty, or a directory that fails, marks nobody")
def failures():
    for trouble, statuses in (("empty", (1, 4)), ("down", (4,))):
        scim.trouble(trouble)
        try:
            status, out, err = signin("users", "--refresh")
            check(status in statuses and out == "", f"{trouble}: {status}")
            check(err.startswith("signin: "), err)
        finally:
            scim.trouble("none")
        check_in("alice")
    refresh()


@case("pages shorter than asked for: all of them are read")
def paging():
    before = refresh()
    scim.stop()
    scim.start(PAGE_MAX="2")
    try:
        scim.forget()
        after = refresh()
        check_equal({name for name in after if name in PEOPLE} & {"alice",
                    "bob", "carol", "dave"},
                    {"alice", "bob", "carol", "dave"}, "who was read")
        check([line for line in scim.requests() if "startIndex=3" in line],
              f"{scim.requests()}")
        for name in ("alice", "bob", "carol"):
            check_equal(after[name]["state"], before[name]["state"],
                        f"state of {name}")
    finally:
        scim.stop()
        scim.start()
        refresh()


@case("names that are none go nowhere: not into a filter, not into a URL")
def injection():
    scim.forget()
    odd = ['x" or userName pr "', "a'b", "../Groups", "alice\\", "al ice",
           "alice%00", "Alice", "alicé", "a" * 33, "alice&count=9", "*", "-n",
           "alice\"", "{{user}}", ""]
    for name in odd:
        if name:
            check(passwd(name) is None, f"{name!r} is somebody")
        signin("user", "--", name)
    for name in ('x" or userName pr "', "alice\\"):
        check_out(name, secret=password("alice"))
    check_equal(scim.requests(), [], "requests")
    # What fits the grammar is asked for, as it is.
    passwd("zoe_9-x")
    wait_until(scim.requests, "a request")
    check_equal(scim.requests()[0], "GET /scim/Users?filter=userName%20eq"
                "%20%22zoe_9-x%22", "request")


@case("a directory that lists everybody for any name: nobody is taken for it")
def lists_everybody():
    scim.trouble("everybody")
    since = signind.mark()
    try:
        check(passwd("yves") is None, "yves is somebody")
        signind.wait_for_log("yves|misconfigured", since)
        time.sleep(0.2)
        check(passwd("yves") is None, "yves is somebody")
        check_out("yves", secret=password("alice"))
    finally:
        scim.trouble("none")


if __name__ == "__main__":
    main(set_up, External)
