# SPDX-License-Identifier: BSD-2-Clause
"""What must be true of a whole session, whichever way it came about."""

import time

import keys
import tap
from harness import live_session, wait_for_no_session


def check_tokens_alive(provider, session):
    """The provider says the session's tokens are alive."""
    if provider.introspects_access_tokens:
        tap.check(provider.alive(session.access_token),
                  f"{provider.name}: the access token is not alive")
    tap.check(provider.alive(session.refresh_token),
              f"{provider.name}: the refresh token is not alive")


def check_session(here, provider, shell, user):
    """A live session, from inside and outside.  Returns what keys has."""
    session = live_session(here, user)
    check_tokens_alive(provider, session)
    token = shell.output("signin token")
    tap.check_equal(token, session.access_token, "token in the session")
    tap.check_equal(shell.output("keyctl pipe %user:signin:access_token"),
                    token, "token read with keyctl")
    tap.check_equal(shell.output("signin header"),
                    f"Authorization: Bearer {token}", "signin header")
    status, text = shell.run("signin status")
    tap.check(status == 0 and user in text, f"signin status: {text}")
    environment = shell.output("env")
    tap.check("SIGNIN_TICKET" not in environment,
              "the ticket is in the shell's environment")
    return session


def check_dead(here, provider, session_id):
    """The keys are gone, and the provider knows none of its tokens."""
    wait_for_no_session(here, session_id)
    tap.wait_until(lambda: not provider.still_alive(),
                   f"{provider.name}: every token dead")


def wait_until_old_enough(here, user):
    """A token younger than 2 s is not renewed again, whoever asks."""
    made = int(live_session(here, user).session["refreshed_at"])
    time.sleep(max(0.0, made + 3.05 - time.time()))


def refresh_now(here, shell, user):
    wait_until_old_enough(here, user)
    shell.output("signin refresh")


def whole_login(here, provider, open_shell, user="alice"):
    """Log in, look, log out; the provider is asked at each step.

    open_shell() logs in and returns the shell.
    """
    tap.check_equal(provider.still_alive(), [], "tokens alive before")
    asked = provider.sign_ins()
    shell = open_shell()
    session = check_session(here, provider, shell, user)
    tap.check_equal(provider.sign_ins() - asked, 1, "sign-ins asked")
    issued = session.access_token
    shell.logout()
    check_dead(here, provider, session.id)
    tap.check(keys.describe(session.ring) is None,
              "the session's ring is still there")
    tap.check(issued in provider.proxy.issued, "a token nobody issued")
