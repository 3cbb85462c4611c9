"""How long a sentence takes: turns in real time, and turns as fast as the machine can."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.assistant import Assistant
from assistant.audio.convert import Resampler
from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.audio.stream_sink import StreamSink
from assistant.turn.settings import ConversationSettings
from assistant.turn.store import Turn
from services.client.recording import frames_of

#: Commands of a usual evening; each is spoken by the assistant's own voice.
COMMANDS = (
    "Turn on the kitchen light.",
    "Turn off the kitchen light.",
    "What time is it?",
    "Set a timer for ten minutes.",
    "How much time is left on the timer?",
    "Cancel the timer.",
    "Set the kitchen light to thirty percent.",
    "What is the temperature in the bedroom?",
    "Is the front door locked?",
    "Open the garage door.",
    "What day is it?",
    "Turn off all the lights in the living room.",
    "Lock the front door.",
    "Set the volume to forty percent.",
    "Repeat that.",
)
_TAIL_S = 2.3
_LEAD_S = 0.3


def speak(assistant: Assistant, text: str) -> Samples:
    """The text in the assistant's voice, 16 kHz, with silence on both sides."""
    resampler = Resampler(assistant.voice.sample_rate, SAMPLE_RATE)
    parts = [resampler.process(chunk) for chunk in assistant.synthesise(text)]
    silence = np.zeros(int(_LEAD_S * SAMPLE_RATE), np.int16)
    tail = np.zeros(int(_TAIL_S * SAMPLE_RATE), np.int16)
    return np.concatenate([silence, *parts, resampler.flush(), tail])


def turn_of(assistant: Assistant, audio: Samples, settings: ConversationSettings) -> Turn | None:
    """Feed one recording to a new conversation; its first turn, None if nothing was said."""
    turns: list[Turn] = []
    conversation = assistant.conversation(
        StreamSink(None, paced=False), settings, label="bench", on_turn=turns.append
    )
    for frame in frames_of(audio, realtime=settings.realtime):
        conversation.feed(frame)
        if not settings.realtime:
            conversation.wait()
        if turns:
            break
    conversation.end_of_stream()
    conversation.close()
    return turns[0] if turns else None


def streamed(assistant: Assistant, clips: Sequence[Samples], *, realtime: bool) -> list[Turn]:
    """Turns that end by silence, as with a microphone."""
    settings = ConversationSettings(wake=False, endpointing=True, realtime=realtime)
    return [turn for clip in clips if (turn := turn_of(assistant, clip, settings)) is not None]


def whole(assistant: Assistant, clips: Sequence[Samples]) -> list[Turn]:
    """Turns that end with their recording, so that nothing is recognised while waiting."""
    settings = ConversationSettings(wake=False, endpointing=False, realtime=False)
    trimmed = (clip[: len(clip) - int((_TAIL_S - 0.06) * SAMPLE_RATE)] for clip in clips)
    return [turn for clip in trimmed if (turn := turn_of(assistant, clip, settings)) is not None]
