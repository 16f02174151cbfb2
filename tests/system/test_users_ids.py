#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Numbers that last: the same on every host, never another's, and what
happens when they run out, collide, or the store is damaged."""

import os
import pathlib
import subprocess

from directories import Scim, configure_people
from external import *
from harness import *

NAMES = ("alice", "bob", "carol", "erin")


def set_up(here):
    global machine, glewlwyd, scim, signind
    machine = here
    glewlwyd = Glewlwyd()
    scim = Scim()
    use()
    signind = Signind(machine_id=here.machine_id)
    refresh()


def use(**options):
    configure_people(machine, glewlwyd, scim, **options)


def everybody():
    """{name: uid} of whom NSS knows, and the gids of the groups."""
    known = {name: passwd(name) for name in NAMES}
    known = {name: person.uid for name, person in known.items() if person}
    for name in ("linux-users", "linux-admins"):
        found = group(name)
        if found:
            known["%" + name] = found.gid
    return known


def new_host(**options):
    """Another host with another configuration."""
    signind.stop()
    keys.forget_anchor(machine.machine_id)
    machine.machine_id = os.urandom(16).hex()
    write("/etc/machine-id", machine.machine_id + "\n")
    run("rm", "-rf", "/var/lib/signin")
    use(**options)
    signind.start()
    refresh()


def tiny(size, more=""):
    return {"accounts": f"id_range = {machine.first_id}-"
                        f"{machine.first_id + size - 1}\n{more}"}


@case("two hosts that never talk to each other agree on every number")
def two_hosts():
    first = everybody()
    check_equal(len(first), 6, f"known: {first}")
    new_host()
    check_equal(everybody(), first, "numbers of the second host")


@case("restart, SIGHUP and a refresh change no number; nor does id_range")
def stable():
    first = everybody()
    signind.restart()
    check_equal(everybody(), first, "after a restart")
    use(**tiny(7))
    signind.reload()
    refresh()
    check_equal(everybody(), first, "with another id_range")
    use()
    signind.reload()


@case("NSS goes on with the snapshot when signind is not there")
def without_signind():
    first = everybody()
    signind.kill9()
    check_equal(everybody(), first, "without signind")
    check_equal(groups_of("alice")[0], "alice", "groups")
    signind.start()
    check_equal(everybody(), first, "with signind again")


@case("a collision is refused and told, with what to do; id.NAME does it")
def collision():
    # Four users, a disabled one and two groups in two numbers.
    since = signind.mark()
    new_host(**tiny(2))
    known = everybody()
    numbers = list(known.values())
    check_equal(len(numbers), len(set(numbers)), f"twice the same: {known}")
    left_out = [name for name in NAMES if name not in known]
    check(left_out, f"all of them in two numbers: {known}")
    name = left_out[0]
    line = signind.wait_for_log(rf"{name}.*id\.{name}", since)
    check("warning" in line or "error" in line or "id." in line, line)
    check_out(name)
    own = machine.first_id + 777
    use(**tiny(2, f"id.{name} = {own}"))
    signind.reload()
    refresh()
    check_equal(wait_for_person(name).uid, own, f"uid of {name}")
    check_equal({who: number for who, number in everybody().items()
                 if who != name}, known, "the others")


@case("id_collision = next: everybody gets one, until the range is exhausted")
def exhausted():
    since = signind.mark()
    new_host(**tiny(3, "id_collision = next"))
    known = everybody()
    numbers = list(known.values())
    check_equal(len(numbers), len(set(numbers)), f"twice the same: {known}")
    check(1 <= len(known) <= 3, f"{known}")
    signind.wait_for_log("id_range|no.*free|range", since)
    use(**tiny(50, "id_collision = next"))
    signind.reload()
    refresh()
    after = everybody()
    check_equal(len(after), 6, f"with room: {after}")
    check_equal({name: after[name] for name in known}, known,
                "who had a number")


@case("a number of /etc/passwd or /etc/group is never given")
def local_numbers():
    first = None
    new_host()
    first = everybody()["alice"]
    signind.stop()
    passwd_file = pathlib.Path("/etc/passwd")
    group_file = pathlib.Path("/etc/group")
    saved = passwd_file.read_text(), group_file.read_text()
    bob_is_local = f"squatter:x:{first}:65534::/:/usr/sbin/nologin\n"
    write(passwd_file, saved[0] + bob_is_local)
    try:
        signind.start()
        new_host()
        check(passwd("alice") is None, f"{passwd('alice')}")
        check_equal(passwd(first).name, "squatter", "name of the uid")
        check(user_or_none("alice") in (None, ""), "signin user alice")
    finally:
        write(passwd_file, saved[0])
        write(group_file, saved[1])
    refresh()
    check_equal(wait_for_person("alice").uid, first, "uid when it is free")


def user_or_none(name):
    status, out, _ = signin("user", name)
    return out if status == 0 else None


@case("a name of /etc/passwd is never the directory's; nor a group's")
def local_names():
    new_host()
    before = passwd("bob")
    for path, line in (
            ("/etc/passwd", "bob:x:54321:54321::/home/bob:/bin/sh\n"),
            ("/etc/group", "linux-admins:x:54322:\n")):
        with open(path, "a", encoding="utf-8") as file:
            file.write(line)
    refresh()
    check_equal(passwd("bob").uid, 54321, "bob")
    check_equal(group("linux-admins").gid, 54322, "linux-admins")
    check("linux-admins" not in groups_of("alice"), f"{groups_of('alice')}")
    check_out("bob")
    for path in ("/etc/passwd", "/etc/group"):
        text = pathlib.Path(path).read_text().splitlines()
        write(path, "\n".join(text[:-1]) + "\n")
    refresh()
    check_equal(wait_for_person("bob").uid, before.uid, "bob again")


@case("a damaged store is set aside and told; NSS goes on; no new numbers")
def damaged():
    new_host()
    first = everybody()
    signind.stop()
    store = pathlib.Path("/var/lib/signin/users.db")
    good = store.read_bytes()
    for rest in store.parent.glob("users.db-*"):
        rest.unlink()
    store.write_bytes(b"SQLite format 3\0" + os.urandom(len(good) - 16))
    since = signind.mark()
    signind.start()
    signind.wait_for_log("users.db", since)
    check(list(store.parent.glob("users.db.corrupt*")), "not set aside")
    check(not store.exists(), "a new store")
    check_equal(everybody(), first, "NSS")
    check_out("alice")
    signind.restart()
    check(not store.exists(), "a new store after a restart")
    # The administrator has a backup.
    signind.stop()
    store.write_bytes(good)
    run("chown", "_signin:_signin", store)
    store.chmod(0o600)
    signind.start()
    refresh()
    check_equal(everybody(), first, "with the backup")


@case("the store is signind's own: 0600, in a directory that others cannot "
      "write to")
def modes():
    for path, most in (("/var/lib/signin", 0o755),
                       ("/var/lib/signin/users.db", 0o600),
                       ("/var/lib/signin/nss", 0o755),
                       ("/var/lib/signin/nss/snapshot", 0o644)):
        status = os.stat(path)
        check(status.st_mode & 0o7777 & ~most == 0,
              f"{path}: {status.st_mode:o}")
    for word in (password("alice"), scim.directory_secret):
        done = subprocess.run(["grep", "-rqF", word, "/var/lib/signin"],
                              check=False)
        check_equal(done.returncode, 1, "a secret in /var/lib/signin")


if __name__ == "__main__":
    main(set_up, External)
