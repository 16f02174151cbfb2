# SPDX-License-Identifier: BSD-2-Clause
"""Into mounts and a network of our own, if boxes can be had here at all.

The program runs three times, each time by exec: outside; with its own mounts
and the host's network, to build the base tree; then without any network but
loopback, to test.
"""

import os
import pathlib
import signal
import subprocess
import sys

import base
import keys
import tap
from box import cgroup_root, probe, sweep
from tap import Skip

PROGRAMS = ("mmdebstrap", "systemd-nspawn", "apt-get", "ssh")
WHERE = "SIGNIN_BOOT_TEST"


def _why_not():
    """What keeps boxes from working here, in words, or None."""
    if os.geteuid() != 0:
        return "booting a Debian needs root"
    # "0 0 4294967295": nobody is left out, we are in no user namespace.
    ids = pathlib.Path("/proc/self/uid_map").read_text().split()
    if ids != ["0", "0", "4294967295"]:
        return "in a user namespace, a Debian with its owners cannot be made"
    for program in PROGRAMS:
        if not any(os.access(f"{folder}/{program}", os.X_OK)
                   for folder in os.environ["PATH"].split(":")):
            return f"{program} is not installed"
    done = subprocess.run(["unshare", "--mount", "--pid", "--cgroup", "--net",
                           "--uts", "--ipc", "--fork", "true"], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          check=False)
    if done.returncode != 0:
        return f"no namespaces: {done.stderr.strip()}"
    if cgroup_root() is None:
        return "no cgroup hierarchy of version 2 is mounted"
    try:
        path = cgroup_root() / f"signin-boot-{os.getpid()}-0"
        path.mkdir()
        path.rmdir()
    except OSError as error:
        return f"no cgroup can be made: {error}"
    return None


def _skip_all(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def _outside(again):
    os.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
    os.environ["LC_ALL"] = "C.UTF-8"
    reason = _why_not()
    if reason:
        _skip_all(reason)
    if not (base.STAGE / "usr").is_dir():
        print(f"Bail out! nothing installed in {base.STAGE}: "
              "run ./bootstrap check")
        sys.exit(1)
    os.environ[WHERE] = "building"
    own_root = str(base.SOURCE / "tests" / "tools" / "own-root")
    os.execv(own_root, [own_root, *again])


def _building(again):
    try:
        base.build()
    except Skip as reason:
        _skip_all(reason)
    except Exception:
        tap.fail_set_up()
        sys.exit(1)
    os.environ[WHERE] = "testing"
    os.execvp("unshare", ["unshare", "--net", *again])


def enter():
    """Return only inside; elsewhere run this program again, or skip."""
    # An end by signal leaves by the with statements, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    again = [sys.executable, str(pathlib.Path(sys.argv[0]).resolve()),
             *sys.argv[1:]]
    where = os.environ.get(WHERE)
    if where is None:
        _outside(again)
    if where == "building":
        sweep()
        _building(again)
    keys.join_session()
    base.run("ip", "link", "set", "lo", "up")
    try:
        probe()
    except Skip as reason:
        _skip_all(reason)
