"""Where the conversation of one stream is, and the decisions that may be taken after a frame."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.hearing.activity import Activity
from assistant.hearing.ears import HearingFrame
from assistant.turn.continuation import AnsweredTurn
from assistant.turn.settings import Phase
from assistant.turn.user_turn import Interpretation, UserTurn

#: Before the first frame nothing is known; a gate that may be open costs nothing.
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
    """Changed by the conversation alone.

    Attributes:
        phase: of the conversation.
        turn: being heard.
        activity: after the newest frame.
        expects_answer: the reply asks for an answer, which needs no wake word.
        awaits_silence: what is under way is passed over, because its beginning was not heard.
        heard_until: the last speech sample of the last turn.
        fed_at: when the newest frame came, a `perf_counter` value.
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
    """Nothing is to be done; `duck`: somebody speaks over the reply, which is lowered."""

    duck: bool = False


@dataclass(frozen=True)
class Forget:
    """What was said so far is no part of a turn to come."""


@dataclass(frozen=True)
class Open:
    """A turn begins with this frame."""

    turn: UserTurn


@dataclass(frozen=True)
class Wake:
    """A wake word was heard, which opens a turn."""

    frame: HearingFrame


@dataclass(frozen=True)
class Commit:
    """The turn is over and is to be answered."""

    turn: UserTurn


@dataclass(frozen=True)
class Restart:
    """The turn begins anew here: only the end of the wake word was heard."""

    turn: UserTurn


@dataclass(frozen=True)
class Close:
    """The turn is over, and nothing was said."""

    turn: UserTurn


@dataclass(frozen=True)
class Correct:
    """The last turn continued and means something else."""

    before: AnsweredTurn
    whole: Interpretation


@dataclass(frozen=True)
class BargeIn:
    """A sentence over the reply."""

    turn: UserTurn


@dataclass(frozen=True)
class Stop:
    """A "stop" over the reply."""


@dataclass(frozen=True)
class PassOver:
    """What was said over the reply was nothing for us."""


@dataclass(frozen=True)
class CheckDeadline:
    """A hub's answer is awaited, which may be late."""


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
