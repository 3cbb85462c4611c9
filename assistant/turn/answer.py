"""Who answers a turn, and what is to be done then, as values that the conversation carries out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from assistant.audio.format import Samples
from assistant.turn.continuation import AnsweredTurn
from assistant.turn.recorder import Stopwatch
from assistant.turn.store import Turn
from assistant.turn.user_turn import UserTurn
from assistant.turn.utterance import Speech

#: Given the `perf_counter` value of the first sample; what it returns goes out with the event of it.
OnFirst = Callable[[float], dict[str, object]]
#: Given whether all of it was heard.
OnDone = Callable[[bool], None]


@dataclass(frozen=True)
class Speak:
    """Something sounds now, whatever the phase."""

    speech: Speech
    turn_id: str = ""
    on_first: OnFirst = lambda _at: {}
    on_done: OnDone = lambda _finished: None


@dataclass(frozen=True)
class Announce:
    """Something sounds, unless somebody is heard or answered."""

    speech: Speech
    on_done: OnDone = lambda _finished: None


@dataclass(frozen=True)
class Reply:
    """The box answers a turn; its record is finished when the reply has been played.

    Attributes:
        record: of the turn so far.
        watch: since its commit.
        audio: what was heard; None unless it is kept.
        answered: the turn, while it may still continue.
    """

    record: Turn
    watch: Stopwatch
    audio: Samples | None
    answered: AnsweredTurn


@dataclass(frozen=True)
class Await:
    """Somebody else has the turn; the conversation waits."""

    turn_id: str


@dataclass(frozen=True)
class Rest:
    """The turn is over without a word."""


@dataclass(frozen=True)
class EndOfTurn:
    """The utterance being heard is over, as a hub has found."""


Effect = Speak | Announce | Reply | Await | Rest | EndOfTurn

#: Runs a step of somebody else under the conversation's lock and carries out the effect that it returns;
#: False where that is not possible now.
RunStep = Callable[[Callable[[], Effect | None]], bool]


class Answerer(Protocol):
    """Who answers turns: the box itself, or a hub."""

    def hear(self, turn: UserTurn) -> None:
        """Another frame of the turn was heard."""

    def answer(self, turn: UserTurn, watch: Stopwatch) -> Effect:
        """The turn is over."""
