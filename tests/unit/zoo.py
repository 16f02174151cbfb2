#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A server that answers what the test says, byte by byte, over TLS.

usage: zoo.py DIR

Certificates are made in DIR, which is removed in the end.  Commands on
standard input, answers on standard output (fake-idp.c is the client):

  answer MODE LENGTH\\n<bytes>   queue an answer: the next request gets it
  requests\\n                    -> how many requests have come
  request N\\n                   -> LENGTH\\n<bytes> of request N, from 0
  connection N\\n                -> which connection carried it, from 0
  repeats\\n                     -> how many answers have been sent once more
  reset\\n                       forget requests and queued answers

After the bytes of its answer, MODE says what happens on the connection:
keep (the next request), close, abort (without a TLS farewell), silent (open,
nothing more), endless (body bytes for ever), headers (header lines for ever);
drip sends the answer itself one byte a second; twice sends it two times in
one piece, again a second time when the first has been read; both keep.
"""

import base64
import hashlib
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading

NAMES = {
    "good": "DNS:localhost,IP:127.0.0.1",
    "wrong": "DNS:elsewhere.example",
    "untrusted": "DNS:localhost,IP:127.0.0.1",
    "client": "DNS:client.example",
}


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def make_certificates(directory):
    def path(name):
        return os.path.join(directory, name)

    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    for ca in ("ca", "other"):
        openssl("req", "-x509", *curve, "-days", "30",
                "-keyout", path(ca + ".key"), "-out", path(ca + ".crt"),
                "-subj", "/CN=zoo " + ca,
                "-addext", "basicConstraints=critical,CA:TRUE")
    for name, names in NAMES.items():
        ca = "other" if name == "untrusted" else "ca"
        openssl("req", *curve, "-keyout", path(name + ".key"),
                "-out", path(name + ".csr"), "-subj", "/CN=zoo " + name)
        with open(path(name + ".ext"), "w") as extensions:
            extensions.write("subjectAltName=" + names + "\n")
        openssl("x509", "-req", "-in", path(name + ".csr"),
                "-CA", path(ca + ".crt"), "-CAkey", path(ca + ".key"),
                "-CAcreateserial", "-days", "30",
                "-extfile", path(name + ".ext"), "-out", path(name + ".crt"))
    key = openssl("pkey", "-in", path("good.key"), "-pubout",
                  "-outform", "DER")
    with open(path("good.pin"), "wb") as pin:
        pin.write(base64.b64encode(hashlib.sha256(key).digest()))


class Zoo:
    def __init__(self):
        self.lock = threading.Lock()
        self.answers = []
        self.requests = []
        self.connections = 0
        self.repeats = 0

    def reset(self):
        with self.lock:
            self.answers = []
            self.requests = []

    def take(self, request, connection):
        """Record a request; say what to answer."""
        with self.lock:
            self.requests.append((request, connection))
            if self.answers:
                return self.answers.pop(0)
        return ("close", b"HTTP/1.1 500 Nothing Queued\r\n"
                         b"Content-Length: 0\r\n\r\n")


def read_request(stream):
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return None
        request += line
    length = 0
    for line in request.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    return request + stream.read(length)


def send_forever(sock, make):
    count = 0
    while True:
        sock.sendall(make(count))
        count += 1


def act(zoo, sock, mode, answer):
    """Send an answer.  True: the connection goes on."""
    if mode == "twice":
        answer += answer
    if mode == "drip":
        stop = threading.Event()
        for i in range(len(answer)):
            sock.sendall(answer[i:i + 1])
            stop.wait(1)
    elif answer:
        sock.sendall(answer)
    if mode == "again":
        # It must have been taken from the socket, or it is one piece.
        threading.Event().wait(0.2)
        try:
            sock.sendall(answer)
        finally:
            # Whoever has gone cannot read it: as good as sent.
            zoo.repeats += 1
    if mode in ("keep", "twice", "again"):
        return True
    if mode == "silent":
        sock.recv(1)
    elif mode == "endless":
        send_forever(sock, lambda n: b"x" * 16384)
    elif mode == "headers":
        send_forever(sock, lambda n: b"X-Header-%d: and so on\r\n" % n)
    elif mode == "abort":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
    elif isinstance(sock, ssl.SSLSocket):
        sock.settimeout(5)
        sock.unwrap()
    return False


def serve_connection(zoo, raw, context, connection):
    sock = raw
    try:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            sock = context.wrap_socket(raw, server_side=True)
        stream = sock.makefile("rb")
        while True:
            request = read_request(stream)
            if request is None:
                break
            mode, answer = zoo.take(request, connection)
            if not act(zoo, sock, mode, answer):
                break
    except OSError:
        pass  # the client has had enough, or does not trust us
    finally:
        sock.close()
        # The stream holds the socket open; its buffer is of no use now.
        try:
            os.close(sock.detach())
        except OSError:
            pass


def serve(zoo, listener, context):
    while True:
        raw, _ = listener.accept()
        with zoo.lock:
            connection = zoo.connections
            zoo.connections += 1
        threading.Thread(target=serve_connection, daemon=True,
                         args=(zoo, raw, context, connection)).start()


def listen(zoo, context):
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, daemon=True,
                     args=(zoo, listener, context)).start()
    return listener.getsockname()[1]


def tls(directory, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(directory, name + ".crt"),
                            os.path.join(directory, name + ".key"))
    return context


def reply(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def obey(zoo):
    for line in sys.stdin.buffer:
        words = line.split()
        if words[0] == b"answer":
            body = sys.stdin.buffer.read(int(words[2]))
            with zoo.lock:
                zoo.answers.append((words[1].decode(), body))
            reply(b"ok\n")
        elif words[0] == b"requests":
            reply(b"%d\n" % len(zoo.requests))
        elif words[0] == b"request":
            data = zoo.requests[int(words[1])][0]
            reply(b"%d\n" % len(data) + data)
        elif words[0] == b"connection":
            reply(b"%d\n" % zoo.requests[int(words[1])][1])
        elif words[0] == b"repeats":
            reply(b"%d\n" % zoo.repeats)
        elif words[0] == b"reset":
            zoo.reset()
            reply(b"ok\n")


def main():
    directory = sys.argv[1]
    make_certificates(directory)
    zoo = Zoo()
    mutual = tls(directory, "good")
    mutual.load_verify_locations(os.path.join(directory, "ca.crt"))
    mutual.verify_mode = ssl.CERT_REQUIRED
    ports = [listen(zoo, tls(directory, name))
             for name in ("good", "wrong", "untrusted")]
    # Whoever offers HTTP/2 gets it, and is not understood.
    second = tls(directory, "good")
    second.set_alpn_protocols(["h2"])
    ports += [listen(zoo, mutual), listen(zoo, None), listen(zoo, second)]
    reply(("ready" + " %d" * len(ports) % tuple(ports) + "\n").encode())
    # Until the test ends, in whatever way.
    try:
        obey(zoo)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
