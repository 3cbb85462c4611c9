"""The text of a recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Method = Literal["free", "bias", "constrained", "none"]


@dataclass(frozen=True)
class Segment:
    """What was said in one stretch of a recording.

    Attributes:
        start_s, end_s: its first and its last speech, in seconds since the recording began.
        text: its words, not "".
    """

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True)
class Transcript:
    """The text of a recording.

    Attributes:
        text: as the recogniser writes it, with capitals and punctuation; "" if there is none.
        free_score: mean log-probability of a token of the free hypothesis, in nats.
        method: "bias" for greedy decoding with the lexicon bias, "constrained" for the search in the grammar,
            "free" for greedy decoding without help, "none" for no text.
        audio_s: length of the recording, in seconds.
        encode_ms: time spent on the encoder since the previous result.
        decode_ms: time spent on decoding since the previous result.
        scores: evidence of the decision, in nats, by name; for measurements.
        segments: of a whole recording: its stretches with words.
        settled: False for a quick result that is a sentence of the grammar, but the deep one may replace.
    """

    text: str
    free_score: float
    method: Method
    audio_s: float
    encode_ms: float = 0.0
    decode_ms: float = 0.0
    scores: Mapping[str, float] = field(default_factory=dict)
    segments: tuple[Segment, ...] = ()
    settled: bool = True


def joined(parts: Sequence[Transcript], segments: Sequence[Segment], audio_s: float) -> Transcript:
    """The transcript of a recording from those of its stretches; without any, one without text.

    Args:
        parts: of all stretches.
        segments: of those with words.
        audio_s: length of the recording, in seconds.
    """
    worded = [part for part in parts if part.text]
    methods = {part.method for part in worded}
    return Transcript(
        " ".join(part.text for part in worded),
        min((part.free_score for part in worded), default=0.0),
        methods.pop() if len(methods) == 1 else "free" if methods else "none",
        audio_s,
        sum(part.encode_ms for part in parts),
        sum(part.decode_ms for part in parts),
        worded[0].scores if len(worded) == 1 else {},
        tuple(segments),
    )
