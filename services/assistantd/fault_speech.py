"""Says each new fault in the room, once; what was said is kept over a restart."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assistant.turn.store import Turn, TurnStore
from common.errors import SottoError, StorageError
from common.faults import MAX_FAULTS, Fault, Faults
from common.metrics import Gauge
from common.state_file import load_json, save_json

log = logging.getLogger(__name__)

#: Seconds from a fault until it is said: other daemons may report theirs, and all are said at once.
SETTLE_S = 15.0
#: Seconds until the next try when it could not be said.
_RETRY_S = 120.0
_MAX_SOURCES = 20
_FAULTS = Gauge(
    "sotto_faults", "What is wrong with files of the owner or with the state, by part", ("source",)
)


def count_faults(faults: Faults) -> None:
    """Keep the metric of faults up to date."""

    def count() -> None:
        for source, found in faults.by_source().items():
            _FAULTS.set(len(found), source)

    faults.listen(count)
    count()


def stored(turns: TurnStore, say: Callable[[str], None]) -> Callable[[str], None]:
    """`say`, which afterwards stores what was said among the turns, so that `sotto turns` shows it."""

    def say_and_store(text: str) -> None:
        say(text)
        try:
            turns.add(Turn(uuid.uuid4().hex[:12], time.time(), "", accepted=True, reply=text, label="fault"))
        except StorageError as error:
            log.warning("what was said of faults is not stored: %s", error)

    return say_and_store


class FaultSpeech:
    """A thread that says faults which have not been said before.

    A fault that has gone is forgotten, and is said again if it comes back.

    Args:
        faults: of the box.
        text: makes one text of faults.
        say: says it when the box neither listens nor answers, and returns when it was played, or raises a
            `SottoError`.
        path: file of what was said.
        settle_s: see `SETTLE_S`.
    """

    def __init__(
        self,
        faults: Faults,
        text: Callable[[Sequence[Fault]], str],
        say: Callable[[str], None],
        path: Path,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._faults = faults
        self._text = text
        self._say = say
        self._path = path
        self._settle_s = settle_s
        self._said = _read(path)
        self._news = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="faults", daemon=True)
        faults.listen(self._news.set)

    def start(self) -> None:
        """Begin to say them."""
        self._news.set()
        self._thread.start()

    def stop(self) -> None:
        """End the thread; one that speaks ends with the process."""
        self._stop.set()
        self._news.set()

    def say_new(self) -> bool:
        """Say what was not said before, all at once; returns whether there is nothing left to say."""
        there = {
            source: {_digest(fault): fault for fault in found}
            for source, found in self._faults.by_source().items()
        }
        for source, found in there.items():
            self._said[source] = [digest for digest in self._said.get(source, []) if digest in found]
        new = [
            (source, digest)
            for source, found in there.items()
            for digest in found
            if digest not in self._said[source]
        ]
        if new:
            try:
                self._say(self._text([there[source][digest] for source, digest in new]))
            except SottoError as error:
                log.info("faults were not said: %s", error)
                return False
        for source, digest in new:
            self._said[source].append(digest)
        self._keep()
        return True

    def _run(self) -> None:
        while not self._stop.is_set():
            self._news.wait()
            if self._stop.wait(self._settle_s):
                return
            self._news.clear()
            try:
                done = self.say_new()
            except Exception:
                # One text that cannot be said must not silence all later ones.
                log.exception("faults could not be said")
                done = True
            if not done:
                self._stop.wait(_RETRY_S)
                self._news.set()

    def _keep(self) -> None:
        said = {source: digests for source, digests in self._said.items() if digests}
        if said == _read(self._path):
            return
        try:
            save_json(self._path, said)
        except StorageError as error:
            log.warning("what was said of faults is not kept: %s", error)


def _digest(fault: Fault) -> str:
    return hashlib.sha256(f"{fault.code}\0{fault.message}".encode("utf-8", "replace")).hexdigest()[:16]


def _read(path: Path) -> dict[str, list[str]]:
    """Digests of what was said, by source; what is no such thing is left out."""
    content: Any = load_json(path)
    if not isinstance(content, dict):
        return {}
    return {
        source: [digest for digest in digests if isinstance(digest, str)][:MAX_FAULTS]
        for source, digests in list(content.items())[:_MAX_SOURCES]
        if isinstance(digests, list)
    }
