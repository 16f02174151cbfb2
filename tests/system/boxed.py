# SPDX-License-Identifier: BSD-2-Clause
"""A private machine in a user namespace: its root is an ordinary user outside,
with an ordinary user's key quota (200 keys, 20,000 bytes), which a test may
fill up without harm to anybody else.

What belongs to the real root is nobody's in there: only /usr is shared, to be
read; /etc is a copy, the rest is empty.
"""

import ctypes
import os
import pathlib
import subprocess
import sys
import tempfile

import machine
from machine import STAGE, WORK, run, write

_libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER = 0x10000000
# Root's number outside, and how many follow it; apart from subuids.
FIRST, COUNT = 1_700_000_000, 65536


def first_uid(slot):
    return FIRST + slot * COUNT


def _is_open(path):
    """May everybody look there?"""
    return all(folder.stat().st_mode & 0o001
               for folder in (path, *path.parents))


def _run_copy():
    """The tests lie where only the real root may look: run a copy of them, and
    of what they test, from where everybody may."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        copy = pathlib.Path(name)
        copy.chmod(0o755)
        run("cp", "-r", machine.SOURCE / "tests", STAGE, copy)
        script = pathlib.Path(sys.argv[0]).resolve()
        done = subprocess.run(
            [sys.executable,
             copy / script.relative_to(machine.SOURCE), *sys.argv[1:]],
            env=dict(os.environ, SIGNIN_STAGE=str(copy / STAGE.name)),
            check=False)
    sys.exit(done.returncode & 0xff)


def enter():
    """machine.enter(), from inside a fresh user namespace."""
    if os.environ.get("SIGNIN_TEST_INSIDE") or os.geteuid() != 0:
        machine.enter()
        return
    if not _is_open(machine.SOURCE) or not _is_open(STAGE.resolve()):
        _run_copy()
    asked_read, asked = os.pipe()
    mapped_read, mapped = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(mapped)
        if _libc.unshare(CLONE_NEWUSER) != 0:
            print("1..0 # SKIP no user namespaces here")
            sys.stdout.flush()
            os._exit(0)
        os.write(asked, b"x")
        if os.read(mapped_read, 1) != b"x":
            os._exit(1)
        os.setresgid(0, 0, 0)
        os.setgroups([])
        os.setresuid(0, 0, 0)
        # Whichever runs us may lie where only the real root may look.
        sys.executable = "/usr/bin/python3"
        machine.enter()
    os.close(asked)
    if os.read(asked_read, 1) == b"x":
        first = first_uid(os.getpid() % 1000)
        for name in ("uid_map", "gid_map"):
            pathlib.Path("/proc", str(child), name).write_text(
                f"0 {first} {COUNT}\n")
        os.write(mapped, b"x")
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xff)


class BoxedMachine(machine.Machine):
    """Machine, where nothing of the real root can be changed or copied up."""

    def _mount(self):
        run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
        WORK.mkdir(mode=0o700)
        for name in ("log", "idp", "client", "dev", "up", "overlay"):
            (WORK / name).mkdir()
        for name in ("lock", "sshd", "sudo"):
            pathlib.Path("/run", name).mkdir(mode=0o755)
        # First: the stage may lie in one of the folders that follow.
        run("mount", "-t", "overlay", "-o",
            f"ro,lowerdir={STAGE}/usr:/usr", "overlay", "/usr")
        # signind takes presets from root alone.
        run("cp", "-r", STAGE / "usr/share/signin", WORK / "presets")
        run("mount", "--bind", WORK / "presets", "/usr/share/signin")
        # The tests may lie in one of them, too.
        tests = WORK / "tests"
        tests.mkdir()
        run("mount", "--bind", machine.SOURCE / "tests", tests)
        for name in machine.OVERLAID:
            copy = WORK / "up" / name
            copy.mkdir(mode=0o755)
            if name == "etc":
                # What only the real root may read stays behind.
                run("sh", "-c", f"cp -r --no-preserve=ownership /etc/. {copy} "
                    "2>/dev/null; true")
                if (STAGE / "etc").is_dir():
                    run("cp", "-r", f"{STAGE}/etc/.", copy)
        for name in machine.OVERLAID:
            run("mount", "--bind", WORK / "up" / name, f"/{name}")
        if not (machine.SOURCE / "tests").exists():
            (machine.SOURCE / "tests").mkdir(parents=True)
            run("mount", "--bind", tests, machine.SOURCE / "tests")
        pathlib.Path("/tmp").chmod(0o1777)
        for name in ("lib", "log", "mail", "tmp", "cache"):
            pathlib.Path("/var", name).mkdir(exist_ok=True)
        for name in ("shadow", "gshadow"):
            write(f"/etc/{name}", "root:*:19000:0:99999:7:::\n"
                  if name == "shadow" else "root:*::\n", 0o600)
        self._mount_dev()
