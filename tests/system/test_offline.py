#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Nobody is at the provider, and people sign in all the same: by what this
host remembers, within its limits, and never against the provider's word."""

import ctypes
import http.server
import os
import pathlib
import re
import ssl
import threading

import pamcall
from directories import GlewlwydPeople
from faultproxy import FaultProxy
from harness import *

STATE = pathlib.Path("/var/lib/signin/offline")
LIMITS = "failures_per_user = 1000\nfailures_per_host = 1000\n"
TIGHT = "connect_timeout = 1s\nrequest_timeout = 1s\nsign_in_timeout = 1s\n"
ON = "cached_sign_in = yes\nattempts = 3\n"
WRONG = "not-the-Passw0rd"
# Nobody was there; or somebody was, and said something.
AWAY = ("refuse", "black hole")
ANSWERS = ("stall handshake", "stall request", "truncate", "reset request",
           "reset answer")
PORT = 4700


class Trouble(http.server.BaseHTTPRequestHandler):
    """A provider that answers every request with one status."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def trouble(port, status, certificate="server"):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Trouble)
    server.status = status
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    folder = glewlwyd.directory
    context.load_cert_chain(folder / f"{certificate}.crt",
                            folder / f"{certificate}.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return port


class Behind:
    """The provider, with a fault proxy before it."""

    name = "corp"

    def __init__(self):
        self.ca_file = glewlwyd.ca_file
        self.proxy = FaultProxy(PORT, glewlwyd.port)

    def configuration(self):
        text = glewlwyd.configuration().replace(
            glewlwyd.url, f"https://localhost:{PORT}")
        return text.replace(f"client_secret = {glewlwyd.name}",
                            "client_secret = corp")


def set_up(here):
    global machine, glewlwyd, corp, signind
    machine = here
    glewlwyd = GlewlwydPeople("fixed")
    corp = Behind()
    use("cached_sign_in = no")
    signind = Signind(machine_id=here.machine_id)
    Sshd()
    write("/etc/pam.d/alone", "auth required pam_signin.so no_session "
          f"local_users={','.join(PEOPLE)}\n")


def use(offline):
    configure(corp, limits=LIMITS, extra=TIGHT, offline=offline)


def switch(offline):
    use(offline)
    signind.reload()


@ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p)
def no_delay(*_):
    """PAM_FAIL_DELAY: nobody guesses here."""


def sign_in(name="alice", secret=None):
    """(code of pam_authenticate, what the person was told)"""
    pam = pamcall.Pam("alone", name, secret or password(name))
    pamcall._pam.pam_set_item(pam._handle, 10, no_delay)
    code = pam.authenticate()
    pam.end(code)
    return code, " ".join(pam.told)


def verifier(name):
    return STATE / run("id", "-u", name).strip()


def remember(name="alice"):
    """An online sign-in, and what is kept of it."""
    since = signind.mark()
    corp.proxy.set(None)
    check_equal(sign_in(name)[0], pamcall.SUCCESS, "online")
    signind.wait_for_log(f"verifier of {name} written", since)


def away(fault="refuse"):
    corp.proxy.set(fault)


def is_offline(name="alice", secret=None):
    code, told = sign_in(name, secret)
    return code == pamcall.SUCCESS and "Signed in offline" in told


def change(name, **what):
    """At the provider, by its administrator."""
    user = glewlwyd._user(name, True, ("openid", "login"))
    glewlwyd._ask(name, {**user, **what}, "PUT")


def wait_until_forgotten(name="alice"):
    wait_until(lambda: not verifier(name).exists(), "the verifier is gone")


@case("cached_sign_in = no: nothing is ever written, nobody gets in")
def switched_off():
    check_equal(sign_in()[0], pamcall.SUCCESS, "online")
    shell = SshSession("alice")
    shell.logout()
    away()
    check_equal(sign_in()[0], pamcall.AUTHINFO_UNAVAIL, "offline")
    check(not STATE.exists(), f"there is {STATE}")


@case("a verifier: of signind alone, yescrypt, and no password anywhere")
def one_file():
    switch(ON)
    remember()
    file = verifier("alice")
    about, folder = file.stat(), STATE.stat()
    owner = int(run("id", "-u", "_signin"))
    check_equal((about.st_uid, about.st_mode & 0o777), (owner, 0o600), "file")
    check_equal((folder.st_uid, folder.st_mode & 0o777), (owner, 0o700),
                "folder")
    text = file.read_text()
    check(re.search(r"^verifier \$y\$jC", text, re.M), text)
    check("name alice\n" in text and "failures 0\n" in text, text)
    for folder, _, names in os.walk("/var/lib/signin"):
        for name in names:
            content = pathlib.Path(folder, name).read_bytes()
            check(password("alice").encode() not in content, f"in {name}")
    check(password("alice") not in signind.log(), "in the log")


@case("only where nobody is at the provider; never after an answer of any "
      "kind")
def which_faults():
    remember()
    for fault in AWAY:
        away(fault)
        check(is_offline(), fault)
    for fault in ANSWERS:
        away(fault)
        code, told = sign_in()
        check_equal(code, pamcall.AUTHINFO_UNAVAIL, f"{fault}: {told}")
    corp.proxy.set(None)
    upstream = corp.proxy.upstream
    answers = {"503": trouble(4711, 503), "500": trouble(4712, 500),
               "untrusted": trouble(4713, 200, "other-name"),
               "404": trouble(4714, 404), "429": trouble(4715, 429)}
    for what, port in answers.items():
        corp.proxy.upstream = port
        code, told = sign_in()
        check_equal(code, pamcall.AUTHINFO_UNAVAIL, f"{what}: {told}")
    corp.proxy.upstream = upstream
    check(verifier("alice").exists(), "it has gone")


@case("a whole session: in offline, tokens when the provider is back")
def whole_session():
    remember("bob")
    away()
    shell = SshSession("bob")
    status, text = shell.run("signin status")
    check(status == 4 and "signed in offline; tokens come when provider corp "
          "answers" in text, f"signin status: {status} {text}")
    status, text = shell.run("signin token")
    check(status == 4 and "signed in offline" in text,
          f"signin token: {status} {text}")
    status, _ = shell.run("keyctl pipe %user:signin:access_token")
    check(status != 0, "a token from nowhere")
    mine = [one for one in keys.sessions(machine.machine_id)
            if one.user == "bob"]
    check_equal(len(mine), 1, "sessions in the kernel")
    corp.proxy.set(None)
    wait_until(lambda: shell.run("signin token")[0] == 0, "tokens", 30)
    session = live_session(machine, "bob")
    check(glewlwyd.alive(session.access_token), "not alive")
    check(glewlwyd.alive(session.refresh_token), "not alive")
    check_equal(shell.output("keyctl pipe %user:signin:access_token"),
                session.access_token, "the token in the session")
    check_equal(shell.run("signin status")[0], 0, "signin status")
    shell.output("sleep 2; signin refresh")
    shell.logout()
    wait_for_no_session(machine, session.id)
    check(not glewlwyd.alive(session.access_token), "it lives on")
    check(not glewlwyd.alive(session.refresh_token), "it lives on")


@case("wrong passwords are counted, and after so many none is right until "
      "an online sign-in")
def attempts():
    remember()
    away()
    for count in (1, 2):
        check_equal(sign_in(secret=WRONG)[0], pamcall.AUTH_ERR, "wrong")
        check(f"failures {count}\n" in verifier("alice").read_text(), "count")
    check(is_offline(), "the right one, before the limit")
    check("failures 2\n" in verifier("alice").read_text(), "count")
    signind.restart()
    check_equal(sign_in(secret=WRONG)[0], pamcall.AUTH_ERR, "wrong")
    check_equal(sign_in()[0], pamcall.AUTHINFO_UNAVAIL, "beyond the limit")
    remember()
    away()
    check(is_offline(), "after an online sign-in")


@case("too old, malformed, of another user or provider: of no use, deleted")
def of_no_use():
    remember()
    text = verifier("alice").read_text()
    away()
    for what, pattern, other in (
            ("too old", r"written_at \d+", "written_at 1000"),
            ("another name", "name alice", "name carol"),
            ("another provider", "provider corp", "provider other"),
            ("another place", "issuer .*", "issuer https://evil.test"),
            ("cut short", "end\n", "")):
        changed = re.sub(pattern, other, text)
        check(changed != text, what)
        verifier("alice").write_text(changed)
        check_equal(sign_in()[0], pamcall.AUTHINFO_UNAVAIL, what)
        check(not verifier("alice").exists(), f"{what}: still there")
        verifier("alice").write_text(text)
        verifier("alice").chmod(0o600)
        os.chown(verifier("alice"), int(run("id", "-u", "_signin")), -1)
        check(is_offline(), f"put back after: {what}")
    later = re.sub(r"seen_at \d+", "seen_at 99999999999", text)
    verifier("alice").write_text(later)
    check_equal(sign_in()[0], pamcall.AUTHINFO_UNAVAIL, "clock set back")
    check(verifier("alice").exists(), "clock set back: deleted")


@case("disabled or with another password at the provider: forgotten at once")
def provider_says_no():
    corp.proxy.set(None)
    remember("carol")
    change("carol", enabled=False)
    check(sign_in("carol")[0] != pamcall.SUCCESS, "disabled")
    wait_until_forgotten("carol")
    away()
    check_equal(sign_in("carol")[0], pamcall.AUTHINFO_UNAVAIL, "offline")
    corp.proxy.set(None)
    change("carol")
    remember("carol")
    change("carol", password="another-Passw0rd")
    # Somebody else's guess says nothing about it.
    check_equal(sign_in("carol", WRONG)[0], pamcall.AUTH_ERR, "wrong")
    check_equal(sign_in("carol")[0], pamcall.AUTH_ERR, "the old one")
    wait_until_forgotten("carol")
    change("carol")


@case("the provider is back and refuses the password: the session is refused")
def refused_later():
    remember("carol")
    away()
    shell = SshSession("carol")
    change("carol", password="another-Passw0rd")
    asked = glewlwyd.sign_ins()
    corp.proxy.set(None)
    wait_until(lambda: "refused" in shell.run("signin status")[1],
               "the session is refused", 30)
    check_equal(shell.run("signin token")[0], 5, "signin token")
    check_equal(glewlwyd.sign_ins() - asked, 1, "sign-ins")
    wait_until_forgotten("carol")
    change("carol")
    shell.logout()


@case("signind is restarted meanwhile: the session stays, without tokens")
def restart():
    remember("bob")
    away()
    shell = SshSession("bob")
    signind.kill9()
    signind.start()
    status, text = shell.run("signin status")
    check(status == 5 and "sign in again for tokens" in text,
          f"signin status: {status} {text}")
    check_equal(shell.run("signin token")[0], 5, "signin token")
    corp.proxy.set(None)
    check_equal(shell.run("signin refresh")[0], 5, "signin refresh")
    shell.logout()
    wait_until(lambda: not keys.sessions(machine.machine_id), "keys gone")


@case("signin users --forget; cached_sign_in = no: all verifiers are deleted")
def forgotten():
    remember("alice")
    remember("bob")
    run("sh", "-c", "signin users --forget bob || :")
    wait_until_forgotten("bob")
    check(verifier("alice").exists(), "alice's as well")
    since = signind.mark()
    switch("cached_sign_in = no")
    check(not STATE.exists(), f"there is {STATE}")
    signind.wait_for_log("cached_sign_in = no: 1 verifier in", since)
    away()
    check_equal(sign_in()[0], pamcall.AUTHINFO_UNAVAIL, "offline")


main(set_up)
