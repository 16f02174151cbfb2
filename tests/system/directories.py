# SPDX-License-Identifier: BSD-2-Clause
"""The real directories, and how their own administrators change them."""

import json
import os
import pathlib
import ssl
import urllib.error
import urllib.request

import machine
import tap
from daemon import configure
from machine import DAEMON, run, write
from provider import IDP, Glewlwyd, password

SCIM_MODULES = machine.STAGE.parent / "scim-modules"
# tests/idp/scim/server.mjs, tests/idp/django/project.py
SCIM_TOKEN = "scim-s3cret-token"
DJANGO_TOKEN = "0123456789abcdef0123456789abcdef01234567"


def secret(name, value):
    """A secret of signin.conf(5)."""
    path = pathlib.Path("/etc/signin/secrets", name)
    write(path, value, 0o640)
    run("chown", f"root:{DAEMON}", path)


def configure_people(here, provider, directory, *, accounts="",
                     access="allow_groups = linux-users", rules=None,
                     **sections):
    """/etc/signin for one provider and the directory of its people.

    directory: anything with name, directory_configuration() and
    directory_secret; or the text of a whole section.  accounts is added to
    [accounts], access is [access], rules is {service: text} of [access
    SERVICE].
    """
    if isinstance(directory, str):
        sections["directory people"] = directory
    else:
        sections["directory people"] = directory.directory_configuration()
    for service, text in (rules or {}).items():
        sections[f"access {service}"] = text
    # Whoever gives an id_range means it.
    if "id_range" not in accounts:
        accounts = f"id_range = {here.id_range}\n{accounts}"
    sections.setdefault("limits", "failures_per_user = 1000\n"
                                  "failures_per_host = 1000")
    configure(provider, accounts=accounts, access=access, **sections)
    if not isinstance(directory, str):
        secret("directory", directory.directory_secret)
        write("/etc/signin/directory-ca.crt",
              pathlib.Path(directory.ca_file).read_text())


def with_more(text, more):
    """The lines of a section; those of `more` replace others."""
    lines = {line.partition(" =")[0]: line for line in
             [*text.splitlines(), *more.splitlines()] if line}
    return "\n".join(lines.values())


class _Https:
    """JSON over HTTPS with a header of one's own."""

    def __init__(self, ca_file, **headers):
        self._context = ssl.create_default_context(cafile=ca_file)
        self._headers = headers

    def ask(self, url, content=None, method=None):
        """(status, JSON or None)"""
        body = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(url, body, self._headers,
                                         method=method)
        if body is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, context=self._context,
                                        timeout=60) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            return error.code, None

    def must(self, *arguments):
        status, answer = self.ask(*arguments)
        tap.check(200 <= status < 300, f"{arguments}: {status}")
        return answer


# ---- SCIM -------------------------------------------------------------------

class Scim:
    """tests/idp/scim-server.  more: lines for the [directory]."""

    directory_secret = SCIM_TOKEN

    def __init__(self, port=4800, more="", **environment):
        self.more = more
        self.port = port
        self.url = f"https://localhost:{port}"
        self.directory = machine.WORK / "idp" / f"scim-{port}"
        self.start(**environment)
        self._https = _Https(self.ca_file,
                             Authorization=f"Bearer {SCIM_TOKEN}")
        tap.explain(lambda: ["--- requests at scim", *self.requests()[-20:]])

    @property
    def ca_file(self):
        return str(self.directory / "ca.crt")

    def start(self, **environment):
        run(IDP / "scim-server", "up", SCIM_MODULES, self.directory,
            self.port, env=dict(os.environ, **environment))

    def stop(self):
        run(IDP / "scim-server", "down", self.directory)

    def directory_configuration(self):
        return with_more(f"""\
type = scim
base_url = {self.url}/scim
auth = static
authorization = Bearer {{{{secret.directory}}}}
ca_file = /etc/signin/directory-ca.crt
match = name
missing_for = 1s
attribute.ssh_keys = /sshPublicKeys
""", self.more)

    def requests(self):
        try:
            return self._https.must(f"{self.url}/_test/requests")
        except OSError as error:
            return [str(error)]

    def forget(self):
        self._https.must(f"{self.url}/_test/forget", {})

    def trouble(self, name):
        self._https.must(f"{self.url}/_test/trouble/{name}", {})

    def _find(self, kind, attribute, name):
        answer = self._https.must(f"{self.url}/scim/{kind}?filter="
                                  f"{attribute}%20eq%20%22{name}%22")
        tap.check(len(answer["Resources"]) == 1, f"{kind} {name}: {answer}")
        return answer["Resources"][0]

    def _patch(self, kind, found, operations):
        self._https.must(
            f"{self.url}/scim/{kind}/{found['id']}",
            {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
             "Operations": operations}, "PATCH")

    def user(self, name, **changes):
        """Change attributes of a user."""
        self._patch("Users", self._find("Users", "userName", name),
                    [{"op": "replace", "path": key, "value": value}
                     for key, value in changes.items()])

    def add_user(self, name, groups=("linux-users",), **attributes):
        added = self._https.must(f"{self.url}/scim/Users", {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": name, "active": True, **attributes})
        for which in groups:
            self.join(which, added["id"])
        return added["id"]

    def delete_user(self, name):
        found = self._find("Users", "userName", name)
        self._https.must(f"{self.url}/scim/Users/{found['id']}", None,
                         "DELETE")

    def join(self, which, user_id):
        self._patch("Groups", self._find("Groups", "displayName", which),
                    [{"op": "add", "path": "members",
                      "value": [{"value": user_id}]}])

    def leave(self, which, name):
        user = self._find("Users", "userName", name)
        self._patch("Groups", self._find("Groups", "displayName", which),
                    [{"op": "remove",
                      "path": f"members[value eq \"{user['id']}\"]"}])

    def id_of(self, name):
        return self._find("Users", "userName", name)["id"]

    def group_id_of(self, name):
        return self._find("Groups", "displayName", name)["id"]


# ---- glewlwyd ---------------------------------------------------------------

class GlewlwydPeople(Glewlwyd):
    """glewlwyd as provider and as directory, by its API for administrators.

    It has no groups and no immutable id: scopes stand for the one, the name
    for the other.
    """

    more = ""

    @property
    def _key(self):
        return (self.directory / "apikey").read_text()

    @property
    def directory_secret(self):
        return self._key

    def directory_configuration(self):
        return with_more(f"""\
type = rest
base_url = {self.url}/api
auth = static
authorization = token {{{{secret.directory}}}}
ca_file = /etc/signin/directory-ca.crt
match = name
missing_for = 1s
user_by_name.url = {{{{base_url}}}}/user/{{{{user}}}}
attribute.name = /username
attribute.subject = /username
attribute.gecos = /name
attribute.enabled = /enabled
attribute.groups = /scope
""", self.more)

    def _ask(self, path, *arguments):
        https = _Https(self.ca_file, Authorization=f"token {self._key}")
        return https.must(f"https://localhost:{self.upstream}/api/user/{path}",
                          *arguments)

    @staticmethod
    def _user(name, enabled, scope):
        return {"username": name, "name": f"{name} of the tests",
                "email": f"{name}@example.org", "enabled": enabled,
                "password": password(name), "scope": list(scope)}

    def add_user(self, name, enabled=True, scope=("openid", "login")):
        self._ask("", self._user(name, enabled, scope))

    def change_user(self, name, enabled=True, scope=("openid", "login")):
        self._ask(name, self._user(name, enabled, scope), "PUT")

    def delete_user(self, name):
        self._ask(name, None, "DELETE")

    def replace_subject(self, name):
        """From now on the name is another person: another `sub`."""
        run("sqlite3", "-cmd", ".timeout 5000",
            self.directory / "glewlwyd.db",
            "DELETE FROM gpo_subject_identifier "
            f"WHERE gposi_username = '{name}'")
