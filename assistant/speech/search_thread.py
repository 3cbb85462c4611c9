"""The search in the grammar, in a thread of its own, so that it can begin before the quick result is known.

On a second core it does not slow greedy decoding down. If greedy decoding finds no sentence of the grammar,
most of the search is done by then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from assistant.speech.hypothesis import Hypothesis

#: A search: gets a function that says whether the result is still wanted; gives None if it found no sentence.
Run = Callable[[Callable[[], bool]], Hypothesis | None]


class Search:
    """One search, which begins at once.

    Args:
        executor: runs the search in its thread.
        run: the search.
        wanted: called in that thread before each step; if it returns False, the search ends.
    """

    def __init__(self, executor: ThreadPoolExecutor, run: Run, wanted: Callable[[], bool]) -> None:
        self._wanted = wanted
        self._over = threading.Event()
        self._found: Future[Hypothesis | None] = executor.submit(run, self._is_wanted)

    @property
    def given_up(self) -> bool:
        """Whether the search was ended, or will be, before it was complete."""
        return self._over.is_set()

    def result(self) -> Hypothesis | None:
        """Wait for the result; None if there is none. Raises what the search raised."""
        return self._found.result()

    def give_up(self) -> None:
        """End the search after the current step; its result is not needed any more."""
        self._over.set()

    def _is_wanted(self) -> bool:
        if not self._wanted():
            self._over.set()
        return not self._over.is_set()
