"""The state of the conversation of one stream, and the decisions that may follow a frame."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.hearing.activity import Activity
from assistant.hearing.ears import HearingFrame
from assistant.turn.continuation import AnsweredTurn
from assistant.turn.settings import Phase
from assistant.turn.user_turn import Interpretation, UserTurn

#: Activity before the first frame. The gate counts as open, because it may be.
NOTHING_YET = Activity(
    is_speech=False,
    probability=0.0,
    gate_open=True,
    started=False,
    ended_silence_ms=0,
    speech_ms=0,
    onset=None,
    last_speech=None,
    position=0,
)


@dataclass
class StreamState:
    """The state of a conversation; only the conversation changes it.

    Attributes:
        phase: of the conversation.
        turn: the one being heard; None if there is none.
        activity: after the newest frame.
        expects_answer: whether the reply is a question; its answer needs no wake word.
        awaits_silence: whether speech is ignored until the next silence, because its beginning was not heard.
        heard_until: position of the last speech sample of the last turn.
        fed_at: when the newest frame arrived, a `perf_counter` value.
    """

    fed_at: float
    phase: Phase = Phase.IDLE
    turn: UserTurn | None = None
    activity: Activity = NOTHING_YET
    expects_answer: bool = False
    awaits_silence: bool = False
    heard_until: int = 0

    @property
    def listening_to(self) -> UserTurn | None:
        """The turn that is being heard and is not decided yet."""
        return self.turn if self.phase is Phase.LISTENING else None


@dataclass(frozen=True)
class Wait:
    """Do nothing; `duck`: lower the reply, because somebody speaks over it."""

    duck: bool = False


@dataclass(frozen=True)
class Forget:
    """Forget the speech so far: it does not belong to the next turn."""


@dataclass(frozen=True)
class Open:
    """Open a turn with this frame."""

    turn: UserTurn


@dataclass(frozen=True)
class Wake:
    """A wake word was heard, which opens a turn."""

    frame: HearingFrame


@dataclass(frozen=True)
class Commit:
    """The turn is over: answer it."""

    turn: UserTurn


@dataclass(frozen=True)
class Restart:
    """Begin the turn again here, because only the end of the wake word was heard."""

    turn: UserTurn


@dataclass(frozen=True)
class Close:
    """Close the turn, because nothing was said."""

    turn: UserTurn


@dataclass(frozen=True)
class Correct:
    """Correct the last turn: it continued and has another meaning."""

    before: AnsweredTurn
    whole: Interpretation


@dataclass(frozen=True)
class BargeIn:
    """Interrupt the reply and answer the sentence that was said over it."""

    turn: UserTurn


@dataclass(frozen=True)
class Stop:
    """Interrupt the reply, because a "stop" was said over it."""


@dataclass(frozen=True)
class PassOver:
    """Ignore what was said over the reply, because it was not meant for the box."""


@dataclass(frozen=True)
class CheckDeadline:
    """Check whether the awaited answer of a hub is late."""


Decision = (
    Wait
    | Forget
    | Open
    | Wake
    | Commit
    | Restart
    | Close
    | Correct
    | BargeIn
    | Stop
    | PassOver
    | CheckDeadline
)
