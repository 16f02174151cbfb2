#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Refusals and faults: the PAM code, what the person reads, what stands in
the logs, and that nothing is left behind."""

import concurrent.futures
import pathlib

import pamcall
from harness import *

# Many refusals follow: none of them shall be because of the one before.
LIMITS = ("failures_per_user = 1000\nfailures_per_host = 1000\n"
          "unclaimed_ticket = 5s")


def set_up(here):
    global machine, glewlwyd, signind, sshd
    machine = here
    glewlwyd = Glewlwyd()
    configure(glewlwyd, limits=LIMITS)
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd()
    # The module alone, so that its own code comes back.
    write("/etc/pam.d/alone", "auth required pam_signin.so "
          f"local_users={','.join(PEOPLE)}\n"
          f"account required pam_signin.so local_users={','.join(PEOPLE)}\n")


def ssh_says(user, method, secret):
    try:
        SshSession(user, method, secret)
    except LoginFailed as failure:
        return str(failure)
    raise AssertionError(f"{user} is let in by {method}")


def refused(user, secret, code, says="", logged="", daemon_logged="",
            asked=1):
    """By libpam and by ssh, both methods: the code, the words, the logs.

    asked: sign-ins that may reach the provider per attempt.
    """
    before = glewlwyd.sign_ins()
    syslog, log = machine.syslog.mark(), signind.mark()
    # All at once: each failure costs the person two seconds.
    with concurrent.futures.ThreadPoolExecutor() as pool:
        direct = pool.submit(pamcall.authenticate, "alone", user, secret)
        by_ssh = {method: pool.submit(ssh_says, user, method, secret)
                  for method in ("kbdint", "password")}
    actual, told = direct.result()
    check_equal(actual, code, "pam_authenticate")
    check(says in told, f"told {told!r}, expected {says!r}")
    for method, attempt in by_ssh.items():
        text = attempt.result()
        check("Permission denied" in text, f"ssh said {text!r}")
        # In the password method sshd shows words only after a login.
        if method == "kbdint":
            check(says in text, f"ssh said {text!r}, expected {says!r}")
    check_equal(glewlwyd.sign_ins() - before, 3 * asked, "sign-ins asked")
    if logged:
        machine.syslog.wait_for(r"pam_signin\(sshd:auth\).*" + logged, syslog)
    if daemon_logged:
        signind.wait_for_log(daemon_logged, log)
    check_equal(keys.sessions(machine.machine_id), [], "sessions left")
    check_equal(glewlwyd.still_alive(), [], "tokens left")


@case("right password: PAM_SUCCESS, and unclaimed tokens are revoked")
def right_password():
    code, told = pamcall.authenticate("alone", "alice", password("alice"))
    check_equal(code, pamcall.SUCCESS, "pam_authenticate")
    check_equal(told, "", "what the person was told")
    # pam_end without a session: nobody will claim them.
    wait_until(lambda: not glewlwyd.still_alive(), "unclaimed tokens dead",
               20)
    wait_until(lambda: not keys.sessions(machine.machine_id), "no keys left")


@case("wrong password")
def wrong_password():
    refused("alice", "not-her-password", pamcall.AUTH_ERR,
            logged="wrong_credentials", daemon_logged="alice")


@case("disabled at the provider, and without the scope")
def disabled():
    refused("dave", password("dave"), pamcall.AUTH_ERR, logged="sign-in for sshd")
    refused("erin", password("erin"), pamcall.AUTH_ERR, logged="sign-in for sshd")


@case("a local account the provider does not know")
def unknown_at_provider():
    refused("mallory", "some-password", pamcall.AUTH_ERR,
            logged="wrong_credentials")


@case("an unknown user: sshd's dummy password goes nowhere")
def unknown_user():
    refused("nobody-here", "some-password", pamcall.USER_UNKNOWN, asked=0)


@case("a user whom sshd itself refuses: its dummy password goes nowhere")
def refused_by_sshd():
    before = glewlwyd.sign_ins()
    since = machine.syslog.mark()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for text in pool.map(lambda method: ssh_says(
                "denied", method, password("denied")), ("kbdint", "password")):
            check("Permission denied" in text, f"ssh said {text!r}")
    machine.syslog.wait_for("pam_signin.*not sent anywhere", since)
    check_equal(glewlwyd.sign_ins(), before, "sign-ins asked")


def never_asked(*names):
    """{name: code of pam_authenticate}; no sign-in may reach the provider."""
    before = glewlwyd.sign_ins()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        codes = dict(zip(names, pool.map(
            lambda name: pamcall.authenticate("alone", name, "some-password")
            [0], names)))
    check_equal(glewlwyd.sign_ins(), before, "sign-ins asked")
    return codes


@case("root and system accounts are never asked for")
def system_accounts():
    codes = never_asked("root", "daemon", "_signin")
    check_equal(set(codes.values()), {pamcall.USER_UNKNOWN}, f"{codes}")


@case("empty password: not sent anywhere")
def empty_password():
    refused("alice", "", pamcall.AUTH_ERR, asked=0)


@case("names that are no names: refused at the edge")
def bad_names():
    codes = never_asked("Alice", "alice\n", "../alice", "alice@example.org",
                        "a" * 40, "-alice", "alice\x1b[1m", "al\u00efce")
    check_equal(set(codes.values()), {pamcall.USER_UNKNOWN}, f"{codes}")


@case("not allowed by [access]: the provider is not asked")
def not_allowed():
    configure(glewlwyd, access="allow_users = alice bob\ndeny_users = bob")
    signind.restart()
    refused("bob", password("bob"), pamcall.AUTH_ERR, logged="denied",
            asked=0)
    refused("carol", password("carol"), pamcall.AUTH_ERR, logged="denied",
            asked=0)
    shell = SshSession("alice")
    shell.logout()
    # A public key does not go round the rules.
    try:
        SshSession("bob", "publickey")
        raise AssertionError("bob is let in with his public key")
    except LoginFailed:
        pass
    wait_until(lambda: not glewlwyd.still_alive(), "every token dead")
    wait_until(lambda: not keys.sessions(machine.machine_id), "no keys left")
    configure(glewlwyd, limits=LIMITS)
    signind.restart()


@case("too many failures: throttled here, before the provider is asked")
def throttled():
    configure(glewlwyd, limits="failures_per_user = 3")
    signind.restart()
    before = glewlwyd.sign_ins()
    for _ in range(3):
        pamcall.authenticate("alone", "carol", "wrong")
    check_equal(glewlwyd.sign_ins() - before, 3, "sign-ins asked")
    code, told = pamcall.authenticate("alone", "carol", password("carol"))
    check_equal(code, pamcall.AUTH_ERR, "the fourth, with the right password")
    check("Too many" in told, f"told {told!r}")
    check_equal(glewlwyd.sign_ins() - before, 3, "sign-ins asked")
    configure(glewlwyd, limits=LIMITS)
    signind.restart()


@case("provider down")
def provider_down():
    glewlwyd.proxy.stop()
    try:
        refused("alice", password("alice"), pamcall.AUTHINFO_UNAVAIL,
                says="cannot be reached", logged="unavailable",
                daemon_logged="(?i)connect|refused", asked=0)
    finally:
        glewlwyd.proxy.start()


@case("provider answers 503")
def provider_fails():
    glewlwyd.proxy.trouble = "fail"
    try:
        refused("alice", password("alice"), pamcall.AUTHINFO_UNAVAIL,
                says="cannot be reached", logged="unavailable",
                daemon_logged="503")
    finally:
        glewlwyd.proxy.trouble = None


@case("provider takes the request and never answers: within its deadline")
def provider_hangs():
    configure(glewlwyd, extra="connect_timeout = 1s\nrequest_timeout = 2s\n"
              "sign_in_timeout = 3s\n")
    signind.restart()
    glewlwyd.proxy.trouble = "hang"
    try:
        code, told = pamcall.authenticate("alone", "alice", password("alice"))
        check_equal(code, pamcall.AUTHINFO_UNAVAIL, "pam_authenticate")
        check("cannot be reached" in told, f"told {told!r}")
    finally:
        glewlwyd.proxy.trouble = None
        glewlwyd.proxy.stop()
        glewlwyd.proxy.start()
        configure(glewlwyd, limits=LIMITS)
        signind.restart()


@case("a certificate of another host's name")
def wrong_host_name():
    glewlwyd.proxy.stop()
    glewlwyd.proxy.start("other-name")
    try:
        refused("alice", password("alice"), pamcall.AUTHINFO_UNAVAIL,
                says="", logged="sign-in for sshd",
                daemon_logged="(?i)certificate|host name|subject name",
                asked=0)
    finally:
        glewlwyd.proxy.stop()
        glewlwyd.proxy.start()


@case("a certificate of an authority we do not trust")
def untrusted_authority():
    configure(glewlwyd)
    write("/etc/signin/glewlwyd-ca.crt",
          pathlib.Path(glewlwyd.directory, "other-ca.crt").read_text())
    signind.restart()
    try:
        refused("alice", password("alice"), pamcall.AUTHINFO_UNAVAIL,
                says="", logged="sign-in for sshd",
                daemon_logged="(?i)certificate", asked=0)
    finally:
        configure(glewlwyd, limits=LIMITS)
        signind.restart()


@case("a wrong client secret: the administrator's fault, and said so")
def wrong_client_secret():
    path = pathlib.Path("/etc/signin/secrets/glewlwyd")
    right = path.read_text()
    path.write_text("wrong")
    signind.restart()
    try:
        code, _ = pamcall.authenticate("alone", "alice", password("alice"))
        check(code in (pamcall.AUTHINFO_UNAVAIL, pamcall.AUTH_ERR),
              f"pam_authenticate: {code}")
        signind.wait_for_log("(?i)misconfigured|400|401|client")
    finally:
        path.write_text(right)
        signind.restart()


# An ordinary user's program on the public socket: three connections that ask
# three times each, without waiting, and go.
PIPELINED = r"""
import os, socket, struct
def text(field, value):
    return struct.pack(">HH", field, len(value) + 1) + value.encode() + b"\0"
verify = (struct.pack(">HH", 1, 11) + text(1, "alice")
          + struct.pack(">HHQ", 2, 8, os.getuid()) + text(3, "wrong")
          + text(4, "test"))
for _ in range(3):
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    peer.connect("/run/signin/public")
    for _ in range(3):
        try:
            peer.send(verify)
        except BrokenPipeError:
            pass
    peer.close()
"""


@case("requests sent on top of each other: refused, and signind lives on")
def pipelined():
    since = signind.mark()
    run("setpriv", "--reuid=alice", "--regid=alice", "--clear-groups",
        "python3", "-c", PIPELINED)
    signind.wait_for_log("refused VERIFY", since)
    # Until the provider has answered what was let through.
    wait_until(lambda: "sign-in of alice (service test" in
               signind.log()[since:], "an answer to the first")
    check(signind.process.poll() is None, "signind has ended")


@case("after all that a login works")
def works():
    shell = SshSession("alice")
    check(shell.output("signin token"), "no token")
    shell.logout()
    wait_until(lambda: not glewlwyd.still_alive(), "every token dead")


main(set_up)
