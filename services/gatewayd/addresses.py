"""Addresses of the box, for people."""

from __future__ import annotations

import ipaddress
import socket

from services.settings.gateway import GatewaySettings

#: Addresses of documentation (RFC 5737, RFC 3849). Nothing is sent there; the kernel only says which of
#: the box's own addresses it would use.
_ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))

#: Bits that a network gives; its machines choose the rest (RFC 4291, 2.5.1).
_IPV6_PREFIX = 64


def box_addresses(settings: GatewaySettings) -> tuple[str, ...]:
    """Addresses of the REST interface, the most likely one first."""
    hosts = [settings.host] if settings.host else [*_outgoing(), "127.0.0.1"]
    return tuple(f"https://{f'[{host}]' if ':' in host else host}:{settings.port}" for host in hosts)


def parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address, also as a socket names a peer: IPv4 inside IPv6 is IPv4, and a zone does not matter.

    Raises:
        ValueError: it is no address.
    """
    parsed = ipaddress.ip_address(text.strip().split("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed


def source_of(address: str) -> str:
    """Whose tries are counted together: an IPv4 address, or the /64 of an IPv6 address.

    Within a /64 a machine chooses its addresses itself. All that is no address, such as a caller on this
    machine, is one source.
    """
    try:
        parsed = parse_address(address)
    except ValueError:
        return "no address"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))


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
