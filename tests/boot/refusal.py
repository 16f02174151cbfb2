# SPDX-License-Identifier: BSD-2-Clause
"""on_refusal with the real systemd: the path unit, root's one-shot in its
sandbox, and logind."""

from base import EXTERNAL
from tap import check, check_equal, wait_until

DROP_IN = "/etc/signin/signin.conf.d/refusal.conf"


def check_terminated(box, provider, session_of):
    """Carol's session on the console is refused; the login prompt is back."""
    session = session_of(EXTERNAL)
    tokens = {session.access_token, session.refresh_token}
    box.run("sh", "-c", f"mkdir -p ${{0%/*}} && printf "
            "'[session]\\non_refusal = terminate\\n' > $0", DROP_IN)
    box.run("systemctl", "reload", "signind.service")
    provider.alive.discard(session.refresh_token)
    # signind takes a token of the last two seconds for new.
    box.console.send("while signin refresh; do sleep 0.1; done")
    box.console.expect("signin: your session at idp has ended: ")
    box.console.expect("signin-boot login: ")

    def logged():
        return [line for line in
                box.journal("--unit=signind-enforce.service").splitlines()
                if f"session {session.id[:8]} of {EXTERNAL} (uid" in line]
    lines = wait_until(logged, "root's line in the journal")
    check("ended by logind" in lines[0], lines[0])
    check_equal(len(lines), 1, "times it was ended")
    wait_until(lambda: box.state("signind-enforce.service") == "inactive",
               "the one-shot is done")
    check_equal(box.state("signind-enforce.path"), "active", "the path unit")
    check_equal(box.failed_units(), set(), "failed units")
    wait_until(lambda: session_of(EXTERNAL) is None, "the session is gone")
    wait_until(lambda: tokens <= provider.ended, "its tokens are revoked")
    provider.ended.clear()
    box.run("rm", DROP_IN)
    box.run("systemctl", "reload", "signind.service")
