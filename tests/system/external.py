# SPDX-License-Identifier: BSD-2-Clause
"""A machine without accounts for the people who sign in.

Its /etc/passwd knows the system's own accounts and RESIDENT, a person of this
host with a password of this host.  nsswitch.conf and the PAM stacks are what
an administrator writes who follows README: "passwd: files signin", and
pam_mkhomedir for the first login.  directories.py has who knows the others.
"""

import collections
import json
import pathlib
import re
import subprocess
import time

import machine
import tap
from logins import LoginFailed, SshSession
from machine import run, write

__all__ = [
    "External", "RESIDENT", "RESIDENT_PASSWORD", "check_in", "check_out",
    "getent", "group", "groups_of", "passwd", "refresh", "signin",
    "user_properties", "wait_for_person", "wait_until_gone"]

RESIDENT, RESIDENT_PASSWORD = "resident", "resident-of-this-host"
# So many numbers for each of the test files that may run at once: keys, and
# the quota for them, belong to the uid all over the host.
RANGE = 50000
FIRST_ID = 1879048192

AUTH = """\
auth [success=2 default=ignore] pam_unix.so nullok nodelay
auth [success=1 default=ignore] pam_signin.so use_first_pass
auth requisite pam_deny.so
auth required pam_permit.so
"""
ACCOUNT = """\
account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so
account requisite pam_deny.so
account required pam_permit.so
account required pam_signin.so
"""
SESSION = """\
session [default=1] pam_permit.so
session requisite pam_deny.so
session required pam_permit.so
session required pam_unix.so
session required pam_mkhomedir.so umask=0077
session required pam_signin.so
"""
# This module first: whoever signed in just now is not asked for anything.
SUDO = """\
auth [success=2 default=ignore] pam_signin.so no_session
auth [success=1 default=ignore] pam_unix.so try_first_pass nodelay
auth requisite pam_deny.so
auth required pam_permit.so
@include common-account
@include common-session-noninteractive
"""


class External(machine.Machine):
    """Nobody but RESIDENT has an account here."""

    def __init__(self):
        super().__init__(people=(RESIDENT,), nss="files signin")
        slot = (self.first_uid - 2000) // 10
        self.first_id = FIRST_ID + slot * RANGE

    @property
    def id_range(self):
        """For [accounts]: no other test file has these."""
        return f"{self.first_id}-{self.first_id + RANGE - 1}"

    def uid(self, name):
        if name == RESIDENT:
            return self.first_uid + 1
        return passwd(name).uid

    def _make_accounts(self):
        for path in ("/var/lib/signin", *pathlib.Path("/home").iterdir()):
            run("rm", "-rf", path)
        super()._make_accounts()
        home = pathlib.Path("/home", RESIDENT)
        home.mkdir(mode=0o700)
        run("chown", f"{RESIDENT}:{RESIDENT}", home)
        hashed = run("openssl", "passwd", "-6", RESIDENT_PASSWORD).strip()
        shadow = pathlib.Path("/etc/shadow")
        shadow.write_text(re.sub(f"(?m)^{RESIDENT}:[^:]*",
                                 lambda _: f"{RESIDENT}:{hashed}",
                                 shadow.read_text()))

    def write_pam(self, keyinit=True, **_):
        write("/etc/pam.d/common-auth", AUTH)
        write("/etc/pam.d/common-account", ACCOUNT)
        for name in ("common-session", "common-session-noninteractive"):
            write(f"/etc/pam.d/{name}", SESSION)
        write("/etc/pam.d/sudo", SUDO)
        self._write_keyinit(keyinit)


# ---- what the host says of people -------------------------------------------

Person = collections.namedtuple("Person", "name password uid gid gecos home "
                                          "shell")
Group = collections.namedtuple("Group", "name gid members")


def getent(*words):
    """getent(1) of a process of its own: its output's lines."""
    done = subprocess.run(["getent", "--", *map(str, words)],
                          stdout=subprocess.PIPE, text=True, check=False,
                          stdin=subprocess.DEVNULL)
    tap.check(done.returncode in (0, 2), f"getent {words}: {done.returncode}")
    return done.stdout.splitlines() if done.returncode == 0 else []


def passwd(who):
    """The Person of a name or uid, or None."""
    lines = getent("passwd", who)
    if not lines:
        return None
    name, secret, uid, gid, gecos, home, shell = lines[0].split(":")
    return Person(name, secret, int(uid), int(gid), gecos, home, shell)


def group(which):
    """The Group of a name or gid, or None."""
    lines = getent("group", which)
    if not lines:
        return None
    name, _, gid, members = lines[0].split(":")
    return Group(name, int(gid), members.split(",") if members else [])


def groups_of(name):
    """Names of the groups that id(1) tells, the primary one first."""
    return run("id", "-Gn", name).split()


def wait_for_person(name, timeout=10):
    return tap.wait_until(lambda: passwd(name), f"{name} is known", timeout)


def wait_until_gone(name, timeout=10):
    tap.wait_until(lambda: passwd(name) is None, f"{name} is gone", timeout)


# ---- the command ------------------------------------------------------------

def signin(*words, **options):
    """signin(1).  (status, stdout, stderr)"""
    done = subprocess.run(["signin", *words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False, **options)
    return done.returncode, done.stdout, done.stderr


def refresh():
    """Have signind ask its directories anew; the users by name.

    Who was confirmed in this very second is not missing yet.
    """
    time.sleep(1.0 - time.time() % 1.0)
    status, out, err = signin("users", "--refresh", "--json")
    tap.check(status == 0 and err == "",
              f"signin users --refresh: {status} {err}")
    return {user["user"]: user for user in json.loads(out)}


def user_properties(name):
    """{property: (value, where it came from)} of `signin user NAME`."""
    status, out, err = signin("user", name, "--json")
    tap.check(status == 0, f"signin user {name}: {status} {err}")
    return {item["property"]: (item["value"], item["from"])
            for item in json.loads(out)}


# ---- logins -----------------------------------------------------------------

def check_in(user, method="kbdint", **options):
    """Log in by ssh, say who one is there, log out.  Returns id(1)'s words."""
    shell = SshSession(user, method, **options)
    try:
        return shell.output("id")
    finally:
        shell.logout()


def check_out(user, method="kbdint", **options):
    """Log in by ssh: refused."""
    try:
        shell = SshSession(user, method, **options)
    except LoginFailed:
        return
    shell.logout()
    raise AssertionError(f"{user} was let in by {method}")
