"""Text to tokens for BERT models without letter case: words, then the longest known pieces of each word.

As the BERT paper's own tokeniser does it (Devlin and others, 2019; google-research/bert, tokenization.py).
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.errors import InvalidInput
from common.files import read_plain

_MOST_BYTES = 16 << 20
#: Characters of a word from which on it is unknown, and tokens of a sentence, both as published.
_MOST_LETTERS = 100
MOST_TOKENS = 256
_SPECIAL = ("[UNK]", "[CLS]", "[SEP]")
#: Blocks of Unicode whose characters are words by themselves: CJK ideographs.
_IDEOGRAPHS = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF),
    (0x2A700, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip


class WordPiece:
    """The tokeniser.

    Args:
        vocabulary: piece -> its number; has "[UNK]", "[CLS]" and "[SEP]".
    """

    def __init__(self, vocabulary: dict[str, int]) -> None:
        self._numbers = vocabulary
        self._unknown, self._begin, self._end = (vocabulary[name] for name in _SPECIAL)

    def tokens(self, text: str) -> NDArray[np.int64]:
        """Numbers of a sentence, int64 (n,), n at most 256, "[CLS]" and "[SEP]" around it."""
        inner = [number for word in _words(text) for number in self._pieces(word)]
        return np.array([self._begin, *inner[: MOST_TOKENS - 2], self._end], np.int64)

    def _pieces(self, word: str) -> list[int]:
        if len(word) > _MOST_LETTERS:
            return [self._unknown]
        found, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                number = self._numbers.get(("##" if start else "") + word[start:end])
                if number is not None:
                    break
            else:
                return [self._unknown]
            found.append(number)
            start = end
        return found


def read_vocabulary(path: Path) -> WordPiece:
    """The tokeniser of a `vocab.txt`: one piece a line.

    Raises:
        InvalidInput: `quantise.vocabulary`.
    """
    try:
        data = read_plain(path, _MOST_BYTES)
        lines = data.decode("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, str(error)) from error
    vocabulary = {line.rstrip("\r"): number for number, line in enumerate(lines)}
    missing = [name for name in _SPECIAL if name not in vocabulary]
    if missing:
        raise _unusable(path, f"it has no {missing[0]}" if data else "it is empty")
    return WordPiece(vocabulary)


def _unusable(path: Path, why: str) -> InvalidInput:
    return InvalidInput(
        f"the vocabulary {path} cannot be used: {why}",
        hint="name the vocab.txt of the model with --vocabulary",
        code="quantise.vocabulary",
    )


def _words(text: str) -> list[str]:
    """Lower-case words without accents; each mark of punctuation and each ideograph is one."""
    # Letter by letter: a whole text would get Greek's final sigma, which the published tokens have not.
    lowered = "".join(letter.lower() for letter in _cleaned(text))
    plain = unicodedata.normalize("NFD", lowered)
    spaced = []
    for letter in plain:
        if unicodedata.category(letter) == "Mn":
            continue
        spaced.append(f" {letter} " if _stands_alone(letter) else letter)
    return "".join(spaced).split()


def _cleaned(text: str) -> list[str]:
    kept = []
    for letter in text:
        if letter.isspace():
            kept.append(" ")
        elif letter != "\ufffd" and not unicodedata.category(letter).startswith("C"):
            kept.append(letter)
    return kept


def _stands_alone(letter: str) -> bool:
    if letter.isascii():
        return letter.isprintable() and not letter.isalnum() and letter != " "
    return unicodedata.category(letter).startswith("P") or any(
        low <= ord(letter) <= high for low, high in _IDEOGRAPHS
    )
