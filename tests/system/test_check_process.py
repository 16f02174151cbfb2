#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""signin check as a process: whose it is, and how it asks for a password."""

import os
import pathlib
import pty
import re
import select
import subprocess
import termios
import time

from harness import *


def set_up(here):
    global machine, glewlwyd
    machine = here
    glewlwyd = Glewlwyd()
    configure(glewlwyd)


@case("talks to nobody as root")
def drops():
    glewlwyd.proxy.trouble = "hang"
    count = len(glewlwyd.proxy.requests)
    process = subprocess.Popen(
        ["signin", "check", "--user", "alice"], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        process.stdin.write(password("alice") + "\n")
        process.stdin.close()
        wait_until(lambda: len(glewlwyd.proxy.requests) > count,
                   "the request")
        check("signind --check" in processes().get(process.pid, ""),
              "it is not signind that asks")
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        for name in ("Uid", "Gid"):
            ids = re.search(f"^{name}:(.*)$", status, re.M).group(1).split()
            check_equal(set(ids), {str(machine.first_uid)}, name)
        check_equal(re.search("^Groups:(.*)$", status, re.M).group(1).split(),
                    [], "groups")
        environment = pathlib.Path(f"/proc/{process.pid}/environ").read_text()
        names = {line.partition("=")[0]
                 for line in environment.split("\0") if line}
        check(names <= {"TERM", "LANG"} | {name for name in names
                                           if name.startswith("LC_")},
              f"environment: {names}")
        check_equal(leaks.search({"password": password("alice")}), [],
                    "leaks while it runs")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        glewlwyd.proxy.trouble = None
        glewlwyd.proxy.stop()
        glewlwyd.proxy.start()


def read_until(fd, pattern, timeout=10):
    text, end = "", time.monotonic() + timeout
    while not re.search(pattern, text):
        ready, _, _ = select.select([fd], [], [], max(0, end -
                                                      time.monotonic()))
        check(ready, f"no {pattern!r} in {text!r}")
        try:
            text += os.read(fd, 4096).decode()
        except OSError:  # Linux: the other side has been closed
            break
    return text


def exit_status(pid):
    """Wait for it, but not for ever."""
    _, status = wait_until(lambda: (end := os.waitpid(pid, os.WNOHANG))[0]
                              and end, f"the end of process {pid}")
    return os.waitstatus_to_exitcode(status)


@case("on a terminal the password is not echoed, not even after ^C")
def terminal():
    def start():
        pid, fd = pty.fork()
        if pid == 0:
            os.execv("/usr/bin/signin", ["signin", "check", "--user", "alice"])
        read_until(fd, "Password of alice at glewlwyd: ")
        return pid, fd
    pid, fd = start()
    os.write(fd, (password("alice") + "\n").encode())
    text = read_until(fd, "all is well|not well")
    check_equal(exit_status(pid), 0, "status")
    check(password("alice") not in text, "the password is echoed")
    check("-> ok: 200 sign_in" in text, text)
    os.close(fd)
    pid, fd = start()
    check(not termios.tcgetattr(fd)[3] & termios.ECHO, "echo is on")
    os.write(fd, b"\x03")
    check_equal(exit_status(pid), -2, "end by ^C")
    check(termios.tcgetattr(fd)[3] & termios.ECHO, "echo stays off")
    os.close(fd)


main(set_up)
