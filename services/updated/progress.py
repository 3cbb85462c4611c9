"""What the updater reports: steps of an update, the result of a check, the state of the box."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from common.errors import Conflict
from services.updated.artefacts import Choice
from services.updated.state import State


@dataclass(frozen=True)
class Step:
    """What an update does: `stage` as in ApplyProgress; bytes are those of the download."""

    stage: str
    text: str
    version: str = ""
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Checked:
    """The outcome of a look at a source."""

    source: str
    choice: Choice


@dataclass(frozen=True)
class Overview:
    """Where the box stands. `problem` is what keeps it from being updated, or ""."""

    running: str
    slot: str
    boot: str
    other: str
    source: str
    state: State
    step: Step | None
    problem: str

    @property
    def text(self) -> str:
        """All of it in one sentence."""
        if self.step is not None:
            return self.step.text
        if self.state.staged:
            return f"version {self.state.staged} is staged: reboot to try it"
        if self.boot == "on trial":
            return f"version {self.running} is on trial"
        if self.state.fallback is not None and self.state.fallback.running == self.running:
            return self.state.fallback.text
        return f"version {self.running} runs"


class Place:
    """The right to change slots, held by one at a time."""

    def __init__(self, lock: threading.Lock, what: str) -> None:
        self._lock = lock
        self._what = what

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            raise Conflict(
                f"{self._what} cannot begin while another one is under way",
                hint="`sotto update status` shows how far it is",
                code="update.running",
            )

    def __exit__(self, *_: object) -> None:
        self._lock.release()
