# SPDX-License-Identifier: BSD-2-Clause
"""A provider and directory that keeps account of everything it was asked, and
a proxy's faults that need to see inside TLS.

One server has many realms, /REALM/KIND: a provider's and a directory's life
each, without anything in common.
"""

import collections
import http.server
import json
import secrets
import socket
import ssl
import threading
import time
import urllib.parse

import machine
from provider import IDP, password

KINDS = ("sign_in", "userinfo", "refresh", "introspect", "revoke_refresh",
         "revoke_access", "token", "users", "user")
FAULTS = (
    "cut head",      # half of the answer's head, then a proper end
    "cut body",      # half of its body, likewise
    "stall head",    # half of its head, and no more
    "stall body",    # half of its body, and no more
    "drip",          # one byte a second
    "ask twice",     # the provider has the request two times
    "answer twice",  # and here signind the answer
)
# A spent refresh token is good once more, for so many seconds.
GRACE = 60


class Realm:
    """alive  tokens that the provider would honour
    asked     how often it was asked, by kind; what a proxy did counts, too
    """

    def __init__(self, name):
        self.name = name
        self.asked = collections.Counter()
        self.people = [f"{name}-listed"]
        self.found = []  # by name only
        self.alive = set()
        self.troubles = {}
        self._pairs = {}  # a refresh token, dead or not: what followed it
        self._lock = threading.Lock()

    def trouble(self, kind):
        with self._lock:
            return self.troubles.get(kind)

    def answer(self, kind, fields, bearer, path):
        """(status, JSON)"""
        with self._lock:
            self.asked[kind] += 1
            return getattr(self, "_" + kind)(fields, bearer, path)

    def _pair(self):
        access, refresh = (f"{kind}-{secrets.token_hex(16)}"
                           for kind in ("access", "refresh"))
        self.alive |= {access, refresh}
        self._pairs[refresh] = {"access": access, "next": None, "spent": 0}
        return refresh, {"access_token": access, "refresh_token": refresh,
                         "token_type": "bearer", "expires_in": 300}

    def _sign_in(self, fields, _bearer, _path):
        if fields.get("password") != password(fields.get("username", "")):
            return 400, {"error": "invalid_grant"}
        return 200, self._pair()[1]

    def _refresh(self, fields, _bearer, _path):
        token = fields.get("refresh_token")
        pair = self._pairs.get(token)
        if pair is None:
            return 400, {"error": "invalid_grant"}
        if pair["spent"]:
            lost = self._pairs.get(pair["next"])
            if (pair["next"] not in self.alive or lost["spent"]
                    or time.monotonic() > pair["spent"] + GRACE):
                return 400, {"error": "invalid_grant"}
            self.alive -= {pair["next"], lost["access"]}
        elif token not in self.alive:
            return 400, {"error": "invalid_grant"}
        self.alive -= {token, pair["access"]}
        pair["spent"] = time.monotonic()
        pair["next"], given = self._pair()
        return 200, given

    def _userinfo(self, _fields, bearer, _path):
        if bearer not in self.alive:
            return 401, {}
        return 200, {"username": "alice", "sub": f"sub-of-alice-{self.name}"}

    def _introspect(self, fields, _bearer, _path):
        return 200, {"active": fields.get("token") in self.alive}

    def _revoke(self, fields, _bearer, _path):
        self.alive.discard(fields.get("token"))
        return 200, {}

    _revoke_refresh = _revoke_access = _revoke

    # ---- the directory

    def _token(self, _fields, _bearer, _path):
        return 200, {"access_token": f"directory-{self.name}",
                     "token_type": "bearer", "expires_in": 1}

    @staticmethod
    def _person(name):
        return {"name": name, "id": f"id-of-{name}", "enabled": True}

    def _users(self, _fields, bearer, _path):
        if bearer != f"directory-{self.name}":
            return 401, {}
        return 200, {"users": [self._person(name) for name in self.people]}

    def _user(self, _fields, bearer, path):
        name = path.rpartition("/")[2]
        if bearer != f"directory-{self.name}":
            return 401, {}
        if name in self.people or name in self.found:
            return 200, self._person(name)
        return 404, {}


class Endpoint:
    """https://localhost:PORT/REALM/KIND"""

    def __init__(self, port, names):
        self.port = port
        self.directory = machine.WORK / "idp" / "endpoint"
        machine.run(IDP / "certificates", self.directory)
        self.realms = {name: Realm(name) for name in names}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.directory / "server.crt",
                                self.directory / "server.key")
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.endpoint = self
        self._server.tls = context
        threading.Thread(target=self._server.serve_forever,
                         daemon=True).start()

    @property
    def ca_file(self):
        return str(self.directory / "ca.crt")


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def finish_request(self, request, client_address):
        try:
            request = self.tls.wrap_socket(request, server_side=True)
        except (OSError, ssl.SSLError):
            return
        super().finish_request(request, client_address)

    def shutdown_request(self, request):
        request.close()

    def handle_error(self, *_):
        pass  # clients may go away


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode(errors="replace")
        fields = dict(urllib.parse.parse_qsl(body))
        bearer = (self.headers.get("Authorization") or "").rpartition(" ")[2]
        _, name, kind = self.path.split("/")[:3]
        realm = self.server.endpoint.realms[name]
        trouble = realm.trouble(kind)
        if trouble == "ask twice":
            realm.answer(kind, fields, bearer, self.path)
        status, value = realm.answer(kind, fields, bearer, self.path)
        body = json.dumps(value)
        head = (f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\n"
                f"X-Longer: {'than a piece ' * 20}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n")
        self._send(trouble, head.encode(), body.encode())

    do_GET = do_POST = _serve

    def _send(self, trouble, head, body):
        whole = head + body
        if trouble in ("cut head", "stall head"):
            whole = head[:len(head) // 2]
        elif trouble in ("cut body", "stall body"):
            whole = head + body[:len(body) // 2]
        if trouble == "drip":
            for place in range(len(whole)):
                self.wfile.write(whole[place:place + 1])
                threading.Event().wait(1)
        else:
            self.wfile.write(whole)
        if trouble == "answer twice":
            self.wfile.write(whole)
        elif trouble in ("stall head", "stall body"):
            self.rfile.read(1)  # until the client has had enough
        if trouble is not None:
            self.close_connection = True
        if trouble in ("cut head", "cut body"):
            self.connection.settimeout(5)
            self.connection.unwrap().shutdown(socket.SHUT_RDWR)

    def log_message(self, *_):
        pass
