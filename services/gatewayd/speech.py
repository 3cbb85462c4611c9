"""Speech from the assistant as the body of an answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.responses import Response

from common.errors import InvalidInput
from services.gatewayd.streams import begun
from services.gatewayd.upstream import many
from services.proto.sotto.v1 import assistant_pb2 as pb

#: Content type by the format that speech is asked for.
SPEECH_TYPES = {
    "wav": "audio/wav",
    "pcm": "audio/pcm",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
}


async def spoken(answer: object, form: str) -> Response:
    """Speech that comes from the assistant, as the body of an answer.

    Args:
        answer: the running call.
        form: its format; one the assistant does not know is its error, not ours.
    """
    parts = many(answer)
    first: pb.SynthesizeResponse | None = await anext(parts, None)
    if first is None:
        raise InvalidInput("there is nothing to say", hint="give some words", code="speech.empty")

    async def pieces() -> AsyncGenerator[bytes, None]:
        async with aclosing(parts):
            yield first.pcm
            async for part in parts:
                yield part.pcm

    media = SPEECH_TYPES[form]
    # No registered type says all of it; this is what callers of bare samples need to know.
    media += f"; rate={first.sample_rate}; channels=1; format=s16le" if form == "pcm" else ""
    return await begun(pieces(), media)
