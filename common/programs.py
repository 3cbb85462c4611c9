"""Other programs, called with a time limit and a limit on what they may answer."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence

from common.errors import Unavailable

#: systemd's account of 4096 units is some 500 kB, a sound server with ten cards some 300 kB.
MOST_BYTES = 8 * 1024 * 1024


def output_of(command: Sequence[str], timeout_s: float, failed: Callable[[str], Unavailable]) -> bytes:
    """What a program prints.

    Args:
        command: without a shell.
        timeout_s: after which it is ended.
        failed: makes the error from the reason.

    Raises:
        Unavailable: as `failed` makes it: the program is missing, fails, hangs, or says too much.
    """
    try:
        done = subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=timeout_s, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise failed(str(error)) from error
    if done.returncode != 0:
        raise failed(done.stderr.decode("utf-8", "replace").strip()[-200:])
    if len(done.stdout) > MOST_BYTES:
        raise failed(f"it said more than {MOST_BYTES // 2**20} MiB")
    return done.stdout
