#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Two real servers of the Django world, as Debian 12 has them, through sshd
from sign-in to logout: REST framework with simplejwt (preset = simplejwt) and
OAuth Toolkit (preset = oauth-toolkit)."""

import base64
import json

import pamcall
from djangoidp import Django
from harness import *
from scenarios import refresh_now, wait_until_old_enough

LIMITS = "failures_per_user = 1000\nfailures_per_host = 1000"
ODD = '","admin":true,"x":"&password=%0d%0a+\\{{user}}pässwörd'


def set_up(here):
    global machine, django, signind, sshd
    machine = here
    django = Django()
    configure(django, limits=LIMITS)
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd()
    write("/etc/pam.d/alone", "auth required pam_signin.so "
          f"local_users={','.join(PEOPLE)}\n")


def use(preset):
    django.preset = preset
    configure(django, limits=LIMITS)
    signind.restart()


def session_of(shell, user):
    session = live_session(machine, user)
    access, refresh = session.access_token, session.refresh_token
    check(django.alive(access), "the access token is not alive")
    check(django.alive(refresh), "the refresh token is not alive")
    check_equal(shell.output("signin token"), access, "signin token")
    check_equal(shell.output("signin header"), django.header + access,
                "signin header")
    return session, access, refresh


def whole_session(method, sign_in, refresh, revoke, rotates=True):
    """Returns (session, its pairs of tokens); the session is over."""
    django.forget()
    shell = SshSession("alice", method)
    session, *first = session_of(shell, "alice")
    refresh_now(machine, shell, "alice")
    session, *second = session_of(shell, "alice")
    check(first[0] != second[0], "the refresh brought no new token")
    if rotates:
        check(first[1] != second[1], "the refresh token did not rotate")
        check(not django.alive(first[1]), "the spent refresh token lives")
    shell.logout()
    wait_for_no_session(machine, session.id)
    check(not django.alive(second[1]), "the refresh token lives after logout")
    check(keys.describe(session.ring) is None, "S is still there")
    check_equal(django.requests(), [*sign_in, *refresh, *revoke],
                "requests of a session")
    return first, second


def refused(user, secret, *logged):
    since = signind.mark()
    code, told = pamcall.authenticate("alone", user, secret, "192.0.2.1")
    check_equal((code, told), (pamcall.AUTH_ERR, ""), f"sign-in of {user}")
    line = signind.wait_for_log(f"sign-in of {user} ", since)
    for words in ("wrong_credentials", *logged):
        check(words in line, f"no {words!r} in {line!r}")
    check_equal(keys.sessions(machine.machine_id), [], "sessions left")


def odd_password():
    """A password that forms and JSON must encode, sent by both methods."""
    django.user("carol", password=ODD)
    for method in ("kbdint", "password"):
        shell = SshSession("carol", method, ODD)
        session, _, refresh = session_of(shell, "carol")
        shell.logout()
        wait_for_no_session(machine, session.id)
        check(not django.alive(refresh), "the refresh token lives on")


# ---- simplejwt ----------------------------------------------------------------

@case("simplejwt: a whole session by each password method")
def simplejwt():
    for method in ("kbdint", "password"):
        whole_session(method, ["POST /api/token/ 200"],
                      ["POST /api/token/refresh/ 200"],
                      ["POST /api/token/blacklist/ 200"])


@case("simplejwt: signin header is accepted by the project's own API")
def simplejwt_api():
    shell = SshSession("bob")
    session, *_ = session_of(shell, "bob")
    text = shell.output(f"curl -sS --cacert /etc/signin/{django.name}-ca.crt "
                        f"-H \"$(signin header)\" {django.url}/api/me/")
    check_equal(json.loads(text), {"username": "bob"}, "the API's answer")
    shell.logout()
    wait_for_no_session(machine, session.id)


@case("simplejwt: wrong password, unknown and inactive: one 401, no word")
def simplejwt_refused():
    refused("alice", "not-her-password", "401", "No active account found")
    refused("mallory", "any-password", "401")
    refused("dave", password("dave"), "401")


@case("simplejwt: a password of odd characters")
def simplejwt_password():
    odd_password()


@case("simplejwt: blacklisted meanwhile: refresh refused, logout done")
def simplejwt_blacklisted():
    shell = SshSession("alice")
    session, _, refresh = session_of(shell, "alice")
    status, _ = django.ask("/api/token/blacklist/", None,
                           json.dumps({"refresh": refresh}).encode(),
                           **{"Content-Type": "application/json"})
    check_equal(status, 200, "blacklisting by somebody else")
    wait_until_old_enough(machine, "alice")
    since = signind.mark()
    status, text = shell.run("signin refresh")
    check_equal(status, 5, f"signin refresh ({text})")
    signind.wait_for_log("401 refresh: /code=token_not_valid is "
                         "result.refused", since)
    shell.logout()
    wait_for_no_session(machine, session.id)


@case("simplejwt: names nobody without a claim: only accepted_password lets in")
def simplejwt_names_nobody():
    usual = django.identity
    django.identity = "identity.user = access:/no_such_claim"
    use("simplejwt")
    since = signind.mark()
    code, _ = pamcall.authenticate("alone", "alice", password("alice"))
    check_equal(code, pamcall.AUTH_ERR, "an answer that names nobody")
    signind.wait_for_log("identity_mismatch.*nobody is named at "
                         "access:/no_such_claim", since)
    django.identity = "identity.check = accepted_password"
    since = signind.mark()
    use("simplejwt")
    signind.wait_for_log("accepted_password", since)
    shell = SshSession("alice")
    session, *_ = session_of(shell, "alice")
    shell.logout()
    wait_for_no_session(machine, session.id)
    django.identity = usual
    use("simplejwt")


@case("simplejwt: throttled by the server: 429, and how long to wait")
def simplejwt_throttled():
    slow = Django(port=4730, name="slow", LOGIN_RATE="2/min")
    configure(slow, limits=LIMITS)
    signind.restart()
    try:
        for _ in range(2):
            pamcall.authenticate("alone", "alice", "wrong")
        since = signind.mark()
        code, told = pamcall.authenticate("alone", "alice", password("alice"))
        check_equal(code, pamcall.AUTHINFO_UNAVAIL, "pam_authenticate")
        check("Try again in" in told, f"told {told!r}")
        signind.wait_for_log("429 sign_in: result.slow_down", since)
    finally:
        use("simplejwt")


# ---- OAuth Toolkit ------------------------------------------------------------

CLIENT = "Basic " + base64.b64encode(b"pam:pam-s3cret").decode()
SIGN_IN = ["POST /o/token/ 200", "POST /o/introspect/ 200"]


@case("oauth-toolkit: a whole session by each password method")
def toolkit():
    use("oauth-toolkit")
    for method in ("kbdint", "password"):
        first, second = whole_session(
            method, SIGN_IN, ["POST /o/token/ 200"],
            ["POST /o/revoke_token/ 200"])
        # There an access token dies with its refresh token.
        for token in (*first, *second):
            check(not django.alive(token), "a token lives after logout")


@case("oauth-toolkit: introspection names the user, and says what is alive")
def toolkit_introspection():
    shell = SshSession("bob")
    session, access, _ = session_of(shell, "bob")

    def introspect():
        return django.ask("/o/introspect/", {"token": access},
                          Authorization=CLIENT)[1]
    said = introspect()
    check(said["active"] is True and said["username"] == "bob"
          and said["scope"] == "login", f"introspection: {said}")
    shell.logout()
    wait_for_no_session(machine, session.id)
    check_equal(introspect(), {"active": False}, "introspection afterwards")


@case("oauth-toolkit: wrong password, unknown and inactive: invalid_grant")
def toolkit_refused():
    for user, secret in (("alice", "not-her-password"),
                         ("mallory", "any-password"),
                         ("dave", password("dave"))):
        refused(user, secret, "400", "/error=invalid_grant")


@case("oauth-toolkit: a wrong client secret is the administrator's fault")
def toolkit_client():
    write("/etc/signin/secrets/django", "wrong", 0o640)
    signind.restart()
    try:
        since = signind.mark()
        code, _ = pamcall.authenticate("alone", "alice", password("alice"))
        check_equal(code, pamcall.AUTHINFO_UNAVAIL, "pam_authenticate")
        signind.wait_for_log("sign-in of alice .*misconfigured: 401 sign_in",
                             since)
    finally:
        use("oauth-toolkit")


@case("oauth-toolkit: a password of odd characters")
def toolkit_password():
    odd_password()


@case("oauth-toolkit: a refresh token revoked elsewhere: refresh refused")
def toolkit_revoked():
    shell = SshSession("alice")
    session, _, refresh = session_of(shell, "alice")
    django.ask("/o/revoke_token/", {"token": refresh},
               Authorization=CLIENT)
    check(not django.alive(refresh), "the revocation did nothing")
    wait_until_old_enough(machine, "alice")
    since = signind.mark()
    status, text = shell.run("signin refresh")
    check_equal(status, 5, f"signin refresh ({text})")
    signind.wait_for_log("/error=invalid_grant is result.refused", since)
    shell.logout()
    wait_for_no_session(machine, session.id)


main(set_up)
