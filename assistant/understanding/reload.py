"""Keeps a grammar up to date with the files it is made from."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from assistant.understanding.builder import Build
from assistant.understanding.grammar import Grammar
from assistant.understanding.limits import MAX_FILES
from common.errors import SottoError
from common.faults import Fault

log = logging.getLogger(__name__)

#: Seconds after which somebody who waits is asked whether to go on.
STILL_WANTED_S = 0.25
_ALL_KEPT = "The sentences from before stay in use."
#: What is remembered of a file: (path, modified in nanoseconds, size).
_Stamp = tuple[str, int, int]


class GrammarKeeper:
    """Holds the grammar in use and builds a new one in the background when what it is made from changes.

    The grammar in use stays until a new one is ready. If none can be built, it stays for good.

    Args:
        build: makes the grammar from the files; called here once, then from a background thread.
        watched: files and directories; of a directory, its files are watched. They need not exist.
        on_change: called from the background thread with the faults after each build but the first.

    Raises:
        SottoError: the first grammar could not be built.
    """

    def __init__(
        self,
        build: Callable[[], Build],
        watched: Sequence[Path],
        on_change: Callable[[tuple[Fault, ...]], None] | None = None,
    ) -> None:
        self._build = build
        self._watched = tuple(watched)
        self._on_change = on_change
        self._stamps = self._look()
        self._current = build()
        #: Guards what follows; notified when nothing is being built any more.
        self._idle = threading.Condition()
        self._stale = False
        self._thread: threading.Thread | None = None

    @property
    def current(self) -> Grammar:
        """The newest grammar that could be built."""
        return self._current.grammar

    @property
    def newest(self) -> Build:
        """That grammar, and what it was made from."""
        return self._current

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the newest sentences; while a build is under way, with those before."""
        return self._current.faults

    def refresh(self) -> None:
        """Build the grammar again, after any build under way: something else it is made from has changed."""
        with self._idle:
            self._stale = True
            self._start()

    def poll(self) -> None:
        """Look for changed files and start a build if there are any; takes under a millisecond."""
        with self._idle:
            if self._thread is None and (stamps := self._look()) != self._stamps:
                self._stamps = stamps
                self._stale = True
                self._start()

    def wait(self, timeout_s: float, wanted: Callable[[], bool] = lambda: True) -> bool:
        """Wait until `current` is made from all that is known; True when it is, or cannot be built.

        Args:
            timeout_s: seconds at most.
            wanted: whether to wait on; asked every `STILL_WANTED_S` seconds.
        """
        with self._idle:
            while wanted() and not self._idle.wait_for(
                lambda: self._thread is None, min(STILL_WANTED_S, timeout_s)
            ):
                if (timeout_s := timeout_s - STILL_WANTED_S) <= 0:
                    break
            return self._thread is None

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._build_all, name="grammar", daemon=True)
            self._thread.start()

    def _build_all(self) -> None:
        try:
            while self._is_wanted():
                self._rebuild()
        finally:
            with self._idle:
                self._end()

    def _is_wanted(self) -> bool:
        """Take the request for a build. Where there is none, the thread ends before another can come."""
        with self._idle:
            wanted, self._stale = self._stale, False
            if not wanted:
                self._end()
            return wanted

    def _end(self) -> None:
        if self._thread is threading.current_thread():
            self._thread = None
            self._idle.notify_all()

    def _rebuild(self) -> None:
        try:
            self._current = self._build()
        except SottoError as error:
            self._current = replace(self._current, faults=(Fault.of(error, _ALL_KEPT),))
        except Exception as error:
            log.exception("the grammar could not be built")
            fault = Fault("grammar.internal", f"the grammar could not be built: {error!r}", effect=_ALL_KEPT)
            self._current = replace(self._current, faults=(fault,))
        if self._on_change is not None:
            self._on_change(self._current.faults)

    def _look(self) -> frozenset[_Stamp]:
        return frozenset(stamp for path in self._watched for stamp in _stamps(path))


def _stamps(path: Path) -> list[_Stamp]:
    try:
        paths = [path]
        if path.is_dir():
            # One more than the limit, so that a directory that grows too large is noticed.
            paths += sorted(path.iterdir())[: MAX_FILES + 1]
        return [(str(file), status.st_mtime_ns, status.st_size) for file in paths if (status := file.stat())]
    except OSError:
        return [(str(path), 0, -1)]
