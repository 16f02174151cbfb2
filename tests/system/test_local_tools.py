#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What is local stays as it was: tools that make and look for accounts behave
byte for byte as without us, and people of this host log in whatever signind
does."""

import os
import pathlib
import re
import signal
import subprocess

from directories import Scim, configure_people
from external import *
from harness import *

FILES = ("passwd", "shadow", "group", "gshadow", "subuid", "subgid")
DIRECTORIES = {
    "no directory": "type = none",
    "scim": None,
    "first_sign_in": "type = first_sign_in",
}
CONDITIONS = ("alive", "hung", "dead")
# Each begins with the accounts as they were, and may leave its own.
COMMANDS = (
    "adduser --disabled-password --gecos '' newbie",
    "adduser --system --group --no-create-home newsys",
    "adduser --disabled-password --gecos '' newbie && deluser newbie",
    "adduser RESIDENT users",
    "adduser --disabled-password --gecos '' RESIDENT",
    "addgroup newgroup",
    "useradd newbie",
    "useradd -r newsys",
    "useradd -m -G users newbie && userdel -r newbie",
    "useradd RESIDENT",
    "groupadd newgroup",
    "groupadd -r newgroup && groupdel newgroup",
    "usermod -aG users newbie",
    "usermod -aG mistyped RESIDENT",
    "userdel mistyped",
    "systemd-sysusers /tmp/sysusers.conf",
    "chown mistyped /tmp/file",
    "chown mistyped:mistyped /tmp/file",
    "chown RESIDENT:mistyped /tmp/file",
    "chown RESIDENT:RESIDENT /tmp/file && ls -l /tmp/file",
    "chown 54321:54321 /tmp/file && ls -l /tmp/file",
    "chgrp mistyped /tmp/file",
    "install -o mistyped /tmp/file /tmp/other",
    "find /tmp -maxdepth 1 -nouser",
    "find /tmp -maxdepth 1 -user mistyped",
    "id mistyped",
    "id RESIDENT",
    "id 54321",
    "getent passwd mistyped",
    "getent passwd 54321",
    "getent passwd RESIDENT",
    "getent passwd",
    "getent group mistyped",
    "getent group 54321",
    "getent group",
    "getent initgroups mistyped",
    "getent initgroups RESIDENT",
    "su mistyped -c id",
    "sudo -n -u mistyped id",
    "setpriv --reuid=mistyped id",
    "echo ~mistyped",
    "passwd -S mistyped",
    "chage -l mistyped",
    "last mistyped | head -1",
    "pwck -r -q",
    "grpck -r",
    "visudo -c",
)


def set_up(here):
    global machine, glewlwyd, scim, signind, sshd, saved, expected
    machine = here
    glewlwyd = Glewlwyd()
    scim = Scim(more="refresh_every = 24h\nmissing_for = 60s")
    use("no directory")
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd(people=())
    write("/tmp/sysusers.conf", "g newsysgroup -\nu newsysuser - \"New\"\n"
          "m newsysuser users\n")
    saved = {name: pathlib.Path("/etc", name).read_bytes()
             for name in FILES if pathlib.Path("/etc", name).exists()}
    # As without us: glibc is not even told of our module.
    without = nsswitch("files")
    expected = {command: outcome(command) for command in COMMANDS}
    nsswitch(without)


def nsswitch(source):
    """Set where passwd and group are looked up; returns what it was."""
    path = pathlib.Path("/etc/nsswitch.conf")
    text = path.read_text()
    was = re.search("^passwd: (.*)$", text, re.MULTILINE).group(1)
    write(path, re.sub("(?m)^(passwd|group): .*$", rf"\1: {source}", text))
    return was


def use(directory):
    section = DIRECTORIES[directory]
    configure_people(machine, glewlwyd, scim if section is None else section,
                     access="allow_users = *")


def restore():
    for name in FILES:
        path = pathlib.Path("/etc", name)
        if name in saved:
            path.write_bytes(saved[name])
        else:
            path.unlink(missing_ok=True)
        pathlib.Path("/etc", name + "-").unlink(missing_ok=True)
    for path in pathlib.Path("/home").iterdir():
        if path.name != RESIDENT:
            run("rm", "-rf", path)
    write("/tmp/file", "")
    os.chown("/tmp/file", 0, 0)
    pathlib.Path("/tmp/other").unlink(missing_ok=True)
    os.utime("/tmp/file", (1e9, 1e9))
    run("rm", "-rf", "/var/mail/newbie")


def outcome(command):
    """What a command prints, returns and changes."""
    restore()
    done = subprocess.run(["bash", "-c", command.replace("RESIDENT", RESIDENT)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, timeout=60)
    files = {name: pathlib.Path("/etc", name).read_bytes()
             for name in FILES if pathlib.Path("/etc", name).exists()}
    homes = run("find", "/home", "-printf", "%P %U %G %m\\n")
    owner = run("stat", "-c", "%u %g", "/tmp/file")
    # systemd-sysusers and useradd write the day; pwck and last do not.
    return (done.returncode, done.stdout, files, sorted(homes.splitlines()),
            owner)


class Condition:
    """signind alive, hung by SIGSTOP, or dead, for a while."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        if self.name == "dead":
            signind.kill9()
        if self.name == "hung":
            signind.process.send_signal(signal.SIGSTOP)

    def __exit__(self, *_):
        if self.name == "dead":
            signind.start()
        if self.name == "hung":
            signind.process.send_signal(signal.SIGCONT)


def difference(command):
    """Words for how a command behaves otherwise than without us, or None."""
    now, then = outcome(command), expected[command]
    for what, one, other in zip(("status", "output", "files", "homes",
                                 "owner"), now, then):
        if one != other:
            return f"{command}: {what} {one!r} instead of {other!r}"
    return None


def in_mode(directory, condition):
    use(directory)
    signind.restart()
    if directory == "scim":
        refresh()
    with Condition(condition):
        different = [words for words in map(difference, COMMANDS) if words]
    check(not different, "\n".join(different))


def define(directory, condition):
    @case(f"{directory}, signind {condition}: {len(COMMANDS)} commands behave "
          "as without us")
    def tools():
        in_mode(directory, condition)
    tools.__name__ = f"tools_{directory}_{condition}".replace(" ", "_")


for each_directory in DIRECTORIES:
    for each_condition in CONDITIONS:
        define(each_directory, each_condition)


# ---- people of this host ----------------------------------------------------

def resident_logs_in():
    shell = SshSession(RESIDENT, secret=RESIDENT_PASSWORD)
    check_equal(shell.output("id -un"), RESIDENT, "id")
    shell.logout()
    shell = SshSession(RESIDENT, "password", secret=RESIDENT_PASSWORD)
    shell.logout()
    terminal = login_on_terminal(RESIDENT, RESIDENT_PASSWORD)
    check_equal(terminal.output("id -un"), RESIDENT, "id")
    check_equal(terminal.output("ls -ld ~ | cut -d' ' -f3"), RESIDENT, "ls -l")
    terminal.logout()
    check_out(RESIDENT, secret="not-the-password")


@case("people of this host log in with signind alive, hung and dead")
def residents():
    restore()
    for directory in DIRECTORIES:
        use(directory)
        signind.restart()
        for condition in CONDITIONS:
            with Condition(condition):
                resident_logs_in()


@case("people of this host log in while the configuration is broken")
def misconfigured():
    restore()
    signind.stop()
    write("/etc/signin/signin.conf", "[signin\nthis is no configuration\n")
    try:
        done = subprocess.run(["/usr/sbin/signind"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=20, check=False)
        check(done.returncode != 0, "signind runs with a broken configuration")
        resident_logs_in()
        run("getent", "passwd", "root", RESIDENT)
    finally:
        use("no directory")
        signind.start()


@case("people of this host log in with a snapshot that is nonsense, a link, "
      "or a fifo")
def broken_snapshot():
    use("scim")
    signind.restart()
    refresh()
    signind.kill9()
    path = pathlib.Path("/var/lib/signin/nss/snapshot")
    kept = path.read_bytes()
    try:
        for break_it in (lambda: path.write_bytes(os.urandom(4096)),
                         lambda: path.write_bytes(b""),
                         lambda: path.write_bytes(kept[:2049]),
                         lambda: path.symlink_to("/etc/passwd"),
                         lambda: os.mkfifo(path),
                         lambda: path.mkdir(),
                         lambda: None):
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            path.unlink(missing_ok=True)
            break_it()
            resident_logs_in()
            check(passwd(RESIDENT) is not None, "the resident is unknown")
            getent("passwd", "alice")
            getent("group", "linux-users")
            run("id", RESIDENT)
    finally:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        path.unlink(missing_ok=True)
        signind.start()
    wait_for_person("alice")


@case("somebody else's socket and a stranger's snapshot are not believed")
def impostors():
    use("scim")
    signind.restart()
    refresh()
    signind.kill9()
    listener = pathlib.Path("/run/signin/nss/socket")
    listener.unlink(missing_ok=True)
    liar = subprocess.Popen(
        ["setpriv", f"--reuid={machine.uid(RESIDENT)}", "--clear-groups",
         "python3", "-c", LIAR, "/tmp/nss"], stdout=subprocess.PIPE, text=True)
    try:
        check_equal(liar.stdout.readline(), "ready\n", "the liar")
        listener.symlink_to("/tmp/nss")
        check(passwd("somebody") is None, f"{passwd('somebody')}")
    finally:
        liar.kill()
        heard = liar.stdout.read()
        liar.wait()
        listener.unlink(missing_ok=True)
    check(set(heard.split()) <= {"0"}, f"it was asked: {heard}")
    path = pathlib.Path("/var/lib/signin/nss/snapshot")
    os.chown(path, machine.uid(RESIDENT), 0)
    check(passwd("alice") is None, "a stranger's snapshot is believed")
    signind.start()
    wait_for_person("alice")


LIAR = """\
import os, socket, struct, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
listener.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
listener.listen(16)
print("ready", flush=True)
while True:
    peer, _ = listener.accept()
    request = peer.recv(65536)
    print(len(request), flush=True)
    peer.close()
"""


@case("setuid programs, chroots and vfork children look names up as before")
def odd_callers():
    use("scim")
    signind.restart()
    refresh()
    done = machine.start_as(RESIDENT, "sudo", "-n", "-l",
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    done.wait(10)
    check_equal(run("chroot", "/", "id", "-un", "alice"), "alice\n", "chroot")
    check_equal(run("bash", "-c", "for i in {1..50}; do (id -u alice &); done;"
                    " wait").count("\n"), 50, "fifty at once")


if __name__ == "__main__":
    main(set_up, External)
