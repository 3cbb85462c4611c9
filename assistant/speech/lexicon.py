"""Lexicon bias: the tokens that spell the words of the grammar get a higher probability. It costs no time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from assistant.speech.tokens import SPACE, Vocabulary

_WRITTEN_WITH_ANY_WORDS = (*"0123456789", *",.?!'-:%$°")


def lexicon_tokens(words: Iterable[str], vocabulary: Vocabulary) -> NDArray[np.int64]:
    """Ids of the tokens that spell these words as the recogniser usually does.

    Each word is split into the fewest tokens: lower-case and capitalised after a space, and lower-case after
    a hyphen ("medium-roast"). Digits and punctuation are always included, because the recogniser writes
    "twelve ounce" as "12-ounce".

    Returns:
        int64, sorted, each id once.
    """
    tokens: set[int] = set()
    for word in words:
        for spelling in (SPACE + word, SPACE + word.capitalize(), word):
            tokens.update(vocabulary.fewest(spelling))
    for sign in _WRITTEN_WITH_ANY_WORDS:
        for spelling in (sign, SPACE + sign):
            tokens.update(vocabulary.fewest(spelling))
    return np.array(sorted(tokens), np.int64)


def lexicon_weights(words: Iterable[str], vocabulary: Vocabulary, size: int) -> NDArray[np.float32]:
    """float32 (size,): 1 for the tokens of the lexicon, 0 for all others."""
    weights = np.zeros(size, np.float32)
    weights[lexicon_tokens(words, vocabulary)] = 1.0
    return weights
