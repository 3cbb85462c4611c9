"""Talking over the box: how often it hears its wake word while it speaks itself, in a computed room."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from assistant.assistant import Assistant
from assistant.audio.convert import FULL_SCALE, level_dbfs, to_int16
from assistant.audio.format import Samples
from assistant.conversation import Conversation
from assistant.conversation_settings import ConversationSettings, Phase
from assistant.events import Event, EventKind
from services.bench.echo_room import Acoustics, EchoRoom, frames, live, silence

#: Long enough to be talked over; different words, so that no echo is like the last.
_REPLIES = (
    "The kitchen light is on, the bedroom light is off, and the front door is locked since the morning.",
    "You have two timers: one for the pasta with six minutes left, and one for the laundry with an hour.",
    "It is eighteen degrees in the bedroom, twenty one in the living room, and raining outside since noon.",
    "Your next alarm is tomorrow at half past seven, and there is one more on Saturday at ten o'clock.",
)
#: Replies that are heard out first: the canceller learns the room once, in some seconds of sound.
_OPENING = 5
_BEFORE_S = 1.0
#: An echo softer than that is a pause between words.
_AUDIBLE_DBFS = -50.0


class TalkOver:
    """One box in a room, and a person who says something while it speaks."""

    def __init__(self, assistant: Assistant, acoustics: Acoustics, *, cancelling: bool) -> None:
        self.events: list[Event] = []
        self._room = EchoRoom(acoustics, cancelling=cancelling)
        self._conversation: Conversation = assistant.conversation(
            self._room, ConversationSettings(realtime=False), label="bench", on_event=self.events.append
        )
        self._texts = itertools.cycle(_REPLIES)
        self._echo_power: list[float] = []

    def learn(self, replies: int = _OPENING) -> None:
        """The box speaks, and nobody else."""
        for _ in range(replies):
            self.reply()

    def reply(self, person: Samples | None = None, text: str = "") -> frozenset[EventKind]:
        """The box says the text, or one of its own, over which a person may speak; what came of it."""
        self.events.clear()
        text = text or next(self._texts)
        while not self._conversation.say(text):
            self._live(silence(1))
        if person is not None:
            self._live(silence(_BEFORE_S))
            self._live(frames(person))
        while self._conversation.phase is Phase.SPEAKING:
            self._live(silence(0.1))
        kinds = frozenset(event.kind for event in self.events)
        # What was begun by a wake word is closed when nothing follows.
        for _ in range(120):
            if self._conversation.phase is Phase.IDLE:
                break
            self._live(silence(0.1))
        self._live(silence(0.6))
        return kinds

    def beside_the_echo(self, speech: Samples, louder_db: float) -> Samples:
        """Speech made so much louder than the echo is on average where it sounds."""
        audible = [frame for frame in frames(speech) if level_dbfs(frame) > _AUDIBLE_DBFS]
        own = level_dbfs(np.concatenate(audible)) if audible else 0.0
        echo = 10 * np.log10(np.mean(self._echo_power))
        return to_int16(speech / FULL_SCALE * 10 ** ((echo + louder_db - own) / 20))

    def close(self) -> None:
        """End the conversation."""
        self._conversation.close()

    def _live(self, near: Iterable[Samples]) -> None:
        for _ in live(self._room, self._conversation, near):
            if (level := level_dbfs(self._room.echo)) > _AUDIBLE_DBFS:
                self._echo_power.append(10 ** (level / 10))


def talk_over(
    assistant: Assistant,
    phrases: Sequence[Samples],
    louder_db: float,
    acoustics: Acoustics,
    *,
    cancelling: bool,
) -> dict[str, Any]:
    """How many of the phrases, each a wake word, wake the box while it speaks.

    Args:
        assistant: with its own thresholds.
        phrases: 16 kHz.
        louder_db: of the person against the echo at the microphone, both averaged where they sound.
        acoustics: of the room.
        cancelling: whether the echo is cancelled.
    """
    box = TalkOver(assistant, acoustics, cancelling=cancelling)
    box.learn()
    heard, false = 0, 0
    for phrase in phrases:
        false += EventKind.WAKE in box.reply()
        heard += EventKind.WAKE in box.reply(box.beside_the_echo(phrase, louder_db))
    box.close()
    return {
        "echo_db": acoustics.echo_db,
        "cancelling": cancelling,
        "louder_db": louder_db,
        "said": len(phrases),
        "heard": heard,
        "false": false,
    }
