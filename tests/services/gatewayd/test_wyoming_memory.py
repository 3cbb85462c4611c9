"""The sound of a hub's utterance takes part of the memory of all requests."""

from __future__ import annotations

import asyncio
from pathlib import Path

from wyoming.audio import AudioChunk, AudioStart
from wyoming.error import Error
from wyoming.event import Event

from services.gatewayd.admission import Places, Shares
from services.gatewayd.bodies import COPIES
from services.gatewayd.upstream import Upstream
from services.gatewayd.wyoming_services import ServicesSession
from services.inbound.memory import SHARE, MemoryBudget, MemoryShares

_SOUND = AudioChunk(rate=16_000, width=2, channels=1, audio=bytes(3200))


def test_sound_is_refused_when_the_share_of_the_hub_is_full(tmp_path: Path) -> None:
    async def case() -> None:
        sent: asyncio.Queue[Event] = asyncio.Queue()
        budget = MemoryBudget(MemoryShares.of(2 * COPIES * 3 * 3200))
        upstream = Upstream(tmp_path / "nobody.sock")
        places = Places(Shares("conversations", total=4, token=1, hub=1))
        held = budget.hold("hub", "192.0.2.7")
        session = ServicesSession(upstream, held, sent.put, places, "192.0.2.7", 60.0)
        for _ in range(3):
            await session.take(_SOUND.event())
        assert sent.empty()
        await session.take(_SOUND.event())
        assert Error.from_event(sent.get_nowait()).code == SHARE
        await session.take(AudioStart(16_000, 2, 1).event())
        assert budget.held == 0
        await session.take(_SOUND.event())
        assert (sent.empty(), budget.held) == (True, COPIES * 3200)
        session.close()
        assert budget.held == 0
        await upstream.close()

    asyncio.run(case())
