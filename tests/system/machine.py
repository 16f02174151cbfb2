# SPDX-License-Identifier: BSD-2-Clause
"""A private machine for one test file.

enter() puts this program into mount, network, PID, IPC and UTS namespaces of
its own.  Inside, /etc /var /home /root /tmp are overlays and /run and /dev
are new: everything a test writes is in memory and vanishes with it.  /usr is
Debian's with what `make install DESTDIR=` staged laid over it, so that the
real sshd, login, su and sudo load the real module from its real place.

Keys are not namespaced.  Every machine has its own random machine id, which
is in the name of signind's anchor, and its own uids for alice and the others;
the anchor is unlinked at the end.

    /run/.test/up/NAME   what was written under /NAME
    /run/.test/log       logs that tests read
    /run/.test/idp       the provider's files (notionally another host)
    /run/.test/client    the client's files, passwords among them (likewise)
"""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading

import keys
import tap

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
STAGE = pathlib.Path(os.environ.get("SIGNIN_STAGE",
                                    SOURCE / "build" / "stage"))
WORK = pathlib.Path("/run/.test")
OVERLAID = ("etc", "var", "home", "root", "tmp")
DAEMON = "_signin"
# What a test may be told from outside.
PASSED_ON = ("SIGNIN_FAULT_SIGNIND", "SIGNIN_CRASHES")
PEOPLE = ("alice", "bob", "carol", "dave", "erin", "mallory",
          "denied")


def run(*command, **options):
    """subprocess.run that raises with what the command said."""
    options.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run([str(word) for word in command], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{command}: status {done.returncode}\n"
                           f"{done.stdout}")
    return done.stdout


# ---- into the namespaces ----------------------------------------------------

def enter():
    """Return only inside; outside, run this program again and exit."""
    if os.environ.get("SIGNIN_TEST_INSIDE"):
        _become_init()
        return
    if os.geteuid() != 0:
        print("1..0 # SKIP whole logins need root")
        sys.exit(0)
    if not (STAGE / "usr").is_dir():
        print(f"Bail out! nothing installed in {STAGE}: run ./bootstrap check")
        sys.exit(1)
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:"
                           "/usr/bin:/sbin:/bin",
                   "LANG": "C.UTF-8", "SIGNIN_TEST_INSIDE": "1",
                   "SIGNIN_TEST_SLOT": str(os.getpid() % 5000),
                   "SIGNIN_STAGE": str(STAGE), "TERM": "dumb",
                   "PYTHONDONTWRITEBYTECODE": "1",
                   # Should a test program crash, its log says where.
                   "PYTHONFAULTHANDLER": "1"}
    for name in PASSED_ON:
        if name in os.environ:
            environment[name] = os.environ[name]
    own_root = str(SOURCE / "tests" / "tools" / "own-root")
    os.execve(own_root, [own_root, "unshare", "--mount", "--net", "--pid",
                         "--ipc", "--uts", "--fork", "--mount-proc",
                         "--kill-child", sys.executable,
                         os.path.abspath(sys.argv[0]), *sys.argv[1:]],
              environment)


def _become_init():
    """PID 1 of the namespace only reaps; the test is its child.

    Orphans (sshd's children, for example) come to PID 1, and would confuse
    Python's subprocess module if the test itself had to wait for them.
    """
    child = os.fork()
    if child == 0:
        os.setsid()
        # Whoever runs us in the background may ignore these; sshd and the
        # shells that tests type into shall not.
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        # An end by signal still leaves through Machine.__exit__().
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.kill(child, signal.SIGTERM))
    while True:
        pid, status = os.wait()
        if pid == child:
            sys.stdout.flush()
            os._exit(os.waitstatus_to_exitcode(status) & 0xff)


# ---- the machine ------------------------------------------------------------

class Machine:
    """The private machine.  Use as a context manager, inside enter().

    people  who has a local account
    nss     where nsswitch.conf says that users and groups are looked up
    """

    def __init__(self, people=PEOPLE, nss="files"):
        self.people = people
        self.nss = nss
        # Ten uids for each of the test files that may run at once.
        slot = int(os.environ["SIGNIN_TEST_SLOT"])
        self.first_uid = 2000 + 10 * slot
        self.machine_id = os.urandom(16).hex()
        self.syslog = None

    def __enter__(self):
        keys.join_session()
        self._mount()
        run("ip", "link", "set", "lo", "up")
        socket.sethostname("signin-test")
        self.syslog = Syslog("/dev/log", WORK / "log" / "syslog")
        self._write_etc()
        self._make_accounts()
        self.write_pam()
        tap.explain(lambda: ["--- syslog", *self.syslog.tail(40)])
        return self

    def __exit__(self, *_):
        keys.forget_anchor(self.machine_id)

    def uid(self, name):
        return self.first_uid + 1 + PEOPLE.index(name)

    def _mount(self):
        run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
        WORK.mkdir(mode=0o700)
        for name in ("log", "idp", "client", "dev", "up", "overlay"):
            (WORK / name).mkdir()
        for name in ("lock", "sshd", "sudo"):
            pathlib.Path("/run", name).mkdir(mode=0o755)
        for name in OVERLAID:
            if name == "tmp":
                mode = 0o1777
            else:
                mode = os.stat(f"/{name}").st_mode & 0o7777
            upper = WORK / "up" / name
            work = WORK / "overlay" / name
            upper.mkdir()
            upper.chmod(mode)
            work.mkdir()
            run("mount", "-t", "overlay", "-o",
                f"lowerdir=/{name},upperdir={upper},workdir={work}",
                "overlay", f"/{name}")
        run("mount", "-t", "overlay", "-o",
            f"ro,lowerdir={STAGE}/usr:/usr", "overlay", "/usr")
        if (STAGE / "etc").is_dir():
            run("cp", "-a", f"{STAGE}/etc/.", "/etc")
        self._mount_dev()

    @staticmethod
    def _mount_dev():
        dev = WORK / "dev"
        run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", dev)
        for name in ("null", "zero", "full", "random", "urandom", "tty"):
            (dev / name).touch()
            run("mount", "--bind", f"/dev/{name}", dev / name)
        (dev / "pts").mkdir()
        run("mount", "-t", "devpts", "-o",
            "newinstance,ptmxmode=0666,mode=0620,gid=5", "devpts", dev / "pts")
        (dev / "ptmx").symlink_to("pts/ptmx")
        (dev / "shm").mkdir()
        (dev / "shm").chmod(0o1777)
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            (dev / name).symlink_to(f"/proc/self/fd/{number}")
        (dev / "fd").symlink_to("/proc/self/fd")
        run("mount", "--move", dev, "/dev")

    def _write_etc(self):
        for name in ("hosts", "nsswitch.conf", "resolv.conf", "machine-id"):
            pathlib.Path("/etc", name).unlink(missing_ok=True)
        write("/etc/machine-id", self.machine_id + "\n")
        write("/etc/hosts", "127.0.0.1 localhost signin-test\n")
        write("/etc/resolv.conf", "")
        write("/etc/nsswitch.conf", f"passwd: {self.nss}\n"
              f"group: {self.nss}\nshadow: files\nhosts: files\n")
        for name in ("/etc/nologin", "/etc/motd", "/var/run/motd.dynamic"):
            pathlib.Path(name).unlink(missing_ok=True)

    def _make_accounts(self):
        """Accounts no password of this host opens ('*' in shadow)."""
        ours = re.compile("^(%s):" % "|".join((*PEOPLE, DAEMON)))
        lines = {}
        for name in ("passwd", "shadow", "group", "gshadow"):
            text = pathlib.Path("/etc", name).read_text(encoding="utf-8")
            lines[name] = [line for line in text.splitlines()
                           if not ours.match(line)]
        accounts = [(DAEMON, self.first_uid, "/nonexistent",
                     "/usr/sbin/nologin")]
        accounts += [(name, self.uid(name), f"/home/{name}", "/bin/bash")
                     for name in self.people]
        for name, uid, home, shell in accounts:
            lines["passwd"].append(f"{name}:x:{uid}:{uid}::{home}:{shell}")
            lines["shadow"].append(f"{name}:*:19000:0:99999:7:::")
            lines["group"].append(f"{name}:x:{uid}:")
            lines["gshadow"].append(f"{name}:!::")
        for name, content in lines.items():
            write(f"/etc/{name}", "\n".join(content) + "\n")
        for name in PEOPLE:
            home = pathlib.Path("/home", name)
            run("rm", "-rf", home)
            if name in self.people:
                home.mkdir(mode=0o700)
                os.chown(home, self.uid(name), self.uid(name))

    def write_pam(self, keyinit=True, options="", auth_options=""):
        """The stock stacks of Debian 12 with pam_signin as README says.

        (But for pam_unix's nodelay: nobody needs to wait for us to fail.)
        keyinit=False takes pam_keyinit out; options go to every line of
        pam_signin, auth_options to the auth line alone.
        """
        ours = f"pam_signin.so local_users={','.join(PEOPLE)} {options}"
        write("/etc/pam.d/common-auth", f"""\
auth [success=2 default=ignore] pam_unix.so nullok nodelay
auth [success=1 default=ignore] {ours} use_first_pass {auth_options}
auth requisite pam_deny.so
auth required pam_permit.so
""")
        write("/etc/pam.d/common-account", f"""\
account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so
account requisite pam_deny.so
account required pam_permit.so
account required {ours}
""")
        for name in ("common-session", "common-session-noninteractive"):
            write(f"/etc/pam.d/{name}", f"""\
session [default=1] pam_permit.so
session requisite pam_deny.so
session required pam_permit.so
session required pam_unix.so
session required {ours}
""")
        self._write_keyinit(keyinit)

    @staticmethod
    def _write_keyinit(keyinit):
        for name in ("sshd", "login"):
            path = pathlib.Path("/etc/pam.d", name)
            lines = [line for line in path.read_text().splitlines()
                     if "pam_keyinit" not in line]
            # In login Debian has it before common-session as well.
            place = next(number for number, line in enumerate(lines)
                         if line.split() == ["@include", "common-session"])
            if keyinit:
                lines.insert(place,
                             "session optional pam_keyinit.so force revoke")
            write(path, "\n".join(lines) + "\n")

    def start_as(self, name, *command, **options):
        """Popen as a user, in a session keyring of its own."""
        return subprocess.Popen(
            ["setpriv", f"--reuid={self.uid(name)}",
             f"--regid={self.uid(name)}", "--clear-groups", *command],
            **options)


def write(path, text, mode=0o644):
    path = pathlib.Path(path)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


# ---- logs -------------------------------------------------------------------

class Syslog:
    """/dev/log, read by a thread."""

    def __init__(self, path, copy):
        self.lines = []
        self._changed = threading.Condition()
        self._copy = open(copy, "w", encoding="utf-8")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        os.chmod(path, 0o666)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            line = self._socket.recv(65536).decode(errors="replace")
            line = line.rstrip("\n\0")
            self._copy.write(line + "\n")
            self._copy.flush()
            with self._changed:
                self.lines.append(line)
                self._changed.notify_all()

    def mark(self):
        """A position: wait_for() looks at what comes after it."""
        with self._changed:
            return len(self.lines)

    def wait_for(self, pattern, since=0, timeout=5.0):
        """The first line after `since` that the pattern is found in."""
        pattern = re.compile(pattern)

        def found():
            for line in self.lines[since:]:
                if pattern.search(line):
                    return line
            return None
        with self._changed:
            self._changed.wait_for(found, timeout)
            line = found()
        if line is None:
            raise AssertionError(
                f"no line of syslog matches {pattern.pattern!r}")
        return line

    def tail(self, count):
        with self._changed:
            return list(self.lines[-count:])


# ---- processes --------------------------------------------------------------

def processes():
    """{pid: command line} of every living process of this machine."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            state = pathlib.Path("/proc", entry, "stat").read_text()
            command = pathlib.Path("/proc", entry, "cmdline").read_bytes()
        except OSError:
            continue
        if state.rpartition(")")[2].split()[0] != "Z":
            found[int(entry)] = command.replace(b"\0", b" ").decode(
                errors="replace").strip()
    return found


def alive(pid):
    return pid in processes()


def kill9(pid):
    os.kill(pid, signal.SIGKILL)
