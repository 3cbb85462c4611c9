"""Recordings heard faster than real time, without replies: what was understood."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from assistant.assistant import Assistant
from assistant.audio.format import Samples
from assistant.audio.stream_sink import StreamSink
from assistant.turn.settings import ConversationSettings
from assistant.turn.store import Turn
from services.client.recording import frames_of


class Unheard(StreamSink):
    """A sink for replies that are not played: none of them is synthesised."""

    def __init__(self) -> None:
        super().__init__(None, paced=False)

    def play(self, chunks: Iterable[Samples], rate: int, on_first: Callable[[], None] | None = None) -> bool:
        """All is played at once."""
        if on_first is not None:
            on_first()
        return True


def turns_of(assistant: Assistant, audio: Samples, *, endpointing: bool) -> list[Turn]:
    """The turns of a recording in which something was said.

    Args:
        assistant: hears it, with its own settings.
        audio: 16 kHz.
        endpointing: silence ends turns; without it the recording is one turn.
    """
    turns: list[Turn] = []
    conversation = assistant.conversation(
        Unheard(),
        ConversationSettings(wake=False, endpointing=endpointing, realtime=False),
        label="bench",
        on_turn=turns.append,
    )
    for frame in frames_of(audio, realtime=False):
        conversation.feed(frame)
        conversation.wait()
    conversation.end_of_stream()
    conversation.close()
    return [turn for turn in turns if turn.transcript]


def slots_of(assistant: Assistant, audio: Samples) -> dict[str, str] | None:
    """What the whole recording is taken for; None if it is not accepted."""
    turns = turns_of(assistant, audio, endpointing=False)
    if not turns or not turns[0].accepted:
        return None
    return spoken_slots(turns[0])


def spoken_slots(turn: Turn) -> dict[str, str]:
    """Slots of a turn as a label has them."""
    return {name: str(value).strip() for name, value in turn.slots.items()}
