#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A provider that signin has never heard of, configured as a new user would
from its documentation: oauth2-mock-server from npm.

What its README says: POST /token takes the password grant and the refresh
grant, no client authentication; POST /revoke (RFC 7009); POST /introspect;
GET /userinfo; access tokens are JWTs.
"""

import pamcall
from harness import *
from mockidp import MockServer
from scenarios import refresh_now, wait_until_old_enough

LIMITS = "failures_per_user = 1000\nfailures_per_host = 1000"

# Written with signin.conf(5) and that README alone.
WORDS = """\
base_url = BASE
client_id = linux-login
scope = login

sign_in.url = {{base_url}}/token
sign_in.format = form
sign_in.body = grant_type=password&username={{login}}&password={{password}}&scope={{scope}}
answer.access_token = /access_token
answer.refresh_token = /refresh_token
answer.expires_in = /expires_in

refresh.url = {{base_url}}/token
refresh.format = form
refresh.body = grant_type=refresh_token&refresh_token={{refresh_token}}

revoke.refresh.url = {{base_url}}/revoke
revoke.refresh.format = form
revoke.refresh.body = token={{refresh_token}}&token_type_hint=refresh_token

userinfo.url = {{base_url}}/userinfo
introspect.url = {{base_url}}/introspect
introspect.format = form
introspect.body = token={{access_token}}

result.wrong_credentials = 400 /error=invalid_grant
refresh.result.refused = 400 /error=invalid_grant
"""
BY_TOKEN = "identity.user = access:/sub\nidentity.subject = access:/sub\n"
BY_USERINFO = "identity.user = userinfo:/sub\nidentity.subject = access:/sub\n"
BY_INTROSPECTION = ("identity.user = introspect:/username\n"
                    "identity.subject = access:/sub\n"
                    "check_at_refresh = introspect\n"
                    "keep.token_type = /token_type\n")


def set_up(here):
    global machine, plain, mock, signind, sshd
    machine = here
    plain = MockServer("plain", 4740, hooks=False)
    mock = MockServer("mock", 4750, hooks=True)
    plain.words = WORDS + BY_TOKEN
    mock.words = WORDS + BY_TOKEN
    configure(mock, plain, limits=LIMITS)
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd()
    write("/etc/pam.d/alone", "auth required pam_signin.so "
          f"local_users={','.join(PEOPLE)}\n")


def use(provider, identity):
    provider.words = WORDS + identity
    configure(provider, limits=LIMITS)
    signind.restart()
    return len(provider.requests())


def whole_session(identity, sign_in, refresh, method="kbdint"):
    seen = use(mock, identity)
    shell = SshSession("alice", method)
    session = live_session(machine, "alice")
    first = session.access_token, session.refresh_token
    for token in first:
        check(token in mock.still_alive(), "a token is not alive")
    check_equal(shell.output("signin header"),
                f"Authorization: Bearer {first[0]}", "signin header")
    answer = shell.output("curl -sS --cacert /etc/signin/mock-ca.crt "
                          f"-H \"$(signin header)\" {mock.url}/userinfo")
    check_equal(answer, '{"sub":"alice"}', "userinfo with signin header")
    refresh_now(machine, shell, "alice")
    second = session.access_token, session.refresh_token
    check(not set(first) & set(second), "the refresh brought no new pair")
    check_equal(sorted(mock.still_alive()), sorted(second), "alive")
    if "keep." in identity:
        check_equal(shell.output("signin get token_type"), "Bearer",
                    "signin get token_type")
    shell.logout()
    wait_for_no_session(machine, session.id)
    check_equal(mock.still_alive(), [], "alive after logout")
    check_equal(mock.requests()[seen:],
                [*sign_in, "GET /userinfo 200", *refresh, "POST /revoke 200"],
                "requests of a session")
    return mock.asked()[seen:], first, second


@case("the user named by a claim of the JWT: a whole session by each method")
def by_token():
    for method in ("kbdint", "password"):
        asked, first, second = whole_session(
            BY_TOKEN, ["POST /token 200"], ["POST /token 200"], method)
        check_equal([one["body"] for one in asked],
                    ["grant_type=password&username=alice"
                     "&password=alice-Passw0rd&scope=login"
                     "&client_id=linux-login", "",
                     f"grant_type=refresh_token&refresh_token={first[1]}"
                     "&client_id=linux-login",
                     f"token={second[1]}&token_type_hint=refresh_token"
                     "&client_id=linux-login"], "the forms")


@case("the user named by userinfo")
def by_userinfo():
    whole_session(BY_USERINFO, ["POST /token 200", "GET /userinfo 200"],
                  ["POST /token 200"])


@case("the user named by introspection, asked again at each refresh")
def by_introspection():
    whole_session(BY_INTROSPECTION, ["POST /token 200", "POST /introspect 200"],
                  ["POST /token 200", "POST /introspect 200"])


@case("wrong password: refused by the field that the configuration names")
def wrong_password():
    for user, secret in (("alice", "not-her-password"),
                         ("mallory", "any-password")):
        since = signind.mark()
        code, told = pamcall.authenticate("alone", user, secret, "192.0.2.1")
        check_equal((code, told), (pamcall.AUTH_ERR, ""), user)
        signind.wait_for_log(f"sign-in of {user} .*wrong_credentials.*"
                             "/error=invalid_grant", since)
    check_equal(keys.sessions(machine.machine_id), [], "sessions left")


@case("short tokens: renewed in the background")
def background():
    use(mock, BY_TOKEN)
    mock.live_for(5)
    try:
        shell = SshSession("bob")
        session = live_session(machine, "bob")
        first = session.access_token
        wait_until(lambda: shell.output(
            "keyctl pipe %user:signin:access_token") != first,
            "a new token under the shell", 6)
        check(session.access_token in mock.still_alive(), "it is not alive")
        shell.logout()
        wait_for_no_session(machine, session.id)
        check_equal(mock.still_alive(), [], "alive after logout")
    finally:
        mock.live_for(3600)


@case("revoked behind our back: the refresh is refused")
def revoked():
    shell = SshSession("alice")
    session = live_session(machine, "alice")
    shell.output("curl -sS --fail --cacert /etc/signin/mock-ca.crt -d "
                 f"token=$(signin token) {mock.url}/revoke")
    check_equal(mock.still_alive(), [], "alive after its revocation")
    wait_until_old_enough(machine, "alice")
    status, text = shell.run("signin refresh")
    check_equal(status, 5, f"signin refresh ({text})")
    shell.logout()
    wait_for_no_session(machine, session.id)


@case("as it comes it calls everybody johndoe at /userinfo: nobody gets in")
def johndoe_at_sign_in():
    seen = use(plain, BY_USERINFO)
    since = signind.mark()
    code, _ = pamcall.authenticate("alone", "alice", "any password will do")
    check_equal(code, pamcall.AUTH_ERR, "pam_authenticate")
    signind.wait_for_log('identity_mismatch.*userinfo:/sub names "johndoe"',
                         since)
    wait_until(lambda: plain.requests()[seen:] ==
               ["POST /token 200", "GET /userinfo 200", "POST /revoke 200"],
               "what it gave out is revoked")
    check_equal(keys.sessions(machine.machine_id), [], "sessions left")


@case("... and johndoe at a refresh: the session's tokens end there")
def johndoe_at_refresh():
    seen = use(plain, BY_TOKEN)
    shell = SshSession("alice", "kbdint", "any password will do")
    session = live_session(machine, "alice")
    own = session.refresh_token
    wait_until_old_enough(machine, "alice")
    since = signind.mark()
    status, text = shell.run("signin refresh")
    check_equal(status, 5, f"signin refresh ({text})")
    signind.wait_for_log('access:/sub names "johndoe"', since)
    status, _ = shell.run("signin token")
    check(status != 0, "a token of johndoe's is handed out")
    # What johndoe was given, and what the session had.
    wait_until(lambda: plain.requests()[seen:].count("POST /revoke 200") == 2,
               "both refresh tokens are revoked")
    revoked = [one["body"] for one in plain.asked()[seen:]
               if one["line"] == "POST /revoke 200"]
    check(any(f"token={own}&" in body for body in revoked),
          "the session's own refresh token was not revoked")
    check_equal(len(set(revoked)), 2, "different tokens revoked")
    shell.logout()
    wait_for_no_session(machine, session.id)


@case("a line is missing: said with file, line and what to write")
def missing_line():
    for line, said in (
            ("sign_in.url = {{base_url}}/token\n", "sign_in.url is missing"),
            ("answer.access_token = /access_token\n",
             "answer.access_token is missing"),
            ("identity.user = access:/sub\n", "identity.user is missing")):
        plain.words = (WORDS + BY_TOKEN).replace(line, "")
        configure(plain, limits=LIMITS)
        since = signind.mark()
        signind.reload()
        signind.wait_for_log(r"signin\.conf:\d+: .*" + said, since)
    plain.words = WORDS + BY_TOKEN
    configure(plain, limits=LIMITS)


main(set_up)
