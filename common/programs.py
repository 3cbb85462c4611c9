"""Runs other programs with a limit on time and on output."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from common.errors import SottoError

#: Most output of a program in bytes. systemd prints some 500 kB for 4096 units, a sound server with ten cards
#: some 300 kB.
MOST_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Finished:
    """A program that has ended: its exit status and what it printed."""

    status: int
    output: str
    errors: str

    @property
    def last_words(self) -> str:
        """The last line that it printed, for messages."""
        lines = [line.strip() for line in (self.errors + "\n" + self.output).splitlines() if line.strip()]
        said = [line for line in self.errors.splitlines() if line.strip()] or lines
        return said[-1].strip()[:200] if said else f"exit status {self.status}"


def run(command: Sequence[str], timeout_s: float, environment: Mapping[str, str] | None = None) -> Finished:
    """Start a program and wait for it; what it prints is text, damaged bytes replaced.

    Args:
        command: without a shell.
        timeout_s: after which it is ended.
        environment: all of it; None for ours.

    Raises:
        OSError: it cannot be started.
        TimeoutExpired: it took too long.
    """
    done = _run(command, timeout_s, environment)
    return Finished(
        done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    )


def output_of(command: Sequence[str], timeout_s: float, failed: Callable[[str], SottoError]) -> bytes:
    """What a program prints.

    Args:
        command: without a shell.
        timeout_s: after which it is ended.
        failed: makes the error from the reason.

    Raises:
        SottoError: as `failed` makes it: the program is missing, fails, hangs, or says too much.
    """
    try:
        done = _run(command, timeout_s, None)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise failed(str(error)) from error
    if done.returncode != 0:
        raise failed(done.stderr.decode("utf-8", "replace").strip()[-200:])
    if len(done.stdout) > MOST_BYTES:
        raise failed(f"it said more than {MOST_BYTES // 2**20} MiB")
    return done.stdout


def _run(
    command: Sequence[str], timeout_s: float, environment: Mapping[str, str] | None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout_s,
        check=False,
        env=environment,
    )
