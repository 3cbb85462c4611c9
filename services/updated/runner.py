"""Other programs are started here and nowhere else."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from common.errors import Unavailable


@dataclass(frozen=True)
class Finished:
    """Exit status and what was printed."""

    status: int
    output: str
    errors: str

    @property
    def last_words(self) -> str:
        """The last line said, for messages."""
        lines = [line.strip() for line in (self.errors + "\n" + self.output).splitlines() if line.strip()]
        said = [line for line in self.errors.splitlines() if line.strip()] or lines
        return said[-1].strip()[:200] if said else f"exit status {self.status}"


class Runner(Protocol):
    """Starts a program and waits for it."""

    def run(self, command: Sequence[str], timeout_s: float) -> Finished:
        """Run `command` without a shell.

        Raises:
            Unavailable: it is not there, or ran longer than `timeout_s`.
        """


class Programs:
    """The real ones."""

    def run(self, command: Sequence[str], timeout_s: float) -> Finished:
        """Run `command`; what it prints is text, damaged bytes replaced."""
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=timeout_s, stdin=subprocess.DEVNULL, check=False
            )
        except FileNotFoundError as error:
            raise Unavailable(
                f"{command[0]} is not there", hint="is this a Sotto image?", code="update.program"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise Unavailable(
                f"{command[0]} did not end within {timeout_s:.0f} s",
                hint="look into the journal",
                code="update.program",
            ) from error
        return Finished(
            done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        )
