"""A turn that a hub answers: it is sent what is said, and what it answers is played here."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from time import perf_counter
from typing import Literal, Protocol, get_args

from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.hearing.ears import Ears
from assistant.turn.recorder import Stopwatch, ms
from assistant.turn.store import Clocks, Turn
from assistant.turn.user_turn import UserTurn
from common.errors import InvalidInput

#: What a hub says when there is nothing to be sorry for: it heard no words, or another box is answered.
DUPLICATE = "duplicate_wake_up_detected"
SILENT_CODES = frozenset({"stt-no-text-recognized", DUPLICATE})
#: Home Assistant takes a wake word within 2 s of the last one for the same one, heard by another box. Seconds
#: within which the last one may have been our own, so that the box answers.
ECHO_S = 5
#: The wake word's network knows only about where the word ended; a hub is sent what is said from this long
#: before. Of 36 sentences in one breath (espeak-ng and Piper, recognised freely) 21 come out exact with it,
#: 5 without, 13 with 200 ms, when the word's last syllable becomes a word of the sentence.
PRE_ROLL_MS = 160
#: Sound is sent in pieces of so many samples, 30 ms; what was kept, in larger ones.
_PIECE = 480
_LARGEST_PIECE = SAMPLE_RATE


#: What a hub answers: see `HubPipelineSettings.takes`.
Takes = Literal["everything", "unknown"]


@dataclass(frozen=True)
class HubPipelineSettings:
    """What a hub is given while there is one.

    Attributes:
        takes: "everything" behind a wake word, or "unknown": only what the box does not understand itself.
        answer_s: seconds that a hub may take until its answer begins; then the box says that none came.

    Raises:
        InvalidInput: `handover.settings`.
    """

    takes: Takes = "everything"
    answer_s: float = 15.0

    @property
    def everything(self) -> bool:
        """Whether a hub is told all that follows a wake word."""
        return self.takes == "everything"

    def __post_init__(self) -> None:
        if self.takes not in get_args(Takes) or not 0 < self.answer_s <= 300:
            raise InvalidInput(
                f"[hub_pipeline] takes = {self.takes!r}, answer_s = {self.answer_s:g} cannot be used",
                hint='takes is "everything" or "unknown", answer_s is up to 300',
                code="handover.settings",
            )


DEFAULT_HUB_PIPELINE = HubPipelineSettings()


class PipelineHub(Protocol):
    """A hub that answers turns. Called by the thread that hears: nothing here may wait, or fail."""

    def begin(self, word: str, at_s: float) -> None:
        """Somebody talks to the hub: the wake word `word` ended `at_s` seconds after the stream began."""

    def hear(self, samples: Samples) -> None:
        """What is said, from the end of the wake word on; int16, 16 kHz."""

    def end(self) -> None:
        """The person has finished, or said nothing."""

    def replaced(self) -> None:
        """Another hub has taken its place."""


@dataclass
class HubTurn:
    """One turn of a hub.

    Attributes:
        hub: whose.
        turn: as the box hears it.
        sent: up to this sample of the stream the hub has heard.
        text, reply: what the hub took it for and what it answers, as far as it said so.
        watch: since the end of the utterance; None before.
        answering: its answer is being played.
        active_at: when the hub last showed that it is at work, a `perf_counter` value.
        clocks: of the record.
    """

    hub: PipelineHub
    turn: UserTurn
    sent: int
    text: str = ""
    reply: str = ""
    watch: Stopwatch | None = None
    answering: bool = False
    active_at: float = 0.0
    clocks: Clocks = field(default_factory=Clocks)

    @classmethod
    def begin(cls, hub: PipelineHub, turn: UserTurn, start: int) -> HubTurn:
        """Give `hub` a turn whose sound begins at sample `start`."""
        wake = turn.opening.wake
        hub.begin(wake.phrase.replace(" ", "_") if wake else "", (wake.end if wake else start) / SAMPLE_RATE)
        return cls(hub, turn, start)

    @property
    def id(self) -> str:
        """Of the turn."""
        return self.turn.id

    def send(self, ears: Ears, *, all_of_it: bool = False) -> None:
        """Send what was heard since the last time, once it is worth a message."""
        while (waiting := ears.position - self.sent) >= (1 if all_of_it else _PIECE):
            piece = min(waiting, _LARGEST_PIECE)
            self.hub.hear(ears.audio(self.sent, self.sent + piece))
            self.sent += piece

    def end(self, ears: Ears, watch: Stopwatch) -> None:
        """The utterance is over; from now on an answer is awaited."""
        self.send(ears, all_of_it=True)
        self.hub.end()
        self.watch = watch
        self.active_at = watch.committed

    def said(self, text: str | None = None, reply: str | None = None) -> None:
        """The hub has reported something of its work, and so is still at it."""
        self.text = self.text if text is None else text
        self.reply = self.reply if reply is None else reply
        self.active_at = perf_counter()

    def is_late(self, now: float, settings: HubPipelineSettings) -> bool:
        """Whether the hub has had its time; `now` is a `perf_counter` value."""
        return self.watch is not None and now - self.active_at > settings.answer_s

    def begins_to_sound(self, at: float) -> dict[str, object]:
        """The answer began to sound at `at`; what goes out with the event that says so."""
        if self.watch is None:
            return {}
        compute = ms(at - self.watch.committed)
        self.clocks = Clocks(heard=self.watch.since_speech(at), compute=compute)
        return {"compute_ms": compute}

    def record(self, label: str, *, interrupted: bool = False) -> Turn:
        """What is stored of it; accepted is what the hub gave an answer to."""
        return Turn(
            id=self.id,
            time=time.time(),
            transcript=self.text,
            accepted=self.answering,
            reply=self.reply,
            clocks_ms=self.clocks,
            label=label,
            interrupted=interrupted,
        )
