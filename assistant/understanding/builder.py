"""Builds the grammar of a box, at its start and each time that a file or the home changes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from assistant.understanding.grammar import Grammar
from assistant.understanding.names import HomeNames
from assistant.understanding.sentence_file import SentenceFile
from assistant.understanding.sentences import SentenceSource, make_grammar
from common.errors import SottoError
from common.faults import Fault

log = logging.getLogger(__name__)

_LEFT_OUT = "The box works without this file."
_OLD_KEPT = "The last version of this file that was right stays in use."
_ALL_LEFT_OUT = "The box works without any sentence file of the owner or of plugins."


@dataclass(frozen=True)
class Build:
    """A grammar.

    Attributes:
        grammar: itself.
        faults: what is wrong with the sentences that are not in it.
        names: of the home that it was made for.
        files: the owner's files in it.
    """

    grammar: Grammar
    faults: tuple[Fault, ...] = ()
    names: HomeNames = field(default_factory=HomeNames)
    files: tuple[SentenceFile, ...] = ()


class GrammarBuilder:
    """Builds one grammar after the other; of a file with a fault it uses the last version that was right.

    Such a version is known while the box runs. At the start there is none, and the file is left out.

    Args:
        source: where the sentences come from.
    """

    def __init__(self, source: SentenceSource) -> None:
        self._source = source
        #: The files of the grammar in use; None before the first.
        self._known: Mapping[Path, SentenceFile] | None = None

    def build(self, home: HomeNames) -> Build:
        """The grammar for a home; call it from one thread at a time.

        Raises:
            InvalidInput, GrammarError: as `SentenceSource.gather`; not for what a file of the owner or of a
                plugin holds.
            Exception: later than at the first build, what checked files came to; the old grammar then stays.
        """
        known = self._known or {}
        gathered = self._source.gather(home, known)
        faults = tuple(
            _fault(error, path, _OLD_KEPT if path in gathered.files else _LEFT_OUT)
            for path, error in gathered.errors.items()
        )
        try:
            grammar = make_grammar(gathered.data, home)
        except Exception as error:
            if self._known is not None or not (gathered.files or self._source.plugins):
                raise
            log.exception("the sentence files could not be used")
            bare = replace(self._source, directories=(), plugins=())
            grammar = make_grammar(bare.gather(home, {}).data, home)
            message = f"the sentence files could not be used: {error!r}"[:500]
            return Build(grammar, (Fault("grammar.internal", message, effect=_ALL_LEFT_OUT), *faults), home)
        self._known = gathered.files
        return Build(grammar, faults, home, tuple(gathered.files.values()))


def _fault(error: SottoError, path: Path, effect: str) -> Fault:
    """The fault of a file; a name of a file that is no text is shown as far as it is."""
    fault = Fault.of(error, effect, _text(path.name))
    return replace(fault, message=_text(fault.message))


def _text(name: str) -> str:
    return name.encode("utf-8", "replace").decode()
