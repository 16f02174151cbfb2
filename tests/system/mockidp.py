# SPDX-License-Identifier: BSD-2-Clause
"""oauth2-mock-server (tests/idp/mock-server), which no preset is for."""

import json
import os
import ssl
import urllib.request

import machine
import tap
from provider import IDP

MODULES = machine.STAGE.parent / "mock-modules"


class MockServer:
    """hooks: whether it has users and a memory, or is as it comes."""

    def __init__(self, name, port, hooks):
        self.name = name
        self.port = port
        self.words = ""  # of its [provider] section, written by the test
        self.url = f"https://localhost:{port}"
        self.directory = machine.WORK / "idp" / name
        if not MODULES.is_dir():
            raise RuntimeError(f"no {MODULES}: "
                               "tests/idp/mock-server/run install")
        machine.run(IDP / "mock-server" / "run", "up", MODULES,
                    self.directory, port,
                    env=dict(os.environ, HOOKS="yes" if hooks else "no"))
        self._context = ssl.create_default_context(cafile=self.ca_file)
        tap.explain(lambda: [f"--- requests at {name}", *self.requests()])

    @property
    def ca_file(self):
        return str(self.directory / "ca.crt")

    def state(self, command="state"):
        with urllib.request.urlopen(f"{self.url}/_test/{command}",
                                    context=self._context,
                                    timeout=10) as answer:
            return json.load(answer)

    def live_for(self, seconds):
        self.state(f"ttl/{seconds}")

    def asked(self):
        return self.state()["requests"]

    def requests(self):
        return [one["line"] for one in self.asked()]

    def still_alive(self):
        return self.state()["alive"]

    def configuration(self):
        return (self.words.replace("BASE", self.url)
                + f"ca_file = {self.ca_file}\n")
