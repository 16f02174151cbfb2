#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every fault at every phase: each request that signind can make, struck in
each way the network or a proxy can.

Each fault has a provider and a directory of its own, and all take place at
once.  Whatever happens: it ends in time, with the code or status that man
pages name; signind sends nothing twice; no token lives on that nobody owns;
and all comes back by itself.
"""

import concurrent.futures
import json
import os
import subprocess
import threading
import time

import pamcall
from endpoint import Endpoint
from external import FIRST_ID, RANGE
from harness import *
from pamshell import PamShell
from phases import (ALL, FAILS, HARMLESS, NEVER_ANSWERED, NEVER_ARRIVES,
                    PATIENCE, UPSTREAM, Place)


def set_up(here):
    global machine, server, places, signind
    machine = here
    names = [fault.replace(" ", "-") for fault in ALL]
    server = Endpoint(UPSTREAM, names)
    places = [Place(server, number, fault) for number, fault in enumerate(ALL)]
    first = FIRST_ID + (machine.first_uid - 2000) // 10 * RANGE
    configure(*places,
              limits="failures_per_user = 1000\nfailures_per_host = 1000",
              accounts=f"local_users = {' '.join(PEOPLE)}\n"
                       f"id_range = {first}-{first + RANGE - 1}",
              **{f"directory {place.name}": place.directory()
                 for place in places})
    signind = Signind(machine_id=here.machine_id)
    for place in places:
        ours = (f"pam_signin.so provider={place.name} "
                f"local_users={','.join(PEOPLE)}")
        write(f"/etc/pam.d/by-{place.name}",
              f"auth required {ours}\naccount required pam_permit.so\n"
              f"session required {ours}\n")
        write(f"/etc/pam.d/try-{place.name}",
              f"auth required {ours} no_session\n")


def everywhere(act, chosen=None):
    """act(place) at each, all at once; every failure is told.

    Returns {fault: what it returned}.
    """
    def one(place):
        try:
            return act(place), None
        except Exception as error:  # each may fail in any way
            return None, f"{place.fault}: {type(error).__name__}: {error}"
    chosen = places if chosen is None else chosen
    with concurrent.futures.ThreadPoolExecutor(len(chosen)) as pool:
        told = list(pool.map(one, chosen))
    failures = [error for _, error in told if error]
    check(not failures, "\n".join(failures))
    return {place.fault: value for place, (value, _) in zip(chosen, told)}


class Told:
    """What signind's log says about one thing, from now on: read once for
    all who wait."""

    def __init__(self, about):
        self._about = about.encode()
        self._log = open(signind.log_path, "rb")
        self._log.seek(0, os.SEEK_END)
        self._lines = []
        self._rest = b""
        self._lock = threading.Lock()

    def _says(self, words):
        with self._lock:
            *lines, self._rest = (self._rest + self._log.read()).split(b"\n")
            self._lines += [line for line in lines if self._about in line]
            return any(words.encode() in line for line in self._lines)

    def wait_for(self, words):
        wait_until(lambda: self._says(words), f"{words!r} in signind's log",
                   PATIENCE)


# ---- sign-in, and who it was ------------------------------------------------------

def sign_in(place, kind):
    place.mark(kind)
    place.strike(kind)
    code, told = pamcall.authenticate(f"try-{place.name}", "alice",
                                      password("alice"))
    # For nothing it has not asked for already.
    place.check_sent(kind)
    place.clear()
    if place.fault in HARMLESS:
        check_equal(code, pamcall.SUCCESS, f"pam_authenticate ({told})")
    else:
        check_equal(code, pamcall.AUTHINFO_UNAVAIL, "pam_authenticate")
        check("cannot be reached" in told, f"told {told!r}")


@case("sign-in: no answer lets nobody in, and none is asked for twice")
def at_sign_in():
    def act(place):
        sign_in(place, "sign_in")
        # What is given out to nobody, nobody can revoke: SECURITY.md.
        if place.fault in NEVER_ANSWERED:
            wait_until(lambda: len(place.realm.alive) == 2, "the lost pair")
            place.lost = set(place.realm.alive)
        elif place.fault == "ask twice":
            wait_until(lambda: len(place.realm.alive) == 2, "the lost pair")
            place.lost = set(place.realm.alive)
        place.wait_for_no_token()
    everywhere(act)


@case("who it was cannot be told: nobody is let in, and the tokens are revoked")
def at_identity():
    def act(place):
        sign_in(place, "userinfo")
        place.wait_for_no_token()
    everywhere(act)


# ---- a session --------------------------------------------------------------------

def refreshed(place):
    """Ask for a fresh token.  (status, the token there is afterwards)"""
    status, text = place.shell.run("signin refresh")
    token = place.shell.output("keyctl pipe %user:signin:access_token")
    return status, token, text


@case("sessions of them all")
def sessions():
    def act(place):
        place.shell = PamShell(f"by-{place.name}", "alice")
        place.token = place.shell.output("signin token")
    everywhere(act)


@case("refresh: the token stays, and its successor comes by itself")
def at_refresh():
    time.sleep(2.05)  # what is younger is not renewed, whoever asks

    def act(place):
        place.mark("refresh")
        place.strike("refresh")
        status, token, text = refreshed(place)
        place.check_sent("refresh")
        place.clear()
        if place.fault in HARMLESS:
            check_equal(status, 0, f"signin refresh ({text})")
        else:
            check_equal(status, 4, f"signin refresh ({text})")
            check_equal(token, place.token, "the token")
        # Nobody asks again.
        place.token = wait_until(
            lambda: other_token(place), "a fresh token", PATIENCE)
        wait_until(lambda: place.shell.run("signin status")[0] == 0,
                   "signin status", PATIENCE)
        check(place.token in place.realm.alive, "the token is dead")
    everywhere(act)


def other_token(place):
    token = place.shell.output("keyctl pipe %user:signin:access_token")
    return token if token != place.token else None


@case("check_at_refresh: what cannot be asked now is no refusal")
def at_check():
    time.sleep(2.05)

    def act(place):
        place.mark("introspect")
        place.strike("introspect")
        status, token, text = refreshed(place)
        place.check_sent("introspect")
        place.clear()
        check_equal(status, 0, f"signin refresh ({text})")
        check(token != place.token, "no fresh token")
        place.token = token
    everywhere(act)


@case("logout: each revocation is tried again until it is done, then no more")
def at_revocation():
    told = Told("failed at provider")
    kinds = ("revoke_refresh", "revoke_access")

    def act(place):
        place.mark(*kinds)
        place.strike(*kinds)
        place.shell.logout()
        for kind in kinds if place.fault in FAILS else ():
            word = kind.replace("_", ".")
            told.wait_for(f"{word} failed at provider {place.name}:")
            place.heal(kind)
        place.wait_for_no_token()
    everywhere(act)
    wait_until(lambda: not keys.sessions(machine.machine_id), "keys gone",
               PATIENCE)
    everywhere(lambda place: [place.check_revoked(kind) for kind in kinds])
    for place in places:
        place.clear()


# ---- the directory ----------------------------------------------------------------

def signin_users(*words):
    done = subprocess.run(["signin", "users", *words],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False,
                          timeout=120)
    return done.returncode, done.stdout


def known(name):
    return subprocess.run(["getent", "-s", "signin", "passwd", name],
                          stdout=subprocess.DEVNULL,
                          check=False).returncode == 0


def list_with_faults(kind):
    """Nobody is missing because a directory could not be asked."""
    time.sleep(1.05)  # the directory's token has run out
    for place in places:
        place.mark(kind)
        place.strike(kind)
    status, said = signin_users("--refresh")
    for place in places:
        place.check_sent(kind)
        place.clear()
    check_equal(status, 4, f"signin users --refresh: {said}")
    users = {user["user"]: user
             for user in json.loads(signin_users("--json")[1])}
    for place in places:
        name = f"{place.name}-listed"
        check(users.get(name, {}).get("state") == "enabled",
              f"{name}: {users.get(name)}")
        check(known(name), f"{name} is unknown")


@case("directory, list: who is known stays known")
def at_list():
    everywhere(lambda place: wait_until(
        lambda: known(f"{place.name}-listed"), "listed", PATIENCE))
    list_with_faults("users")


@case("directory, token: likewise")
def at_token():
    list_with_faults("token")
    status, said = signin_users("--refresh")
    check_equal(status, 0, f"signin users --refresh ({said})")


@case("directory, lookup: unknown until it answers, then known by itself")
def at_lookup():
    told = Told("cannot be asked: ")
    for place in places:
        place.mark("user")
        place.strike("user")
    # Every directory is asked for whom nobody knows.
    check(not known("somebody-new"), "known without an answer")
    everywhere(lambda place: told.wait_for(
        f"directory {place.name} cannot be asked: unavailable: user_by_name"),
               [place for place in places if place.fault in FAILS])
    wait_until(lambda: all(place.realm.asked["user"] for place in places
                           if place.fault not in NEVER_ARRIVES),
               "all are asked", PATIENCE)
    for place in places:
        place.check_sent("user")
        place.clear()
    places[0].realm.found.append("somebody-new")
    wait_until(lambda: known("somebody-new"), "found", PATIENCE)


main(set_up)
