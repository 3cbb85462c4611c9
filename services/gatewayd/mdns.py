"""Advertises the box by DNS-SD over multicast DNS, under names that never change."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Callable, Collection
from contextlib import suppress

import ifaddr
from zeroconf import Error as ZeroconfError
from zeroconf import IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from services.gatewayd.gateway import Gateway

log = logging.getLogger(__name__)

OURS = "_sotto._tcp.local."
WYOMING = "_wyoming._tcp.local."
#: Wyoming's ports in the settings, and the suffix of their service's name.
WYOMING_PORTS = {"wyoming_port": "", "satellite_port": "-satellite"}
#: Seconds between looks at the machine's own addresses.
_LOOK_S = 20.0
#: Errors of the network, or of the limit of open files; they may be over at the next look.
_TROUBLE = (OSError, ZeroconfError)


class Advertiser:
    """Advertises the box, follows changes of its addresses, and withdraws everything at the end.

    Wyoming is advertised only while a hub is paired: a hub that is refused does not try again.

    Args:
        gateway: names, ports and hubs.
        wyoming: which of `WYOMING_PORTS` are open.
    """

    def __init__(self, gateway: Gateway, wyoming: Callable[[], Collection[str]]) -> None:
        self._gateway = gateway
        self._wyoming = wyoming
        self._zeroconf: AsyncZeroconf | None = None
        self._told: dict[str, ServiceInfo] = {}
        self._task: asyncio.Task[None] | None = None
        self._looking = asyncio.Lock()
        self.name = gateway.identity.service_name

    def start(self) -> None:
        """Begin to advertise, in the background."""
        self._task = asyncio.create_task(self._follow())

    async def look(self) -> None:
        """Advertise what has changed: addresses of the machine, or whether a hub is paired."""
        async with self._looking:
            try:
                addresses = own_addresses()
                wanted = {info.name: info for info in self._services(addresses)} if addresses else {}
                await self._become(wanted)
            except _TROUBLE as error:
                log.info("the box is not advertised: %s", str(error) or type(error).__name__)
                with suppress(*_TROUBLE):
                    await self._leave()

    async def stop(self) -> None:
        """Withdraw everything. Raises nothing, because the servers are closed after it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        async with self._looking:
            with suppress(*_TROUBLE):
                await self._leave()

    async def _follow(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_S)

    async def _become(self, wanted: dict[str, ServiceInfo]) -> None:
        old = next(iter(self._told.values()), None)
        new = next(iter(wanted.values()), None)
        moved = old and new and old.addresses != new.addresses
        if not wanted or moved:
            # Sockets belong to addresses; when these change, everything is set up again.
            await self._leave()
        if wanted and self._zeroconf is None:
            # Queries and answers use IPv4, which every hub has; the answer has all addresses.
            asked = list(new.parsed_addresses(IPVersion.V4Only)) if new else []
            if not asked:
                return
            self._zeroconf = AsyncZeroconf(interfaces=asked, ip_version=IPVersion.V4Only)
        if self._zeroconf is None:
            return
        for name in set(self._told) - set(wanted):
            await (await self._zeroconf.async_unregister_service(self._told.pop(name)))
        for name in set(wanted) - set(self._told):
            await self._zeroconf.async_register_service(wanted[name], allow_name_change=False)
            self._told[name] = wanted[name]

    async def _leave(self) -> None:
        zeroconf, self._zeroconf = self._zeroconf, None
        self._told.clear()
        if zeroconf is not None:
            try:
                await zeroconf.async_unregister_all_services()
            finally:
                await zeroconf.async_close()

    def _services(self, addresses: list[str]) -> list[ServiceInfo]:
        settings = self._gateway.settings
        kinds: list[tuple[str, str, int, dict[str, str]]] = [
            (
                OURS,
                self.name,
                settings.port,
                {
                    "v": "1",
                    "name": self._gateway.box_name,
                    "grpc": str(settings.grpc_port),
                    "sha256": self._gateway.identity.fingerprint.replace(":", "").lower(),
                },
            )
        ]
        kinds += [
            (WYOMING, self.name + WYOMING_PORTS[port], getattr(settings, port), {"v": "1"})
            for port in self._wyoming()
        ]
        return [
            ServiceInfo(
                kind,
                f"{name}.{kind}",
                port=port,
                properties=properties,
                server=f"{self._gateway.identity.host_name}.",
                parsed_addresses=addresses,
            )
            for kind, name, port, properties in kinds
        ]


def own_addresses() -> list[str]:
    """Addresses of this machine on the local network, sorted."""
    found = set()
    for adapter in ifaddr.get_adapters():
        for entry in adapter.ips:
            text = entry.ip if isinstance(entry.ip, str) else entry.ip[0]
            address = ipaddress.ip_address(text)
            if not (address.is_loopback or address.is_unspecified or address.is_multicast):
                found.add(text)
    return sorted(found)
