"""What the updater remembers: one JSON file, shared by updated and the health check."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from common.errors import StorageError
from common.state_file import load_json, save_json
from services.updated.household import Household, household_from

log = logging.getLogger(__name__)

_FORMAT = 1
#: Entries kept of anything that grows.
_KEPT = 50


@dataclass(frozen=True)
class RolledBack:
    """A version that is never offered again. `at` is seconds since the epoch, here as everywhere below."""

    version: str
    reason: str
    at: float


@dataclass(frozen=True)
class BootVerdict:
    """The verdict on a boot of a version."""

    version: str
    passed: bool
    on_trial: bool
    reasons: tuple[str, ...]
    at: float


@dataclass(frozen=True)
class Fallback:
    """The box came back to `running` as `failed` did not pass; `said` once it was said aloud."""

    failed: str
    running: str
    text: str
    at: float
    said: bool = False


@dataclass(frozen=True)
class LastCheck:
    """The outcome of the last look for updates; `version` is what is available, or ""."""

    source: str
    version: str
    text: str
    at: float


@dataclass(frozen=True)
class GoodBoot:
    """What the last boot that passed was like.

    Attributes:
        version: that passed.
        compute_ms: best time to an answer, by processor model.
        cards: sound devices.
        intents: what each test sentence was understood as.
        at: when.
    """

    version: str
    compute_ms: Mapping[str, float]
    cards: tuple[str, ...]
    intents: Mapping[str, str]
    at: float


@dataclass(frozen=True)
class State:
    """Everything.

    Attributes:
        rolled_back: the oldest first.
        staged: the version that waits to be tried, or "".
        trial, boot: verdicts on the last boot on trial, and on the last boot of all.
        fallback: the last return to the version before.
        check: the last look for updates.
        good: the last boot that passed.
        household: as it was when the box was last shut down; None once it was compared.
        extra: keys of a newer version of this file.
    """

    rolled_back: tuple[RolledBack, ...] = ()
    staged: str = ""
    trial: BootVerdict | None = None
    boot: BootVerdict | None = None
    fallback: Fallback | None = None
    check: LastCheck | None = None
    good: GoodBoot | None = None
    household: Household | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def refused(self) -> frozenset[str]:
        """Versions that are not offered again."""
        return frozenset(entry.version for entry in self.rolled_back)


def to_json(state: State) -> dict[str, Any]:
    """The state as JSON values; lists are bounded, the oldest go."""
    values = asdict(state)
    values.pop("extra")
    values["rolled_back"] = values["rolled_back"][-_KEPT:]
    return {**state.extra, "format": _FORMAT, **values}


def from_json(values: Any) -> State:
    """The state back; keys that this version does not know are kept for the one that does.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is none.
    """
    if values["format"] != _FORMAT:
        raise ValueError(f"format {values['format']} is not {_FORMAT}")
    fallback, check, good = (values.get(name) for name in ("fallback", "check", "good"))
    return State(
        rolled_back=tuple(
            RolledBack(str(entry["version"]), str(entry["reason"]), float(entry["at"]))
            for entry in values.get("rolled_back", ())
        ),
        staged=str(values.get("staged", "")),
        trial=_verdict(values.get("trial")),
        boot=_verdict(values.get("boot")),
        fallback=None
        if fallback is None
        else Fallback(
            str(fallback["failed"]),
            str(fallback["running"]),
            str(fallback["text"]),
            float(fallback["at"]),
            bool(fallback["said"]),
        ),
        check=None
        if check is None
        else LastCheck(str(check["source"]), str(check["version"]), str(check["text"]), float(check["at"])),
        good=None
        if good is None
        else GoodBoot(
            str(good["version"]),
            {str(cpu): float(figure) for cpu, figure in good["compute_ms"].items()},
            tuple(str(card) for card in good["cards"]),
            {str(sentence): str(intent) for sentence, intent in good["intents"].items()},
            float(good["at"]),
        ),
        household=household_from(values.get("household")),
        extra={name: value for name, value in values.items() if name not in _KNOWN},
    )


#: What a file may have that is read above.
_KNOWN = {"format", *(known.name for known in fields(State))}


def _verdict(values: Any) -> BootVerdict | None:
    if values is None:
        return None
    return BootVerdict(
        str(values["version"]),
        bool(values["passed"]),
        bool(values["on_trial"]),
        tuple(str(reason) for reason in values["reasons"]),
        float(values["at"]),
    )


class StateStore:
    """The file `state.json` in a folder; changes by two processes at once come one after the other."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "state.json"
        self._lock_path = folder / "state.lock"
        self._mutex = threading.Lock()

    def load(self) -> State:
        """The state; where the file is damaged, of the copy, else none: the box must stay updatable."""
        return load_json(self._path, from_json, what="the state of updates") or State()

    def change(self, change: Callable[[State], State]) -> State:
        """Replace the state by what `change` makes of it; raises StorageError."""
        with self._mutex, self._locked():
            state = change(self.load())
            save_json(self._path, to_json(state))
            return state

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(
                f"{self._path.parent} cannot be used: {error.strerror or error}",
                hint="free some disk space and check that the folder is writable",
                code="storage.state",
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
