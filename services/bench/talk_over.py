"""Talking over the box: how often it hears its wake word while it speaks itself, in a computed room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.assistant import Assistant
from assistant.audio.format import Samples
from assistant.events import EventKind
from services.bench.echo_room import Acoustics
from services.bench.room_box import RoomBox


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
    box = RoomBox(assistant, acoustics, cancelling=cancelling)
    box.learn()
    heard, false = 0, 0
    for phrase in phrases:
        false += EventKind.WAKE in box.reply()
        heard += EventKind.WAKE in box.reply(person=box.beside_the_echo(phrase, louder_db))
    box.close()
    return {
        "echo_db": acoustics.echo_db,
        "cancelling": cancelling,
        "louder_db": louder_db,
        "said": len(phrases),
        "heard": heard,
        "false": false,
    }
