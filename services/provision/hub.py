"""From [hub] of the set-up file to the connector's settings and its way through the firewall. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from services.provision.hub_checks import LOCAL
from services.provision.toml_text import toml_value
from services.settings.connector import HOME_ASSISTANT, MQTT, SCHEMES


def hub_url(kind: str | None, address: str | None, url: str | None, token: str | None) -> str | None:
    """Where the hub's devices are reached; None where no connector is wanted."""
    if kind == MQTT and (url or address):
        return url or f"mqtt://{_in_url(address or '')}"
    if kind == HOME_ASSISTANT and token and (url or address):
        return url or f"http://{_in_url(address or '')}:8123"
    return None


def _in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def settings_text(
    kind: str, url: str, user: str | None, area: str | None, files: Mapping[str, str | None]
) -> str:
    """`connector.toml`, without its first line; `files` are the settings that name a file."""
    values = {"kind": kind, "url": url, **files, "user": user, "box_area": area}
    return "".join(f"{key} = {toml_value(value)}\n" for key, value in values.items() if value)


def port_of(kind: str, url: str) -> int:
    """The port that is talked to."""
    parts = urlsplit(url)
    return parts.port or SCHEMES[kind][parts.scheme][0]


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
