"""What goes wrong while the network is told of the box; that it is told is in test_mdns."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import ifaddr
import pytest
from zeroconf import NonUniqueNameException
from zeroconf.asyncio import AsyncZeroconf

from services.gatewayd import mdns
from services.gatewayd.main import put_together
from services.gatewayd.mdns import Advertiser
from services.settings.gateway import GatewaySettings


def _advertiser(folder: Path) -> Advertiser:
    return Advertiser(put_together(GatewaySettings(), folder, folder / "no-assistant.sock"), list)


def test_addresses_that_cannot_be_read_are_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(ifaddr, "get_adapters", full)

    async def run() -> None:
        await _advertiser(tmp_path).look()

    asyncio.run(run())


def test_a_name_that_another_has_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: object, **__: object) -> None:
        raise NonUniqueNameException

    monkeypatch.setattr(mdns, "own_addresses", lambda: ["127.0.0.1"])
    monkeypatch.setattr(AsyncZeroconf, "async_register_service", refused)

    async def run() -> None:
        await _advertiser(tmp_path).look()

    asyncio.run(run())


def test_whatever_ended_it_the_rest_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("not foreseen")

    monkeypatch.setattr(ifaddr, "get_adapters", broken)

    async def run() -> None:
        advertiser = _advertiser(tmp_path)
        advertiser.start()
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})
        await advertiser.stop()

    asyncio.run(run())
