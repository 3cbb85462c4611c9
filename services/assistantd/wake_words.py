"""Detects wake words in the stream of a client. No turn begins."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.assistant import Assistant
from assistant.audio.format import SAMPLE_RATE
from common.errors import InvalidInput
from services.assistantd.converse import audio_of, frames_of
from services.proto.sotto.v1 import assistant_pb2 as pb


def wake_words(assistant: Assistant, requests: Iterator[pb.DetectRequest]) -> Iterator[pb.WakeWord]:
    """Each wake word as it is heard.

    Args:
        assistant: its wake words and thresholds are used.
        requests: the first carries `start`, all later ones `audio`.

    Raises:
        InvalidInput, TooLarge: a message that cannot be used.
    """
    first = next(requests, None)
    if first is None or first.WhichOneof("payload") != "start":
        raise InvalidInput(
            "the first message must carry `start`",
            hint="send DetectRequest(start=...) before any audio",
            code="detect.no-start",
        )
    ears = assistant.ears(wake=True)
    audio = (audio_of(request, "detect.no-audio") for request in requests)
    for frame in frames_of(audio, first.start.sample_rate or SAMPLE_RATE):
        heard = ears.feed(frame, want_wake=True)
        if heard.wake_word:
            yield pb.WakeWord(
                name=heard.wake_word,
                probability=heard.wake_probability,
                end_s=heard.wake_end / SAMPLE_RATE,
            )
