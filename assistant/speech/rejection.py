"""Is a sentence that the grammar allows really what was said?

A constrained search always finds something. It is believed when it explains the sound nearly as
well as the free hypothesis does, and no single word is implausible: an average hides one wrong word
in a long sentence. A short sentence must do better, because noise finds one that fits more easily.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RejectionSettings:
    """Thresholds in nats, chosen on spoken commands against other commands, wake words and noise.

    Attributes:
        min_ratio: log-likelihood ratio to the free hypothesis, per token.
        min_mean: mean log-probability of a token; pure noise has no plausible words at all.
        min_word: summed log-probability of the worst word. With -12 instead of -10 real commands are rejected
            half as often in quiet and at 12 dB of noise; of 62 whose drink was taken out of the grammar none
            is taken for another one then either, at 6 dB two instead of one.
        short_tokens: a sentence of so many tokens or fewer is short.
        short_ratio: `min_ratio` of a short sentence.
        short_mean: `min_mean` of a short sentence.
        shortest_tokens: a sentence of so many tokens or fewer is a word or two.
        shortest_mean: `min_mean` of such a sentence. In kitchen noise the recogniser hears "Yeah." with -1.06
            to -1.54; "stop", "yes" and "no" in seven voices have -0.52 and more.
    """

    min_ratio: float = -2.0
    min_mean: float = -2.0
    min_word: float = -12.0
    short_tokens: int = 8
    short_ratio: float = -1.1
    short_mean: float = -1.6
    shortest_tokens: int = 4
    shortest_mean: float = -0.9


@dataclass(frozen=True)
class Evidence:
    """How well a hypothesis explains the sound; nats.

    Attributes:
        tokens: how many there are, end included.
        ratio: (log-probability of the hypothesis - that of the free one) / tokens.
        mean: log-probability / tokens.
        worst_word: of the least likely word.
    """

    tokens: int
    ratio: float
    mean: float
    worst_word: float


def believable(evidence: Evidence, settings: RejectionSettings) -> bool:
    """Whether all three tests pass."""
    short = evidence.tokens <= settings.short_tokens
    mean = settings.short_mean if short else settings.min_mean
    if evidence.tokens <= settings.shortest_tokens:
        mean = settings.shortest_mean
    return (
        evidence.ratio > (settings.short_ratio if short else settings.min_ratio)
        and evidence.mean > mean
        and evidence.worst_word > settings.min_word
    )
