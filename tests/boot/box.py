# SPDX-License-Identifier: BSD-2-Clause
"""One booted Debian: systemd as PID 1 of a container of systemd-nspawn.

Box(name) lays an empty overlay over the base tree; write what the case needs
into box.root, then box.boot().  It has a PID, mount, IPC, UTS and cgroup
namespace of its own, and the network of this test, where there is nothing
but loopback.  Leaving the `with` block ends it: its processes, its mounts, its
cgroup and its anchor keyring are gone, however the case went.
"""

import ctypes
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess
import termios
import threading
import time

import keys
import tap
from base import BASE, KEY, LOCAL, WORK, run, write

# In new namespaces, with $1 the root and $2... what more nspawn is told.
# nspawn wants a cgroup of its own around it, and a /run where it may write.
INIT = """\
mount -t sysfs -o ro sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /run
root=$1
shift
systemd-nspawn --quiet --directory="$root" --register=no --keep-unit \
    --machine=signin-boot --hostname=signin-boot --resolv-conf=off \
    --timezone=off --link-journal=no \
    --system-call-filter='add_key keyctl request_key' "$@"
"""
NAMESPACES = ("--mount", "--propagation", "private", "--pid", "--fork",
              "--kill-child", "--mount-proc", "--cgroup", "--uts", "--ipc")
BOOT_TIMEOUT = 60
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


# ---- cgroups ----------------------------------------------------------------

def cgroup_root():
    """Where this machine has its version 2 hierarchy, or None."""
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        fields = line.split()
        if fields[2] == "cgroup2":
            return pathlib.Path(fields[1])
    return None


def _remove_cgroup(path, timeout=20):
    """Remove a cgroup and those in it, once the last process is gone."""
    end = time.monotonic() + timeout
    while path.exists():
        try:
            for directory, _, _ in os.walk(path, topdown=False):
                os.rmdir(directory)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def sweep():
    """Remove what a test that was killed could not: cgroups and anchors."""
    for path in cgroup_root().glob("signin-boot-*"):
        pid, _, machine_id = path.name.split("-", 2)[2].partition("-")
        if not os.path.exists(f"/proc/{pid}"):
            try:
                _remove_cgroup(path, timeout=0)
            except OSError:  # somebody else's: there are processes in it
                continue
            keys.forget_anchor(machine_id)


# ---- systemd-nspawn -----------------------------------------------------------

def _nspawn(cgroup, root, *arguments, **options):
    """Popen it in a new cgroup and namespaces.  It ends when we do."""
    prctl = ctypes.CDLL(None).prctl
    cgroup.mkdir()

    def in_child():
        prctl(_DEATH_SIGNAL, signal.SIGKILL)
        (cgroup / "cgroup.procs").write_text("0")
    return subprocess.Popen(
        ["unshare", *NAMESPACES, "sh", "-euc", INIT, "init", root, *arguments],
        preexec_fn=in_child, env={"PATH": os.environ["PATH"], "TERM": "dumb"},
        **options)


def probe():
    """Skip, with the reason, if no container can be started here."""
    cgroup = cgroup_root() / f"signin-boot-{os.getpid()}-0"
    process = _nspawn(cgroup, BASE, "--console=pipe", "--as-pid2", "true",
                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                      stderr=subprocess.STDOUT)
    try:
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
        _remove_cgroup(cgroup)
    if process.returncode != 0:
        words = "; ".join(output.decode(errors="replace").split("\n"))
        raise tap.Skip("systemd-nspawn cannot start a container: "
                       f"status {process.returncode}: {words}")


# ---- the console --------------------------------------------------------------

class Console:
    """The box's /dev/console, read by a thread."""

    def __init__(self):
        self.master, self.slave = pty.openpty()
        termios.tcsetwinsize(self.slave, (50, 200))
        self.text = ""
        self._position = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                data = os.read(self.master, 4096)
            except OSError:  # the last who had it open is gone
                return
            if not data:
                return
            self.text += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "",
                                data.decode(errors="replace")) \
                .replace("\r", "")

    def send(self, line):
        os.write(self.master, line.encode() + b"\r")

    def expect(self, pattern, timeout=20):
        """Wait for it in what came since the last expect; returns that."""
        def found():
            return re.compile(pattern).search(self.text, self._position)
        match = tap.wait_until(found, f"{pattern!r} on the console", timeout)
        seen = self.text[self._position:match.end()]
        self._position = match.end()
        return seen

    def close(self):
        os.close(self.slave)


# ---- the box ------------------------------------------------------------------

class Box:
    def __init__(self):
        self.machine_id = os.urandom(16).hex()
        self.name = f"signin-boot-{os.getpid()}-{self.machine_id}"
        self.directory = WORK / self.name
        self.root = self.directory / "root"
        self.console = None
        self.process = None
        self.leader = None
        self.cgroup = cgroup_root() / self.name

    def __enter__(self):
        self.directory.mkdir(mode=0o700)
        run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", self.directory)
        for name in ("root", "upper", "work"):
            (self.directory / name).mkdir()
        run("mount", "-t", "overlay", "-o",
            f"lowerdir={BASE},upperdir={self.directory}/upper,"
            f"workdir={self.directory}/work", "overlay", self.root)
        (self.root / "etc" / "machine-id").unlink(missing_ok=True)
        self.write("/etc/machine-id", self.machine_id + "\n")
        return self

    def __exit__(self, *_):
        try:
            self._end()
        finally:
            keys.forget_anchor(self.machine_id)
            for path in (self.root, self.directory):
                subprocess.run(["umount", "--lazy", path], check=False)
            shutil.rmtree(self.directory, ignore_errors=True)

    # ---- before it boots

    def write(self, path, text, mode=0o644):
        write(self.root / path.lstrip("/"), text, mode)

    def drop_in(self, unit, text):
        self.write(f"/etc/systemd/system/{unit}.d/test.conf", text)

    def configure(self, base_url, extra=""):
        """signin.conf with one provider; http is good enough on loopback."""
        form = "grant_type={}&{}={{{{{}}}}}"
        self.write("/etc/signin/signin.conf", f"""\
[signin]
config_version = 1
log_level = debug
[provider idp]
base_url = {base_url}
allow_http_loopback = yes
sign_in.url = {{{{base_url}}}}/token
sign_in.body = {form.format("password", "username", "user")}\
&password={{{{password}}}}
refresh.url = {{{{base_url}}}}/token
refresh.body = {form.format("refresh_token", *["refresh_token"] * 2)}
revoke.refresh.url = {{{{base_url}}}}/revoke
revoke.refresh.body = token={{{{refresh_token}}}}
revoke.access.url = {{{{base_url}}}}/revoke
revoke.access.body = token={{{{access_token}}}}
answer.access_token = /access_token
answer.refresh_token = /refresh_token
answer.expires_in = /expires_in
identity.user = /user
[directory idp]
provider = idp
type = first_sign_in
[access]
allow_users = *
{extra}
""")

    # ---- booting

    def boot(self):
        """Start it, and return when PID 1 takes orders."""
        self.console = Console()
        slave = self.console.slave
        self.process = _nspawn(self.cgroup, self.root, "--boot",
                               "--console=interactive", stdin=slave,
                               stdout=slave, stderr=slave)
        self.leader = tap.wait_until(
            self._find_leader, "systemd in the container", BOOT_TIMEOUT)
        tap.wait_until(
            lambda: self.try_run("systemctl", "show", "--property=Version")
            .returncode == 0, "systemd takes orders", BOOT_TIMEOUT)

    def reach(self, target="multi-user.target"):
        """Wait until a target is there, and no job but ours is left."""
        tap.wait_until(lambda: self.state(target) == "active",
                       f"{target} is reached", BOOT_TIMEOUT)
        tap.wait_until(lambda: not self.jobs_of_others(),
                       "all jobs of other units are done", BOOT_TIMEOUT)

    def _find_leader(self):
        """The pid, as we see it, of the box's PID 1, once it is systemd."""
        if self.process.poll() is not None:
            raise AssertionError("systemd-nspawn ended with status "
                                 f"{self.process.returncode}")
        own = len(_namespace_pids("self"))
        for pid in self._processes():
            try:
                numbers = _namespace_pids(pid)
                command = pathlib.Path(f"/proc/{pid}/comm").read_text()
            except OSError:
                continue
            # One namespace is unshare's, one nspawn's.
            if (len(numbers) == own + 2 and numbers[-1] == "1"
                    and command == "systemd\n"):
                return pid
        return None

    def _processes(self):
        """The pids, as we see them, of everything in the box."""
        for path in self.cgroup.rglob("cgroup.procs"):
            yield from path.read_text().split()

    # ---- inside

    def try_run(self, *command, **options):
        """Run as root inside.  subprocess.run's answer, text in stdout."""
        options.setdefault("timeout", 30)
        return subprocess.run(
            ["nsenter", f"--target={self.leader}", "--mount", "--uts",
             "--ipc", "--pid", "--cgroup", "--root", "--wd", "--",
             "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
             "TERM=dumb", "SYSTEMD_PAGER=", *map(str, command)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
            check=False, **options)

    def run(self, *command, **options):
        """The same, and it must succeed.  Its output."""
        done = self.try_run(*command, **options)
        tap.check(done.returncode == 0, f"in the box, {command}: status "
                  f"{done.returncode}\n{done.stdout}")
        return done.stdout

    def ssh(self, *command):
        """Run a command as alice, logged in by ssh with a key."""
        return run(
            "ssh", "-F", "none", "-i", KEY, "-o", "BatchMode=yes",
            "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=5",
            f"{LOCAL}@127.0.0.1", *command, timeout=40)

    def state(self, unit):
        return self.try_run("systemctl", "is-active", unit).stdout.strip()

    def property(self, unit, name):
        return self.run("systemctl", "show", "--value", f"--property={name}",
                        unit).strip()

    def jobs(self):
        """{unit: state of its job}"""
        done = self.try_run("systemctl", "list-jobs", "--no-legend",
                            "--plain")
        fields = [line.split() for line in done.stdout.splitlines()]
        return {field[1]: field[3] for field in fields if len(field) == 4}

    def jobs_of_others(self):
        return {unit: state for unit, state in self.jobs().items()
                if not unit.startswith("signind")}

    def failed_units(self):
        text = self.run("systemctl", "list-units", "--failed", "--no-legend",
                        "--plain", "--all")
        return {line.split()[0] for line in text.splitlines() if line.strip()}

    def journal(self, *options):
        return self.run("journalctl", "--no-pager", "--output=cat", *options)

    def units(self):
        """Our units' names, from what is installed."""
        return sorted(path.name for path in
                      (BASE / "usr/lib/systemd/system").glob("signind*"))

    def sessions(self):
        text = self.run("loginctl", "list-sessions", "--output=json")
        return json.loads(text)

    # ---- its end

    def power_off(self, timeout=60):
        """systemctl poweroff, and wait for the end of the container."""
        self.run("systemctl", "poweroff", "--no-block")
        self.process.wait(timeout)

    def _end(self):
        if self.process is not None:
            # unshare dies, then its child, the PID namespace's init, and with
            # that everything inside, stopped processes included.
            self.process.kill()
            self.process.wait()
            self.console.close()
            _remove_cgroup(self.cgroup)

    def explain(self):
        lines = ["--- console", *self.console.text.splitlines()[-40:]] \
            if self.console else []
        if self.leader is None:
            return lines
        for command in (
                ("systemctl", "list-jobs", "--no-pager"),
                ("systemctl", "--failed", "--no-pager"),
                ("systemctl", "status", "--no-pager", "--lines=0",
                 "signind*"),
                ("journalctl", "--no-pager", "--lines=60")):
            lines.append("--- " + " ".join(command))
            try:
                lines += self.try_run(*command, timeout=10) \
                    .stdout.splitlines()
            except subprocess.TimeoutExpired:
                lines.append("(no answer)")
        return lines


def _namespace_pids(pid):
    """A process's pid in each PID namespace it is in, outermost first."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return re.search(r"^NSpid:\t(.*)$", status, re.M)[1].split()
