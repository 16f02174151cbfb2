#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""./bootstrap demo: one whole session, shown step by step.

Everything runs in private namespaces on this host: Debian's glewlwyd as the
identity provider and as the directory of its users, the real sshd and ssh,
signind as its own user.  alice has no account on this host.  Access tokens
live 6 seconds, so that a renewal can be watched.
"""

import pathlib
import subprocess
import sys
import time

import keys
import machine
import tap
from daemon import Signind
from directories import GlewlwydPeople, configure_people, secret
from external import External, wait_for_person
from logins import LoginFailed, Sshd, SshSession
from machine import write

# What an administrator writes for it: the preset has the rest.
DIRECTORY = """\
preset = glewlwyd
base_url = {url}/api
authorization = token {{{{secret.directory}}}}
ca_file = /etc/signin/directory-ca.crt
"""

_started = time.monotonic()
_step = 0


def step(text):
    global _step
    _step += 1
    print(f"\n[{time.monotonic() - _started:4.1f} s] {_step}. {text}",
          flush=True)


def show(text):
    for line in text.rstrip("\n").splitlines():
        print(f"        {line}", flush=True)


def in_session(shell, command, shown=None):
    print(f"    alice$ {shown or command}", flush=True)
    status, text = shell.run(command)
    show(text)
    tap.check(status == 0, f"{command}: status {status}")
    return text.strip()


def root(command):
    print(f"    root# {command}", flush=True)
    show(subprocess.run(command, shell=True, text=True, check=False,
                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT).stdout)


def use_directory(provider):
    """The key for glewlwyd's API, and the certificate to trust."""
    secret("directory", provider.directory_secret)
    write("/etc/signin/directory-ca.crt",
          pathlib.Path(provider.ca_file).read_text(encoding="utf-8"))


def introspect(provider, tokens):
    """Ask the provider itself, as RFC 7662 has it."""
    for name, token in tokens.items():
        answer = provider.introspect(token)
        user = f", username={answer['username']}" if "username" in answer \
            else ""
        print(f"    {provider.name} on the {name}: "
              f"active={str(answer['active']).lower()}{user}", flush=True)
    return [provider.alive(token) for token in tokens.values()]


def demo(here):
    step("A provider, sshd and signind, in namespaces of their own")
    provider = GlewlwydPeople("short")  # access tokens live 6 s
    configure_people(here, provider, DIRECTORY.format(url=provider.url),
                     level="info", access="allow_groups = login")
    use_directory(provider)
    signind = Signind(machine_id=here.machine_id)
    Sshd(people=())
    show("provider  https://localhost:4500/api/short  (glewlwyd, TLS)")
    show("sshd      127.0.0.1:2200  (OpenSSH, UsePAM yes, pam_signin.so)")
    user = machine.run("ps", "-o", "user=", "-p", signind.process.pid).strip()
    show(f"signind   pid {signind.process.pid}, running as {user}")
    show("directory " + provider.url + "/api/user/  (the same glewlwyd)")

    step("alice has never been here; the directory knows her, so NSS does")
    root("grep -c ^alice: /etc/passwd /etc/group; ls /home")
    root("grep -E '^(passwd|group):' /etc/nsswitch.conf")
    wait_for_person("alice")
    root("getent passwd alice")
    root("id alice")
    root("signin user alice")

    step("alice types a wrong password")
    print("    $ ssh -p 2200 alice@localhost", flush=True)
    try:
        SshSession("alice", "kbdint", "not-her-password")
        raise AssertionError("a wrong password was accepted")
    except LoginFailed as failure:
        show(str(failure))
    show("syslog: " + here.syslog.wait_for("pam_signin.*wrong_credentials")
         .partition(": ")[2])

    step("alice logs in with the password that only the provider knows")
    print("    $ ssh -p 2200 alice@localhost", flush=True)
    shell = SshSession("alice", "kbdint")
    in_session(shell, "id -un; pwd")

    step("Her session keyring: the kernel holds the token, no file does")
    in_session(shell, "keyctl show @s")
    in_session(shell, "signin status")

    step("She calls the provider with it; no token on a command line")
    in_session(shell, f"curl -sS --cacert /etc/signin/{provider.name}-ca.crt "
               f"-H @<(signin header) {provider.url}/api/short/userinfo",
               "curl -H @<(signin header) "
               "https://localhost:4500/api/short/userinfo")

    step("The provider's word (introspection)")
    session = next(found for found in keys.sessions(here.machine_id)
                   if found.user == "alice")
    tokens = {"access token": session.access_token,
              "refresh token": session.refresh_token}
    tap.check(all(introspect(provider, tokens)), "not alive")

    step("A renewal in the background changes the token under the shell")
    fingerprint = "keyctl pipe %user:signin:access_token | sha256sum | cut -c-16"
    before = in_session(shell, fingerprint)
    wait = "while [ $(%s) = %s ]; do sleep 0.1; done" % (fingerprint, before)
    shell.output(wait, 20)
    print("        ... a few seconds later, nobody asked for anything",
          flush=True)
    after = in_session(shell, fingerprint)
    tap.check(before != after, "the token is the same")
    in_session(shell, "signin status")

    step("alice logs out")
    session = next(found for found in keys.sessions(here.machine_id)
                   if found.user == "alice")
    tokens = {"access token": session.access_token,
              "refresh token": session.refresh_token}
    print("    alice$ exit", flush=True)
    shell.logout()
    tap.wait_until(lambda: not keys.sessions(here.machine_id),
                   "the keys gone", 20)
    show("in the kernel: nothing of the session is left")

    step("The provider's word again")
    tap.check(not any(introspect(provider, tokens)), "still alive")
    # The access token that was replaced early lives out its 6 seconds.
    tap.wait_until(lambda: not any(map(provider.alive,
                                       provider.proxy.issued)),
                   "the death of every token", 10)
    print(f"    {provider.name} on all {len(provider.proxy.issued)} tokens "
          "it has issued: active=false", flush=True)
    tap.check_equal(signind.stop(), 0, "exit status of signind")


def main():
    machine.enter()
    with External() as here:
        try:
            demo(here)
        except Exception:
            tap.fail_set_up()
            return 1
    print(f"\nDone in {time.monotonic() - _started:.0f} s. "
          "The machine is as it was.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
