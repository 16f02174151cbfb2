# SPDX-License-Identifier: BSD-2-Clause
"""What gotrue-server and baserow-server have in common: a TLS server on
loopback that takes a request only if every byte of it is as it must be.

    PROGRAM up DIR PORT     start; may be repeated
    PROGRAM down DIR        end
    PROGRAM serve DIR PORT  stay in the foreground

Users: alice bob carol dave, e-mail NAME@example.org, password NAME-Passw0rd.

For tests only, with JSON bodies:
    GET  /_test/state              {"requests", "faults", "access", "refresh"}:
                                   what came, what was out of shape, and which
                                   tokens are alive
    POST /_test/options {NAME: VALUE}
    POST /_test/password {"user", "password"}
    POST /_test/end                every session ends, as if by another client
    POST /_test/forget             the requests so far
    POST /_test/forgive            the faults so far

Options of both: access_ttl in seconds; fail, a status to answer without a
look at the request; slow_down, the Retry-After of a 429; name_as, the user
whom answers name instead of the one who signed in; hold, to leave requests
unanswered until it is false again ("held" in the state says how many).
"""

import base64
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import signal
import ssl
import subprocess
import sys
import threading
import time
import uuid

PEOPLE = ("alice", "bob", "carol", "dave")
DOMAIN = "example.org"


class Answer(Exception):
    """The answer to a request: a status, a JSON value or None, headers."""

    def __init__(self, status, value=None, **headers):
        super().__init__(status)
        self.status = status
        self.value = value
        self.headers = {name.replace("_", "-"): str(text)
                        for name, text in headers.items()}


class Fault(Exception):
    """A request that is not as it must be; the text says what is wrong."""


# ---- JSON Web Tokens (RFC 7519, HS256) ---------------------------------------

def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unbase64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Signer:
    """Signs and verifies with a key of this server's life."""

    def __init__(self):
        self._key = os.urandom(32)

    def _mac(self, text):
        return _base64url(hmac.new(self._key, text.encode(),
                                   hashlib.sha256).digest())

    def sign(self, claims):
        parts = [_base64url(json.dumps(part, separators=(",", ":")).encode())
                 for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
        text = ".".join(parts)
        return f"{text}.{self._mac(text)}"

    def claims(self, token):
        """The claims of a token of ours that has not expired, or None."""
        text, _, mac = token.rpartition(".")
        if not hmac.compare_digest(mac.encode(), self._mac(text).encode()):
            return None
        claims = json.loads(_unbase64url(text.partition(".")[2]))
        return claims if claims["exp"] > time.time() else None


# ---- requests ------------------------------------------------------------------

class Request:
    """One request.  take() and body() raise Fault if it is out of shape."""

    def __init__(self, method, target, headers, content):
        self.method = method
        self.target = target
        self.headers = headers
        self.content = content

    def header(self, name):
        values = [value for other, value in self.headers
                  if other.lower() == name.lower()]
        if len(values) > 1:
            raise Fault(f"{name} stands there {len(values)} times")
        return values[0] if values else None

    def take(self, port, **wanted):
        """The headers must be these and no others.

        A value is an exact text, or a beginning if it ends in "*".
        """
        wanted = {name.replace("_", "-").lower(): value
                  for name, value in wanted.items()}
        wanted.update({"host": f"localhost:{port}", "user-agent": "signin/*",
                       "accept": "application/json",
                       "content-length": str(len(self.content))})
        for name, value in wanted.items():
            actual = self.header(name)
            if actual is None:
                raise Fault(f"no header {name}")
            same = (actual.startswith(value[:-1]) if value.endswith("*")
                    else actual == value)
            if not same:
                raise Fault(f"header {name} is {actual!r}, not {value!r}")
        for name, _ in self.headers:
            if name.lower() not in wanted:
                raise Fault(f"a header {name}, which nobody asked for")

    def body(self, *names):
        """The values of a JSON object with exactly these members, texts."""
        def members(pairs):
            if [name for name, _ in pairs] != list(names):
                raise Fault(f"members {[name for name, _ in pairs]}, "
                            f"not {list(names)}")
            return [value for _, value in pairs]
        try:
            values = json.loads(self.content.decode("utf-8"),
                                object_pairs_hook=members)
        except ValueError as error:
            raise Fault(f"no JSON: {error}") from None
        if not isinstance(values, list) or len(values) != len(names) or \
                not all(isinstance(value, str) for value in values):
            raise Fault(f"not an object of texts: {self.content!r}")
        return values

    def no_body(self):
        if self.content:
            raise Fault(f"a body: {self.content!r}")


# ---- the server ------------------------------------------------------------------

class Shape:
    """The part of a server that knows its endpoints; made by subclasses.

    handle(request) raises Answer or Fault; tokens() returns the lists of
    living access and refresh tokens; end_all() ends every session.
    """

    def __init__(self, port):
        self.port = port
        self.lock = threading.RLock()
        self.signer = Signer()
        self.passwords = {name: f"{name}-Passw0rd" for name in PEOPLE}
        self.options = {"access_ttl": 3600, "fail": 0, "slow_down": 0,
                        "name_as": None, "hold": False}
        self.held = 0
        self.requests = []
        self.faults = []

    def user_of(self, email, password):
        """The name of the user, or None: e-mails have no case."""
        name, _, domain = email.lower().partition("@")
        if domain != DOMAIN or self.passwords.get(name) != password:
            return None
        return name

    def named(self, name):
        """Whom the answers name."""
        return self.options["name_as"] or name

    @staticmethod
    def id_of(name):
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.{DOMAIN}"))

    def _wait(self, request):
        if request.target.startswith("/_test/"):
            return
        self.held += 1
        while self.options["hold"]:
            time.sleep(0.02)
        self.held -= 1

    def answer(self, request):
        """The Answer to any request."""
        self._wait(request)
        with self.lock:
            try:
                if request.target.startswith("/_test/"):
                    self._test(request)
                if self.options["fail"]:
                    raise Answer(self.options["fail"])
                self.handle(request)
                raise Fault(f"no endpoint {request.method} {request.target}")
            except Answer as answer:
                result = answer
            except Fault as fault:
                self.faults.append(
                    f"{request.method} {request.target}: {fault}")
                result = Answer(400, {"fault": str(fault)})
            if not request.target.startswith("/_test/"):
                self.requests.append({
                    "method": request.method, "target": request.target,
                    "headers": request.headers, "status": result.status,
                    "body": base64.b64encode(request.content).decode(),
                    "at": time.time()})
            return result

    def _test(self, request):
        value = json.loads(request.content) if request.content else {}
        command = request.target.rpartition("/")[2]
        if command == "options":
            self.options.update(value)
        elif command == "password":
            self.passwords[value["user"]] = value["password"]
        elif command == "end":
            self.end_all()
        elif command == "forget":
            self.requests.clear()
        elif command == "forgive":
            self.faults.clear()
        elif command != "state":
            raise Answer(404)
        access, refresh = self.tokens()
        raise Answer(200, {"requests": self.requests, "faults": self.faults,
                           "held": self.held, "access": access, "refresh": refresh})


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self):
        if self.headers.get("Transfer-Encoding"):
            length = 0
        else:
            length = int(self.headers.get("Content-Length") or 0)
        request = Request(self.command, self.path,
                          [list(pair) for pair in self.headers.items()],
                          self.rfile.read(length))
        answer = self.server.shape.answer(request)
        body = b""
        if answer.value is not None:
            body = json.dumps(answer.value).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.value is not None:
            self.send_header("Content-Type", "application/json")
        if answer.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def finish_request(self, request, client_address):
        # The handshake belongs in the connection's thread.
        with self.tls.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)

    def handle_error(self, *_):
        pass  # clients may go away


def _serve(make, directory, port):
    server = _Server(("127.0.0.1", port), _Handler)
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(directory / "server.crt",
                               directory / "server.key")
    server.shape = make(port)
    (directory / "ready").touch()
    server.serve_forever()


# ---- up and down -----------------------------------------------------------------

def _running(directory):
    try:
        pid = int((directory / "pid").read_text())
        os.kill(pid, 0)
        return pid
    except (OSError, ValueError):
        return None


def _up(directory, port):
    directory.mkdir(parents=True, exist_ok=True)
    subprocess.run([pathlib.Path(__file__).parent / "certificates",
                    directory], check=True)
    if _running(directory):
        return
    ready = directory / "ready"
    ready.unlink(missing_ok=True)
    with open(directory / "output", "wb") as output:
        process = subprocess.Popen(
            [sys.executable, os.path.realpath(sys.argv[0]), "serve",
             str(directory), str(port)],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True)
    (directory / "pid").write_text(str(process.pid))
    end = time.monotonic() + 10
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > end:
            sys.exit(f"{sys.argv[0]}: it does not listen on port {port}\n"
                     + (directory / "output").read_text())
        time.sleep(0.02)


def _down(directory):
    pid = _running(directory)
    if pid:
        os.kill(pid, signal.SIGTERM)
    (directory / "pid").unlink(missing_ok=True)


def main(make):
    """The command line.  make(port) returns the Shape."""
    arguments = sys.argv[1:]
    if len(arguments) == 3 and arguments[0] in ("up", "serve"):
        directory = pathlib.Path(arguments[1]).resolve()
        port = int(arguments[2])
        if arguments[0] == "up":
            _up(directory, port)
        else:
            _serve(make, directory, port)
    elif len(arguments) == 2 and arguments[0] == "down":
        _down(pathlib.Path(arguments[1]).resolve())
    else:
        sys.exit(f"usage: {sys.argv[0]} up DIR PORT | down DIR")
