# SPDX-License-Identifier: BSD-2-Clause
"""The two shapes that signin was written for, on tests/idp/gotrue-server and
baserow-server, and what must be true of a session at either."""

import base64
import json
import subprocess

import keys
import leaks
import machine
import tap
from harness import SshSession, live_session, wait_for_no_session
from provider import IDP, SECRET
from scenarios import refresh_now

# What a person may choose as a password, and a careless client breaks.
PASSWORDS = {
    "JSON": '","admin":true,"x":"',
    "line ends, encoded": "%0d%0aX-Admin: 1%00%0D%0A",
    "a form": "a&b=c+d%26 e&password=x;y",
    "quotes and backslashes": "\\\"'`\\u0022\\n\\\\$(id)${HOME}\\",
    "templates": "{{user}}{{secret.gotrue}} {{ }} }}",
    "UTF-8": "pässwörd-密码-пароль-\U0001f511-e\u0301",
    "200 characters": "0123456789" * 20,
    "200 characters of two bytes": "äöüßéèñçøå" * 20,
    "blanks at both ends": "  leading and trailing\t ",
    "a JWT": "eyJhbGciOiJub25lIn0.e30.",
}


class Shape:
    """A test endpoint.  It sees and judges every byte by itself: no proxy."""

    program = None
    header = None  # of `signin header`, before the token
    api = None  # what a session may call with it
    markers = ()  # of the "user" in answers, which is never kept

    def __init__(self, name, port):
        self.name = name
        self.port = port
        self.url = f"https://localhost:{port}"
        self.directory = machine.WORK / "idp" / name
        self.extra = ""
        machine.run(IDP / self.program, "up", self.directory, port)
        tap.explain(lambda: [f"--- requests at {name}",
                             *self.requests(), *self.state()["faults"]])

    @property
    def ca_file(self):
        return str(self.directory / "ca.crt")

    def test(self, command, **value):
        """One of the server's commands for tests; returns its state.

        The value goes by stdin: it may be a password, and tests search
        command lines for those.
        """
        body = ["--data-binary", "@-", "-H", "Content-Type: application/json"]
        done = subprocess.run(
            ["curl", "-sS", "--fail", "--max-time", "20", "--cacert",
             self.ca_file, *(body if value else []),
             f"{self.url}/_test/{command}"],
            input=json.dumps(value) if value else "", text=True,
            capture_output=True, check=False)
        tap.check(done.returncode == 0, f"{self.name} {command}: {done.stderr}")
        return json.loads(done.stdout)

    def state(self):
        return self.test("state")

    def options(self, **values):
        self.test("options", **values)

    def still_alive(self):
        state = self.state()
        return state["access"] + state["refresh"]

    def requests(self):
        """["POST /path 200"] since the last forget()."""
        return [f"{one['method']} {one['target']} {one['status']}"
                for one in self.state()["requests"]]

    def forget(self):
        self.test("forget")

    def last(self, target):
        """The last request to a path, its body as bytes."""
        for one in reversed(self.state()["requests"]):
            if one["target"] == target:
                one["body"] = base64.b64decode(one["body"])
                one["headers"] = {name.lower(): value
                                  for name, value in one["headers"]}
                return one
        raise AssertionError(f"no request to {target}")

    def check_no_faults(self):
        tap.check_equal(self.state()["faults"], [], "requests out of shape")

    def curl(self):
        """What a script in the session runs, up to the URL."""
        return (f"curl -sS -w ' %{{http_code}}' "
                f"--cacert /etc/signin/{self.name}-ca.crt "
                "-H \"$(signin header)\"")


class GoTrue(Shape):
    program = "gotrue-server"
    header = "Authorization: Bearer "
    api = "/auth/v1/user"
    SIGN_IN = "/auth/v1/token?grant_type=password"
    REFRESH = "/auth/v1/token?grant_type=refresh_token"
    END = "/auth/v1/logout?scope=local"
    ended = "204"
    markers = ("phone-of-", "nickname", "4711", "identity-of-", "app_metadata",
               "confirmed_at", "2021-04-06")

    def __init__(self, port=4700):
        super().__init__("gotrue", port)

    def configuration(self):
        return f"""\
preset = supabase
base_url = {self.url}
header.apikey = {{{{secret.{self.name}}}}}
login_name = {{{{user}}}}@example.org
ca_file = {self.ca_file}
{self.extra}
"""

    def curl(self):
        return f"{super().curl()} -H 'apikey: {SECRET}'"


class Baserow(Shape):
    program = "baserow-server"
    header = "Authorization: JWT "
    api = "/api/user/dashboard/"
    SIGN_IN = "/api/user/token-auth/"
    REFRESH = "/api/user/token-refresh/"
    END = "/api/user/token-blacklist/"
    ended = "204"
    markers = ("first-name-of-", "email_notification", "instant", "is_staff")

    def __init__(self, port=4710):
        super().__init__("baserow", port)

    def configuration(self):
        return f"""\
preset = baserow
base_url = {self.url}
login_name = {{{{user}}}}@example.org
ca_file = {self.ca_file}
{self.extra}
"""

    def still_alive(self):
        # An access token dies by its exp alone: the session is the refresh
        # token's.
        return self.state()["refresh"]


# ---- what must be true --------------------------------------------------------

def check_session(here, shape, shell, user):
    """A live session, from inside, from the kernel and at the provider."""
    session = live_session(here, user)
    state = shape.state()
    tap.check(session.access_token in state["access"],
              "the access token is not alive")
    tap.check(session.refresh_token in state["refresh"],
              "the refresh token is not alive")
    tap.check_equal(shell.output("signin token"), session.access_token,
                    "token in the session")
    tap.check_equal(shell.output("signin header"),
                    shape.header + session.access_token, "signin header")
    answer = shell.output(f"{shape.curl()} {shape.url}{shape.api}")
    tap.check(answer.endswith(" 200") and f"{user}@example.org" in answer,
              f"the API with signin header: {answer}")
    return session


def check_dead(here, shape, session):
    wait_for_no_session(here, session.id)
    tap.wait_until(lambda: not shape.still_alive(), "every token dead")


def check_request(shape, target, body, **headers):
    """The last request to a path: its bytes, and all of its headers."""
    one = shape.last(target)
    tap.check_equal(one["body"], body, f"body to {target}")
    headers = {name.replace("_", "-"): value
               for name, value in headers.items()}
    if body:
        headers["content-type"] = "application/json"
    headers.update({"host": f"localhost:{shape.port}",
                    "accept": "application/json",
                    "content-length": str(len(body)),
                    "user-agent": one["headers"].get("user-agent")})
    tap.check_equal(one["headers"], headers, f"headers to {target}")


def whole_session(here, shape, method="kbdint", user="alice", **headers):
    """Sign in, look, call the API, refresh, log out: each request exact.

    Returns the session before and after the refresh, as pairs of tokens.
    """
    tap.check_equal(shape.still_alive(), [], "tokens alive before")
    shape.forget()
    shell = SshSession(user, method)
    session = check_session(here, shape, shell, user)
    first = session.access_token, session.refresh_token
    check_request(shape, shape.SIGN_IN,
                  b'{"email":"%s@example.org","password":"%s-Passw0rd"}'
                  % (user.encode(), user.encode()), **headers)
    refresh_now(here, shell, user)
    check_request(shape, shape.REFRESH,
                  b'{"refresh_token":"%s"}' % first[1].encode(), **headers)
    session = check_session(here, shape, shell, user)
    second = session.access_token, session.refresh_token
    tap.check(first[0] != second[0], "the refresh brought no new token")
    shell.logout()
    check_dead(here, shape, session)
    tap.check(keys.describe(session.ring) is None, "S is still there")
    api = f"GET {shape.api} 200"
    tap.check_equal(shape.requests(),
                    [f"POST {shape.SIGN_IN} 200", api,
                     f"POST {shape.REFRESH} 200", api,
                     f"POST {shape.END} {shape.ended}"],
                    "requests of a session")
    shape.check_no_faults()
    return first, second


def payloads(session):
    """Every payload in a session's keys, as root reads it."""
    found = {}
    for name, serial in keys.children(session.keep).items():
        value = keys.read(serial)
        if value is not None:
            found[name] = value.decode(errors="replace")
    return found


def check_user_is_nowhere(here, shape, user="alice"):
    """Nothing of the answer's "user" is kept, in no key and in no file."""
    shell = SshSession(user)
    session = check_session(here, shape, shell, user)
    refresh_now(here, shell, user)
    held = payloads(session)
    tap.check({"signin:private", "signin:session", "signin:access_token"}
              <= held.keys(), f"keys: {list(held)}")
    for name, payload in held.items():
        for marker in shape.markers:
            tap.check(marker not in payload, f"{marker} is in {name}")
    for record in (session.private, session.session):
        tap.check(not {"email", "role", "aud", "id_token", "first_name",
                       "language"} & set(record), f"record {list(record)}")
    tap.check_equal(session.session.get("user"), user, "user in the record")
    status, text = shell.run("signin get user")
    tap.check(status == 1 and user not in text, f"signin get user: {text}")
    tap.check_equal(leaks.search({marker: marker for marker in shape.markers
                                  if len(marker) >= 8}), [], "on disk")
    shell.logout()
    check_dead(here, shape, session)


def check_passwords(here, shape, user="carol"):
    """Whatever the password is, it arrives as it was typed."""
    for title, secret in PASSWORDS.items():
        shape.test("password", user=user, password=secret)
        for method in ("kbdint", "password"):
            shell = SshSession(user, method, secret)
            session = live_session(here, user)
            sent = json.loads(shape.last(shape.SIGN_IN)["body"])
            tap.check_equal(sent, {"email": f"{user}@example.org",
                                   "password": secret}, title)
            shell.logout()
            check_dead(here, shape, session)
    shape.test("password", user=user, password=f"{user}-Passw0rd")
    shape.check_no_faults()

