# SPDX-License-Identifier: BSD-2-Clause
"""Packets that get lost on the way to a port of this host, and on the way
back: nftables, in the test's own network namespace."""

import subprocess

TABLE = "signin-loss"


def _nft(script):
    return subprocess.run(["nft", "-f", "-"], input=script, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)


def lose(percent, port):
    """From now on so many of a hundred packets; 0: none.

    Where they come in, as on a wire: TCP would be told of a packet that is
    dropped where it leaves.  Returns what nft had to say, "" if it worked.
    """
    chance = f"numgen random mod 100 < {percent} " if percent < 100 else ""
    rules = "".join(f"tcp {end} {port} {chance}drop\n"
                    for end in ("dport", "sport") if percent)
    done = _nft(f"""\
table inet {TABLE} {{}}
delete table inet {TABLE}
table inet {TABLE} {{
    chain input {{
        type filter hook input priority 0
        {rules}
    }}
}}
""")
    return done.stdout if done.returncode else ""
