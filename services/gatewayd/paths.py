"""Where the gateway's things lie."""

from __future__ import annotations

import os
from pathlib import Path

from common.paths import socket_path


def gateway_state(assistant_state: Path) -> Path:
    """Identity and tokens: `SOTTO_GATEWAY_STATE`, or a folder beside the assistant's state."""
    value = os.environ.get("SOTTO_GATEWAY_STATE")
    return Path(value) if value else assistant_state / "gateway"


def gateway_socket() -> Path:
    """The gateway's Unix socket: `SOTTO_GATEWAY_SOCKET`, or beside the assistant's."""
    value = os.environ.get("SOTTO_GATEWAY_SOCKET")
    return Path(value) if value else socket_path().with_name("gatewayd.sock")


def hub_facts() -> Path | None:
    """What the first boot says of the hub: `SOTTO_HUB_FACTS`; elsewhere nothing is said."""
    value = os.environ.get("SOTTO_HUB_FACTS")
    return Path(value) if value else None


def code_path(state: Path) -> Path:
    """The pairing code: `SOTTO_PAIRING_CODE`, where the first boot has made it, or the gateway's own."""
    value = os.environ.get("SOTTO_PAIRING_CODE")
    return Path(value) if value else state / "pairing-code"
