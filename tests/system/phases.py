# SPDX-License-Identifier: BSD-2-Clause
"""One fault, with a provider and a directory of its own: the provider's
requests go by a port each, and the fault strikes those that are named."""

import endpoint
import faultproxy
from faultproxy import FaultProxy
from tap import check, check_equal, wait_until

UPSTREAM = 4900

# Nothing of the request arrives, or all of it does and no answer comes back.
NEVER_ARRIVES = ("refuse", "black hole", "stall handshake", "swallow request",
                 "reset request")
NEVER_ANSWERED = ("stall request", "truncate", "reset within", "reset answer",
                  "cut head", "cut body", "stall head", "stall body", "drip")
HARMLESS = ("reset afterwards", "delay", "ask twice", "answer twice")
FAILS = NEVER_ARRIVES + NEVER_ANSWERED
ALL = FAILS + HARMLESS
# So that a hang ends soon, and a busy machine's answer still counts: one that
# comes later is asked for again, as it should be.
TIGHT = "connect_timeout = 2s\nrequest_timeout = 2s\n"
PATIENCE = 30


class Place:
    """One fault, and whom it strikes."""

    def __init__(self, server, number, fault):
        self.fault = fault
        self.name = fault.replace(" ", "-")
        self.ca_file = server.ca_file
        self.realm = server.realms[self.name]
        self.lost = set()
        self.proxies = {}
        self.shell = self.token = None
        if fault in faultproxy.FAULTS:
            self.proxies = {
                kind: FaultProxy(5000 + 10 * number + place, UPSTREAM)
                for place, kind in enumerate(endpoint.KINDS)}

    def strike(self, *kinds):
        for kind in kinds:
            if self.proxies:
                self.proxies[kind].set(self.fault)
            else:
                self.realm.troubles[kind] = self.fault

    def clear(self):
        for proxy in self.proxies.values():
            proxy.set(None)
        self.realm.troubles = {}

    def heal(self, kind):
        if self.proxies:
            self.proxies[kind].set(None)
        else:
            del self.realm.troubles[kind]

    def url(self, kind):
        port = self.proxies[kind].port if self.proxies else UPSTREAM
        return f"https://localhost:{port}/{self.name}/{kind}"

    def configuration(self):
        urls = "".join(f"{kind.replace('revoke_', 'revoke.')}.url = "
                       f"{self.url(kind)}\n" for kind in endpoint.KINDS[:6])
        return f"""\
preset = oauth2
base_url = https://localhost:{UPSTREAM}/{self.name}
client_id = pam
client_secret = {self.name}
ca_file = {self.ca_file}
{urls}revoke = refresh access
identity.user = userinfo:/username
identity.subject = userinfo:/sub
check_at_refresh = introspect
grace = {endpoint.GRACE}s
sign_in_timeout = 4s
{TIGHT}"""

    def directory(self):
        return f"""\
provider = {self.name}
type = rest
match = name
auth = client_credentials
client_id = pam
client_secret = {self.name}
token.url = {self.url("token")}
users.url = {self.url("users")}
users.answer = /users
user_by_name.url = {self.url("user")}/{{{{user}}}}
attribute.name = /name
attribute.subject = /id
attribute.enabled = /enabled
ca_file = /etc/signin/{self.name}-ca.crt
refresh_every = 1h
missing_for = 1s
{TIGHT}"""

    # ---- what is counted

    def mark(self, *kinds):
        """Remember, for sent()."""
        self._before = {kind: (self.realm.asked[kind], self._accepted(kind))
                        for kind in kinds}

    def _accepted(self, kind):
        return self.proxies[kind].accepted if self.proxies else 0

    def check_sent(self, kind, times=1):
        """The provider had the request so many times, as it should."""
        asked, accepted = self._before[kind]
        arrived = 0 if self.fault in NEVER_ARRIVES else times
        if self.fault == "ask twice":
            arrived *= 2
        check_equal(self.realm.asked[kind] - asked, arrived,
                    f"{self.fault}: requests of {kind}")
        check(self._accepted(kind) - accepted <= times,
              f"{self.fault}: connections for {kind}: "
              f"{self._accepted(kind) - accepted}")

    def check_revoked(self, kind):
        """Once for the fault, if it got there; once more, and no more."""
        more = self.realm.asked[kind] - self._before[kind][0]
        least = 1 + (self.fault in NEVER_ANSWERED)
        # The token from before the last refresh may be alive, too.
        most = least + (kind == "revoke_access")
        if self.fault == "ask twice":
            least, most = 2 * least, 2 * most
        check(least <= more <= most,
              f"{kind}: {more} times, expected {least} to {most}")

    def wait_for_no_token(self):
        wait_until(lambda: not self.realm.alive - self.lost,
                   "every token dead", PATIENCE)
