# SPDX-License-Identifier: BSD-2-Clause
"""A TLS proxy before the provider: counts requests, and makes trouble.

signind talks to this; the tests' own questions (introspection) go past it,
straight to the provider.
"""

import http.client
import http.server
import json
import ssl
import threading
import time
import urllib.parse


class Proxy:
    """https://localhost:PORT, forwarding to https://localhost:UPSTREAM.

    requests  a list of (kind, status): the kind is the grant_type of a token
              request, else the last part of the path
    issued    every token the provider gave out through here, in order
    issued_at {token: (time.monotonic() of the request, and of the answer)}
    trouble   None, or one of
              "hang"    take the request, never answer
              "drop"    let the provider answer, but lose the answer
              "fail"    answer 503 without asking the provider
    """

    def __init__(self, directory, port, upstream):
        self.port = port
        self.requests = []
        self.issued = []
        self.issued_at = {}
        self.trouble = None
        self._directory = directory
        self._upstream = upstream
        self._server = None
        self._released = threading.Event()
        self.start()

    def start(self, certificate="server"):
        """Listen, with DIR/CERTIFICATE.crt and .key."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{self._directory}/{certificate}.crt",
                                f"{self._directory}/{certificate}.key")
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.proxy = self
        self._server.tls = context
        self._released.clear()
        threading.Thread(target=self._server.serve_forever,
                         kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        """Close the port and every connection: the provider is down."""
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.close_connections()

    def count(self, kind):
        return sum(1 for name, _ in list(self.requests) if name == kind)

    def note_tokens(self, kind, status, answer, asked):
        """Remember what was given out, to ask later whether it still lives."""
        if kind not in ("password", "refresh_token") or status != 200:
            return
        given = json.loads(answer)
        for name in ("access_token", "refresh_token"):
            if name in given:
                self.issued_at[given[name]] = (asked, time.monotonic())
                self.issued.append(given[name])

    def forward(self, handler, body):
        """(status, headers, body) from the provider."""
        context = ssl.create_default_context(
            cafile=f"{self._directory}/ca.crt")
        connection = http.client.HTTPSConnection(
            "localhost", self._upstream, context=context, timeout=20)
        try:
            headers = {name: value for name, value in handler.headers.items()
                       if name.lower() not in ("connection",)}
            connection.request(handler.command, handler.path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def wait_released(self):
        self._released.wait(60)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, *arguments):
        self._open = set()
        super().__init__(*arguments)

    def finish_request(self, request, client_address):
        # The handshake belongs in the connection's thread.
        try:
            request = self.tls.wrap_socket(request, server_side=True)
        except (OSError, ssl.SSLError):
            return
        self._open.add(request)
        try:
            super().finish_request(request, client_address)
        finally:
            self._open.discard(request)
            request.close()

    def handle_error(self, *_):
        pass  # clients may go away

    def close_connections(self):
        for connection in list(self._open):
            try:
                connection.shutdown(2)
            except OSError:
                pass


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self):
        proxy = self.server.proxy
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        fields = urllib.parse.parse_qs(body.decode(errors="replace"))
        kind = fields.get("grant_type", [self.path.rstrip("/")
                                         .rpartition("/")[2]])[0]
        trouble = proxy.trouble
        if trouble == "hang":
            proxy.requests.append((kind, 0))
            proxy.wait_released()
            self.close_connection = True
            return
        if trouble == "fail":
            status, headers, answer = 503, [], b""
        else:
            asked = time.monotonic()
            status, headers, answer = proxy.forward(self, body)
            proxy.note_tokens(kind, status, answer, asked)
        proxy.requests.append((kind, status))
        if trouble == "drop":
            self.close_connection = True
            return
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding",
                                    "content-length", "keep-alive"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def log_message(self, *_):
        pass
