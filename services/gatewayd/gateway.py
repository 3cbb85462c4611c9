"""What the gateway is made of: everything an endpoint may use."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from common.errors import SottoError
from services.gatewayd.hubs import HubStore
from services.gatewayd.identity import Identity
from services.gatewayd.pairing import PairingGuard
from services.gatewayd.settings import GatewaySettings
from services.gatewayd.tokens import TokenStore
from services.gatewayd.upstream import Upstream

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gateway:
    """The parts, put together once.

    Attributes:
        settings: what the owner wants.
        upstream: the assistant.
        tokens: who is paired.
        hubs: who is answered over Wyoming.
        guard: the pairing code.
        identity: of TLS.
        box_name: what people call the box.
        hub_watchers: awaited, in this order, when the hubs have changed.
    """

    settings: GatewaySettings
    upstream: Upstream
    tokens: TokenStore
    hubs: HubStore
    guard: PairingGuard
    identity: Identity
    box_name: str
    hub_watchers: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def hubs_changed(self) -> list[SottoError]:
        """Open or close Wyoming's ports, and tell the network; what fails is logged, and the rest goes on.

        Returns:
            What failed: a port that something else has, for one.
        """
        problems: list[SottoError] = []
        for watcher in self.hub_watchers:
            try:
                await watcher()
            except SottoError as error:
                log.warning("hubs are not answered: %s", error)
                problems.append(error)
        return problems
