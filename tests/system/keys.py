# SPDX-License-Identifier: BSD-2-Clause
"""Kernel keys as root sees them: the layout of helper/keyring/keyring.h.

An independent reading of it, on purpose: nothing here uses our own code.
"""

import ctypes
import re

_lib = ctypes.CDLL("libkeyutils.so.1", use_errno=True)
_libc = ctypes.CDLL(None)
_lib.keyctl_read_alloc.restype = ctypes.c_int
_lib.keyctl_describe_alloc.restype = ctypes.c_int

USER_KEYRING = -4
SESSION_KEYRING = -3


def join_session():
    """A fresh session keyring: whoever started the tests had their own."""
    if _lib.keyctl_join_session_keyring(None) < 0:
        raise OSError(ctypes.get_errno(), "keyctl_join_session_keyring")


def describe(serial):
    """(type, uid, gid, permissions, description), or None if it is gone."""
    text = ctypes.c_void_p()
    if _lib.keyctl_describe_alloc(serial, ctypes.byref(text)) < 0:
        return None
    value = ctypes.string_at(text).decode(errors="replace")
    _libc.free(text)
    kind, uid, gid, permissions, name = value.split(";", 4)
    return kind, int(uid), int(gid), int(permissions, 16), name


def read(serial):
    """The payload, or None (no right, expired, revoked, gone)."""
    buffer = ctypes.c_void_p()
    length = _lib.keyctl_read_alloc(serial, ctypes.byref(buffer))
    if length < 0:
        return None
    value = ctypes.string_at(buffer, length)
    _libc.free(buffer)
    return value


def links(keyring):
    """The serials in a keyring."""
    payload = read(keyring) or b""
    return [int.from_bytes(payload[at:at + 4], "little", signed=True)
            for at in range(0, len(payload), 4)]


def children(keyring):
    """{description: serial} of what a keyring links and root may see."""
    found = {}
    for serial in links(keyring):
        about = describe(serial)
        if about:
            found[about[4]] = serial
    return found


def anchor(machine_id):
    """The serial of this machine's anchor, or None."""
    return children(USER_KEYRING).get(f"signin:{machine_id}")


def forget_anchor(machine_id):
    serial = anchor(machine_id)
    if serial:
        _lib.keyctl_clear(serial)
        _lib.keyctl_unlink(serial, USER_KEYRING)


def record(payload):
    """A payload of helper/keyring/record.h as a dictionary."""
    values = {}
    for line in (payload or b"").decode(errors="replace").split("\n"):
        name, separator, value = line.partition("=")
        if separator:
            values[name] = re.sub(r"\\(.)", lambda match: {
                "n": "\n"}.get(match[1], match[1]), value)
    return values


class Session:
    """What the kernel keeps of one session, read now."""

    def __init__(self, session_id, keep):
        self.id = session_id
        self.keep = keep
        inside = children(keep)
        self.ring = inside.get(f"signin:{session_id}")
        self.private_key = inside.get("signin:private")
        self.access_key = inside.get("signin:access_token")
        self.session_key = inside.get("signin:session")

    @property
    def private(self):
        return record(read(self.private_key)) if self.private_key else {}

    @property
    def session(self):
        return record(read(self.session_key)) if self.session_key else {}

    @property
    def access_token(self):
        payload = read(self.access_key) if self.access_key else None
        return payload.decode(errors="replace") if payload else None

    @property
    def refresh_token(self):
        return self.private.get("refresh_token")

    @property
    def user(self):
        return self.session.get("user") or self.private.get("user")

    def __repr__(self):
        return f"<session {self.id[:8]} of {self.user}>"


def sessions(machine_id):
    """Every session that hangs from the anchor."""
    found = []
    top = anchor(machine_id)
    if not top:
        return found
    for name, shard in children(top).items():
        if not name.startswith("signin:shard:"):
            continue
        for description, serial in children(shard).items():
            match = re.fullmatch(r"signin:([0-9a-f]{32}):keep", description)
            if match:
                found.append(Session(match[1], serial))
    return found
