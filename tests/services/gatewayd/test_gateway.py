"""The gateway's own business, by its REST interface: no network, no assistant."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.gatewayd import addresses
from services.gatewayd.app import build_app, guarded
from services.gatewayd.gateway import Gateway
from services.gatewayd.main import put_together, wyoming_doors
from services.gatewayd.wyoming_server import WyomingServer
from services.settings.gateway import GatewaySettings
from tests.services.conftest import free_port

HUB = "192.0.2.7"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of loopback on which something else listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def _put_together(
    state: Path, wyoming_port: int = 0, satellite_port: int = 0
) -> tuple[Gateway, dict[str, WyomingServer]]:
    settings = GatewaySettings(host="127.0.0.1", wyoming_port=wyoming_port, satellite_port=satellite_port)
    gateway = put_together(settings, state, state / "no-assistant.sock")
    doors = wyoming_doors(gateway)
    gateway.hub_watchers.extend(door.start for door in doors.values())
    return gateway, doors


def _local(gateway: Gateway) -> httpx.AsyncClient:
    """Who stands before the box."""
    app = guarded(build_app(gateway), gateway, local=True)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://box")


def test_a_name_with_slashes_is_revoked_too(state: Path) -> None:
    async def run() -> tuple[int, int]:
        gateway, _ = _put_together(state)
        gateway.tokens.issue("up/stairs/ radio", [], 0.0)
        async with _local(gateway) as client:
            answer = await client.delete("/v1/tokens/up%2Fstairs%2F%20radio")
        return answer.status_code, len(gateway.tokens.tokens)

    assert asyncio.run(run()) == (200, 0)


def test_addresses_are_those_of_the_moment(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> list[str]:
        gateway = put_together(GatewaySettings(), state, state / "no-assistant.sock")
        # The network comes after the gateway.
        monkeypatch.setattr(addresses, "_outgoing", lambda: ["192.0.2.33"])
        async with _local(gateway) as client:
            told: list[str] = (await client.get("/v1/pairing")).json()["addresses"]
        return told

    assert asyncio.run(run()) == ["https://192.0.2.33:8443", "https://127.0.0.1:8443"]


def test_a_hub_for_which_there_is_no_port_is_not_paired(state: Path, taken: int) -> None:
    async def run() -> tuple[httpx.Response, httpx.Response]:
        gateway, _ = _put_together(state, wyoming_port=taken)
        async with _local(gateway) as client:
            return await client.post("/v1/hubs", json={"address": HUB}), await client.get("/v1/hubs")

    added, listed = asyncio.run(run())
    assert (added.status_code, added.json()["code"]) == (409, "gateway.port")
    assert listed.json() == {"hubs": []}


def test_a_port_that_is_taken_at_the_start_leaves_the_others_open(state: Path, taken: int) -> None:
    async def run() -> dict[str, bool]:
        gateway, doors = _put_together(state, wyoming_port=taken, satellite_port=free_port())
        gateway.hubs.add(HUB)
        await gateway.hubs_changed()
        listening = {name: door.listening for name, door in doors.items()}
        for door in doors.values():
            await door.stop()
        return listening

    assert asyncio.run(run()) == {"wyoming_port": False, "satellite_port": True}
