"""A skill for sentences whose understanding alone is measured."""

from __future__ import annotations

from pathlib import Path

from assistant.models.catalogue import DEFAULT_LANGUAGE
from assistant.skills.contract import Reply, Request
from assistant.understanding.sentence_file import read_sentence_file
from assistant.understanding.sentences import sentence_paths


class NeutralSkill:
    """Answers every intent of a folder with "Okay.".

    Args:
        folder: of sentence files.
        language: of the sentences.

    Raises:
        NotFound, TooLarge, GrammarError: as `sentence_paths` and `read_sentence_file`.
    """

    def __init__(self, folder: Path, language: str = DEFAULT_LANGUAGE) -> None:
        read = (read_sentence_file(path, language) for path in sentence_paths([folder]))
        self.intents = frozenset(name for file in read if file is not None for name in file.intents)

    def handle(self, _request: Request) -> Reply:
        """See `Skill`."""
        return Reply("Okay.")
