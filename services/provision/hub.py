"""From [hub] of the set-up file to the connector's settings and its way through the firewall. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from common.toml_text import toml_value
from services.hubs.kinds import KINDS
from services.provision.hub_checks import LOCAL, has_secret
from services.provision.keys import HubSection


def hub_url(hub: HubSection) -> str | None:
    """The URL of the hub's devices; None if no connector is needed."""
    kind = KINDS.get(hub.kind or "")
    if kind is None or not has_secret(kind, hub.token, hub.password):
        return None
    return hub.url or (kind.url.at(hub.address) if hub.address else None)


def settings_text(
    kind: str, url: str, user: str | None, area: str | None, files: Mapping[str, str | None]
) -> str:
    """`connector.toml`, without its first line; `files` are the settings that name a file."""
    values = {"kind": kind, "url": url, **files, "user": user, "box_area": area}
    return "".join(f"{key} = {toml_value(value)}\n" for key, value in values.items() if value)


def host_address(url: str) -> str | None:
    """The host of a url if it is an address; None if it is a name."""
    host = (urlsplit(url).hostname or "").partition("%")[0]
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def hub_rules(address: str | None, port: int) -> tuple[str, ...]:
    """What the firewall takes in, so that the connector reaches the hub and nothing else.

    Args:
        address: of the hub; None where it has a name, which may be anywhere on the local network.
        port: of the hub.
    """
    if address is not None:
        version = ipaddress.ip_address(address).version
        return (f"add element inet sotto hub{version} {{ {address} . {port} }}\n",)
    return tuple(
        f"add element inet sotto hub{version} {{ {', '.join(f'{net} . {port}' for net in nets)} }}\n"
        for version, nets in LOCAL.items()
    )
