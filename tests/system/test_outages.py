#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The provider's bad days: it hangs, resets, lies half answered; its name
server is a black hole; somebody floods signind.  Nobody else notices, nothing
is asked twice, and all comes back by itself."""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import time

import pamcall
from faultproxy import DeafResolver, FaultProxy
from harness import *
from scenarios import check_session, wait_until_old_enough

LIMITS = "failures_per_user = 1000\nfailures_per_host = 1000\n"
# What a hanging provider may cost here.
TIGHT = ("connect_timeout = 1s\nrequest_timeout = 1s\n"
         "sign_in_timeout = 2s\n")
LOCAL_PASSWORD = "of-this-host-Passw0rd"

# What signind must see as "no answer", and whether the provider has had the
# request all the same.
HANGS = {"refuse": 0, "black hole": 0, "stall handshake": 0,
         "stall request": 1, "truncate": 1, "reset request": 0,
         "reset answer": 1}
HARMLESS = ("reset afterwards", "delay")


class Behind:
    """The provider behind a FaultProxy of its own, under a name of its own."""

    def __init__(self, number, fault, plugin="fixed"):
        self.fault = fault
        self.name = re.sub("[^a-z]", "-", fault)
        self.ca_file = glewlwyd.ca_file
        self.plugin = plugin
        self.host = "localhost"
        self.proxy = FaultProxy(4700 + number, glewlwyd.port)

    def configuration(self):
        text = glewlwyd.configuration()
        text = text.replace(glewlwyd.url,
                            f"https://{self.host}:{self.proxy.port}")
        text = text.replace("/api/fixed", f"/api/{self.plugin}")
        return text.replace("client_secret = glewlwyd",
                            f"client_secret = {self.name}")


def set_up(here):
    global machine, glewlwyd, providers, signind
    machine = here
    glewlwyd = Glewlwyd("fixed")  # tokens live 300 s, and do not rotate
    names = (*HANGS, *HARMLESS, "quiet")
    providers = {fault: Behind(number, fault)
                 for number, fault in enumerate(names)}
    providers["short"] = Behind(len(names), "short", "short")
    make_local_account("harry")
    # DNS is asked for what /etc/hosts does not have; and nobody answers.
    nsswitch = pathlib.Path("/etc/nsswitch.conf")
    write(nsswitch, nsswitch.read_text().replace("hosts: files",
                                                 "hosts: files dns"))
    # It tries for ever, as far as this test is concerned.
    write("/etc/resolv.conf", "nameserver 127.0.0.1\n"
          "options timeout:30 attempts:5\n")
    use("quiet")
    # Room for those it should let in, not for all who come in a flood.
    signind = Signind("prlimit", "--nofile=1024:1024",
                      machine_id=here.machine_id)
    Sshd()
    for name, one in providers.items():
        write(f"/etc/pam.d/by-{one.name}", "auth required pam_signin.so "
              f"provider={one.name} no_session "
              f"local_users={','.join(PEOPLE)}\n")


def make_local_account(name):
    """Somebody whom this host alone knows."""
    uid = machine.first_uid + 9
    for path, line in (("passwd", f"{name}:x:{uid}:{uid}::/home/{name}:"
                        "/bin/bash"), ("shadow", f"{name}:*:19000:0:99999:7:::"),
                       ("group", f"{name}:x:{uid}:"), ("gshadow",
                                                       f"{name}:!::")):
        with open(f"/etc/{path}", "a", encoding="utf-8") as file:
            file.write(line + "\n")
    home = pathlib.Path("/home", name)
    home.mkdir(mode=0o700)
    os.chown(home, uid, uid)
    run("sh", "-c", f"echo {name}:{LOCAL_PASSWORD} | chpasswd")


def use(default, extra=""):
    """Configure all of them; new sessions are this one's."""
    first = providers[default]
    rest = [one for one in providers.values() if one is not first]
    configure(first, *rest, limits=LIMITS, extra=extra)


def switch(default, extra=""):
    use(default, extra)
    signind.reload()


def clear():
    for one in providers.values():
        one.proxy.set(None)


def lines(pattern, since):
    return [line for line in signind.log()[since:].splitlines()
            if re.search(pattern, line)]


def others_notice_nothing(shell):
    """A local login, a token that is fresh, and signind's own answers."""
    local = SshSession("harry", secret=LOCAL_PASSWORD)
    check_equal(local.output("id -un"), "harry", "the local user")
    local.logout()
    check(shell.output("signin token"), "no token")
    check("alice" in run("signin", "sessions"), "signin sessions")


# ---- sign-in --------------------------------------------------------------------

def sign_in(name):
    return pamcall.authenticate(f"by-{providers[name].name}", "alice",
                                password("alice"))


@case("sign-in: each fault ends it in time, and nothing is asked twice")
def faults_at_sign_in():
    switch("quiet", TIGHT)
    asked = glewlwyd.sign_ins()
    for fault in HANGS:
        providers[fault].proxy.set(fault)
    try:
        with concurrent.futures.ThreadPoolExecutor(len(HANGS)) as pool:
            answers = dict(zip(HANGS, pool.map(sign_in, HANGS)))
        for fault, (code, told) in answers.items():
            check_equal(code, pamcall.AUTHINFO_UNAVAIL, fault)
            check("cannot be reached" in told, f"{fault}: told {told!r}")
            proxy = providers[fault].proxy
            check(proxy.accepted <= 1 and proxy.requests <= 1,
                  f"{fault}: {proxy.accepted} connections, "
                  f"{proxy.requests} requests")
        check_equal(glewlwyd.sign_ins() - asked, sum(HANGS.values()),
                    "sign-ins that the provider was asked for")
    finally:
        clear()


@case("sign-in: a late answer, and a reset after it, are as good as any")
def harmless_at_sign_in():
    switch("quiet")
    asked = glewlwyd.sign_ins()
    for fault in HARMLESS:
        providers[fault].proxy.set(fault)
    for fault in HARMLESS:
        check_equal(sign_in(fault)[0], pamcall.SUCCESS, fault)
    check_equal(glewlwyd.sign_ins() - asked, len(HARMLESS), "sign-ins")
    clear()


@case("while a sign-in hangs: local users, sessions and signind answer")
def one_hangs():
    shell = SshSession("alice")
    hole = providers["black hole"].proxy
    hole.set("black hole")
    met = hole.accepted
    with concurrent.futures.ThreadPoolExecutor() as pool:
        hanging = pool.submit(sign_in, "black hole")
        wait_until(lambda: hole.accepted > met, "the sign-in hangs")
        others_notice_nothing(shell)
        check(not hanging.done(), "it did not hang")
        hole.set("refuse")
        check_equal(hanging.result()[0], pamcall.AUTHINFO_UNAVAIL, "its end")
    clear()
    shell.logout()


# ---- refresh and revocation --------------------------------------------------------

@case("refresh: each fault leaves the token, and the next one succeeds; "
      "logout: it is told in the end")
def faults_at_refresh_and_revocation():
    faults = (*HANGS, *HARMLESS)
    shells = {}
    for fault in faults:
        switch(fault)
        shells[fault] = SshSession("alice")
    tokens = {fault: shell.output("signin token")
              for fault, shell in shells.items()}
    switch("quiet", TIGHT)
    time.sleep(2.05)  # what is younger is not renewed, whoever asks
    refresh_each(shells, tokens)
    revoke_each(shells)


def refresh_each(shells, tokens):
    asked = glewlwyd.refreshes()
    before = {}
    for fault in HANGS:
        before[fault] = providers[fault].proxy.requests
        providers[fault].proxy.set(fault)
    with concurrent.futures.ThreadPoolExecutor(len(HANGS)) as pool:
        statuses = dict(zip(HANGS, pool.map(
            lambda fault: shells[fault].run("signin refresh"), HANGS)))
    for fault, (status, text) in statuses.items():
        check_equal(status, 4, f"{fault}: signin refresh ({text})")
        check_equal(shells[fault].output("signin token"), tokens[fault],
                    f"{fault}: the token")
        check("unreachable" in shells[fault].output("signin status"),
              f"{fault}: signin status")
        check(providers[fault].proxy.requests - before[fault] <= 1,
              f"{fault}: sent more than once")
    check_equal(glewlwyd.refreshes() - asked, sum(HANGS.values()),
                "refreshes that the provider was asked for")
    clear()
    switch("quiet")
    for fault in HARMLESS:
        providers[fault].proxy.set(fault)
    asked = glewlwyd.refreshes()
    with concurrent.futures.ThreadPoolExecutor(len(shells)) as pool:
        list(pool.map(lambda shell: shell.output("signin refresh"),
                      shells.values()))
    check_equal(glewlwyd.refreshes() - asked, len(shells), "refreshes")
    for fault, shell in shells.items():
        check(shell.output("signin token") != tokens[fault],
              f"{fault}: no fresh token")
        check("unreachable" not in shell.output("signin status"), fault)
    clear()


def revoke_each(shells):
    """Each fault strikes the first revocation; later ones succeed."""
    switch("quiet", TIGHT)
    mine = {session.ring: session for session in
            keys.sessions(machine.machine_id)}
    held = [token for session in mine.values()
            for token in (session.access_token, session.refresh_token)]
    check_equal(len(mine), len(shells), "sessions in the kernel")
    for fault in shells:
        providers[fault].proxy.set(
            fault, None if fault == "refuse" else 1)
    for shell in shells.values():
        shell.logout()
    for ring in mine:
        wait_until(lambda: keys.describe(ring) is None, "S dead at once")
    wait_until(lambda: providers["refuse"].proxy.set(None) or
               not keys.sessions(machine.machine_id), "keys gone", 40)
    check_equal([token for token in held if glewlwyd.alive(token)], [],
                "tokens that live on")
    clear()


# ---- an outage that outlasts the token ----------------------------------------------

READ = "keyctl pipe %user:signin:access_token"


@case("an outage beyond expiry: said once, and all comes back by itself")
def outage():
    switch("quiet")
    fresh = SshSession("alice")
    switch("short")
    shells = [SshSession(name) for name in ("alice", "bob", "carol", "bob")]
    switch("short", TIGHT)
    since = signind.mark()
    proxy = providers["short"].proxy
    proxy.set("black hole")
    tokens = {shell: shell.output(READ) for shell in shells}
    wait_until(lambda: all(dead_or(shell, tokens) for shell in shells),
               "every token expired in its place", 15)
    signind.wait_for_log("provider short does not answer: .*its sessions wait",
                         since)
    for shell in shells:
        status, text = shell.run("signin status")
        check(status == 4 and "provider unreachable since" in text,
              f"signin status: {status} {text}")
        check_equal(shell.run("signin token")[0], 4, "status of signin token")
    others_notice_nothing(fresh)
    proxy.set(None)
    # Nobody asks for it.
    wait_until(lambda: any(shell.run(READ)[0] == 0 for shell in shells),
               "a token is back by itself", 45)
    signind.wait_for_log("provider short answers again, after", since)
    for shell in shells:
        wait_until(lambda: shell.run("signin token")[0] == 0, "its token", 10)
        shell.logout()
    fresh.logout()
    check_equal(len(lines("provider short does not answer", since)), 1,
                "lines on the outage")
    check_equal(len(lines("provider short answers again, after", since)), 1,
                "lines on its end")


def dead_or(shell, tokens):
    """Has the token expired?  Until then it is the one that it was."""
    status, text = shell.run(READ)
    check(status != 0 or text == tokens[shell],
          "another token, while the provider is away")
    return status != 0


@case("a resolver that never answers: in time, nothing waits, signind stops")
def no_resolver():
    switch("quiet")
    shell = SshSession("alice")
    resolver = DeafResolver()
    one = providers["black hole"]
    one.host = "idp.example.test"
    try:
        switch("quiet", TIGHT)
        check_equal(sign_in("black hole")[0], pamcall.AUTHINFO_UNAVAIL,
                    "pam_authenticate")
        resolver.wait_for_question()
        switch("quiet")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            hanging = pool.submit(sign_in, "black hole")
            resolver.wait_for_question()
            others_notice_nothing(shell)
            check(not hanging.done(), "it did not hang")
            check_equal(signind.stop(), 0, "status of signind")
            check_equal(hanging.result()[0], pamcall.AUTHINFO_UNAVAIL,
                        "its end")
    finally:
        one.host = "localhost"
        use("quiet")
        if signind.process.poll() is not None:
            signind.start()
    shell.logout()


# ---- a flood ---------------------------------------------------------------------

FLOOD = pathlib.Path(__file__).with_name("flood.py").read_text()


@case("a flood by one uid: root signs people in, others get their tokens")
def flood():
    switch("quiet")
    other = SshSession("bob")
    wait_until_old_enough(machine, "bob")
    flooders = [machine.start_as("mallory", "python3", "-c", FLOOD,
                                 stdout=subprocess.PIPE) for _ in "abc"]
    try:
        for one in flooders:
            check_equal(one.stdout.readline(), b"begun\n", "the flood")
            check_equal(one.stdout.readline(), b"going\n", "the flood")
        shell = SshSession("alice")
        session = check_session(machine, glewlwyd, shell, "alice")
        # Through the very door that is flooded.
        check(other.output("signin token"), "bob's token")
        other.output("signin refresh")
        for one in flooders:
            check(one.poll() is None, "the flood has ended")
        shell.logout()
        wait_for_no_session(machine, session.id)
    finally:
        for one in flooders:
            one.kill()
            one.wait()
    other.logout()
    check(signind.process.poll() is None, "signind has ended")


main(set_up)
