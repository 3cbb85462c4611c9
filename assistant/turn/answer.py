"""The interface of who answers a turn, and the effects that it returns; the conversation carries them out."""

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
    """Play something now, in any phase.

    Attributes:
        speech: what is played.
        turn_id: of the turn that it answers; "" for none.
        on_first, on_done: see `OnFirst` and `OnDone`.
    """

    speech: Speech
    turn_id: str = ""
    on_first: OnFirst = lambda _at: {}
    on_done: OnDone = lambda _finished: None


@dataclass(frozen=True)
class Announce:
    """Play something, unless a turn is being heard or answered."""

    speech: Speech
    on_done: OnDone = lambda _finished: None


@dataclass(frozen=True)
class Reply:
    """Play the reply of the box to a turn; the record is finished when the reply has ended.

    Attributes:
        record: of the turn so far.
        watch: its clocks.
        audio: of the turn, int16 (n,), 16 kHz; None unless recordings are kept.
        answered: the turn, while it may still continue.
    """

    record: Turn
    watch: Stopwatch
    audio: Samples | None
    answered: AnsweredTurn


@dataclass(frozen=True)
class Await:
    """A hub has the turn: wait for its answer."""

    turn_id: str


@dataclass(frozen=True)
class Rest:
    """The turn is over without a reply."""


@dataclass(frozen=True)
class EndOfTurn:
    """A hub has found that the utterance being heard is over."""


Effect = Speak | Announce | Reply | Await | Rest | EndOfTurn

#: Runs a step under the lock of the conversation, and carries out the effect that it returns; False if that
#: is not possible now.
RunStep = Callable[[Callable[[], Effect | None]], bool]


class Answerer(Protocol):
    """Who answers turns: the box itself, or a hub."""

    def hear(self, turn: UserTurn) -> None:
        """A frame of the turn was heard; called for each one."""

    def answer(self, turn: UserTurn, watch: Stopwatch) -> Effect:
        """The turn is over: gives what is to be done."""
