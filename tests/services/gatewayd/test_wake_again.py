"""A hub that streams for wake words, while the assistant behind the gateway goes away and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
from wyoming.audio import AudioChunk
from wyoming.event import Event
from wyoming.wake import Detect, Detection

from services.gatewayd.admission import Places, Shares
from services.gatewayd.upstream import Upstream
from services.gatewayd.wyoming_services import ServicesSession
from services.inbound.memory import MemoryBudget, MemoryShares
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc
from tests.services.stand_in import played

MEMORY = MemoryBudget(MemoryShares.of(1024 * 1024))
_SOUND = AudioChunk(rate=16_000, width=2, channels=1, audio=bytes(3200))


class _Restarted(rpc.AssistantServicer):
    """Ends the first call as a process does that ends, and hears a wake word in the next."""

    def __init__(self) -> None:
        self.calls = 0

    async def DetectWakeWords(  # noqa: N802
        self, requests: AsyncIterator[pb.DetectRequest], context: Any
    ) -> AsyncIterator[pb.WakeWord]:
        self.calls += 1
        async for _ in requests:
            if self.calls == 1:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "it stops")
            yield pb.WakeWord(name="okay_nabu", end_s=1.0)


def test_a_hub_that_goes_on_streaming_is_heard_again(tmp_path: Path) -> None:
    async def run() -> Event:
        heard: asyncio.Queue[Event] = asyncio.Queue()
        socket = tmp_path / "a.sock"
        assistant = _Restarted()  # type: ignore[abstract]  # gRPC answers the rest
        async with played(assistant, socket), asyncio.timeout(60):
            upstream, places = Upstream(socket), Places(Shares("conversations", total=4, token=1, hub=1))
            held = MEMORY.hold("hub", "hub")
            session = ServicesSession(upstream, held, heard.put, places, "192.0.2.9", 60.0)
            await session.take(Detect().event())
            event = Event("none")
            while not Detection.is_type(event.type):
                await session.take(_SOUND.event())
                await asyncio.sleep(0.1)
                if not heard.empty():
                    event = heard.get_nowait()
            session.close()
            await upstream.close()
        return event

    assert Detection.from_event(asyncio.run(run())).name == "okay_nabu"
