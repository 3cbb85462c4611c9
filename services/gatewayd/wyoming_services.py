"""Wyoming's port of services: speech to text, text to speech, wake words and answers, for a hub."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Any

import grpc
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioChunkConverter, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.handle import Handled, NotHandled
from wyoming.info import Describe
from wyoming.ping import Ping, Pong
from wyoming.tts import Synthesize
from wyoming.wake import Detect, Detection, NotDetected

from assistant.errors import InvalidInput, SottoError, TooLarge
from services.gatewayd.upstream import CALL_S, Upstream, many, one
from services.gatewayd.wyoming_info import WAKE_WORDS, services_info
from services.proto.sotto.v1 import assistant_pb2 as pb

log = logging.getLogger(__name__)

#: One utterance; the assistant itself takes 30 s.
_MAX_SOUND_BYTES = 4 * 1024 * 1024
#: Samples a chunk of speech is sent in.
_CHUNK_SAMPLES = 2048
_MAX_RATE = 48_000

Send = Callable[[Event], Awaitable[None]]


class Session:
    """One connection of a hub: events in, events out.

    Args:
        upstream: the assistant.
        send: to the hub.
    """

    def __init__(self, upstream: Upstream, send: Send) -> None:
        self._upstream = upstream
        self._send = send
        self._sound = bytearray()
        self._rate = 16_000
        self._converter = AudioChunkConverter(width=2, channels=1)
        self._wake: _WakeWords | None = None

    async def take(self, event: Event) -> None:
        """Answer one event. An event that is not known is passed over, as the protocol wants it.

        Raises:
            OSError, TimeoutError: the hub is gone, or does not read.
        """
        try:
            await self._take(event)
        except SottoError as error:
            await self._send(Error(text=f"{error.message} {error.hint}".strip(), code=error.code).event())
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            # The library's messages take their fields from the event without looking at them.
            log.info("%s: %s: %s", event.type, type(error).__name__, error)
            text = f"the event {event.type[:40]!r} does not have the fields it should have"
            await self._send(Error(text=text, code="wyoming.event").event())

    async def _take(self, event: Event) -> None:
        kind = event.type
        if Describe.is_type(kind):
            await self._send(services_info().event())
        elif Ping.is_type(kind):
            await self._send(Pong(text=Ping.from_event(event).text).event())
        elif Transcribe.is_type(kind):
            self.close()
        elif Detect.is_type(kind):
            self.close()
            self._wake = _WakeWords(self._upstream, Detect.from_event(event).names or [], self._send)
        elif AudioStart.is_type(kind):
            self._sound.clear()
        elif AudioChunk.is_type(kind):
            await self._hear(AudioChunk.from_event(event))
        elif AudioStop.is_type(kind):
            await self._end_of_sound()
        elif Transcript.is_type(kind):
            await self._answer(Transcript.from_event(event).text)
        elif Synthesize.is_type(kind):
            await self._speak(Synthesize.from_event(event).text)

    def close(self) -> None:
        """The connection has ended, or asks for something else."""
        self._sound.clear()
        if self._wake is not None:
            self._wake.close()
            self._wake = None

    async def _hear(self, chunk: AudioChunk) -> None:
        if not (
            8_000 <= chunk.rate <= _MAX_RATE and chunk.width in (1, 2, 3, 4) and chunk.channels in (1, 2)
        ):
            raise InvalidInput(
                f"sound of {chunk.rate} Hz, {chunk.width} bytes and {chunk.channels} channels",
                hint="send 16000 Hz, 2 bytes, 1 channel",
                code="audio.format",
            )
        plain = self._converter.convert(chunk)
        self._rate = plain.rate
        if self._wake is not None:
            await self._wake.hear(plain.audio, plain.rate)
            return
        if len(self._sound) + len(plain.audio) > _MAX_SOUND_BYTES:
            self._sound.clear()
            raise TooLarge(
                f"more than {_MAX_SOUND_BYTES // 1024} KiB of sound",
                hint="end an utterance with audio-stop",
                code="audio.too-long",
            )
        self._sound += plain.audio

    async def _end_of_sound(self) -> None:
        if self._wake is not None:
            await self._wake.end()
            self._wake = None
            return
        sound, rate = bytes(self._sound), self._rate
        self._sound.clear()
        text = ""
        if sound:
            request = pb.TranscribeRequest(audio=sound, sample_rate=rate)
            heard: pb.TranscribeResponse = await one(self._upstream.stub.Transcribe(request, timeout=CALL_S))
            text = heard.text
        await self._send(Transcript(text=text, language="en").event())

    async def _answer(self, text: str) -> None:
        turn = await self._upstream.turn(pb.AskRequest(query=text))
        answer = Handled(text=turn.reply) if turn.accepted else NotHandled(text=turn.reply)
        await self._send(answer.event())

    async def _speak(self, text: str) -> None:
        rate = 0
        sent = 0
        async with aclosing(many(self._upstream.stub.Synthesize(pb.SynthesizeRequest(text=text)))) as parts:
            async for part in parts:
                if not rate:
                    rate = part.sample_rate
                    await self._send(AudioStart(rate=rate, width=2, channels=1, timestamp=0).event())
                for at in range(0, len(part.pcm), _CHUNK_SAMPLES * 2):
                    piece = part.pcm[at : at + _CHUNK_SAMPLES * 2]
                    stamp = sent * 1000 // rate
                    chunk = AudioChunk(rate=rate, width=2, channels=1, audio=piece, timestamp=stamp)
                    await self._send(chunk.event())
                    sent += len(piece) // 2
        if not rate:
            raise InvalidInput("there is nothing to say", hint="give some words", code="speech.empty")
        await self._send(AudioStop(timestamp=sent * 1000 // rate).event())


class _WakeWords:
    """Listens for wake words in what a hub streams; the assistant does nothing else with it."""

    def __init__(self, upstream: Upstream, names: list[str], send: Send) -> None:
        self._names = frozenset(names) & frozenset(WAKE_WORDS) or frozenset(WAKE_WORDS)
        self._upstream = upstream
        self._send = send
        self._call: Any = None
        self._watcher: asyncio.Task[None] | None = None
        self._found = False

    async def hear(self, audio: bytes, rate: int) -> None:
        """The next piece of sound, 16-bit mono."""
        if self._found:
            return
        if self._call is None:
            # Without an iterator, a call of gRPC's asyncio is written to; its stubs do not say so.
            detect: Any = self._upstream.stub.DetectWakeWords
            self._call = detect()
            self._watcher = asyncio.create_task(self._watch())
            await self._write(pb.DetectRequest(start=pb.DetectStart(sample_rate=rate)))
        await self._write(pb.DetectRequest(audio=audio))

    async def end(self) -> None:
        """The hub sends no more: say so if nothing was heard."""
        if self._call is not None and self._watcher is not None and not self._found:
            with suppress(asyncio.InvalidStateError, grpc.RpcError):
                await self._call.done_writing()
            await self._watcher
        self.close()
        if not self._found:
            await self._send(NotDetected().event())

    def close(self) -> None:
        """Listen no more."""
        if self._call is not None:
            self._call.cancel()
        if self._watcher is not None:
            self._watcher.cancel()

    async def _write(self, request: pb.DetectRequest) -> None:
        # Where the assistant has ended the call, the watcher has told why.
        with suppress(asyncio.InvalidStateError, grpc.RpcError):
            await self._call.write(request)

    async def _watch(self) -> None:
        try:
            async with aclosing(many(self._call)) as words:
                async for word in words:
                    if word.name in self._names:
                        self._found = True
                        stamp = round(word.end_s * 1000)
                        await self._send(Detection(name=word.name, timestamp=stamp).event())
                        return
        except SottoError as error:
            await self._send(Error(text=error.message, code=error.code).event())
        except (OSError, TimeoutError):
            return
