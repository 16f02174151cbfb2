#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""SIGHUP: a file with a mistake changes nothing and says where the mistake is,
a good one counts from the next sign-in on, and live sessions go on."""

import concurrent.futures
import pathlib
import re

import pamcall
from harness import *
from provider import SECRET
from scenarios import refresh_now, wait_until_old_enough
from shapes import Baserow, GoTrue, check_dead, check_session

CONF = pathlib.Path("/etc/signin/signin.conf")
DROPINS = pathlib.Path("/etc/signin/signin.conf.d")
KEY = pathlib.Path("/etc/signin/secrets/gotrue")
LIMITS = "failures_per_user = 1000\nfailures_per_host = 1000"


def set_up(here):
    global machine, gotrue, baserow, signind, sshd
    machine = here
    gotrue, baserow = GoTrue(), Baserow()
    DROPINS.parent.mkdir(exist_ok=True)
    configure(gotrue, baserow, limits=LIMITS)
    signind = Signind(machine_id=here.machine_id)
    sshd = Sshd()
    DROPINS.mkdir()
    write("/etc/pam.d/alone", "auth required pam_signin.so "
          f"local_users={','.join(PEOPLE)}\n")


def put_back():
    """The configuration of set_up(), read by signind."""
    for path in DROPINS.iterdir():
        path.unlink()
    configure(gotrue, baserow, limits=LIMITS)
    signind.reload()


def whole_login(shape):
    """A session from sign-in to logout at this provider, and only there."""
    shape.forget()
    shell = SshSession("alice")
    session = check_session(machine, shape, shell, "alice")
    shell.logout()
    check_dead(machine, shape, session)
    check_equal(shape.requests()[0], f"POST {shape.SIGN_IN} 200",
                "the first request")


def line_of(path, text):
    """The number of the line that begins so."""
    lines = pathlib.Path(path).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1)
                if line.startswith(text))


def refused(place, message):
    """signind says so, keeps the old words, and still signs people in."""
    since = signind.mark()
    pid = signind.process.pid
    signind.reload()
    signind.wait_for_log(place + ".*" + message, since)
    signind.wait_for_log("the new configuration has mistakes: the old one "
                         "stays in force", since)
    check_equal(signind.process.poll(), None, "status of a signind that ended")
    check_equal(signind.process.pid, pid, "pid")
    whole_login(gotrue)


@case("a bad file: file, line and what to do; the old configuration stays")
def bad_files():
    good = CONF.read_text()
    # Where the old words would be felt: nobody may sign in by the new ones.
    for text, begins, message in (
            (good.replace("allow_users = *", "allow_user = *"), "allow_user ",
             "allow_user"),
            (good + "\n[no_such_section]\nx = 1\n", "[no_such_section]",
             "no_such_section"),
            (good.replace("preset = supabase", "preset = superbase"),
             "preset = superbase", "no preset of that name"),
            (good.replace("base_url = https://", "base_url = http://"),
             "base_url = http:", "https"),
            (good.replace("ca_file", "sign_in.body = {\"a\": {{password}}}\n"
                          "ca_file", 1), "sign_in.body", "JSON"),
            (good.replace("preset = supabase", "preset supabase"),
             "preset supabase", "=")):
        check(text != good, "the test changed nothing")
        CONF.write_text(text)
        refused(rf"/etc/signin/signin\.conf:{line_of(CONF, begins)}: ",
                message)
    CONF.write_text(good)


@case("a bad drop-in is named, not the file it changes")
def bad_drop_in():
    write(DROPINS / "50-mistake.conf",
          "# comment\n[provider gotrue]\nno_such_key = 1\n")
    refused(r"signin\.conf\.d/50-mistake\.conf:3: ", "no_such_key")
    put_back()


@case("a secret that is not there, or that everybody can read: refused")
def bad_secrets():
    KEY.rename(KEY.with_name("elsewhere"))
    refused("", "gotrue")
    KEY.with_name("elsewhere").rename(KEY)
    KEY.chmod(0o644)
    refused("", "secrets/gotrue")
    KEY.chmod(0o640)
    put_back()


@case("no file at all, and an empty one: refused")
def no_file():
    good = CONF.read_text()
    CONF.unlink()
    refused("", "signin.conf")
    CONF.write_text("")
    refused("", "signin.conf")
    CONF.write_text(good)


@case("a good file counts from the next sign-in on")
def good_file():
    whole_login(gotrue)
    configure(baserow, gotrue, limits=LIMITS)
    since = signind.mark()
    signind.reload()
    signind.wait_for_log("configuration read again", since)
    whole_login(baserow)
    put_back()
    whole_login(gotrue)
    # A drop-in replaces a single key.
    write(DROPINS / "10-deny.conf", "[access]\ndeny_users = alice\n")
    signind.reload()
    gotrue.forget()
    code, _ = pamcall.authenticate("alone", "alice", password("alice"))
    check_equal(code, pamcall.AUTH_ERR, "sign-in of a user who is denied now")
    check_equal(gotrue.requests(), [], "requests")
    put_back()
    whole_login(gotrue)


@case("a new secret is read with the file: no restart to change a key")
def new_secret():
    gotrue.options(apikey="another-key")
    KEY.write_text("another-key")
    signind.reload()
    try:
        gotrue.forget()
        shell = SshSession("alice")
        session = live_session(machine, "alice")
        check_equal(gotrue.last(gotrue.SIGN_IN)["headers"]["apikey"],
                    "another-key", "apikey")
        shell.logout()
        check_dead(machine, gotrue, session)
    finally:
        gotrue.options(apikey=SECRET)
        put_back()
    gotrue.check_no_faults()


def live_through(change):
    """A session is opened, the files change, it is refreshed and ends."""
    shell = SshSession("bob")
    session = check_session(machine, gotrue, shell, "bob")
    first, pid = session.access_token, shell.output("echo $$")
    change()
    check_session(machine, gotrue, shell, "bob")
    check_equal(session.access_token, first, "token right after the reload")
    refresh_now(machine, shell, "bob")
    check(session.access_token != first, "no new token after the reload")
    check_session(machine, gotrue, shell, "bob")
    check_equal(shell.output("echo $$"), pid, "the shell")
    shell.logout()
    check_dead(machine, gotrue, session)


@case("a live session goes on across good and bad files")
def live_session_goes_on():
    live_through(signind.reload)

    def bad():
        write(DROPINS / "50-mistake.conf", "[signin]\nno_such_key = 1\n")
        signind.reload()
    live_through(bad)
    put_back()

    def other_default():
        configure(baserow, gotrue, limits=LIMITS)
        signind.reload()
    live_through(other_default)
    put_back()


@case("... refreshes by the new words, in the background too")
def live_session_new_words():
    gotrue.options(access_ttl=6)
    try:
        shell = SshSession("bob")
        session = check_session(machine, gotrue, shell, "bob")
        first = session.access_token
        gotrue.options(apikey="another-key")
        KEY.write_text("another-key")
        gotrue.forget()
        signind.reload()
        wait_until(lambda: session.access_token != first,
                   "a refresh in the background", 8)
        check_equal(gotrue.last(gotrue.REFRESH)["headers"]["apikey"],
                    "another-key", "apikey of the refresh")
        shell.logout()
        check_dead(machine, gotrue, session)
        check_equal(gotrue.last(gotrue.END)["headers"]["apikey"],
                    "another-key", "apikey of the logout")
    finally:
        gotrue.options(access_ttl=3600, apikey=SECRET)
        put_back()
    gotrue.check_no_faults()


@case("its provider gone from the file: at logout revoked all the same")
def provider_gone():
    shell = SshSession("bob")
    session = check_session(machine, gotrue, shell, "bob")
    configure(baserow, limits=LIMITS)
    signind.reload()
    check_equal(shell.output("signin token"), session.access_token,
                "the token of a session whose provider has gone")
    put_back()
    refresh_now(machine, shell, "bob")
    check_session(machine, gotrue, shell, "bob")
    shell.logout()
    check_dead(machine, gotrue, session)
    shell = SshSession("bob")
    session = check_session(machine, gotrue, shell, "bob")
    configure(baserow, limits=LIMITS)
    signind.reload()
    shell.logout()
    check_dead(machine, gotrue, session)
    put_back()


def reload_meanwhile(action):
    """Run action(); reload while the provider still thinks about it."""
    gotrue.options(hold=True)
    try:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            result = pool.submit(action)
            wait_until(lambda: gotrue.state()["held"] == 1,
                       "a request is under way")
            write(DROPINS / "10-other.conf", "[provider gotrue]\n"
                  "sign_in.body = {\"nothing\": \"at all\"}\n"
                  "answer.access_token = /nowhere\n")
            signind.reload()
            write(DROPINS / "20-another.conf", "[session]\n"
                  "refresh_at = 50%\n")
            signind.reload()
            gotrue.options(hold=False)
            return result.result()
    finally:
        gotrue.options(hold=False)
        put_back()


@case("what was in force before is given up once nothing borrows from it")
def given_up():
    signind.reload()

    def none_is_left():
        log = signind.log()
        given = re.findall(r"debug: (\d+) former configurations are given", log)
        return sum(map(int, given)) == log.count("configuration read again")
    wait_until(none_is_left, "as many are given up as were replaced")
    signind.reload()
    wait_until(none_is_left, "... and the next one")
    whole_login(gotrue)


@case("sign-in, refresh and logout under way while the files change: each ends "
      "by the words it began with")
def in_flight():
    shell = reload_meanwhile(lambda: SshSession("alice"))
    session = check_session(machine, gotrue, shell, "alice")
    first = session.access_token
    wait_until_old_enough(machine, "alice")
    status, text = reload_meanwhile(lambda: shell.run("signin refresh"))
    check_equal(status, 0, f"signin refresh ({text})")
    check(session.access_token != first, "no new token")
    check_session(machine, gotrue, shell, "alice")
    reload_meanwhile(shell.logout)
    check_dead(machine, gotrue, session)
    gotrue.check_no_faults()


main(set_up)
