"""What a box and the machine that recognises for it tell each other."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.remote.identity import RecogniserIdentity
from assistant.remote.port import Utterance
from assistant.speech.transcript import Transcript
from assistant.understanding.recipe import GrammarRecipe
from common.errors import SottoError


@dataclass(frozen=True)
class Recognise:
    """Recognise a recording.

    Attributes:
        id: of it.
        keep: it begins with so many samples of the recording before, which are not in the audio.
        utterance: what is to be recognised, with the rest of the audio.
    """

    id: int
    keep: int
    utterance: Utterance


@dataclass(frozen=True)
class GiveUp:
    """The results of a recording are not needed any more."""

    id: int


#: From the box, in order; the identity first, on each connection.
Order = RecogniserIdentity | GrammarRecipe | Recognise | GiveUp


@dataclass(frozen=True)
class Welcome:
    """The box may ask."""


@dataclass(frozen=True)
class GrammarKnown:
    """The grammar of that key was made; or not, with the reason. Without a reason it may be offered again."""

    key: str
    made: bool
    error: SottoError | None = None


@dataclass(frozen=True)
class Result:
    """A result of a recording.

    Attributes:
        id: of it.
        transcript: the result; its times are those of the whole recording.
        searched: whether it is the deep one.
        last: whether no other one comes: a quick result that is last is the deep one, too.
    """

    id: int
    transcript: Transcript
    searched: bool
    last: bool


@dataclass(frozen=True)
class Refused:
    """A recording is not recognised."""

    id: int
    error: SottoError


#: To the box.
Answer = Welcome | GrammarKnown | Result | Refused
