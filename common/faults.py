"""What is wrong with the box while it works: each part reports its faults, and the owner is told of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields, replace

from common.errors import InvalidInput, SottoError

#: Characters of each text of a fault that came from another process.
MAX_TEXT = 1000
#: Faults kept for one source, so that a folder of bad files cannot grow without bound.
MAX_FAULTS = 50
#: Code of state that was damaged and is lost; such a fault names its file.
STATE_LOST = "state.lost"


@dataclass(frozen=True)
class Fault:
    """Something that cannot be used, or was lost, and that the box goes on without.

    Attributes:
        code: stable, machine-readable, as of `SottoError`.
        message: what is wrong and where (file, line or key), in one sentence.
        hint: what to do about it, in one sentence.
        effect: what the box does instead, in one sentence; empty where the message says so.
        file: name of the file that it is about, without its folder, such as "home.toml"; "" for none.
        key: where in the file, such as "microphone.queue_ms"; "" for all of it.
    """

    code: str
    message: str
    hint: str = ""
    effect: str = ""
    file: str = ""
    key: str = ""

    @classmethod
    def of(cls, error: SottoError, effect: str = "", file: str = "", key: str = "") -> Fault:
        """The fault that `error` tells of."""
        return cls(error.code, error.message, error.hint, effect, file, key)


class Faults:
    """The faults of a box, by the part that found them; any thread may report and read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_source: dict[str, tuple[Fault, ...]] = {}
        self._listeners: list[Callable[[], None]] = []

    def report(self, source: str, faults: Iterable[Fault]) -> None:
        """Replace what `source` has reported; an empty iterable says that it has none.

        At most `MAX_FAULTS` are kept. Listeners are called when something changed.
        """
        found = tuple(fault for fault, _ in zip(faults, range(MAX_FAULTS), strict=False))
        with self._lock:
            changed = self._by_source.get(source, ()) != found
            self._by_source[source] = found
            listeners = tuple(self._listeners) if changed else ()
        for listener in listeners:
            listener()

    def all(self) -> tuple[Fault, ...]:
        """Every fault that is there now, by source in the order of the first report."""
        return tuple(fault for faults in self.by_source().values() for fault in faults)

    def by_source(self) -> dict[str, tuple[Fault, ...]]:
        """The faults of every source that has reported, none for one that has reported none."""
        with self._lock:
            return dict(self._by_source)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change, in the thread of the reporter."""
        with self._lock:
            self._listeners.append(listener)


def bounded(fault: Fault) -> Fault:
    """`fault` with texts of at most `MAX_TEXT` characters, all of them printable."""
    return replace(fault, **{name: _plain(value) for name, value in asdict(fault).items()})


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:MAX_TEXT])


def to_json(faults: Iterable[Fault]) -> str:
    """Faults as text, for a bus that carries text."""
    return json.dumps([asdict(bounded(fault)) for fault in faults])


def from_json(text: str) -> tuple[Fault, ...]:
    """The faults in a text, at most `MAX_FAULTS`.

    Raises:
        InvalidInput: it is too long, or has something else.
    """
    names = [field.name for field in fields(Fault)]
    try:
        if len(text) > MAX_FAULTS * len(names) * MAX_TEXT:
            raise ValueError(f"{len(text)} characters are too many")
        return tuple(
            bounded(Fault(**{name: str(each[name]) for name in names}))
            for each in json.loads(text)[:MAX_FAULTS]
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InvalidInput(
            f"these faults cannot be used: {str(error)[:200]}", hint="see common.faults", code="faults.format"
        ) from error
