# SPDX-License-Identifier: BSD-2-Clause
"""A sign-in endpoint on loopback that knows carol.

POST /token   with her password or a living refresh token: new tokens
POST /revoke  a token of either kind is dead
"""

import http.server
import json
import os
import threading
import urllib.parse

from base import EXTERNAL

PASSWORD = "carol-of-the-provider"
LIFE_S = 3600


class Provider:
    """Serves from a thread until the test ends.  alive: the tokens that are;
    ended: those that were revoked."""

    def __init__(self):
        self.alive = set()
        self.ended = set()
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                form = dict(urllib.parse.parse_qsl(
                    self.rfile.read(length).decode()))
                status, answer = provider.answer(self.path, form)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                       Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever,
                         daemon=True).start()

    def answer(self, path, form):
        if path == "/revoke":
            token = form.get("token")
            self.ended.add(token)
            self.alive.discard(token)
            return 200, {}
        right = (form.get("username") == EXTERNAL
                 and form.get("password") == PASSWORD
                 or form.get("refresh_token") in self.alive)
        if path != "/token" or not right:
            return 400, {"error": "invalid_grant"}
        tokens = [f"{kind}-{os.urandom(12).hex()}"
                  for kind in ("access", "refresh")]
        self.alive.update(tokens)
        return 200, {"access_token": tokens[0], "refresh_token": tokens[1],
                     "token_type": "bearer", "expires_in": LIFE_S,
                     "user": EXTERNAL}
