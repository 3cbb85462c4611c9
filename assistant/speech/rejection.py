"""Rejection: decides whether a sentence of the grammar is really what was said.

A search in the grammar always finds a sentence. It is accepted if it explains the sound nearly as well as the
free hypothesis does, and if no single word is implausible: a mean hides one wrong word in a long sentence. A
short sentence needs better evidence, because some short sentence fits noise more easily.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from common.settings_file import between


@dataclass(frozen=True)
class RejectionSettings:
    """Thresholds in nats, chosen on spoken commands against other commands, wake words and noise.

    Attributes:
        min_ratio: log-likelihood ratio to the free hypothesis, per token.
        min_mean: mean log-probability of a token; in pure noise no word is plausible.
        min_word: log-probability of the least probable word. With -12 instead of -10, real commands are
            rejected half as often in quiet and at 12 dB SNR. Of 62 commands whose drink was removed from the
            grammar, none is taken for another drink there with either value; at 6 dB SNR two instead of one.
        short_tokens: a sentence of so many tokens or fewer is short.
        short_ratio: `min_ratio` of a short sentence.
        short_mean: `min_mean` of a short sentence.
        shortest_tokens: a sentence of so many tokens or fewer is a word or two.
        shortest_mean: `min_mean` of such a sentence. In kitchen noise the recogniser finds "Yeah." with -1.06
            to -1.54; "stop", "yes" and "no" in seven voices have -0.52 or more.
        free_mean: `min_mean` of a text that is recognised freely.
        free_tokens: tokens of such a text that need no time.
        free_tokens_per_s: tokens that it may have besides, for each second from the first to the last speech.
        free_speech_s: shortest time from the first to the last speech, in seconds, that holds such a text.
    """

    min_ratio: float = field(default=-2.0, metadata=between(-1000, 1000))
    min_mean: float = field(default=-2.0, metadata=between(-1000, 1000))
    min_word: float = field(default=-12.0, metadata=between(-1000, 1000))
    short_tokens: int = field(default=8, metadata=between(0, 1000))
    short_ratio: float = field(default=-1.1, metadata=between(-1000, 1000))
    short_mean: float = field(default=-1.6, metadata=between(-1000, 1000))
    shortest_tokens: int = field(default=4, metadata=between(0, 1000))
    shortest_mean: float = field(default=-0.9, metadata=between(-1000, 1000))
    free_mean: float = field(default=-1.0, metadata=between(-1000, 1000))
    free_tokens: int = field(default=2, metadata=between(0, 1000))
    free_tokens_per_s: float = field(default=10.0, metadata=between(0, 1000))
    free_speech_s: float = field(default=0.09, metadata=between(0, 60))


@dataclass(frozen=True)
class Evidence:
    """How well a hypothesis explains the sound. Log-probabilities are in nats.

    Attributes:
        tokens: number of tokens that are no free text, the end token included.
        ratio: (log-probability of the hypothesis - log-probability of the free hypothesis) / tokens.
        mean: mean log-probability of these tokens, or of all if that is less.
        worst_word: log-probability of the least probable word.
    """

    tokens: int
    ratio: float
    mean: float
    worst_word: float

    def scores(self, prefix: str) -> dict[str, float]:
        """For measurements, by name."""
        return {
            f"{prefix}.ratio": self.ratio,
            f"{prefix}.mean": self.mean,
            f"{prefix}.worst_word": self.worst_word,
        }


def is_accepted(evidence: Evidence, settings: RejectionSettings) -> bool:
    """Whether ratio, mean and worst word are all above their thresholds."""
    short = evidence.tokens <= settings.short_tokens
    mean = settings.short_mean if short else settings.min_mean
    if evidence.tokens <= settings.shortest_tokens:
        mean = settings.shortest_mean
    return (
        evidence.ratio > (settings.short_ratio if short else settings.min_ratio)
        and evidence.mean > mean
        and evidence.worst_word > settings.min_word
    )


def is_invented(
    text: str, tokens: int, mean: float, speech_s: float | None, settings: RejectionSettings
) -> bool:
    """Whether a text that was recognised freely is not what somebody said.

    Args:
        text: as the recogniser writes it.
        tokens: number of its tokens, without the end token.
        mean: mean log-probability of a token, in nats.
        speech_s: time from the first to the last speech, in seconds; None if that is not known.
        settings: the thresholds.
    """
    if mean < settings.free_mean or not any(character.isalnum() for character in text):
        return True
    if speech_s is None:
        return False
    most = settings.free_tokens + settings.free_tokens_per_s * speech_s
    return speech_s < settings.free_speech_s or tokens > most


def ends_in_a_loop(text: str) -> bool:
    """Whether a text ends with two or more words, said twice in a row: "... I'd like to. I'd like to."

    In noise the recogniser begins to repeat itself. A grammar takes such a text if it passes over the words.
    """
    words = re.findall(r"[\w']+", text.casefold())
    return any(words[-count:] == words[-2 * count : -count] for count in range(2, len(words) // 2 + 1))
