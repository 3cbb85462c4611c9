"""What the gateway is made of: everything an endpoint may use."""

from __future__ import annotations

from dataclasses import dataclass

from services.gatewayd.identity import Identity
from services.gatewayd.metrics import Metrics
from services.gatewayd.pairing import PairingGuard
from services.gatewayd.settings import GatewaySettings
from services.gatewayd.tokens import TokenStore
from services.gatewayd.upstream import Upstream


@dataclass(frozen=True)
class Gateway:
    """The parts, put together once.

    Attributes:
        settings: what the owner wants.
        upstream: the assistant.
        tokens: who is paired.
        guard: the pairing code.
        identity: of TLS.
        metrics: what is counted.
        addresses: where the box is reached, for people.
    """

    settings: GatewaySettings
    upstream: Upstream
    tokens: TokenStore
    guard: PairingGuard
    identity: Identity
    metrics: Metrics
    addresses: tuple[str, ...]
