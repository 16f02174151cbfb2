# SPDX-License-Identifier: BSD-2-Clause
"""The real identity providers, and their word on what is alive."""

import base64
import json
import os
import ssl
import urllib.error
import urllib.parse
import urllib.request

import machine
import tap
from proxy import Proxy

IDP = machine.SOURCE / "tests" / "idp"
MODULES = machine.STAGE.parent / "idp-modules"
CLIENT, SECRET = "pam", "pam-s3cret"


def password(name):
    return f"{name}-Passw0rd"


class _Provider:
    """A provider on a loopback port with a proxy before it."""

    introspection_path = None
    token_path = None

    def __init__(self, name, port):
        self.name = name
        self.directory = machine.WORK / "idp" / name
        self.port = port
        self.upstream = port + 1
        self.url = f"https://localhost:{port}"
        self._up()
        self.proxy = Proxy(self.directory, port, self.upstream)
        self._context = ssl.create_default_context(cafile=self.ca_file)
        tap.explain(lambda: [f"--- requests at {name}", self.proxy.requests])

    @property
    def ca_file(self):
        return str(self.directory / "ca.crt")

    def ask(self, path, fields=None):
        """POST a form as the client `pam`, past the proxy.  (status, text)"""
        request = urllib.request.Request(
            f"https://localhost:{self.upstream}{path}",
            urllib.parse.urlencode(fields or {}).encode())
        login = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        request.add_header("Authorization", f"Basic {login}")
        try:
            with urllib.request.urlopen(request, context=self._context,
                                        timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def introspect(self, token):
        """The provider's introspection (RFC 7662) of a token."""
        status, text = self.ask(self.introspection_path, {"token": token})
        tap.check(status == 200, f"introspection answered {status} {text}")
        return json.loads(text)

    def alive(self, token):
        return self.introspect(token).get("active") is True

    def still_alive(self):
        """Of all tokens it has ever issued, those that are alive."""
        return [token for token in self.proxy.issued if self.alive(token)]

    # Whether introspection knows access tokens (JWTs may be unknown to it).
    introspects_access_tokens = True

    def refreshes(self):
        return self.proxy.count("refresh_token")

    def sign_ins(self):
        return self.proxy.count("password")


class Glewlwyd(_Provider):
    """plugin: oidc (300 s, rotating), fixed (not rotating), short (6 s)."""

    def __init__(self, plugin="oidc", port=4500):
        self.plugin = plugin
        super().__init__("glewlwyd", port)

    def _up(self):
        machine.run(IDP / "glewlwyd-server", "up", self.directory,
                    self.upstream, self.port)

    @property
    def introspection_path(self):
        return f"/api/{self.plugin}/introspect"

    def configuration(self):
        return f"""\
preset = glewlwyd
base_url = {self.url}/api/{self.plugin}
client_id = {CLIENT}
client_auth = basic
client_secret = {self.name}
scope = login
ca_file = {self.ca_file}
"""


class Oidc(_Provider):
    """oidc-provider: opaque or JWT access tokens, rotating refresh tokens."""

    introspection_path = "/token/introspection"

    def __init__(self, token_format="opaque", access_ttl=300, port=4600):
        self.token_format = token_format
        self.access_ttl = access_ttl
        # It does not introspect JWTs: those speak for themselves.  Its word
        # on the session is then the refresh token's.
        self.introspects_access_tokens = token_format == "opaque"
        super().__init__(f"oidc-{token_format}", port)

    def _up(self):
        environment = dict(os.environ, TOKEN_FORMAT=self.token_format,
                           ACCESS_TTL=str(self.access_ttl))
        machine.run(IDP / "oidc-server", "up", MODULES, self.directory,
                    self.upstream, self.port, env=environment)

    def lock(self, name):
        self.ask(f"/_test/lock/{name}")

    def unlock(self, name):
        self.ask(f"/_test/unlock/{name}")

    def configuration(self):
        # A JWT can neither be introspected nor revoked there.
        if self.token_format == "opaque":
            identity, revoke = "introspect:/sub", "refresh access"
        else:
            identity, revoke = "access:/sub", "refresh"
        return f"""\
preset = oauth2
base_url = {self.url}
client_id = {CLIENT}
client_auth = basic
client_secret = {self.name}
scope = login
ca_file = {self.ca_file}
sign_in.url = {{{{base_url}}}}/token
refresh.url = {{{{base_url}}}}/token
introspect.url = {{{{base_url}}}}/token/introspection
revoke.refresh.url = {{{{base_url}}}}/token/revocation
revoke.access.url = {{{{base_url}}}}/token/revocation
revoke = {revoke}
identity.user = {identity}
identity.subject = {identity}
"""
