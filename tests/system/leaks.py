# SPDX-License-Identifier: BSD-2-Clause
"""A search for secrets where none may be: every file the machine wrote, the
environment and the arguments of every process, every log."""

import base64
import os
import pathlib
import urllib.parse

from machine import OVERLAID, WORK

# Files of the other hosts of the play, and where the secret must lie.
ELSEWHERE = (WORK / "idp", WORK / "client", WORK / "overlay")


def spellings(secret):
    """A secret as it could appear: bare, in a URL, in Basic and in hex."""
    raw = secret.encode()
    found = {raw, urllib.parse.quote(secret, safe="").encode(), raw.hex().encode()}
    # base64 of a text that contains it, at each of the three offsets; the
    # ends depend on what stands beside it and are cut.
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + raw)
        found.add(text[4 if offset else 0:-4])
    return {text for text in found if len(text) >= 8}


def _files():
    roots = [WORK / "up" / name for name in OVERLAID]
    roots += [WORK / "log", pathlib.Path("/run"), pathlib.Path("/dev/shm")]
    seen = set()
    for root in roots:
        for directory, folders, names in os.walk(root):
            here = pathlib.Path(directory)
            if any(here == other or other in here.parents
                   for other in ELSEWHERE):
                folders.clear()
                continue
            for name in names:
                path = here / name
                if path.is_file() and not path.is_symlink():
                    if path not in seen:
                        seen.add(path)
                        yield path


def _processes():
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            for part in ("environ", "cmdline"):
                yield pathlib.Path("/proc", entry, part)


def search(secrets, allowed=()):
    """[(where, name of the secret)] for a dictionary {name: secret}.

    allowed: files that may have one (the administrator's own secret file).
    """
    wanted = [(name, text) for name, secret in secrets.items()
              for text in spellings(secret)]
    found = []
    for path in (*_files(), *_processes()):
        if path in map(pathlib.Path, allowed):
            continue
        try:
            content = path.read_bytes()
        except OSError:
            continue
        found += [(str(path), name) for name, text in wanted
                  if text in content]
    return sorted(set(found))
