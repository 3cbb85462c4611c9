"""A room that a hub may take part in, shared by the tests of a module; as new for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.gatewayd.conftest import Gate
from tests.services.gatewayd.satellite.hub import ScriptedHub, seated_hub
from tests.services.gatewayd.satellite.room import HubRoom, hub_house


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HubRoom, Gate]]:
    with hub_house(tmp_path_factory.mktemp("everything"), "everything") as house:
        yield house


@pytest.fixture
def room(everything: tuple[HubRoom, Gate]) -> Iterator[HubRoom]:
    yield everything[0]
    everything[0].forget()


@pytest.fixture
def gate(everything: tuple[HubRoom, Gate]) -> Gate:
    return everything[1]


@pytest.fixture
def hub(gate: Gate, room: HubRoom) -> Iterator[ScriptedHub]:
    with seated_hub(room, gate) as hub:
        yield hub
