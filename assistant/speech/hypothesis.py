"""A hypothesis: a sequence of tokens with the probabilities that the recogniser gave them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from assistant.models.moonshine_shape import END_TOKEN
from assistant.speech.tokens import SPACE, Vocabulary


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A text that may have been said.

    Attributes:
        tokens: token ids, without the end token.
        logps: natural log-probability of each token over the whole vocabulary; if the sentence has ended,
            that of the end token follows.
    """

    tokens: tuple[int, ...] = ()
    logps: tuple[float, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether the recogniser has ended the sentence."""
        return len(self.logps) > len(self.tokens)

    @property
    def total(self) -> float:
        """Log-probability of the whole sequence, in nats."""
        return sum(self.logps)

    @property
    def mean(self) -> float:
        """Mean log-probability of a token, in nats; 0 for the empty sequence."""
        return self.total / len(self.logps) if self.logps else 0.0

    def followed_by(self, token: int, logp: float) -> Hypothesis:
        """This hypothesis with one more token; the end token ends it."""
        tokens = self.tokens if token == END_TOKEN else (*self.tokens, token)
        return Hypothesis(tokens, (*self.logps, logp))

    def tokens_of_words(self, count: int, vocabulary: Vocabulary) -> int:
        """Number of tokens of the first `count` words, with the punctuation after them."""
        words = 0
        for place, token in enumerate(self.tokens):
            if vocabulary.pieces[token].startswith(SPACE) or place == 0:
                words += 1
                if words > count:
                    return place
        return len(self.tokens) if count else 0

    def without(self, count: int) -> Hypothesis:
        """This hypothesis without its first `count` tokens."""
        return Hypothesis(self.tokens[count:], self.logps[count:])

    def without_words(self, places: Collection[int], vocabulary: Vocabulary) -> Hypothesis:
        """This hypothesis without the words at these places, counted from 0, with their punctuation."""
        tokens: list[int] = []
        logps: list[float] = []
        word = -1
        for place, token in enumerate(self.tokens):
            if vocabulary.pieces[token].startswith(SPACE) or place == 0:
                word += 1
            if word not in places:
                tokens.append(token)
                logps.append(self.logps[place])
        return Hypothesis(tuple(tokens), (*logps, *self.logps[len(self.tokens) :]))

    def worst_word(self, vocabulary: Vocabulary) -> float:
        """Log-probability of the least probable word, in nats; the end token belongs to the last word."""
        words: list[float] = []
        for place, logp in enumerate(self.logps):
            piece = vocabulary.pieces[self.tokens[place]] if place < len(self.tokens) else ""
            if not words or piece.startswith(SPACE) or piece == "-":
                words.append(0.0)
            words[-1] += logp
        return min(words, default=0.0)
