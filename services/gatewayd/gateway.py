"""The parts of the gateway: everything that an endpoint may use."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from common.errors import SottoError
from services.gatewayd.admission import Places
from services.gatewayd.hubs import HubStore
from services.gatewayd.identity import Identity
from services.gatewayd.pairing import Pairing
from services.gatewayd.tokens import TokenStore
from services.gatewayd.upstream import Upstream
from services.inbound.memory import MemoryBudget
from services.settings.gateway import GatewaySettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gateway:
    """The parts of one gateway.

    Attributes:
        settings: from `gateway.toml`.
        upstream: the connection to the assistant.
        tokens: of paired callers.
        hubs: paired hubs, for Wyoming.
        pairing: by code or ticket.
        identity: key and certificate for TLS.
        box_name: name of the box, for people.
        memory: for the requests of all callers.
        conversations, watchers: the assistant's places for conversations and event streams.
        boxes: places for boxes whose speech is recognised here.
        hub_watchers: awaited in this order when the hubs have changed.
    """

    settings: GatewaySettings
    upstream: Upstream
    tokens: TokenStore
    hubs: HubStore
    pairing: Pairing
    identity: Identity
    box_name: str
    memory: MemoryBudget
    conversations: Places
    watchers: Places
    boxes: Places
    hub_watchers: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def hubs_changed(self) -> list[SottoError]:
        """Open or close Wyoming's ports, and advertise them. Failures are logged, and the rest goes on.

        Returns:
            The failures, such as a port that is in use.
        """
        problems: list[SottoError] = []
        for watcher in self.hub_watchers:
            try:
                await watcher()
            except SottoError as error:
                log.warning("hubs are not answered: %s", error)
                problems.append(error)
        return problems
