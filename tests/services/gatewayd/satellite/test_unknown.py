"""A hub that is given only what the box does not understand itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.bench.virtual_sound import until
from tests.services.gatewayd.conftest import Gate
from tests.services.gatewayd.satellite.hub import TONE, Say, ask, seated_hub
from tests.services.gatewayd.satellite.room import HubRoom, hub_house


@pytest.fixture(scope="module")
def unknown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HubRoom, Gate]]:
    with hub_house(tmp_path_factory.mktemp("unknown"), "unknown") as house:
        yield house


def test_a_hub_for_the_unknown_hears_nothing_of_what_the_box_understands(
    unknown: tuple[HubRoom, Gate], say: Say
) -> None:
    room, gate = unknown
    with seated_hub(room, gate) as hub:
        room.hear(say("okay nabu what time is it", lead=1.0, tail=1.0))
        assert room.answered()
        assert [turn.intent for turn in room.turns] == ["HassGetCurrentTime"]
        assert hub.events == []
    room.forget()


def test_a_hub_for_the_unknown_gets_the_rest_whole(unknown: tuple[HubRoom, Gate], say: Say) -> None:
    room, gate = unknown
    with seated_hub(room, gate) as hub:
        ask(room, hub, say, "okay nabu the cat sat on the mat")
        assert hub.kinds == ["detection", "run-pipeline", "audio-start", "audio-chunk", "audio-stop"]
        assert "sat on the mat" in room.assistant.transcribe(hub.sound, free=True).text.lower()
        hub.play(TONE)
        assert until(lambda: hub.saw("played"))
        assert [turn.accepted for turn in room.turns] == [True]
    room.forget()
