# SPDX-License-Identifier: BSD-2-Clause
"""The small Debian that every box of a test file starts from.

build() makes it once, in memory: Debian's own packages from wherever this
host's APT gets them, what `make install DESTDIR=` staged, the account that
systemd-sysusers makes of our file, the PAM stacks of README, nsswitch.conf,
and alice, whose password and key are this tree's own.  Carol is nowhere in
it: who she is, only a provider knows.
"""

import os
import pathlib
import subprocess

from tap import Skip

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
STAGE = pathlib.Path(os.environ.get("SIGNIN_STAGE",
                                    SOURCE / "build" / "stage"))
# On a tmpfs of this test's mount namespace.
WORK = pathlib.Path("/mnt")
BASE = WORK / "base"
KEY = WORK / "alice"

SUITE = "bookworm"
# The last lines are what signind links.
PACKAGES = ("systemd systemd-sysv libpam-systemd libnss-systemd dbus "
            "openssh-server keyutils iproute2 procps sudo adduser login "
            "passwd "
            "libcurl4 libjansson4 libevent-core-2.1-7 libini-config5 "
            "libsqlite3-0 libcdb1 libssl3 libkeyutils1").split()

PASSWORD = "alice-of-this-host"
# Alice's; nobody else on this machine has it.
UID = 54000
LOCAL, EXTERNAL = "alice", "carol"


def run(*command, **options):
    """subprocess.run that raises with what the command said."""
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("timeout", 120)
    done = subprocess.run([str(word) for word in command], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          errors="replace", check=False, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{command}: status {done.returncode}\n"
                           f"{done.stdout}")
    return done.stdout


def write(path, text, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


# ---- Debian -----------------------------------------------------------------

def _sources():
    """sources.list(5) lines of this host that Debian itself signs.

    From the lists that are there, and not from the files in /etc/apt: those
    may name others' archives, too, which need not be reachable or ours to
    ask.
    """
    def indexes():
        return run("apt-get", "indextargets", "--format",
                   "deb $(REPO_URI) $(RELEASE) $(COMPONENT)",
                   "Origin: Debian", "Created-By: Packages")
    if not indexes():
        _try("apt-get", "update", "-q")
    lines = sorted(set(indexes().splitlines()))
    if not any(f" {SUITE} " in line for line in lines):
        raise Skip(f"APT on this host has no lists of Debian {SUITE}")
    return "\n".join(lines) + "\n"


def _fetching():
    """How this host's APT fetches (proxies, certificates, ...): apt.conf(5).

    Only that: hooks and what to do with packages are the host's business.
    """
    lines = run("apt-config", "dump", "--format", '%F "%v";%n', "Acquire")
    return "".join(line + "\n" for line in lines.splitlines()
                   if line.startswith("Acquire::")
                   and not line.startswith(("Acquire::IndexTargets",
                                            "Acquire::Changelogs")))


def _try(*command):
    """Run what needs Debian's archive: without one there is no test."""
    try:
        return run(*command)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        offline = [line for line in str(error).splitlines()
                   if "Failed to fetch" in line or "Could not resolve" in line
                   or "Could not connect" in line
                   or "timed out" in line]
        if offline:
            raise Skip("cannot reach Debian's archive: "
                       + offline[0].strip()) from error
        raise


def _install_debian():
    write(WORK / "sources.list", _sources())
    write(WORK / "fetching", _fetching())
    _try("mmdebstrap", "--quiet", "--variant=minbase", "--mode=root",
         f"--aptopt={WORK}/fetching", f"--include={','.join(PACKAGES)}",
         SUITE, BASE, WORK / "sources.list")


# ---- signin, as a package would have it ---------------------------------------

def _install_signin():
    run("cp", "-r", "--preserve=mode,links,timestamps", f"{STAGE}/.", BASE)
    run("chroot", BASE, "ldconfig")
    run("chroot", BASE, "systemd-sysusers")
    run("systemctl", f"--root={BASE}", "enable", "signind.service")


def _write_stacks():
    """Debian's stacks with pam_signin as README says."""
    pam = BASE / "etc" / "pam.d"
    write(pam / "common-auth", """\
auth [success=2 default=ignore] pam_unix.so nullok
auth [success=1 default=ignore] pam_signin.so use_first_pass
auth requisite pam_deny.so
auth required pam_permit.so
""")
    for name, kind in (("common-account", "account"),
                       ("common-session", "session"),
                       ("common-session-noninteractive", "session")):
        path = pam / name
        write(path, path.read_text() + f"{kind} required pam_signin.so\n")


def _write_etc():
    etc = BASE / "etc"
    write(etc / "nsswitch.conf", "passwd: files systemd signin\n"
          "group: files systemd signin\nshadow: files\ngshadow: files\n"
          "hosts: files\nservices: files\n")
    write(etc / "hostname", "signin-boot\n")
    write(etc / "hosts", "127.0.0.1 localhost signin-boot\n")
    (etc / "resolv.conf").unlink(missing_ok=True)
    write(etc / "default" / "locale", "LANG=C.UTF-8\n")
    write(etc / "ssh" / "sshd_config.d" / "test.conf",
          "KbdInteractiveAuthentication yes\nUseDNS no\nPrintMotd no\n"
          "PrintLastLog no\n")
    # A name that is nobody's: dbus-daemon asks NSS for it as it starts.
    write(etc / "dbus-1" / "system.d" / "unknown.conf", """\
<!DOCTYPE busconfig PUBLIC
 "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <policy user="nobody-knows-dbus"><allow own="org.example"/></policy>
</busconfig>
""")


def _make_alice():
    run("chroot", BASE, "useradd", "--create-home", "--shell", "/bin/bash",
        "--uid", UID, LOCAL)
    run("chroot", BASE, "chpasswd", stdin=None,
        input=f"{LOCAL}:{PASSWORD}\n")
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY)
    ssh = BASE / "home" / LOCAL / ".ssh"
    ssh.mkdir(mode=0o700)
    write(ssh / "authorized_keys", KEY.with_suffix(".pub").read_text(), 0o600)
    for path in (ssh, ssh / "authorized_keys"):
        os.chown(path, UID, UID)


def build():
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", WORK)
    BASE.mkdir()
    _install_debian()
    _install_signin()
    _write_stacks()
    _write_etc()
    _make_alice()
