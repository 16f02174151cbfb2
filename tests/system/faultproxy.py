# SPDX-License-Identifier: BSD-2-Clause
"""A TCP forwarder before a TLS port, which breaks what it carries; and a name
server that never answers.

It sees TLS records and never what is in them.  A request is a record of
application data from the client that is longer than anything else a client
sends (Finished, close_notify): its phase is known without the keys.
"""

import select
import socket
import struct
import threading

APPLICATION_DATA = 23
LONGER_THAN_FINISHED = 100

FAULTS = (
    "refuse",            # nobody listens
    "black hole",       # accepts, and says nothing for ever
    "stall handshake",  # a piece of the server's hello, and no more
    "swallow request",  # takes the request, and keeps it
    "stall request",    # takes the request, gives no answer
    "truncate",         # a piece of the answer, then the end
    "reset request",    # RST instead of taking the request
    "reset within",     # RST after a piece of the answer
    "reset answer",     # RST instead of handing over the answer
    "reset afterwards", # RST when the answer has been handed over
    "delay",            # late, but well
)
PIECE = 100
DELAY = 0.3


class FaultProxy:
    """localhost:PORT, forwarding to localhost:UPSTREAM.

    accepted  connections
    requests  requests that were seen, passed on or not
    """

    def __init__(self, port, upstream):
        self.port = port
        self.upstream = upstream
        self.accepted = 0
        self.requests = 0
        self._fault, self._times = None, None
        self._generation = 0
        self._lock = threading.Lock()
        self._listener = None
        self._listen()

    def set(self, fault=None, times=None):
        """From now on this goes wrong, so many times (None: always).

        What an earlier fault holds up is closed.
        """
        assert fault is None or fault in FAULTS
        with self._lock:
            self._fault, self._times = fault, times
            self._generation += 1
        if fault == "refuse":
            self._stop_listening()
        elif self._listener is None:
            self._listen()

    def take(self, *faults):
        """The fault, if it is one of these and it is its turn."""
        with self._lock:
            if self._fault not in faults or self._times == 0:
                return None
            if self._times is not None:
                self._times -= 1
            return self._fault

    def is_held(self, generation):
        return generation == self._generation

    @property
    def generation(self):
        return self._generation

    def _listen(self):
        self._listener = socket.create_server(
            ("127.0.0.1", self.port), backlog=128)
        threading.Thread(target=self._accept, args=(self._listener,),
                         daemon=True).start()

    def _stop_listening(self):
        listener, self._listener = self._listener, None
        if listener is not None:
            # Wakes accept(2); close(2) alone would leave it listening.
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=_Link(self, client).run,
                             daemon=True).start()


class _Records:
    """The client's stream: does a request begin in this piece?"""

    def __init__(self):
        self._head = b""
        self._left = 0

    def feed(self, data):
        begun = False
        while data:
            if self._left:
                skipped = min(self._left, len(data))
                self._left -= skipped
                data = data[skipped:]
                continue
            self._head, data = self._head + data[:1], data[1:]
            if len(self._head) == 5:
                kind, self._left = self._head[0], struct.unpack(
                    ">H", self._head[3:])[0]
                self._head = b""
                begun |= (kind == APPLICATION_DATA
                          and self._left > LONGER_THAN_FINISHED)
        return begun


class _Link:
    """One connection, in one thread: a socket that another thread reads
    could not be reset."""

    def __init__(self, proxy, client):
        self.proxy = proxy
        self.client = client
        self.server = None
        self.records = _Records()
        self.fault = None  # that is under way
        self.room = None   # bytes that the client may still get

    def run(self):
        try:
            if self.proxy.take("black hole"):
                self._hold()
                return
            self.server = socket.create_connection(
                ("127.0.0.1", self.proxy.upstream), timeout=20)
            for one in (self.client, self.server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.proxy.take("stall handshake"):
                self.fault, self.room = "stall handshake", PIECE
            self._forward()
        except OSError:
            pass  # either side may go
        finally:
            for one in (self.client, self.server):
                if one is not None:
                    one.close()

    def _forward(self):
        while True:
            for ready in select.select([self.client, self.server], [], [])[0]:
                data = ready.recv(65536)
                go_on = (self._up(data) if ready is self.client
                         else self._down(data))
                if not data or not go_on:
                    return

    def _up(self, data):
        if self.records.feed(data):
            self.proxy.requests += 1
            wanted = ["swallow request", "stall request", "truncate",
                      "reset request", "reset within", "reset answer",
                      "reset afterwards", "delay"]
            self.fault = self.proxy.take(*wanted)
            if self.fault in ("truncate", "reset within"):
                self.room = PIECE
            elif self.fault == "reset request":
                self._reset()
                return False
            elif self.fault == "swallow request":
                self._hold()
                return False
        self.server.sendall(data)
        if self.fault == "stall request":
            self._hold()
            return False
        return True

    def _down(self, data):
        if self.fault == "reset answer":
            self._reset()
            return False
        if self.fault == "delay":
            threading.Event().wait(DELAY)
        if self.room is not None:
            data, self.room = data[:self.room], self.room - len(data)
        self.client.sendall(data)
        if self.room is not None and self.room <= 0:
            if self.fault == "stall handshake":
                self._hold()
            elif self.fault == "reset within":
                self._reset()
            return False
        if self.fault == "reset afterwards":
            # All of it is there once the client has had time to take it.
            self._drain()
            self._reset()
            return False
        return True

    def _drain(self):
        while select.select([self.server], [], [], DELAY)[0]:
            data = self.server.recv(65536)
            if not data:
                return
            self.client.sendall(data)

    def _hold(self):
        """Until the client has had enough, or the fault is over."""
        generation = self.proxy.generation
        self.client.settimeout(0.1)
        while self.proxy.is_held(generation):
            try:
                if not self.client.recv(65536):
                    return
            except TimeoutError:
                pass

    def _reset(self):
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
        self.client.close()


class DeafResolver:
    """A name server that takes every question and never answers."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        self._socket.settimeout(10)

    def wait_for_question(self):
        return self._socket.recv(512)
