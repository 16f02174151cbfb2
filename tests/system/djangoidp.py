# SPDX-License-Identifier: BSD-2-Clause
"""Django with simplejwt and OAuth Toolkit (tests/idp/django-server)."""

import json
import os
import ssl
import urllib.error
import urllib.parse
import urllib.request

import machine
import tap
from provider import CLIENT, IDP


class Django:
    """One server, which both presets are tried on.

    preset: "simplejwt" or "oauth-toolkit"; `configuration` and `alive` are
    that one's.  identity: a line for simplejwt, whose answers name nobody but
    by a claim of the project's own.
    """

    header = "Authorization: Bearer "

    def __init__(self, port=4720, name="django", **environment):
        self.name = name
        self.port = port
        self.preset = "simplejwt"
        self.identity = "identity.user = access:/username"
        self.url = f"https://localhost:{port}"
        self.directory = machine.WORK / "idp" / name
        machine.run(IDP / "django-server", "up", self.directory, port,
                    env=dict(os.environ, **environment))
        self._context = ssl.create_default_context(cafile=self.ca_file)
        tap.explain(lambda: [f"--- requests at {name}", *self.requests()])

    @property
    def ca_file(self):
        return str(self.directory / "ca.crt")

    def ask(self, path, fields=None, content=None, **headers):
        """(status, JSON); POST if there are fields or content."""
        if fields is not None:
            content = urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(self.url + path, content, headers)
        try:
            with urllib.request.urlopen(request, context=self._context,
                                        timeout=10) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            return error.code, None

    def requests(self):
        return self.ask("/_test/state")[1]["requests"]

    def forget(self):
        self.ask("/_test/state?forget=yes")

    def user(self, name, **changes):
        self.ask("/_test/user", {"name": name, **changes})

    def alive(self, token):
        """The server's own word on a token."""
        if self.preset == "simplejwt":
            status, _ = self.ask(
                "/api/token/verify/", None,
                json.dumps({"token": token}).encode(),
                **{"Content-Type": "application/json"})
            # 401: expired; 400: blacklisted.
            tap.check(status in (200, 400, 401),
                      f"token-verify answered {status}")
            return status == 200
        # Introspection knows access tokens only; both are in the database.
        return token in self.ask("/_test/state")[1]["tokens"]

    def configuration(self):
        if self.preset == "simplejwt":
            return f"""\
preset = simplejwt
base_url = {self.url}
{self.identity}
ca_file = {self.ca_file}
"""
        return f"""\
preset = oauth-toolkit
base_url = {self.url}/o
client_id = {CLIENT}
client_secret = {self.name}
scope = login
ca_file = {self.ca_file}
"""
