"""What is wrong with the box while it works: each part reports its faults, and the owner is told of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from common.errors import SottoError

#: Faults kept for one source, so that a folder of bad files cannot grow without bound.
MAX_FAULTS = 50


@dataclass(frozen=True)
class Fault:
    """Something that cannot be used, or was lost, and that the box goes on without.

    Attributes:
        code: stable, machine-readable, as of `SottoError`.
        message: what is wrong and where (file, line or key), in one sentence.
        hint: what to do about it, in one sentence.
        effect: what the box does instead, in one sentence; empty where the message says so.
    """

    code: str
    message: str
    hint: str = ""
    effect: str = ""

    @classmethod
    def of(cls, error: SottoError, effect: str = "") -> Fault:
        """The fault that `error` tells of."""
        return cls(error.code, error.message, error.hint, effect)


class Faults:
    """The faults of a box, by the part that found them; any thread may report and read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_source: dict[str, tuple[Fault, ...]] = {}
        self._listeners: list[Callable[[], None]] = []

    def report(self, source: str, faults: Iterable[Fault]) -> None:
        """Replace what `source` has reported; an empty iterable says that all is well there.

        At most `MAX_FAULTS` are kept. Listeners are called when something changed.
        """
        found = tuple(fault for fault, _ in zip(faults, range(MAX_FAULTS), strict=False))
        with self._lock:
            if self._by_source.get(source, ()) == found:
                return
            self._by_source[source] = found
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    def all(self) -> tuple[Fault, ...]:
        """Every fault that is there now, by source in the order of the first report."""
        with self._lock:
            return tuple(fault for faults in self._by_source.values() for fault in faults)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change, in the thread of the reporter."""
        with self._lock:
            self._listeners.append(listener)
