# SPDX-License-Identifier: BSD-2-Clause
"""What a user without rights may try on the two doors that are open to all:
connections without end, pieces of messages, messages longer than any, and
questions whose answers are never read.  Runs until it is killed.
"""

import random
import socket
import struct

DOORS = ("/run/signin/public", "/run/signin/nss/socket")


def text(field, value):
    return struct.pack(">HH", field, len(value) + 1) + value + b"\0"


# LOOKUP and others: version, type, user.
QUESTIONS = [struct.pack(">HH", 1, number) + text(1, b"nobody-%d" % number)
             for number in range(1, 40)]


def annoy(peer, door):
    peer.setblocking(False)
    peer.connect(door)
    choice = random.randrange(4)
    if choice == 0:
        peer.send(QUESTIONS[0][:random.randrange(1, 12)])
    elif choice == 1:
        peer.send(b"\0\1\0\1" + bytes(random.randrange(60000)))
    elif choice == 2:
        for question in QUESTIONS:
            peer.send(question)


def flood():
    kept = []
    print("begun", flush=True)
    for turn in range(1 << 62):
        for door in DOORS:
            peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                annoy(peer, door)
            except OSError:
                pass  # refused, closed, full: on to the next
            kept.append(peer)
            if len(kept) > 600:
                kept.pop(random.randrange(len(kept))).close()
        if turn == 2000:
            print("going", flush=True)


flood()
