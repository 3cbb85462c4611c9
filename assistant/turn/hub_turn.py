"""A turn that a hub answers: the hub gets the audio, and its answer is played here."""

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
from common.settings_file import between

#: What a hub says when there is nothing to be sorry for: it heard no words, or another box is answered.
DUPLICATE = "duplicate_wake_up_detected"
SILENT_CODES = frozenset({"stt-no-text-recognized", DUPLICATE})
#: Home Assistant takes a wake word within 2 s of the last one for the same one, heard by another box. If the
#: last turn of this box began less than so many seconds ago, the duplicate may be its own, and the box
#: apologises.
ECHO_S = 5
#: The network of the wake word gives only roughly where the word ended; a hub gets the audio from this many
#: ms before that. Of 36 sentences without a pause after the wake word (espeak-ng and Piper, free
#: recognition), 21 are recognised exactly with it, 5 without, and 13 with 200 ms, because the last syllable
#: of the wake word then becomes a word of the sentence.
PRE_ROLL_MS = 160
#: Samples of a message to the hub: 30 ms; audio that was kept is sent in larger ones, up to 1 s.
_PIECE = 480
_LARGEST_PIECE = SAMPLE_RATE


#: What a hub answers: see `HubPipelineSettings.takes`.
Takes = Literal["everything", "unknown"]


@dataclass(frozen=True)
class HubPipelineSettings:
    """Which turns a hub gets while there is one.

    Attributes:
        takes: "everything" behind a wake word, or "unknown": only what the box does not understand itself.
        answer_s: seconds that a hub may take until its answer begins; then the box says that none came.

    Raises:
        InvalidInput: `handover.settings`.
    """

    takes: Takes = "everything"
    answer_s: float = field(default=15.0, metadata=between(0, 300))

    @property
    def everything(self) -> bool:
        """Whether a hub gets everything that follows a wake word."""
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
    """A hub that answers turns. The thread that hears calls it: no method may block or raise."""

    def begin(self, word: str, at_s: float) -> None:
        """A turn begins: the wake word `word` ended `at_s` seconds after the stream began."""

    def hear(self, samples: Samples) -> None:
        """Audio of the turn, from the end of the wake word on: int16 (n,), 16 kHz."""

    def end(self) -> None:
        """The utterance is over, or nothing was said."""

    def replaced(self) -> None:
        """Another hub answers from now on."""


@dataclass
class HubTurn:
    """One turn of a hub.

    Attributes:
        hub: that answers it.
        turn: as the box hears it.
        sent: position of the stream up to which the audio was sent.
        text, reply: transcript and reply, as far as the hub has reported them.
        watch: its clocks, from the end of the utterance on; None before.
        answering: whether its answer is being played.
        active_at: when the hub last reported something, a `perf_counter` value.
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
        """Give `hub` a turn whose audio begins at sample `start` of the stream."""
        wake = turn.opening.wake
        hub.begin(wake.phrase.replace(" ", "_") if wake else "", (wake.end if wake else start) / SAMPLE_RATE)
        return cls(hub, turn, start)

    @property
    def id(self) -> str:
        """Of the turn."""
        return self.turn.id

    def send(self, ears: Ears, *, all_of_it: bool = False) -> None:
        """Send the audio since the last call, if it is at least 30 ms or `all_of_it`."""
        while (waiting := ears.position - self.sent) >= (1 if all_of_it else _PIECE):
            piece = min(waiting, _LARGEST_PIECE)
            self.hub.hear(ears.audio(self.sent, self.sent + piece))
            self.sent += piece

    def end(self, ears: Ears, watch: Stopwatch) -> None:
        """The utterance is over: send the rest, and wait for the answer."""
        self.send(ears, all_of_it=True)
        self.hub.end()
        self.watch = watch
        self.active_at = watch.committed

    def said(self, text: str | None = None, reply: str | None = None) -> None:
        """The hub has reported transcript or reply, so it is still at work."""
        self.text = self.text if text is None else text
        self.reply = self.reply if reply is None else reply
        self.active_at = perf_counter()

    def is_late(self, now: float, settings: HubPipelineSettings) -> bool:
        """Whether the hub has been silent for longer than `answer_s`; `now` is a `perf_counter` value."""
        return self.watch is not None and now - self.active_at > settings.answer_s

    def begins_to_sound(self, at: float) -> dict[str, object]:
        """The answer began to sound at `at`, a `perf_counter` value; gives details for the event."""
        if self.watch is None:
            return {}
        compute = ms(at - self.watch.committed)
        self.clocks = Clocks(heard=self.watch.since_speech(at), compute=compute)
        return {"compute_ms": compute}

    def record(self, label: str, *, interrupted: bool = False) -> Turn:
        """The record. It counts as accepted if the hub has answered."""
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
