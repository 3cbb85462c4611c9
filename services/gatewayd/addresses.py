"""Addresses of the box, for people."""

from __future__ import annotations

import socket

from services.settings.gateway import GatewaySettings

#: Addresses of documentation (RFC 5737, RFC 3849). Nothing is sent there; the kernel only says which of
#: the box's own addresses it would use.
_ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


def box_addresses(settings: GatewaySettings) -> tuple[str, ...]:
    """Addresses of the REST interface, the most likely one first."""
    hosts = [settings.host] if settings.host else [*_outgoing(), "127.0.0.1"]
    return tuple(f"https://{f'[{host}]' if ':' in host else host}:{settings.port}" for host in hosts)


def _outgoing() -> list[str]:
    found = []
    for family, elsewhere in _ELSEWHERE:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((elsewhere, 9))
                found.append(str(probe.getsockname()[0]))
        except OSError:
            continue
    return found
