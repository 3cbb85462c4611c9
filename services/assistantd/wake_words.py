"""Wake words in a stream of somebody else's, and nothing more: no turn begins, nothing is done."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.assistant import Assistant
from assistant.audio.format import SAMPLE_RATE
from assistant.errors import InvalidInput, TooLarge
from services.assistantd.converse import MAX_AUDIO_BYTES, frames_of
from services.proto.sotto.v1 import assistant_pb2 as pb


def wake_words(assistant: Assistant, requests: Iterator[pb.DetectRequest]) -> Iterator[pb.WakeWord]:
    """Each wake word as it is heard.

    Args:
        assistant: whose words and thresholds count.
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
    for frame in frames_of(_audio(requests), first.start.sample_rate or SAMPLE_RATE):
        heard = ears.feed(frame, want_wake=True)
        if heard.wake_word:
            yield pb.WakeWord(
                name=heard.wake_word,
                probability=heard.wake_probability,
                end_s=heard.wake_end / SAMPLE_RATE,
            )


def _audio(requests: Iterator[pb.DetectRequest]) -> Iterator[bytes]:
    for request in requests:
        if request.WhichOneof("payload") != "audio":
            raise InvalidInput(
                "a message after the first carries no audio",
                hint="send `start` once, then `audio` only",
                code="detect.no-audio",
            )
        if len(request.audio) > MAX_AUDIO_BYTES:
            raise TooLarge(
                f"an audio message of {len(request.audio)} bytes; the limit is {MAX_AUDIO_BYTES}",
                hint="send 10 to 100 ms of audio a message",
                code="audio.message",
            )
        yield request.audio
