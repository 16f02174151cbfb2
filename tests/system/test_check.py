#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""signin check: what it finds, in words, as JSON and by its exit status; no
signind runs here at all."""

import json
import pathlib
import re
import subprocess

import tap
from harness import *
from provider import SECRET

CONF = pathlib.Path("/etc/signin/signin.conf")
SECRET_FILE = pathlib.Path("/etc/signin/secrets/glewlwyd")
AUTHORITY = pathlib.Path("/etc/signin/glewlwyd-ca.crt")
ACCESS = "allow_users = alice bob carol"
MISTAKE, USAGE, UNREACHABLE, REFUSED = 1, 2, 4, 5


def set_up(here):
    global machine, glewlwyd, said
    machine = here
    glewlwyd = Glewlwyd()
    said = []
    reset()
    tap.explain(lambda: ["--- said", *said[-1:]])


def reset(**sections):
    sections.setdefault("access", ACCESS)
    configure(glewlwyd, **sections)


def signin_check(*options, status=0, secret=None, before=()):
    """What it printed.  The exit status must be as expected."""
    command = [*before, "signin", "check", *options]
    done = subprocess.run(command, input="" if secret is None
                          else secret + "\n", text=True, timeout=60,
                          capture_output=True, check=False)
    said.append(f"$ {' '.join(command)} -> {done.returncode}\n"
                f"{done.stdout}{done.stderr}")
    check_equal(done.returncode, status, f"exit status of {command}")
    if status != USAGE:
        check_equal(done.stderr, "", "standard error")
    return done.stdout


def as_json(*options, **more):
    report = json.loads(signin_check("--json", *options, **more))
    check_equal(set(report) - {"usage"},
                {"config", "directories", "ok", "providers", "warnings"},
                "members")
    check_equal(report["ok"], more.get("status", 0) == 0, "ok")
    return report


def warned(report):
    """Names of the warnings, but for those of every run here."""
    names = [warning["name"] for warning in report["warnings"]]
    check("password_grant" in names, "no word of RFC 9700")
    return [name for name in names
            if name not in ("password_grant", "certificate_ends")]


def has(text, *patterns):
    for pattern in patterns:
        check(re.search(pattern, text, re.MULTILINE),
              f"nothing like {pattern!r} in:\n{text}")


def left_alive(since):
    """Of the tokens given out since, those that are alive."""
    return [token for token in glewlwyd.proxy.issued[since:]
            if glewlwyd.alive(token)]


def keys_of_signin():
    return [line for line in pathlib.Path("/proc/keys").read_text()
            .splitlines() if machine.machine_id in line]


@case("a good configuration: well, and RFC 9700 is named")
def good():
    text = signin_check()
    has(text, "^configuration: no mistake, 1 provider$",
        "^warning: RFC 9700.*device sign-in",
        r"^provider glewlwyd: https://localhost:4500: ok: 127\.0\.0\.1, "
        r"certificate trusted and valid until \d{4}-",
        r"\Z")
    check_equal(text.splitlines()[-1], "all is well", "the last line")
    check_equal(glewlwyd.proxy.requests, [], "requests")
    report = as_json()
    check_equal(report["config"], {"errors": []}, "config")
    check_equal(warned(report), [], "warnings")
    [provider] = report["providers"]
    check_equal(provider["sign_in"], None, "sign_in")
    [endpoint] = provider["endpoints"]
    check_equal((endpoint["url_origin"], endpoint["ok"]),
                ("https://localhost:4500", True), "endpoint")


@case("--user: signs in, refreshes, revokes, and says which field it was")
def signs_in():
    text = signin_check("--user", "alice", secret=password("alice"))
    has(text, "^sign-in of alice at glewlwyd:$",
        r"access token: /access_token, a JWT of \d+ bytes",
        r"refresh token: /refresh_token, \d+ bytes",
        'user: access:/username = "alice"', 'subject: access:/sub = "',
        r"expires: in \d+ s: /expires_in",
        "-> ok: 200 sign_in", "-> ok: 200 refresh",
        "-> ok: 200 revoke.refresh", "-> ok: 200 revoke.access")
    check_equal(glewlwyd.proxy.requests,
                [("password", 200), ("refresh_token", 200), ("revoke", 200),
                 ("revoke", 200), ("revoke", 200)], "requests")
    check_equal(len(glewlwyd.proxy.issued), 4, "tokens")
    check_equal(left_alive(0), [], "tokens left alive")


@case("--user --json: the same as an object")
def signs_in_json():
    report = as_json("--user", "bob", secret=password("bob"))
    [provider] = report["providers"]
    requests = provider["sign_in"]["requests"]
    check_equal([request["request"] for request in requests],
                ["sign_in", "refresh", "revoke.refresh", "revoke.access",
                 "revoke.access"], "requests")
    check_equal({request["result"] for request in requests}, {"ok"},
                "results")
    steps = {step["step"]: step["detail"] for step in requests[0]["steps"]}
    check_equal(steps["user"], 'access:/username = "bob"', "user")
    check(provider["sign_in"]["ok"], "sign_in.ok")


@case("kept fields by name, no refresh token, and not to be let in here")
def other_steps():
    configure(glewlwyd, access=ACCESS, extra="answer.refresh_token = /none\n"
              "keep.kind = /token_type\nkeep.gone = /gone\n"
              "identity.check = accepted_password\n"
              "identity.user =\n")
    text = signin_check("--user", "carol", status=0, secret=password("carol"))
    has(text, "refresh token: none at /none$",
        "kept: kind: /token_type, 6 bytes$", "kept: gone: nothing at /gone$",
        "user: not named; identity.check = accepted_password",
        "^warning: provider glewlwyd: identity.check = accepted_password")
    check("-> ok: 200 refresh" not in text, "refreshed with nothing")
    reset()
    text = signin_check("--user", "erin", status=REFUSED,
                        secret=password("erin"))
    has(text, "^warning: erin cannot sign in to this host: the .access. rules")


@case("a wrong password, and one that the answer is not for: 5")
def wrong_password():
    report = as_json("--user", "alice", status=REFUSED, secret="not-her-word")
    [request] = report["providers"][0]["sign_in"]["requests"]
    check_equal(request["result"], "wrong_credentials", "result")
    check("403" in request["why"], request["why"])
    # Another name than the one who asked: refused, and what came is revoked.
    before = len(glewlwyd.proxy.issued)
    configure(glewlwyd, access=ACCESS,
              extra="identity.user = access:/client_id\n")
    text = signin_check("--user", "alice", status=REFUSED,
                        secret=password("alice"))
    has(text, "-> identity_mismatch: .*access:/client_id", "ok: 200 revoke.r")
    check_equal(left_alive(before), [], "tokens left alive")
    reset()


@case("no password: 2, and nothing is asked of the provider")
def no_password():
    before = len(glewlwyd.proxy.requests)
    has(signin_check("--user", "alice", status=USAGE),
        "not tried: no password was given")
    check_equal(len(glewlwyd.proxy.requests), before, "requests")


@case("wrong usage: 2")
def usage():
    for options in (["--user"], ["--user", "No Name"], ["--user", "../x"],
                    ["--user", ""], ["--min-valid", "3"], ["more"]):
        signin_check(*options, status=USAGE)
    has(signin_check("--provider", "other", status=USAGE),
        "there is no .provider. of that name")
    report = as_json("--provider", "other", status=USAGE)
    check("usage" in report, "usage is not in the object")


@case("provider down: 4, and no password is asked for")
def down():
    glewlwyd.proxy.stop()
    try:
        text = signin_check("--user", "alice", status=UNREACHABLE,
                            secret=password("alice"))
        has(text, "localhost:4500: failed: .*connect.*; is the provider up",
            "not tried: the provider cannot be reached")
    finally:
        glewlwyd.proxy.start()


@case("a host that does not exist: 4")
def no_such_host():
    CONF.write_text(CONF.read_text().replace("localhost:", "idp.invalid:"))
    has(signin_check(status=UNREACHABLE),
        "https://idp.invalid:4500: failed: .*resolve.*DNS")
    reset()


@case("an authority we do not trust, none at all, another host's name: 4")
def untrusted():
    AUTHORITY.write_text(pathlib.Path(
        glewlwyd.directory, "other-ca.crt").read_text())
    report = as_json("--user", "alice", status=UNREACHABLE,
                     secret=password("alice"))
    [endpoint] = report["providers"][0]["endpoints"]
    check(not endpoint["ok"], "ok")
    has(endpoint["detail"], "certificate.*; set ca_file")
    # Readable for root, but not for signind.
    reset()
    AUTHORITY.chmod(0o600)
    has(signin_check(status=UNREACHABLE), "ca_file must be there and readable")
    AUTHORITY.unlink()
    has(signin_check(status=UNREACHABLE), "ca_file must be there and readable")
    reset()
    glewlwyd.proxy.stop()
    glewlwyd.proxy.start("other-name")
    try:
        has(signin_check(status=UNREACHABLE),
            "failed: .*name.*; the certificate is for another host")
    finally:
        glewlwyd.proxy.stop()
        glewlwyd.proxy.start()


@case("every mistake with its file and line; nothing is connected to: 1")
def mistakes():
    dropins = pathlib.Path("/etc/signin/signin.conf.d")
    dropins.mkdir(exist_ok=True)
    write(CONF, "[signin]\nconfig_version = 1\nlog_levle = debug\n"
          "[provider corp]\npreset = oauth2\nsign_in.url = http://a.example\n"
          "identity.user = username\n")
    write(dropins / "10-more.conf", "[provider corp]\nclient_auth = maybe\n")
    before = len(glewlwyd.proxy.requests)
    text = signin_check(status=MISTAKE)
    expected = [(str(CONF), 3, "log_levle"), (str(CONF), 6, "https"),
                (str(CONF), 7, "identity.user"),
                (str(dropins / "10-more.conf"), 2, "client_auth")]
    for file, line, words in expected:
        has(text, f"^{re.escape(file)}:{line}: .*{words}")
    has(text, r"^configuration: \d mistakes$", "^not well: see above$")
    errors = as_json("--user", "alice", status=MISTAKE)["config"]["errors"]
    found = {(error["file"], error["line"]) for error in errors}
    check(found >= {(file, line) for file, line, _ in expected}, f"{errors}")
    check_equal(len(glewlwyd.proxy.requests), before, "requests")
    (dropins / "10-more.conf").unlink()
    CONF.unlink()
    has(signin_check(status=MISTAKE), f"^{CONF}: no provider")
    # Root reads it, and signind would not.
    reset()
    CONF.chmod(0o600)
    has(signin_check(status=MISTAKE), f"^{CONF}: .*Permission denied")
    reset()


@case("secrets that are missing or open to others: 1, and how to mend it")
def secrets():
    for mode in (0o644, 0o646, 0o660):
        SECRET_FILE.chmod(mode)
        has(signin_check(status=MISTAKE), f"^{SECRET_FILE}: .*chmod 0640")
    SECRET_FILE.unlink()
    [error] = as_json("--user", "alice", status=MISTAKE,
                      secret=password("alice"))["config"]["errors"]
    check_equal((error["file"], error["line"]), (str(SECRET_FILE), None),
                "where")
    reset()
    SECRET_FILE.parent.chmod(0o755)
    check_equal(warned(as_json()), ["secrets_directory"], "warnings")
    SECRET_FILE.parent.chmod(0o750)


@case("a host that signind would not start on is warned of")
def host():
    machine_id = pathlib.Path("/etc/machine-id")
    right = machine_id.read_text()
    machine_id.write_text("")
    check_equal(warned(as_json()), ["machine_id"], "empty machine-id")
    machine_id.write_text(right)
    group = pathlib.Path("/etc/group")
    right = group.read_text()
    group.write_text(re.sub("^(_signin:.*)$", r"\1alice", right, flags=re.M))
    has(signin_check(), "^warning: signind will not start here: group _signin "
        "has members .alice.")
    group.write_text(right)
    check_equal(warned(as_json()), [], "warnings")


@case("who can sign in: nobody, everybody, names that are not here")
def people():
    reset(access="allow_users =")
    check_equal(warned(as_json()), ["nobody"], "nothing allowed")
    reset(accounts="local_users =")
    check_equal(warned(as_json()), ["nobody"], "no local_users")
    reset(access="allow_users = *", accounts="local_users = alice gone daemon")
    check_equal(warned(as_json()), ["allow_all", "local_user", "local_user"],
                "warnings")
    reset()


@case("as another user: says that it may not read secrets, and does the rest")
def not_root():
    uid = machine.uid("alice")
    before = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    text = signin_check(before=before)
    has(text, f"^warning: as uid {uid}, who may not read secrets .run this as "
        f"root.*{SECRET_FILE}", "localhost:4500: ok")
    has(signin_check("--user", "alice", before=before, status=MISTAKE,
                     secret=password("alice")),
        "not tried: secrets cannot be read: run this as root")


@case("makes no key, needs no signind, and told no secret in all of the above")
def no_secret():
    check_equal(keys_of_signin(), [], "keys")
    check(not pathlib.Path("/run/signin").exists(), "/run/signin")
    secrets_told = {"alice": password("alice"), "bob": password("bob"),
                    "carol": password("carol"), "client": SECRET,
                    "mistyped": "not-her-word"}
    check(len(glewlwyd.proxy.issued) >= 8, "too few tokens to mean anything")
    for number, token in enumerate(glewlwyd.proxy.issued):
        secrets_told[f"token {number}"] = token
        for part in token.split("."):
            if len(part) > 40:
                secrets_told[f"a part of token {number}"] = part
    told = "\n".join(said)
    for name, secret in secrets_told.items():
        for spelling in leaks.spellings(secret):
            check(spelling.decode() not in told, f"{name} was told")
    check_equal(leaks.search(secrets_told, allowed=[
        SECRET_FILE, WORK / "up/etc/signin/secrets/glewlwyd"]), [], "leaks")


main(set_up)
