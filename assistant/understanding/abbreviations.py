"""Units as people type them: "5 mins", "2700K"."""

from __future__ import annotations

import re
from collections.abc import Mapping


class Abbreviations:
    """Words for abbreviated units. Nobody says them, so the recogniser does not know them.

    Args:
        words: abbreviation -> the word that it stands for.
    """

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = dict(words)
        units = "|".join(map(re.escape, sorted(words)))
        self._pattern = re.compile(rf"(?<=[0-9] )(?:{units})\b" if words else r"(?!)")

    def written_out(self, text: str) -> str:
        """A text with numbers in digits, its abbreviations behind a number replaced."""
        return self._pattern.sub(lambda match: self._words[match[0]], text)
