"""Wyoming's services port: speech to text, text to speech, wake words and answers, for a hub."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing, suppress
from functools import partial
from typing import Any

import grpc
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.handle import Handled, NotHandled
from wyoming.info import Info
from wyoming.tts import Synthesize
from wyoming.wake import Detect, Detection, NotDetected

from assistant.models.catalogue import DEFAULT_LANGUAGE, WAKE_WORDS
from common.errors import InvalidInput, SottoError, TooLarge
from services.gatewayd.admission import Holder, Kind, Places
from services.gatewayd.bodies import COPIES
from services.gatewayd.quiet import Heard, while_heard
from services.gatewayd.upstream import CALL_S, Upstream, many, one
from services.gatewayd.wyoming_info import services_info
from services.gatewayd.wyoming_session import Send, Session
from services.inbound.memory import Holding
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.wire.calls import write

log = logging.getLogger(__name__)

#: Bytes of one utterance; the assistant takes at most 30 s.
_MAX_SOUND_BYTES = 4 * 1024 * 1024
#: Samples in a chunk of speech.
_CHUNK_SAMPLES = 2048
#: Seconds until wake words are detected again after the assistant was absent.
_AGAIN_S = 1.0


class ServicesSession(Session):
    """One connection of a hub.

    Args:
        upstream: the assistant.
        held: memory for sound is taken from there.
        send: to the hub.
        places: of conversations; the detection of wake words takes one.
        peer: address of the hub.
        quiet_s: seconds without audio after which the detection of wake words ends.
    """

    def __init__(
        self, upstream: Upstream, held: Holding, send: Send, places: Places, peer: str, quiet_s: float
    ) -> None:
        super().__init__(send)
        self._upstream = upstream
        self._held = held
        self._take_place = partial(places.take, Holder(Kind.HUB, peer))
        self._quiet_s = quiet_s
        self._sound = bytearray()
        self._rate = 16_000
        self._wake: _WakeWords | None = None

    def info(self) -> Info:
        """The answer to `describe`."""
        return services_info()

    async def answer(self, event: Event) -> None:
        """Answer one event; see `Session.take`."""
        kind = event.type
        if Transcribe.is_type(kind):
            self.close()
        elif Detect.is_type(kind):
            self.close()
            names = Detect.from_event(event).names or []
            self._wake = _WakeWords(self._upstream, names, self._send, self._take_place, self._quiet_s)
        elif AudioStart.is_type(kind):
            self._forget()
        elif AudioChunk.is_type(kind):
            await self._hear(self.plain(event))
        elif AudioStop.is_type(kind):
            await self._end_of_sound()
        elif Transcript.is_type(kind):
            await self._answer(Transcript.from_event(event).text)
        elif Synthesize.is_type(kind):
            await self._speak(Synthesize.from_event(event).text)

    def close(self) -> None:
        """The connection has ended, or begins another request."""
        self._forget()
        if self._wake is not None:
            self._wake.close()
            self._wake = None

    async def _hear(self, plain: AudioChunk) -> None:
        self._rate = plain.rate
        if self._wake is not None:
            await self._wake.hear(plain.audio, plain.rate)
            return
        if len(self._sound) + len(plain.audio) > _MAX_SOUND_BYTES:
            self._forget()
            raise TooLarge(
                f"more than {_MAX_SOUND_BYTES // 1024} KiB of sound",
                hint="end an utterance with audio-stop",
                code="audio.too-long",
            )
        self._held.resize(COPIES * (len(self._sound) + len(plain.audio)))
        self._sound += plain.audio

    def _forget(self) -> None:
        self._sound.clear()
        self._held.resize(0)

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
        self._held.resize(0)
        await self._send(Transcript(text=text, language=DEFAULT_LANGUAGE).event())

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
    """Detects wake words in the audio of a hub; nothing else is done with it."""

    def __init__(
        self,
        upstream: Upstream,
        names: list[str],
        send: Send,
        take_place: Callable[[], Callable[[], None]],
        quiet_s: float,
    ) -> None:
        self._names = frozenset(names) & frozenset(WAKE_WORDS) or frozenset(WAKE_WORDS)
        self._upstream = upstream
        self._send = send
        self._take_place = take_place
        self._quiet_s = quiet_s
        self._call: Any = None
        self._heard: Heard | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._ended_at = 0.0
        self._found = False

    async def hear(self, audio: bytes, rate: int) -> None:
        """The next piece of sound, 16-bit mono."""
        if self._found:
            return
        if self._heard is not None:
            self._heard.again()
        if self._watcher is None or self._is_over():
            await self._begin(rate)
        if self._call is not None:
            await self._write(pb.DetectRequest(audio=audio))

    async def _begin(self, rate: int) -> None:
        self._call = None
        try:
            release = self._take_place()
        except SottoError as error:
            self._watcher = asyncio.create_task(self._refuse(error))
            return
        # Without an iterator, requests are written to the call; gRPC's stubs do not say so.
        detect: Any = self._upstream.stub.DetectWakeWords
        self._call = detect()
        self._watcher = asyncio.create_task(self._watch(self._call))
        self._watcher.add_done_callback(lambda _: release())
        await self._write(pb.DetectRequest(start=pb.DetectStart(sample_rate=rate)))

    async def end(self) -> None:
        """The audio has ended: answer if no wake word was heard."""
        if self._call is not None and self._watcher is not None and not self._found:
            with suppress(asyncio.InvalidStateError, grpc.RpcError):
                await self._call.done_writing()
            await self._watcher
        self.close()
        if not self._found:
            await self._send(NotDetected().event())

    def close(self) -> None:
        """Stop."""
        if self._call is not None:
            self._call.cancel()
        if self._watcher is not None:
            self._watcher.cancel()

    def _is_over(self) -> bool:
        """Whether the call ended by itself. The hub goes on streaming, so another call is needed."""
        assert self._watcher is not None
        now = asyncio.get_running_loop().time()
        return self._watcher.done() and now >= self._ended_at + _AGAIN_S

    async def _write(self, request: pb.DetectRequest) -> None:
        # If the assistant has ended the call, the watcher has logged why.
        with suppress(asyncio.InvalidStateError, grpc.RpcError):
            await write(self._call, request)

    async def _watch(self, call: Any) -> None:
        try:
            async with while_heard(self._quiet_s) as self._heard, aclosing(many(call)) as words:
                async for word in words:
                    if word.name in self._names:
                        self._found = True
                        stamp = round(word.end_s * 1000)
                        await self._send(Detection(name=word.name, timestamp=stamp).event())
                        return
        except SottoError as error:
            await self._refuse(error)
        except (OSError, TimeoutError):
            return
        finally:
            self._ended_at = asyncio.get_running_loop().time()

    async def _refuse(self, error: SottoError) -> None:
        with suppress(OSError, TimeoutError):
            await self._send(Error(text=error.message, code=error.code).event())
        self._ended_at = asyncio.get_running_loop().time()
