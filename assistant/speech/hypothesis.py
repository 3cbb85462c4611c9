"""A sequence of tokens with the probabilities the recogniser gave them."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.models.moonshine_shape import END_TOKEN
from assistant.speech.tokens import SPACE, Vocabulary


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What may have been said.

    Attributes:
        tokens: ids, without the end token.
        logps: natural log-probability of each token over the whole vocabulary, and then that of the
            end token if the sentence has ended.
    """

    tokens: tuple[int, ...] = ()
    logps: tuple[float, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether the recogniser itself ended the sentence."""
        return len(self.logps) > len(self.tokens)

    @property
    def total(self) -> float:
        """Log-probability of the whole sequence."""
        return sum(self.logps)

    @property
    def mean(self) -> float:
        """Mean log-probability of a token; 0 for the empty sequence."""
        return self.total / len(self.logps) if self.logps else 0.0

    def followed_by(self, token: int, logp: float) -> Hypothesis:
        """This sequence with one more token; the end token ends it."""
        tokens = self.tokens if token == END_TOKEN else (*self.tokens, token)
        return Hypothesis(tokens, (*self.logps, logp))

    def length_of_words(self, count: int, vocabulary: Vocabulary) -> int:
        """How many tokens the first `count` words take, with the punctuation behind them."""
        words = 0
        for place, token in enumerate(self.tokens):
            if vocabulary.pieces[token].startswith(SPACE) or place == 0:
                words += 1
                if words > count:
                    return place
        return len(self.tokens) if count else 0

    def without(self, count: int) -> Hypothesis:
        """This sequence less its first `count` tokens."""
        return Hypothesis(self.tokens[count:], self.logps[count:])

    def worst_word(self, vocabulary: Vocabulary) -> float:
        """Smallest log-probability of any word, the end counting with the last word."""
        words: list[float] = []
        for place, logp in enumerate(self.logps):
            piece = vocabulary.pieces[self.tokens[place]] if place < len(self.tokens) else ""
            if not words or piece.startswith(SPACE) or piece == "-":
                words.append(0.0)
            words[-1] += logp
        return min(words, default=0.0)
