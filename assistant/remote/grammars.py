"""The grammars of other boxes, which this machine recognises with: made from recipes, and bounded."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic

from assistant.understanding.grammar import Grammar
from assistant.understanding.recipe import GrammarRecipe, follow
from assistant.understanding.sentence_file import SentenceFile
from common.errors import SottoError, Unavailable

log = logging.getLogger(__name__)

#: After a build that took t, the next one waits for so many t: builds take a quarter of a core at most.
_REST = 3.0


@dataclass(frozen=True)
class _Kept:
    grammar: Grammar
    size: int


class BorrowedGrammars:
    """Grammars by key; those that were used longest ago make way. May be used by several threads.

    Args:
        own: the sentence files of the box itself.
        most: grammars that are kept.
        most_size: of all their recipes together, see `GrammarRecipe.size`.
    """

    def __init__(self, own: tuple[SentenceFile, ...], most: int, most_size: int) -> None:
        self._own = own
        self._most = most
        self._most_size = most_size
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._building = threading.Lock()
        self._next_at = 0.0
        self._closed = threading.Event()

    def get(self, key: str) -> Grammar | None:
        """The grammar of that key; None if it is not kept, or not any more."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
            return None if kept is None else kept.grammar

    def learn(self, recipe: GrammarRecipe) -> None:
        """Make a grammar and keep it. One is made at a time.

        Raises:
            Unavailable: `recognise.grammar-size`: it is too large for this machine; or it is stopping.
            SottoError: as `follow`.
        """
        if self.get(recipe.key) is not None:
            return
        if recipe.size > self._most_size:
            raise Unavailable(
                f"a grammar of {recipe.size} characters is above the {self._most_size} that are kept here",
                hint="make the sentence files of the box shorter, or raise `grammar_size` in [lend] here",
                code="recognise.grammar-size",
            )
        with self._building:
            if self._closed.wait(max(0.0, self._next_at - monotonic())):
                raise Unavailable("this machine is stopping", code="recognise.stopping")
            began = monotonic()
            try:
                grammar = _made(recipe, self._own)
            finally:
                now = monotonic()
                self._next_at = now + _REST * (now - began)
        with self._lock:
            self._kept[recipe.key] = _Kept(grammar, recipe.size)
            while len(self._kept) > self._most or self._size() > self._most_size:
                self._kept.popitem(last=False)

    def close(self) -> None:
        """Make no more."""
        self._closed.set()

    def _size(self) -> int:
        return sum(kept.size for kept in self._kept.values())


def _made(recipe: GrammarRecipe, own: tuple[SentenceFile, ...]) -> Grammar:
    try:
        return follow(recipe, own)
    except SottoError:
        raise
    except Exception as error:
        # Checked sentences of another machine must not end anything here.
        log.exception("a grammar of another box could not be made")
        raise Unavailable(
            f"the grammar could not be made ({type(error).__name__})", code="recognise.grammar"
        ) from error
