"""A box that lives in a computed room: it speaks, people talk, and what it took them for is kept."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

from assistant.assistant import Assistant
from assistant.audio.convert import FULL_SCALE, level_dbfs, to_int16
from assistant.audio.format import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.events import Event, EventKind
from assistant.turn.settings import ConversationSettings, Phase
from assistant.turn.store import Turn
from services.bench.echo_room import Acoustics, EchoRoom, frames, live, silence

#: Loud: the echo is as strong as what is played, in a loudspeaker that distorts.
LOUD = Acoustics(echo_db=3.0, drive=0.8)
#: Long enough to be talked over; different words, so that no echo is like the last.
_REPLIES = (
    "The kitchen light is on, the bedroom light is off, and the front door is locked since the morning.",
    "You have two timers: one for the pasta with six minutes left, and one for the laundry with an hour.",
    "It is eighteen degrees in the bedroom, twenty one in the living room, and raining outside since noon.",
    "Your next alarm is tomorrow at half past seven, and there is one more on Saturday at ten o'clock.",
)
#: Replies that are heard out first: the canceller learns the room once, in some seconds of sound.
_OPENING = 5
_BEFORE_PERSON_S = 1.0
_BETWEEN_S = 0.6
#: What a wake word begins is closed when nothing follows, at the latest by then.
_MOST_IDLE_S = 12.0
#: A box that hears a person says nothing of its own meanwhile, at most for so many seconds.
_MOST_BUSY_S = 30.0
#: An echo softer than that is a pause between words.
_AUDIBLE_DBFS = -50.0


class RoomBox:
    """One box in a room of its own; the room's time passes while it hears.

    Args:
        assistant: whose voice and ears it has.
        acoustics: of the room.
        cancelling: whether the echo is cancelled.
    """

    def __init__(self, assistant: Assistant, acoustics: Acoustics = LOUD, *, cancelling: bool) -> None:
        #: All there were; and the levels of each frame, dBFS, of the echo and of what was heard with it.
        self.events: list[Event] = []
        self.turns: list[Turn] = []
        self.echo_dbfs: list[float] = []
        self.heard_dbfs: list[float] = []
        self.room = EchoRoom(acoustics, cancelling=cancelling)
        self.conversation = assistant.conversation(
            self.room,
            ConversationSettings(realtime=False),
            label="bench",
            on_event=self.events.append,
            on_turn=self.turns.append,
        )
        self._texts = itertools.cycle(_REPLIES)

    @property
    def seconds(self) -> float:
        """Of the room's time."""
        return len(self.echo_dbfs) * FRAME_SAMPLES / SAMPLE_RATE

    def kinds(self, since: int = 0) -> frozenset[EventKind]:
        """Of the events from that one on."""
        return frozenset(event.kind for event in self.events[since:])

    def hear(self, near: Iterable[Samples]) -> tuple[Samples, Samples]:
        """Live through these frames of what people say; the echo at the microphone, and what was heard."""
        echo, heard = [], []
        for frame in live(self.room, self.conversation, near):
            echo.append(self.room.echo)
            heard.append(frame)
            self.echo_dbfs.append(level_dbfs(self.room.echo))
            self.heard_dbfs.append(level_dbfs(frame))
        return np.concatenate(echo), np.concatenate(heard)

    def learn(self) -> None:
        """Let the box speak alone until its canceller must have adapted to the room."""
        for _ in range(_OPENING):
            self.reply()

    def reply(self, text: str = "", person: Samples | None = None) -> frozenset[EventKind]:
        """The box says the text, or one of its own, over which a person may speak; what came of it."""
        text = text or next(self._texts)
        end = self.seconds + _MOST_BUSY_S
        while not self.conversation.say(text):
            if self.seconds >= end:
                raise RuntimeError(f"the box does not come to say {text!r}")
            self.hear(silence(1))
        since = len(self.events)
        if person is not None:
            self.hear(silence(_BEFORE_PERSON_S))
            self.hear(frames(person))
        while self.conversation.phase is Phase.SPEAKING:
            self.hear(silence(0.1))
        kinds = self.kinds(since)
        end = self.seconds + _MOST_IDLE_S
        while self.conversation.phase is not Phase.IDLE and self.seconds < end:
            self.hear(silence(0.1))
        self.hear(silence(_BETWEEN_S))
        return kinds

    def beside_the_echo(self, speech: Samples, louder_db: float) -> Samples:
        """Speech made so much louder than the echo is on average where it sounds."""
        audible = [frame for frame in frames(speech) if level_dbfs(frame) > _AUDIBLE_DBFS]
        own = level_dbfs(np.concatenate(audible)) if audible else 0.0
        echo = mean_dbfs([level for level in self.echo_dbfs if level > _AUDIBLE_DBFS])
        return to_int16(speech / FULL_SCALE * 10 ** ((echo + louder_db - own) / 20))

    def close(self) -> None:
        """End the conversation."""
        self.conversation.close()


def mean_dbfs(levels: Iterable[float]) -> float:
    """The level of the mean power of frames, dBFS."""
    return float(10 * np.log10(np.mean([10 ** (level / 10) for level in levels])))
