"""Wyoming's satellite port: microphone and loudspeaker of the room for a hub that answers the turns."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing, suppress
from typing import Any

import grpc
from wyoming.asr import Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Info
from wyoming.ping import Ping
from wyoming.pipeline import PipelineStage, RunPipeline
from wyoming.satellite import PauseSatellite, RunSatellite
from wyoming.snd import Played
from wyoming.timer import TimerCancelled, TimerFinished, TimerStarted, TimerUpdated
from wyoming.tts import Synthesize
from wyoming.vad import VoiceStopped
from wyoming.wake import Detection

from common.errors import Conflict, InvalidInput, SottoError, Unavailable
from services.gatewayd.upstream import Upstream, many
from services.gatewayd.wyoming_info import satellite_info
from services.gatewayd.wyoming_session import Send, Session
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.wire.calls import write

log = logging.getLogger(__name__)

#: Seconds until the assistant is tried again after it was absent.
_AGAIN_S = 1.0
#: Seconds that the assistant may take for a message. A ping of the hub waits behind it, and may wait for 5 s.
_TAKE_S = 2.0
#: Seconds without a message of the hub, which pings every 2 s, until it is pinged; later it is disconnected.
_ASK_S, _GIVE_UP_S = 10.0, 25.0
_RATE, _WIDTH, _CHANNELS = 16_000, 2, 1


class Seats:
    """The one session that has the satellite, of all connections; a hub that reconnects keeps it."""

    def __init__(self) -> None:
        self._holder: SatelliteSession | None = None

    def take(self, session: SatelliteSession) -> None:
        """Give the satellite to `session`.

        Raises:
            Conflict: another hub has it.
        """
        holder = self._holder
        if holder is not None and holder is not session:
            if holder.peer != session.peer:
                raise Conflict(
                    f"the hub at {holder.peer} uses this satellite",
                    hint="mute it there, or remove it there, first",
                    code="satellite.taken",
                )
            holder.cut()
        self._holder = session

    def leave(self, session: SatelliteSession) -> None:
        """Release the satellite."""
        if self._holder is session:
            self._holder = None


class SatelliteSession(Session):
    """One connection; attached to the room from `run-satellite` on, and muted by `pause-satellite`.

    Args:
        upstream: the connection to the assistant.
        seats: says which session has the satellite.
        send: sends an event to the hub.
        peer: address of the hub.
        cut: ends the connection at once.
    """

    def __init__(
        self, upstream: Upstream, seats: Seats, send: Send, peer: str, cut: Callable[[], None]
    ) -> None:
        super().__init__(send)
        self.peer = peer
        self.cut = cut
        self._upstream = upstream
        self._seats = seats
        self._call: Any = None
        self._tasks: list[asyncio.Task[None]] = []
        self._looked = asyncio.Event()
        self._muted = False
        self._heard_at = asyncio.get_running_loop().time()
        self._rate = 0
        self._told = 0

    def info(self) -> Info:
        """The answer to `describe`."""
        return satellite_info()

    async def take(self, event: Event) -> None:
        """Answer one event; see `Session.take`."""
        self._heard_at = asyncio.get_running_loop().time()
        await super().take(event)

    async def answer(self, event: Event) -> None:
        """Pass on what the hub says."""
        kind = event.type
        if RunSatellite.is_type(kind):
            await self._run()
        elif PauseSatellite.is_type(kind):
            await self._pause()
        elif AudioStart.is_type(kind):
            await self._begin_sound(AudioStart.from_event(event).rate)
        elif AudioChunk.is_type(kind):
            await self._add_to_sound(self.plain(event))
        elif AudioStop.is_type(kind):
            self._rate = 0
            await self._forward(pb.SatelliteRequest(sound_end=pb.SoundEnd()))
        elif (request := _words_of(event)) is not None and self._call is not None:
            await self._forward(request)

    def close(self) -> None:
        """The connection has ended."""
        self._seats.leave(self)
        if self._call is not None:
            self._call.cancel()
        for task in self._tasks:
            task.cancel()

    # -- from the hub to the room --------------------------------------------------------------------

    async def _run(self) -> None:
        self._seats.take(self)
        self._muted = False
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._attend()), asyncio.create_task(self._watch())]
        elif self._call is not None:
            await self._forward(pb.SatelliteRequest(mute=pb.SatelliteMute(muted=False)))
        # The next sound may be an announcement.
        with suppress(TimeoutError):
            async with asyncio.timeout(_TAKE_S):
                await self._looked.wait()

    async def _pause(self) -> None:
        """Send the hub no more turns; its announcements are still played."""
        self._seats.leave(self)
        self._muted = True
        if self._call is not None:
            await self._forward(pb.SatelliteRequest(mute=pb.SatelliteMute(muted=True)))

    async def _begin_sound(self, rate: int) -> None:
        if type(rate) is not int or not 8_000 <= rate <= 48_000:
            raise InvalidInput(
                f"sound of {str(rate)[:20]} Hz", hint="send 22050 Hz, 2 bytes, 1 channel", code="audio.format"
            )
        await self._forward(pb.SatelliteRequest(sound_start=rate))
        self._rate = rate

    async def _add_to_sound(self, chunk: AudioChunk) -> None:
        if chunk.rate != self._rate:
            await self._begin_sound(chunk.rate)
        await self._forward(pb.SatelliteRequest(sound=chunk.audio))

    async def _forward(self, request: pb.SatelliteRequest) -> None:
        if self._call is None:
            raise Unavailable(
                "the room is not there now",
                hint="send run-satellite first; if that was done, the assistant is starting",
                code="satellite.away",
            )
        # If the assistant has ended the call, its reader gets the reason.
        with suppress(asyncio.InvalidStateError, grpc.RpcError):
            try:
                async with asyncio.timeout(_TAKE_S):
                    await write(self._call, request)
            except TimeoutError:
                log.warning("the assistant takes nothing")
                self._call.cancel()

    # -- from the room to the hub --------------------------------------------------------------------

    async def _attend(self) -> None:
        """Stay attached while the hub wants it; attach again after the assistant was absent."""
        while self._tasks:
            try:
                await self._attach()
            except (OSError, TimeoutError) as error:
                log.info("a hub does not read: %s", type(error).__name__)
                self.cut()
                return
            except SottoError as error:
                log.info("not attached to the room: %s", error)
                if error.code == "satellite.taken":
                    self.cut()
                    return
            self._looked.set()
            await asyncio.sleep(_AGAIN_S)

    async def _attach(self) -> None:
        # Without an iterator, requests are written to the call; the stubs of gRPC's asyncio do not say so.
        satellite: Any = self._upstream.stub.Satellite
        call = satellite()
        try:
            with suppress(asyncio.InvalidStateError, grpc.RpcError):
                await write(call, pb.SatelliteRequest(attach=pb.SatelliteAttach(muted=self._muted)))
            async with aclosing(many(call)) as answers:
                async for response in answers:
                    if response.WhichOneof("payload") == "attached":
                        self._call = call
                        self._looked.set()
                    else:
                        await self._pass_on(response)
        finally:
            self._call = None
            call.cancel()

    async def _pass_on(self, response: pb.SatelliteResponse) -> None:
        match response.WhichOneof("payload"):
            case "wake":
                self._told = 0
                wake = response.wake
                if wake.name:  # an answer to a ping of the box needs no answer
                    stamp = round(wake.end_s * 1000)
                    await self._send(Detection(name=wake.name, timestamp=stamp).event())
                pipeline = RunPipeline(start_stage=PipelineStage.ASR, end_stage=PipelineStage.TTS)
                await self._send(pipeline.event())
                await self._send(AudioStart(_RATE, _WIDTH, _CHANNELS, timestamp=0).event())
            case "audio":
                chunk = AudioChunk(_RATE, _WIDTH, _CHANNELS, response.audio, timestamp=self._told_ms)
                await self._send(chunk.event())
                self._told += len(response.audio) // _WIDTH
            case "speech_end":
                await self._send(AudioStop(timestamp=self._told_ms).event())
            case "played":
                await self._send(Played().event())

    @property
    def _told_ms(self) -> int:
        return self._told * 1000 // _RATE

    async def _watch(self) -> None:
        """Disconnect a hub that has vanished, so that it gets no more turns."""
        loop, asked = asyncio.get_running_loop(), False
        while True:
            await asyncio.sleep(_ASK_S / 4)
            silent = loop.time() - self._heard_at
            if silent > _GIVE_UP_S:
                log.info("a hub is disconnected: nothing came from it for %.0f s", silent)
                self.cut()
                return
            if silent > _ASK_S and not asked:
                with suppress(OSError, TimeoutError):
                    await self._send(Ping().event())
            asked = silent > _ASK_S


def _words_of(event: Event) -> pb.SatelliteRequest | None:
    """An event of a hub as a message to the assistant; None for one that has no meaning there."""
    kind = event.type
    if Transcript.is_type(kind):
        return pb.SatelliteRequest(transcript=Transcript.from_event(event).text)
    if Synthesize.is_type(kind):
        return pb.SatelliteRequest(reply=Synthesize.from_event(event).text)
    if VoiceStopped.is_type(kind):
        return pb.SatelliteRequest(heard_enough=pb.HeardEnough())
    if Error.is_type(kind):
        error = Error.from_event(event)
        return pb.SatelliteRequest(error=pb.HubError(code=error.code or "", text=error.text))
    timer: pb.HubTimer | None = None
    if TimerStarted.is_type(kind):
        begun = TimerStarted.from_event(event)
        length = float(begun.total_seconds)
        timer = pb.HubTimer(what="started", id=begun.id, name=begun.name or "", length_s=length)
    elif TimerUpdated.is_type(kind):
        timer = pb.HubTimer(what="updated", id=TimerUpdated.from_event(event).id)
    elif TimerCancelled.is_type(kind):
        timer = pb.HubTimer(what="cancelled", id=TimerCancelled.from_event(event).id)
    elif TimerFinished.is_type(kind):
        timer = pb.HubTimer(what="finished", id=TimerFinished.from_event(event).id)
    return None if timer is None else pb.SatelliteRequest(timer=timer)
