"""Makes the record of a turn, with its clocks."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isfinite
from time import perf_counter

from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.audio.pace import Pace
from assistant.events import EventBus, EventKind
from assistant.turn.dialogue import Outcome
from assistant.turn.secret import HIDDEN, open_slots, open_text
from assistant.turn.store import Clocks, Turn
from assistant.turn.user_turn import Interpretation, UserTurn
from common.errors import SottoError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stopwatch:
    """The start of the clocks of a turn; times are `perf_counter` values.

    Attributes:
        committed: when the turn was committed.
        spoke_at: when its last speech sample was captured.
        realtime: whether the stream comes from a microphone, so that `spoke_at` has a meaning.
    """

    committed: float
    spoke_at: float
    realtime: bool

    def since_speech(self, at: float | None) -> float | None:
        """Milliseconds from the last speech sample to `at`; None if the stream is not in real time."""
        return ms(at - self.spoke_at) if self.realtime and at is not None else None


class StreamClock:
    """Gives the time at which a sample of a stream was captured.

    Args:
        realtime: whether the stream comes from a microphone.
    """

    def __init__(self, *, realtime: bool) -> None:
        self._realtime = realtime
        self._pace = Pace(SAMPLE_RATE)
        self._position = 0
        self._captured_at = 0.0

    def tick(self, position: int, arrived: float) -> None:
        """The stream has come to sample `position` at `arrived`, a `perf_counter` value."""
        self._position = position
        self._captured_at = self._pace.captured_at(position, arrived)

    def behind_ms(self, now: float) -> float:
        """How long ago the newest sample was captured; `now` is a `perf_counter` value."""
        return (now - self._captured_at) * 1e3 if self._realtime else 0.0

    def stopwatch(self, committed: float, last_speech: int | None) -> Stopwatch:
        """The clocks of a turn whose last speech sample is `last_speech`, if there is one."""
        silence = 0 if last_speech is None else self._position - last_speech
        return Stopwatch(committed, self._captured_at - silence / SAMPLE_RATE, self._realtime)


class Recorder:
    """Writes the record of each turn of a stream.

    Args:
        bus: gets the events of each.
        on_turn: called with each record and its audio (None unless recordings are kept).
        label: of the stream.
    """

    def __init__(self, bus: EventBus, on_turn: Callable[[Turn, Samples | None], None], label: str) -> None:
        self._bus = bus
        self._on_turn = on_turn
        self._label = label

    def decided(
        self,
        turn: UserTurn,
        interpretation: Interpretation,
        outcome: Outcome,
        watch: Stopwatch,
        *,
        mute: bool,
    ) -> Turn:
        """Publish what the box has decided by itself, and begin its record.

        Args:
            turn: as it was heard.
            interpretation: the final one.
            outcome: what was done and replied.
            watch: its clocks.
            mute: whether there is no reply.
        """
        parse, transcript = outcome.parse, interpretation.transcript
        intent, slots = (parse.intent, dict(parse.slots)) if parse else (None, {})
        told = open_slots(slots)
        self._bus.publish(
            EventKind.DECIDED, turn.id, accepted=parse is not None, intent=intent or "", slots=told
        )
        if outcome.acted_at is not None:
            self._bus.publish(EventKind.ACTED, turn.id, intent=intent or "")
        return Turn(
            id=turn.id,
            time=time.time(),
            transcript=open_text(interpretation.text, slots),
            accepted=parse is not None,
            intent=intent,
            slots=told,
            reply="" if mute else outcome.reply.text,
            clocks_ms=Clocks(
                decided=watch.since_speech(outcome.decided_at), acted=watch.since_speech(outcome.acted_at)
            ),
            stages_ms=_rounded(
                {
                    "recognise": interpretation.recognise_ms,
                    "encode": transcript.encode_ms,
                    "decode": transcript.decode_ms,
                    **outcome.stages_ms,
                }
            ),
            scores=_rounded({**transcript.scores, "free": transcript.free_score}),
            label=self._label,
        )

    def failed(self, turn_id: str, apology: str) -> None:
        """A turn failed by an error in the assistant: publish and store that."""
        self._bus.publish(EventKind.WARNING, turn_id, code="turn.failed", message=apology)
        self.finish(Turn(turn_id, time.time(), "", accepted=False, reply=apology, label=self._label), None)

    def finish(self, record: Turn, audio: Samples | None) -> None:
        """A turn is over: publish and store it."""
        self._bus.publish(EventKind.TURN, record.id, accepted=record.accepted)
        try:
            self._on_turn(record, None if record.transcript == HIDDEN else audio)
        except SottoError as error:
            # If the disk is full, only the record is lost.
            log.warning("turn %s was not stored: %s", record.id, error)
            self._bus.publish(EventKind.WARNING, record.id, code=error.code, message=error.message)


class SpokenReply:
    """A reply being played, and the clocks of its record.

    Args:
        record: so far.
        watch: clocks of the turn.
        on_done: called with the finished record when the reply has ended.
    """

    def __init__(self, record: Turn, watch: Stopwatch, on_done: Callable[[Turn], None]) -> None:
        self._record = record
        self._watch = watch
        self._on_done = on_done
        self._made_at = perf_counter()

    def begun(self, at: float) -> dict[str, object]:
        """The first sample was handed over at `at`, a `perf_counter` value; gives details for the event."""
        compute = ms(at - self._watch.committed)
        clocks = replace(self._record.clocks_ms, heard=self._watch.since_speech(at), compute=compute)
        stages = {**self._record.stages_ms, "speak": ms(at - self._made_at)}
        self._record = replace(self._record, clocks_ms=clocks, stages_ms=stages)
        return {"compute_ms": compute}

    def ended(self, finished: bool) -> None:
        """The reply has been played to its end, or interrupted."""
        self._on_done(replace(self._record, interrupted=not finished))


def ms(seconds: float) -> float:
    """Seconds to milliseconds, rounded to 0.01 ms."""
    return round(seconds * 1e3, 2)


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(float(value), 3) for name, value in values.items() if isfinite(value)}
