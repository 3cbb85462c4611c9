"""Jobs: what is scheduled. One job is one piece of work that holds one slot of one device."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class JobKind(StrEnum):
    """Kinds of jobs; the value is the name in metrics."""

    ASR = "asr"
    TTS = "tts"
    VAD = "vad"
    LLM = "llm"


class Priority(IntEnum):
    """Who is served first: the lower the number, the sooner."""

    ROOM = 0
    SATELLITE = 1
    PROGRAM = 2
    AHEAD = 3

    @property
    def label(self) -> str:
        """As it is written in metrics."""
        return self.name.lower()


@dataclass(frozen=True)
class Use:
    """A model that a job uses, and how often it runs it: a decoder, for example, once a token."""

    model: str
    runs: float = 1.0


@dataclass(frozen=True)
class Job:
    """One piece of work.

    What is one job: to encode an utterance, to decode it once (the quick result, the deep one), one chunk of
    speech, one sentence rendered ahead, one answer of a language model, one batch (with the priority of its
    most urgent member, and no speaker). A job that holds a slot does not ask for another one.

    Attributes:
        kind: see `JobKind`.
        models: those it uses, all on one device.
        priority: see `Priority`.
        speaker: whose it is: the jobs of one speaker begin in the order in which they came. "" for nobody's,
            which have no order: rendering ahead.
        deadline: by when its result is needed, by the machine's monotonic clock in seconds. A job that has
            not begun by then is refused.
        whole: whether it is all of its kind, from sound to words or from words to sound: a remote device
            takes no parts.
    """

    kind: JobKind
    models: tuple[Use, ...]
    priority: Priority
    speaker: str = ""
    deadline: float = math.inf
    whole: bool = False
