#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""ssh to the real sshd, tokens of oidc-provider: opaque ones and JWTs."""

from harness import *
from scenarios import (check_dead, check_session, refresh_now,
                       wait_until_old_enough, whole_login)


def set_up(here):
    global machine, opaque, jwt, signind, sshd
    machine = here
    opaque = Oidc("opaque")
    jwt = Oidc("jwt", port=4610)
    configure(opaque, jwt)
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd()


def by_both_methods(provider):
    machine.write_pam(auth_options=f"provider={provider.name}")
    for method in ("kbdint", "password"):
        whole_login(machine, provider,
                    lambda method=method: SshSession("alice", method))


@case("opaque tokens: a whole session by both password methods")
def opaque_tokens():
    by_both_methods(opaque)


@case("JWT access tokens: a whole session by both password methods")
def jwt_tokens():
    by_both_methods(jwt)


@case("public key: in, without a token, and no provider is asked")
def public_key():
    requests = len(opaque.proxy.requests) + len(jwt.proxy.requests)
    shell = SshSession("alice", "publickey")
    status, text = shell.run("signin token")
    check_equal(status, 3, f"signin token without a session ({text})")
    shell.logout()
    check_equal(len(opaque.proxy.requests) + len(jwt.proxy.requests),
                requests, "requests")


@case("signin refresh: a new pair; the spent refresh token is dead")
def refresh():
    for provider in (opaque, jwt):
        machine.write_pam(auth_options=f"provider={provider.name}")
        shell = SshSession("alice")
        before = check_session(machine, provider, shell, "alice")
        old, spent = before.access_token, before.refresh_token
        refresh_now(machine, shell, "alice")
        after = check_session(machine, provider, shell, "alice")
        check(after.access_token != old, "the access token is the old one")
        check(not provider.alive(spent), "the spent refresh token lives")
        shell.logout()
        check_dead(machine, provider, after.id)


@case("locked after sign-in: the refresh is refused, the person is told")
def locked():
    machine.write_pam(auth_options=f"provider={opaque.name}")
    shell = SshSession("bob")
    session = check_session(machine, opaque, shell, "bob")
    wait_until_old_enough(machine, "bob")
    opaque.lock("bob")
    try:
        status, text = shell.run("signin refresh")
        check_equal(status, 5, f"status of a refused refresh ({text})")
        check("sign in again" in text, f"no advice: {text}")
    finally:
        opaque.unlock("bob")
    shell.logout()
    check_dead(machine, opaque, session.id)


main(set_up)
