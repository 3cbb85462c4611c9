"""nft and systemctl, called with a time limit and a limit on what they may answer."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from assistant.errors import Unavailable

_TIMEOUT_S = 20.0
#: A full set of 4096 units is some 500 kB.
_MOST_BYTES = 8 * 1024 * 1024


def answer(command: Sequence[str]) -> str:
    """What a program prints.

    Raises:
        Unavailable: `network.program`: it is missing, fails, hangs, or says too much.
    """
    try:
        done = subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _no_answer(command, str(error)) from error
    if done.returncode != 0:
        raise _no_answer(command, done.stderr.decode("utf-8", "replace").strip()[-200:])
    if len(done.stdout) > _MOST_BYTES:
        raise _no_answer(command, f"it said more than {_MOST_BYTES // 2**20} MiB")
    return done.stdout.decode("utf-8", "replace")


def _no_answer(command: Sequence[str], why: str) -> Unavailable:
    return Unavailable(
        f"{command[0]} does not tell: {why}",
        hint="is this a Sotto box? see: systemctl status nftables sotto-netcount",
        code="network.program",
    )
