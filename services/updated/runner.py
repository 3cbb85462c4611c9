"""Other programs are started here and nowhere else."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Protocol

from common.errors import Unavailable
from common.programs import Finished, run


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
            return run(command, timeout_s)
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
