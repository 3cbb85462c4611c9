"""One connection of a hub to the satellite, without a room: what the gateway does by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from wyoming.audio import AudioStart
from wyoming.error import Error
from wyoming.event import Event
from wyoming.ping import Ping, Pong
from wyoming.satellite import PauseSatellite, RunSatellite

from services.gatewayd import wyoming_satellite
from services.gatewayd.upstream import Upstream
from services.gatewayd.wyoming_satellite import SatelliteSession, Seats


class _Line:
    """A connection: what was sent on it, and whether it was cut."""

    def __init__(self) -> None:
        self.sent: list[Event] = []
        self.cut = asyncio.Event()

    async def send(self, event: Event) -> None:
        self.sent.append(event)

    @property
    def kinds(self) -> list[str]:
        return [event.type for event in self.sent]


def _with_sessions(
    tmp_path: Path, work: Callable[[Callable[[str], tuple[SatelliteSession, _Line]]], Awaitable[None]]
) -> None:
    """Do `work` with a maker of sessions, by the hub's address; the assistant is not there."""

    async def run() -> None:
        upstream, seats = Upstream(tmp_path / "nobody.sock"), Seats()
        made: list[SatelliteSession] = []

        def session(peer: str) -> tuple[SatelliteSession, _Line]:
            line = _Line()
            made.append(SatelliteSession(upstream, seats, line.send, peer, line.cut.set))
            return made[-1], line

        try:
            await work(session)
        finally:
            for each in made:
                each.close()
            await upstream.close()

    asyncio.run(run())


def test_a_hub_that_says_nothing_is_asked_and_then_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wyoming_satellite, "_ASK_S", 0.1)
    monkeypatch.setattr(wyoming_satellite, "_GIVE_UP_S", 0.5)

    async def work(session: Callable[[str], tuple[SatelliteSession, _Line]]) -> None:
        silent, line = session("192.0.2.7")
        await silent.take(RunSatellite().event())
        async with asyncio.timeout(10):
            await line.cut.wait()
        assert line.kinds == ["ping"], "once, not all the time"

    _with_sessions(tmp_path, work)


def test_a_hub_that_answers_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wyoming_satellite, "_ASK_S", 0.1)
    monkeypatch.setattr(wyoming_satellite, "_GIVE_UP_S", 2.0)

    async def work(session: Callable[[str], tuple[SatelliteSession, _Line]]) -> None:
        quiet, line = session("192.0.2.7")
        await quiet.take(RunSatellite().event())
        for _ in range(30):
            await asyncio.sleep(0.1)
            if line.sent:
                line.sent.clear()
                await quiet.take(Pong().event())
        assert not line.cut.is_set()

    _with_sessions(tmp_path, work)


def test_another_hub_does_not_get_the_seat_until_the_first_is_muted(tmp_path: Path) -> None:
    async def work(session: Callable[[str], tuple[SatelliteSession, _Line]]) -> None:
        first, its_line = session("192.0.2.7")
        second, line = session("192.0.2.8")
        await first.take(RunSatellite().event())
        await second.take(RunSatellite().event())
        assert Error.from_event(line.sent[-1]).code == "satellite.taken"
        assert not its_line.cut.is_set()
        await first.take(PauseSatellite().event())
        line.sent.clear()
        await second.take(RunSatellite().event())
        assert line.sent == []

    _with_sessions(tmp_path, work)


def test_the_same_hub_gets_its_seat_back_from_its_old_connection(tmp_path: Path) -> None:
    async def work(session: Callable[[str], tuple[SatelliteSession, _Line]]) -> None:
        old, its_line = session("192.0.2.7")
        new, line = session("192.0.2.7")
        await old.take(RunSatellite().event())
        await new.take(RunSatellite().event())
        assert its_line.cut.is_set()
        assert line.sent == []

    _with_sessions(tmp_path, work)


def test_without_an_assistant_pings_are_answered_and_sounds_refused(tmp_path: Path) -> None:
    async def work(session: Callable[[str], tuple[SatelliteSession, _Line]]) -> None:
        hub, line = session("192.0.2.7")
        await hub.take(RunSatellite().event())
        await hub.take(Ping("x").event())
        await hub.take(AudioStart(22_050, 2, 1).event())
        assert line.kinds == ["pong", "error"]
        assert Error.from_event(line.sent[-1]).code == "satellite.away"

    _with_sessions(tmp_path, work)


@pytest.mark.parametrize("rate", [0, 100, 96_000, "fast", None, True])
def test_a_rate_that_no_sound_has_is_refused(tmp_path: Path, rate: object) -> None:
    async def work(session: Callable[[str], tuple[SatelliteSession, _Line]]) -> None:
        hub, line = session("192.0.2.7")
        await hub.take(Event("audio-start", {"rate": rate, "width": 2, "channels": 1}))
        assert Error.from_event(line.sent[-1]).code == "audio.format"

    _with_sessions(tmp_path, work)
