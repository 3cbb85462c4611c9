"""Addresses of peers, and what one stranger may have of them."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: A host gets a network of so many bits, and takes any address in it (RFC 7421).
_HOST_PREFIX = 64


def parse_address(text: str) -> Address:
    """An address, also as a socket names a peer: IPv4 inside IPv6 is IPv4, and a zone does not matter.

    Raises:
        ValueError: it is no address.
    """
    parsed = ipaddress.ip_address(text.strip().split("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed


@lru_cache(maxsize=1024)
def plain(text: str) -> str:
    """An address as `parse_address` reads it; what is none, such as "" for a Unix socket, as it is."""
    try:
        return str(parse_address(text))
    except ValueError:
        return text


@lru_cache(maxsize=1024)
def network_of(text: str) -> str:
    """What counts as one stranger, or tries the pairing code: an address of IPv4, the /64 of one of IPv6.

    All hosts of a home may be in one /64; so callers with a token are not counted by it. What is no address
    is returned as it is.
    """
    try:
        address = parse_address(text)
    except ValueError:
        return text
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((address, _HOST_PREFIX), strict=False))
