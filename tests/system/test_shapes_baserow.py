#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The Baserow shape with preset = baserow: through sshd from sign-in to
logout, against an endpoint that checks every byte of every request."""

import base64
import json
import time

import pamcall
from harness import *
from scenarios import refresh_now, wait_until_old_enough
from shapes import (Baserow, check_dead, check_passwords, check_session,
                    check_user_is_nowhere, whole_session)

LIMITS = "failures_per_user = 1000\nfailures_per_host = 1000"


def set_up(here):
    global machine, baserow, signind, sshd
    machine = here
    baserow = Baserow()
    configure(baserow, limits=LIMITS)
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd()
    write("/etc/pam.d/alone", "auth required pam_signin.so "
          f"local_users={','.join(PEOPLE)}\n")


def claims(token):
    """What a JWT says, read by the test itself."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@case("a whole session by each password method, every request exact")
def whole():
    for method in ("kbdint", "password"):
        first, second = whole_session(machine, baserow, method)
        check_equal(second[1], first[1],
                    "the refresh token, of which no new one came")
        check_equal(baserow.last(baserow.END)["body"],
                    b'{"refresh_token":"%s"}' % first[1].encode(),
                    "body of the blacklist request")
        check_equal(baserow.state()["refresh"], [], "refresh tokens alive")


@case("the expiry is the JWT's exp, in the record and on the key")
def expiry():
    shell = SshSession("alice")
    session = check_session(machine, baserow, shell, "alice")
    for _ in range(2):
        exp = claims(session.access_token)["exp"]
        check_equal(session.session["expires_at"], str(exp), "expires_at")
        check(time.time() + 3000 < exp < time.time() + 3700, f"exp {exp}")
        check_equal(session.session["subject"], "100", "a number as subject")
        refresh_now(machine, shell, "alice")
    shell.logout()
    check_dead(machine, baserow, session)


@case("the user object is kept nowhere")
def user_object():
    check_user_is_nowhere(machine, baserow)


@case("in the background, before exp, the token changes under the shell")
def background():
    baserow.options(access_ttl=5)
    try:
        shell = SshSession("bob")
        session = check_session(machine, baserow, shell, "bob")
        first, kept = session.access_token, session.refresh_token
        baserow.forget()
        wait_until(lambda: shell.output(
            "keyctl pipe %user:signin:access_token") != first,
            "a new token under the shell", 6)
        check(first in baserow.state()["access"],
              "the old one had already expired")
        check_equal(baserow.requests(), [f"POST {baserow.REFRESH} 200"],
                    "requests")
        check_equal(session.refresh_token, kept, "refresh token")
        check_session(machine, baserow, shell, "bob")
        shell.logout()
        check_dead(machine, baserow, session)
    finally:
        baserow.options(access_ttl=3600)


@case("an expired token is not handed out, and a later one is again")
def expired():
    baserow.options(access_ttl=3)
    shell = SshSession("alice")
    session = check_session(machine, baserow, shell, "alice")
    expires = claims(session.access_token)["exp"]
    baserow.options(fail=503)
    try:
        wait_until(lambda: time.time() > expires + 0.2, "it has expired", 8)
        status, text = shell.run("signin token")
        check_equal(status, 4, f"signin token while it is away ({text})")
        status, _ = shell.run("keyctl pipe %user:signin:access_token")
        check(status != 0, "an expired token can be read")
    finally:
        baserow.options(fail=0, access_ttl=3600)
    wait_until(lambda: shell.run("signin token")[0] == 0, "a fresh one", 20)
    check_session(machine, baserow, shell, "alice")
    shell.logout()
    check_dead(machine, baserow, session)


@case("a server that does rotate: the new refresh token is the one that counts")
def rotating():
    baserow.options(rotate=True)
    try:
        first, second = whole_session(machine, baserow)
        check(first[1] != second[1], "the new refresh token was not taken")
    finally:
        baserow.options(rotate=False)


@case("on the blacklist already: logout is done with the 401")
def blacklisted():
    shell = SshSession("alice")
    session = check_session(machine, baserow, shell, "alice")
    baserow.test("end")
    baserow.forget()
    shell.logout()
    wait_for_no_session(machine, session.id)
    check_equal(baserow.requests(), [f"POST {baserow.END} 401"], "requests")


@case("401: wrong password, unknown e-mail and a deactivated account alike")
def wrong_password():
    baserow.options(deactivated=["bob"])
    try:
        for user, secret in (("alice", "not-her-password"),
                             ("mallory", "any-password"),
                             ("bob", password("bob"))):
            since = signind.mark()
            code, told = pamcall.authenticate("alone", user, secret,
                                              "192.0.2.1")
            check_equal((code, told), (pamcall.AUTH_ERR, ""), user)
            line = signind.wait_for_log(f"sign-in of {user} ", since)
            check("401" in line and "wrong_credentials" in line, line)
            check(secret not in signind.log()[since:],
                  "the password is in the log")
            try:
                SshSession(user, "kbdint", secret)
                raise AssertionError(f"{user} is let in")
            except LoginFailed as failure:
                check("Permission denied" in str(failure), str(failure))
    finally:
        baserow.options(deactivated=[])
    check_equal(keys.sessions(machine.machine_id), [], "sessions left")
    check_equal(baserow.still_alive(), [], "tokens left")


@case("deactivated during the session: the refresh is refused")
def deactivated_later():
    shell = SshSession("bob")
    session = check_session(machine, baserow, shell, "bob")
    wait_until_old_enough(machine, "bob")
    baserow.options(deactivated=["bob"])
    try:
        status, text = shell.run("signin refresh")
        check_equal(status, 5, f"status of a refused refresh ({text})")
        check("sign in again" in text, f"no advice: {text}")
    finally:
        baserow.options(deactivated=[])
    shell.logout()
    check_dead(machine, baserow, session)


@case("429 as this server says it: how long to wait")
def slow_down():
    baserow.options(slow_down=9)
    try:
        code, told = pamcall.authenticate("alone", "alice", password("alice"))
        check_equal(code, pamcall.AUTHINFO_UNAVAIL, "pam_authenticate")
        check("9 seconds" in told, f"told {told!r}")
    finally:
        baserow.options(slow_down=0)
        signind.restart()  # it forgets what it was told to wait


@case("an answer that names somebody else: refused, its token blacklisted")
def names_another():
    baserow.options(name_as="bob")
    baserow.forget()
    try:
        since = signind.mark()
        code, told = pamcall.authenticate("alone", "alice", password("alice"),
                                          "192.0.2.1")
        check_equal((code, told), (pamcall.AUTH_ERR, ""), "pam_authenticate")
        signind.wait_for_log("identity_mismatch.*/user/username names", since)
        wait_until(lambda: not baserow.still_alive(), "its token is dead")
        check_equal(baserow.requests(), [f"POST {baserow.SIGN_IN} 200",
                                         f"POST {baserow.END} 204"],
                    "requests")
    finally:
        baserow.options(name_as=None)


@case("passwords of every kind arrive byte by byte")
def passwords():
    check_passwords(machine, baserow)


@case("no request was out of shape")
def no_faults():
    baserow.check_no_faults()


main(set_up)
