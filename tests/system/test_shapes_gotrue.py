#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The GoTrue shape with preset = supabase: through sshd from sign-in to
logout, against an endpoint that checks every byte of every request."""

import time

import pamcall
from harness import *
from provider import SECRET
from scenarios import refresh_now, wait_until_old_enough
from shapes import (GoTrue, check_dead, check_passwords, check_session,
                    check_user_is_nowhere, whole_session)

LIMITS = "failures_per_user = 1000\nfailures_per_host = 1000"


def set_up(here):
    global machine, gotrue, signind, sshd
    machine = here
    gotrue = GoTrue()
    gotrue.extra = "keep.token_type = /token_type"
    configure(gotrue, limits=LIMITS)
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd()
    write("/etc/pam.d/alone", "auth required pam_signin.so "
          f"local_users={','.join(PEOPLE)}\n")


def refused(user, secret, logged):
    """Turned away; the log says which field decided.  Returns what the
    person read."""
    since = signind.mark()
    code, told = pamcall.authenticate("alone", user, secret, "192.0.2.1")
    check_equal(code, pamcall.AUTH_ERR, "pam_authenticate")
    line = signind.wait_for_log(f"sign-in of {user} ", since)
    for words in logged:
        check(words in line, f"no {words!r} in {line!r}")
    check(secret not in signind.log()[since:], "the password is in the log")
    check_equal(keys.sessions(machine.machine_id), [], "sessions left")
    check_equal(gotrue.still_alive(), [], "tokens left")
    return told


@case("a whole session by each password method, every request exact")
def whole():
    for method in ("kbdint", "password"):
        first, second = whole_session(machine, gotrue, method, apikey=SECRET)
        check(first[1] != second[1], "the refresh token did not rotate")
        end = gotrue.last(gotrue.END)
        check_equal(end["body"], b"", "body of the logout")
        check_equal({name: value for name, value in end["headers"].items()
                     if name != "user-agent"},
                    {"host": f"localhost:{gotrue.port}", "apikey": SECRET,
                     "accept": "application/json", "content-length": "0",
                     "authorization": f"Bearer {second[0]}"},
                    "headers of the logout")


@case("every request has the apikey; without it the endpoint is deaf")
def apikey():
    for one in gotrue.state()["requests"]:
        headers = [value for name, value in one["headers"]
                   if name.lower() == "apikey"]
        check_equal(headers, [SECRET], f"apikey of {one['target']}")
    gotrue.options(apikey="another")
    try:
        code, _ = pamcall.authenticate("alone", "alice", password("alice"))
        check(code != pamcall.SUCCESS, "let in without the right apikey")
        check("header apikey is" in gotrue.state()["faults"][-1],
              "the endpoint did not look at the apikey")
    finally:
        gotrue.options(apikey=SECRET)
        gotrue.test("forgive")


@case("the user object is kept nowhere; keep.NAME keeps what it names")
def user_object():
    check_user_is_nowhere(machine, gotrue)
    shell = SshSession("alice")
    session = check_session(machine, gotrue, shell, "alice")
    check_equal(shell.output("signin get token_type"), "bearer",
                "signin get token_type")
    refresh_now(machine, shell, "alice")
    check_equal(shell.output("signin get token_type"), "bearer",
                "signin get token_type after a refresh")
    shell.logout()
    check_dead(machine, gotrue, session)


@case("in the background, before expiry, the pair changes under the shell")
def background():
    gotrue.options(access_ttl=5)
    try:
        shell = SshSession("bob")
        first = check_session(machine, gotrue, shell, "bob").refresh_token
        gotrue.forget()
        wait_until(lambda: gotrue.requests(), "a refresh", 6)
        check_equal(gotrue.requests(), [f"POST {gotrue.REFRESH} 200"],
                    "requests")
        wait_until(lambda: live_session(machine, "bob").refresh_token
                   != first, "the new refresh token is stored", 2)
        session = check_session(machine, gotrue, shell, "bob")
        shell.logout()
        check_dead(machine, gotrue, session)
    finally:
        gotrue.options(access_ttl=3600)


@case("the access token has expired at logout: refreshed once, then logout")
def expired_at_logout():
    gotrue.options(access_ttl=4)
    shell = SshSession("alice")
    session = check_session(machine, gotrue, shell, "alice")
    old, expires = session.access_token, int(session.session["expires_at"])
    gotrue.options(fail=503)
    wait_until(lambda: time.time() > expires + 0.2, "it has expired", 8)
    check(old not in gotrue.state()["access"], "the token is still alive")
    shell.logout()
    gotrue.forget()
    gotrue.options(fail=0, access_ttl=3600)
    wait_for_no_session(machine, session.id, 20)
    # One more try may have met the 503.
    check_equal([line for line in gotrue.requests()
                 if not line.endswith(" 503")],
                [f"POST {gotrue.REFRESH} 200", f"POST {gotrue.END} 204"],
                "requests")
    sent = gotrue.last(gotrue.END)["headers"]["authorization"]
    check(sent.startswith("Bearer ") and sent != f"Bearer {old}",
          "the logout was sent with the expired token")
    check_equal(gotrue.still_alive(), [], "tokens alive")


@case("logout ends this session alone (scope=local)")
def local_scope():
    shells = [SshSession("alice"), SshSession("alice")]
    check_equal(len(gotrue.state()["refresh"]), 2, "sessions there")
    shells[0].logout()
    wait_until(lambda: len(gotrue.state()["refresh"]) == 1, "one is left")
    check_session(machine, gotrue, shells[1], "alice")
    session = live_session(machine, "alice")
    shells[1].logout()
    check_dead(machine, gotrue, session)


@case("ended at the provider meanwhile: logout is done with the 403")
def ended_elsewhere():
    for older, status in ((False, 403), (True, 401)):
        gotrue.options(older=older)
        shell = SshSession("alice")
        session = check_session(machine, gotrue, shell, "alice")
        gotrue.test("end")
        gotrue.forget()
        shell.logout()
        wait_for_no_session(machine, session.id)
        check_equal(gotrue.requests(), [f"POST {gotrue.END} {status}"],
                    "requests")
    gotrue.options(older=False)


@case("wrong password, unknown e-mail, banned: each by its field, and no word "
      "that tells them apart")
def wrong_password():
    told = {refused("alice", "not-her-password",
                    ("400", "/error_code=invalid_credentials",
                     "wrong_credentials")),
            refused("mallory", "any-password",
                    ("400", "/error_code=invalid_credentials"))}
    gotrue.options(banned=["bob"])
    told.add(refused("bob", password("bob"),
                     ("400", "/error_code=user_banned", "account_disabled")))
    gotrue.options(banned=[])
    check_equal(told, {""}, "what a stranger was told")
    try:
        SshSession("alice", "kbdint", "not-her-password")
        raise AssertionError("let in with a wrong password")
    except LoginFailed as failure:
        check("Permission denied" in str(failure), f"ssh said {failure}")


@case("older servers: 400 invalid_grant at sign-in and refresh")
def older_server():
    gotrue.options(older=True)
    try:
        refused("alice", "not-her-password",
                ("400", "/error=invalid_grant", "wrong_credentials"))
        shell = SshSession("alice")
        session = check_session(machine, gotrue, shell, "alice")
        gotrue.test("end")
        wait_until_old_enough(machine, "alice")
        since = signind.mark()
        status, text = shell.run("signin refresh")
        check_equal(status, 5, f"status of a refused refresh ({text})")
        signind.wait_for_log("/error=invalid_grant is result.refused", since)
        shell.logout()
        wait_for_no_session(machine, session.id)
    finally:
        gotrue.options(older=False)


@case("a refresh token that is not known any more: sign in again")
def refresh_refused():
    shell = SshSession("alice")
    session = check_session(machine, gotrue, shell, "alice")
    gotrue.test("end")
    wait_until_old_enough(machine, "alice")
    since = signind.mark()
    status, text = shell.run("signin refresh")
    check_equal(status, 5, f"status of a refused refresh ({text})")
    check("sign in again" in text, f"no advice: {text}")
    signind.wait_for_log("/error_code=refresh_token_not_found is "
                         "result.refused", since)
    status, _ = shell.run("signin token")
    check(status != 0, "a token is handed out after the refusal")
    shell.logout()
    wait_for_no_session(machine, session.id)


@case("banned during the session: the next refresh ends its tokens")
def banned_later():
    shell = SshSession("bob")
    session = check_session(machine, gotrue, shell, "bob")
    gotrue.options(banned=["bob"])
    try:
        wait_until_old_enough(machine, "bob")
        since = signind.mark()
        status, text = shell.run("signin refresh")
        check_equal(status, 5, f"status of a refused refresh ({text})")
        signind.wait_for_log("/error_code=user_banned", since)
    finally:
        gotrue.options(banned=[])
    shell.logout()
    check_dead(machine, gotrue, session)


@case("429 at sign-in: not the person's fault, and how long to wait")
def slow_down():
    gotrue.options(slow_down=7)
    try:
        since = signind.mark()
        code, told = pamcall.authenticate("alone", "alice", password("alice"))
        check_equal(code, pamcall.AUTHINFO_UNAVAIL, "pam_authenticate")
        check("asked too often" in told and "7 seconds" in told,
              f"told {told!r}")
        signind.wait_for_log("sign-in of alice .*429", since)
        code, told = pamcall.authenticate("alone", "alice", password("alice"),
                                          "192.0.2.1")
        check_equal((code, told), (pamcall.AUTHINFO_UNAVAIL, ""),
                    "what somebody far away is told")
    finally:
        gotrue.options(slow_down=0)
        signind.restart()  # it forgets what it was told to wait


@case("429 at a refresh: Retry-After is obeyed, the session goes on")
def slow_down_refresh():
    shell = SshSession("alice")
    session = check_session(machine, gotrue, shell, "alice")
    first = session.access_token
    wait_until_old_enough(machine, "alice")
    gotrue.options(slow_down=4)
    gotrue.forget()
    status, _ = shell.run("signin refresh")
    check(status != 0, "signin refresh says that a 429 is fine")
    refused_at = gotrue.last(gotrue.REFRESH)["at"]
    gotrue.options(slow_down=0)
    gotrue.forget()
    wait_until(lambda: gotrue.requests(), "the next try", 12)
    again = gotrue.last(gotrue.REFRESH)
    check(again["at"] - refused_at >= 4, "asked before Retry-After was over: "
          f"after {again['at'] - refused_at:.1f} s")
    check_equal(again["status"], 200, "status of the next try")
    wait_until(lambda: session.access_token != first, "a new token", 2)
    check_session(machine, gotrue, shell, "alice")
    shell.logout()
    check_dead(machine, gotrue, session)


@case("an answer that names somebody else: refused, its tokens revoked")
def names_another():
    gotrue.options(name_as="bob")
    gotrue.forget()
    try:
        since = signind.mark()
        code, told = pamcall.authenticate("alone", "alice", password("alice"),
                                          "192.0.2.1")
        check_equal((code, told), (pamcall.AUTH_ERR, ""), "pam_authenticate")
        signind.wait_for_log('identity_mismatch.*/user/email names '
                             '"bob@example.org"', since)
        wait_until(lambda: not gotrue.still_alive(), "its tokens are revoked")
        check_equal(gotrue.requests(), [f"POST {gotrue.SIGN_IN} 200",
                                        f"POST {gotrue.END} 204"], "requests")
        check_equal(keys.sessions(machine.machine_id), [], "sessions left")
    finally:
        gotrue.options(name_as=None)


@case("a refresh that names somebody else: the session's tokens end")
def refresh_names_another():
    shell = SshSession("alice")
    session = check_session(machine, gotrue, shell, "alice")
    wait_until_old_enough(machine, "alice")
    gotrue.options(name_as="bob")
    try:
        since = signind.mark()
        status, text = shell.run("signin refresh")
        check_equal(status, 5, f"signin refresh ({text})")
        signind.wait_for_log("access:/sub names", since)
    finally:
        gotrue.options(name_as=None)
    wait_until(lambda: not gotrue.still_alive(), "its tokens are revoked")
    shell.logout()
    wait_for_no_session(machine, session.id)


@case("passwords of every kind arrive byte by byte")
def passwords():
    since = signind.mark()
    check_passwords(machine, gotrue)
    check("ä" not in signind.log()[since:], "a password is in the log")


@case("no request was out of shape")
def no_faults():
    gotrue.check_no_faults()


main(set_up)
