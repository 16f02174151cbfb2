#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A Debian with signin boots and lets its own people in, whatever signind is
doing: working, masked, misconfigured, stuck before it is ready, or stopped
after.  And the units do what they are for: a restart keeps sessions, a
poweroff ends them.

Needs root, systemd-nspawn, mmdebstrap and Debian's archive.  Nothing is left
on the host: see enter.py, base.py and box.py.
"""

import contextlib
import os
import pathlib
import re
import sys

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parent.parent
                       / "system"))

import base
import keys
import refusal
import tap
from base import EXTERNAL, LOCAL
from box import Box, cgroup_root
from endpoint import PASSWORD, Provider
from enter import enter
from tap import case, check, check_equal, wait_until

DAEMON = "_signin"
# Nothing listens there.
UNREACHABLE = "https://127.0.0.1:9"
ACTIVE = ("dbus.service", "systemd-logind.service", "ssh.service")

open_boxes = contextlib.ExitStack()
here = {}


def start(prepare):
    """End the box before, boot a new one.  prepare(box) before it boots."""
    open_boxes.close()
    here.clear()
    box = open_boxes.enter_context(Box())
    here["explained"] = box
    prepare(box)
    box.boot()
    here["box"] = box
    return box


# While it still runs: what is the matter in there?
tap.explain(lambda: here["explained"].explain() if "explained" in here else [])


def running():
    check("box" in here, "the box has not booted: see the case before")
    return here["box"]


def check_boot(box, failed=()):
    """It is up, all of it, and nobody but us waits for us."""
    box.reach()
    for unit in ACTIVE:
        check_equal(box.state(unit), "active", unit)
    check_equal(box.failed_units(), set(failed), "failed units")
    check_equal(box.jobs_of_others(), {}, "jobs of other units")
    # For the reader of a log; how long it took is no matter of right.
    print("# " + box.try_run("systemd-analyze", "time").stdout
          .partition("\n")[0])


def check_local_people(box):
    """Names resolve, and alice logs in as anywhere else."""
    entry = box.run("getent", "passwd", LOCAL)
    check(entry.startswith(f"{LOCAL}:x:{base.UID}:"), entry)
    check_equal(box.run("id", "-nu", "root").strip(), "root", "id root")
    done = box.try_run("getent", "passwd", "nobody-knows")
    check_equal((done.returncode, done.stdout), (2, ""), "an unknown name")
    words = box.ssh("id -un; cat /proc/self/cgroup").split()
    check_equal(words[0], LOCAL, "who is logged in by ssh")
    check("session-" in words[-1], f"no session of logind: {words[-1]}")
    console = box.console
    console.expect("signin-boot login: ")
    console.send(LOCAL)
    console.expect("Password: ")
    console.send(base.PASSWORD)
    console.expect(r"\$ ")
    console.send("echo $((40 + 2))=$(id -un)")
    console.expect(f"42={LOCAL}")
    console.send("exit")
    console.expect("signin-boot login: ")
    check("nobody-knows-dbus" in box.journal("--unit=dbus"),
          "dbus-daemon did not ask NSS for the name in its configuration")


# ---- it works -----------------------------------------------------------------

@case("signind works: everything is up, no unit failed, no job is left")
def working():
    here_provider = Provider()
    box = start(lambda box: box.configure(here_provider.url))
    here["provider"] = here_provider
    check_boot(box)
    # Nobody waits for us, so we may come last.
    wait_until(lambda: not box.jobs(), "no job of ours is left, either")
    check_equal(box.state("signind.service"), "active", "signind.service")


@case("signind works: local people log in")
def working_local():
    check_local_people(running())


@case("the account is systemd-sysusers' and can do nothing")
def account():
    box = running()
    name, _, uid, gid, _, home, shell = box.run(
        "getent", "passwd", DAEMON).strip().split(":")
    check_equal((name, home, shell), (DAEMON, "/", "/usr/sbin/nologin"),
                "name, home and shell")
    check(0 < int(uid) < 1000, f"uid {uid}")
    check_equal(box.run("getent", "group", DAEMON).strip(),
                f"{DAEMON}:x:{gid}:", "its group, without members")
    check(re.match(rf"{DAEMON}:!", box.run("getent", "shadow", DAEMON)),
          "the account has a password")


@case("sockets and files belong to whom they should")
def owners():
    box = running()
    names = box.run("find", "/run/signin", "/var/lib/signin", "-printf",
                    "%p %y %m %u:%g\\n").splitlines()
    found = {path: about for path, _, about in
             (line.partition(" ") for line in names)}
    for path, expected in {
            "/run/signin": f"d 755 root:{DAEMON}",
            "/run/signin/pam": "s 600 root:root",
            "/run/signin/public": "s 666 root:root",
            "/run/signin/nss": f"d 755 {DAEMON}:{DAEMON}",
            "/run/signin/nss/socket": f"s 666 {DAEMON}:{DAEMON}",
            "/run/signin/anchor": "f 644 root:root",
            "/var/lib/signin": f"d 755 {DAEMON}:{DAEMON}",
            "/var/lib/signin/users.db": f"f 600 {DAEMON}:{DAEMON}",
            "/var/lib/signin/nss": f"d 755 {DAEMON}:{DAEMON}",
            "/var/lib/signin/nss/misses": f"f 644 {DAEMON}:{DAEMON}",
            }.items():
        check_equal(found.get(path), expected, path)
    for path, about in found.items():
        kind, mode, owner = about.split()
        check(owner.split(":")[0] in ("root", DAEMON), f"{path}: {about}")
        check(kind == "s" or not int(mode, 8) & 0o022, f"{path}: {about}")
        if path.startswith("/var/lib/signin/nss"):
            check(int(mode, 8) & (0o005 if kind == "d" else 0o004),
                  f"{path}: {about}: not for everyone")
        elif path.startswith("/var/lib/signin/"):
            check(not int(mode, 8) & 0o007, f"{path}: {about}: for everyone")


@case("what root makes and gives away lies in nobody's directory but root's")
def given_away():
    box = running()
    # Later systemds follow a link there, and chown(2) what is behind it.
    for key, parent in (("StateDirectory", "/var/lib"),
                        ("RuntimeDirectory", "/run"),
                        ("CacheDirectory", "/var/cache"),
                        ("LogsDirectory", "/var/log")):
        for path in box.property("signind.service", key).split():
            folder = os.path.dirname(f"{parent}/{path}")
            check_equal(box.run("stat", "-c", "%U", folder).strip(), "root",
                        f"{key}={path}: the owner of {folder}")
    # Nor does --prepare.
    box.run("mkdir", "/victim")
    box.run("systemctl", "stop", "signind.service", "signind-pam.socket",
            "signind-public.socket")
    box.run("mv", "/var/lib/signin/nss", "/var/lib/signin/kept")
    box.run("ln", "-s", "/victim", "/var/lib/signin/nss")
    check(box.try_run("/usr/sbin/signind", "--prepare").returncode != 0,
          "--prepare took a link for a directory")
    check_equal(box.run("stat", "-c", "%U %a", "/victim").strip(),
                "root 755", "what the link leads to")
    box.run("rm", "/var/lib/signin/nss")
    box.run("mv", "/var/lib/signin/kept", "/var/lib/signin/nss")
    box.run("systemctl", "start", "signind-pam.socket",
            "signind-public.socket", "signind.service")


@case("systemd understands the units, in place, and the daemon is confined")
def units():
    box = running()
    done = box.try_run("systemd-analyze", "verify", "--man=no", *box.units())
    check_equal((done.returncode, done.stdout), (0, ""), "verify")
    done = box.try_run("systemd-analyze", "security", "--no-pager",
                       "--threshold=20", "signind.service")
    check_equal(done.returncode, 0, f"security\n{done.stdout}")


def session_of(user):
    found = [session for session in keys.sessions(running().machine_id)
             if session.user == user and session.ring
             and session.access_token]
    return found[0] if len(found) == 1 else None


def sign_in(console):
    console.send(EXTERNAL)
    console.expect("Password: ")
    console.send(PASSWORD)
    console.expect(r"\$ ")
    wait_until(lambda: session_of(EXTERNAL), "a live session")


@case("somebody this host has never seen logs in, and is known ever after")
def first_sign_in():
    box = running()
    entry = box.try_run("getent", "passwd", EXTERNAL).stdout
    check_equal(entry, "", "before the first sign-in")
    sign_in(box.console)
    entry = wait_until(lambda: box.try_run("getent", "passwd", EXTERNAL)
                       .stdout, "her entry").split(":")
    check(int(entry[2]) > 1000000, f"her uid {entry[2]}")
    check_equal(box.run("id", "-nu", entry[2]).strip(), EXTERNAL,
                "the name of her uid")


@case("refused by the provider: the path unit starts root's one-shot, and "
      "logind ends the session")
def refused():
    refusal.check_terminated(running(), here["provider"], session_of)
    sign_in(running().console)


@case("a session outlives a restart of signind")
def restart():
    box = running()
    console = box.console
    session = session_of(EXTERNAL)
    before = session.access_token
    daemon = box.property("signind.service", "MainPID")
    box.run("systemctl", "restart", "signind.service")
    check(box.property("signind.service", "MainPID") != daemon,
          "signind was not restarted")
    check_equal(session_of(EXTERNAL).id, session.id, "the live session")
    check_equal(session_of(EXTERNAL).access_token, before, "its token")
    check_equal(here["provider"].ended, set(), "tokens revoked by a restart")
    # signind takes a token of the last two seconds for new.
    console.send("old=$(signin token); until signin refresh && "
                 "[ $(signin token) != $old ]; do sleep 0.1; done; "
                 "echo refreshed=$((40 + 2))")
    console.expect("refreshed=42")


@case("a poweroff runs the shutdown unit, and no token outlives it")
def power_off():
    box = running()
    provider = here["provider"]
    tokens = {session_of(EXTERNAL).access_token,
              session_of(EXTERNAL).refresh_token}
    check(tokens <= provider.alive, "the session's tokens are not alive")
    box.power_off()
    check_equal(box.process.returncode, 0, "status of systemd-nspawn")
    check_equal(provider.alive & tokens, set(), "tokens alive at the provider")
    box.console.expect("Stopped signind-shutdown.service")
    box.console.expect("Stopped signind.service")
    check(not re.search(r"signind.*(timed out|Failed)", box.console.text),
          "the shutdown of ours failed")


# ---- it does not --------------------------------------------------------------

@case("signind is masked: everything is up but us")
def masked():
    def prepare(box):
        box.configure(UNREACHABLE)
        (box.root / "etc/systemd/system/signind.service").symlink_to(
            "/dev/null")
    box = start(prepare)
    check_boot(box)
    check_equal(box.state("signind.service"), "inactive", "signind.service")


@case("signind is masked: local people log in")
def masked_local():
    check_local_people(running())


@case("signind fails again and again: everything is up but signind")
def misconfigured():
    def prepare(box):
        box.configure(UNREACHABLE, "no_such_key = yes")
    box = start(prepare)
    check_boot(box)
    wait_until(lambda: int(box.property("signind.service", "NRestarts")) > 1,
               "signind is started again and again", 20)
    check_equal(box.failed_units(), set(), "failed units")
    check("no_such_key" in box.journal("--unit=signind"),
          "the log does not name the mistake")


@case("signind fails again and again: local people log in")
def misconfigured_local():
    check_local_people(running())


CALLERS_UNIT = """\
[Unit]
DefaultDependencies=no
Before=sysinit.target dbus.service
[Service]
Type=forking
ExecStart=/usr/local/sbin/nss-callers
[Install]
WantedBy=sysinit.target
"""


@case("signind never gets ready, its nss socket never answers: all is up")
def stuck():
    def prepare(box):
        box.configure(UNREACHABLE)
        # As an earlier boot left it: without it the module asks nobody.
        (box.root / "var/lib/signin/nss").mkdir(parents=True)
        # As root: its sandbox is not what is tested.
        box.drop_in("signind.service", "[Service]\n"
                    "ExecStartPre=+/bin/sleep infinity\n")
        box.write("/usr/local/sbin/nss-callers",
                  (base.SOURCE / "tests/boot/nss-callers").read_text(), 0o755)
        box.write("/etc/systemd/system/nss-callers.service", CALLERS_UNIT)
        base.run("systemctl", f"--root={box.root}", "enable",
                 "nss-callers.service")
    box = start(prepare)
    check_boot(box)
    check_equal(box.state("signind.service"), "activating", "signind.service")
    check_equal(box.state("nss-callers.service"), "active", "who listens")


@case("signind never gets ready: local people log in")
def stuck_local():
    check_local_people(running())


@case("dbus-daemon, PID 1 and logind never connect to the nss socket")
def callers():
    box = running()
    # dbus-daemon looks up the names in its configuration once more.
    box.run("busctl", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
            "org.freedesktop.DBus", "ReloadConfig")
    wait_until(lambda: box.journal("--unit=dbus").count("nobody-knows-dbus")
               >= 2, "dbus-daemon asks again")
    box.try_run("getent", "passwd", "nobody-knows-me")
    heard = box.run("cat", "/run/nss-callers").split()
    print(f"# connected: {' '.join(heard)}")
    check("getent" in heard, f"not even getent was heard: {heard}")
    refused = {"dbus-daemon", "systemd", "systemd-logind", "signind"}
    check_equal(refused & set(heard), set(), f"of {heard}, who must not ask")


@case("signind is stopped after its start: everything is up")
def stopped():
    def prepare(box):
        box.configure(UNREACHABLE)
        box.drop_in("signind.service", "[Service]\n"
                    "ExecStartPost=+/bin/kill -STOP $MAINPID\n")
    box = start(prepare)
    check_boot(box)
    wait_until(lambda: not box.jobs(), "no job of ours is left")
    check_equal(box.state("signind.service"), "active", "signind.service")
    pid = box.property("signind.service", "MainPID")
    check("State:\tT" in box.run("cat", f"/proc/{pid}/status"),
          "signind is not stopped")


@case("signind is stopped after its start: local people log in")
def stopped_local():
    check_local_people(running())


@case("signind is stopped: a poweroff comes to its end all the same")
def stopped_power_off():
    box = running()
    box.power_off(timeout=90)
    check_equal(box.process.returncode, 0, "status of systemd-nspawn")


@case("nothing is left of the boxes")
def nothing_left():
    open_boxes.close()
    mine = f"signin-boot-{os.getpid()}-"
    check_equal([path.name for path in cgroup_root().iterdir()
                 if path.name.startswith(mine)], [], "cgroups")
    mounts = pathlib.Path("/proc/self/mounts").read_text()
    check(mine not in mounts, f"mounts\n{mounts}")


enter()
with open_boxes:
    sys.exit(tap.run_cases())
