"""The search among a grammar's sentences, in a thread of its own, so that it can begin early.

On a second core it takes nothing from the quick ways; where these find nothing, most of it is done by then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from assistant.speech.hypothesis import Hypothesis

#: Looks for the likeliest sentence for as long as it is told that one is wanted; None if it found none.
Look = Callable[[Callable[[], bool]], Hypothesis | None]


class Search:
    """One search under way in a thread of `executor`, for as long as `wanted` says so."""

    def __init__(self, executor: ThreadPoolExecutor, look: Look, wanted: Callable[[], bool]) -> None:
        self._wanted = wanted
        self._over = threading.Event()
        self._found: Future[Hypothesis | None] = executor.submit(look, self._is_wanted)

    @property
    def given_up(self) -> bool:
        """Whether it has ended, or will, before it has found anything."""
        return self._over.is_set()

    def result(self) -> Hypothesis | None:
        """Wait for what it finds; raises what it raised."""
        return self._found.result()

    def give_up(self) -> None:
        """Nobody needs it any more; it ends after the step that it is at."""
        self._over.set()

    def _is_wanted(self) -> bool:
        if not self._wanted():
            self._over.set()
        return not self._over.is_set()
