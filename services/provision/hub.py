"""From [hub] of the set-up file to the connector's settings, and ways through the firewall. Pure."""

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
    return plain_address(urlsplit(url).hostname or "")


def plain_address(host: str) -> str | None:
    """An address without its zone; None for what is a name."""
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return None


def rules_to(what: str, address: str | None, port: int) -> tuple[str, ...]:
    """What the firewall takes in, so that a process reaches one machine and nothing else.

    Args:
        what: "hub" for the connector, "remote" for the connection to the remote recogniser.
        address: of that machine; None where it has a name, which may be anywhere on the local network.
        port: of that machine.
    """
    if address is not None:
        version = ipaddress.ip_address(address).version
        return (f"add element inet sotto {what}{version} {{ {address} . {port} }}\n",)
    return tuple(
        f"add element inet sotto {what}{version} {{ {', '.join(f'{net} . {port}' for net in nets)} }}\n"
        for version, nets in LOCAL.items()
    )
