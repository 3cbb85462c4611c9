"""Settings of the gateway, from `gateway.toml`. Every field has a default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from common.errors import InvalidInput
from common.faults import Fault
from common.paths import config_dir
from common.settings_file import (
    between,
    fill,
    fill_usable,
    is_there,
    read_table,
    read_usable_table,
)
from common.toml_file import shown

#: Address of this machine alone.
LOOPBACK = "127.0.0.1"
#: Values of keys that are wrong, where the default may be more open than what was meant. Of all other keys
#: the default is taken; that of `trust_loopback` is closed.
CLOSED: Mapping[str, str | int | bool] = {
    "host": LOOPBACK,
    "grpc_port": 0,
    "wyoming_port": 0,
    "satellite_port": 0,
    "mdns": False,
}
_LONGEST_NAME = 60


@dataclass(frozen=True)
class Limits:
    """Limits on what one caller, or all together, may use.

    More than twelve attributes: one attribute for each key of its section.

    Attributes:
        connections: open at once on a port, over all callers; an eighth for one address from which no token
            came yet, three quarters for all of those, and three quarters for any other address.
        json_bytes: of a body that is JSON.
        audio_bytes: of a body that is sound.
        memory_bytes: for the requests of all callers that are not answered yet; half for one token, three
            quarters for one address, an eighth for all callers without a token.
        tls_s: seconds for a connection to agree on TLS.
        head_s: seconds for the head of a request.
        ready_s: seconds that a conversation may be open before it begins; clients may open it ahead.
        idle_s: seconds for the next piece of a body, or for a peer to take the next piece of an answer.
        body_s: seconds for a whole body.
        frame_bytes: of a WebSocket message.
        silent_s: seconds after which a WebSocket whose peer answers no ping is closed.
        conversations: of one token open at once; event streams likewise.
        quiet_s: seconds after which a conversation is closed from which no audio and no message came.
    """

    connections: int = field(default=256, metadata=between(1, 1000))
    json_bytes: int = field(default=64 * 1024, metadata=between(1024, 16 * 1024 * 1024))
    audio_bytes: int = field(default=6 * 1024 * 1024, metadata=between(1024, 64 * 1024 * 1024))
    memory_bytes: int = field(default=96 * 1024 * 1024, metadata=between(1024 * 1024, 4 * 1024 * 1024 * 1024))
    tls_s: float = field(default=5.0, metadata=between(0.1, 600))
    head_s: float = field(default=10.0, metadata=between(0.1, 600))
    ready_s: float = field(default=300.0, metadata=between(0.1, 86400))
    idle_s: float = field(default=20.0, metadata=between(0.1, 3600))
    body_s: float = field(default=60.0, metadata=between(0.1, 3600))
    frame_bytes: int = field(default=256 * 1024, metadata=between(1024, 16 * 1024 * 1024))
    silent_s: float = field(default=20.0, metadata=between(0.1, 3600))
    conversations: int = field(default=4, metadata=between(1, 16))
    quiet_s: float = field(default=300.0, metadata=between(1, 86400))


@dataclass(frozen=True)
class GatewaySettings:
    """Settings of the gateway.

    Attributes:
        name: of the box, in its certificate; "" for the name of the machine.
        host: address to listen on; "" for all of this machine.
        port: of REST, WebSocket and OpenAI's interface, over TLS.
        grpc_port: of gRPC over TLS; 0 for none.
        wyoming_port: of Wyoming's services, open only while a hub is paired; 0 for none.
        satellite_port: of Wyoming's satellite, likewise.
        mdns: advertise the box by multicast DNS, unless it listens on loopback alone.
        trust_loopback: programs on this machine need no token.
        names: names of the box beside its own, under which callers reach it, such as that of a proxy.
        origins: web sites that may call from a browser, such as "https://panel.example"; the box's own may.
        limits: see `Limits`.

    Raises:
        InvalidInput: `settings.name` for a name that cannot be shown, `settings.host` for what is no address.
    """

    name: str = ""
    host: str = ""
    port: int = field(default=8443, metadata=between(1, 65535))
    grpc_port: int = field(default=8444, metadata=between(0, 65535))
    wyoming_port: int = field(default=10400, metadata=between(0, 65535))
    satellite_port: int = field(default=10700, metadata=between(0, 65535))
    mdns: bool = True
    trust_loopback: bool = False
    names: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not self.name.isprintable() or len(self.name) > _LONGEST_NAME:
            raise InvalidInput(
                f"gateway.toml: name = {shown(self.name)} cannot be shown",
                hint=f"use at most {_LONGEST_NAME} letters and signs",
                code="settings.name",
            )
        try:
            ip_address(self.host or LOOPBACK)
        except ValueError as error:
            raise InvalidInput(
                f"gateway.toml: host = {shown(self.host)} is no address",
                hint='write an address of this machine, or "" for all',
                code="settings.host",
            ) from error


def load_gateway_settings(path: Path | None = None) -> GatewaySettings:
    """Settings from `path`, or from `gateway.toml` in the settings folder if it is there.

    Raises:
        InvalidInput: the file is missing although it was named, is no TOML, has an unknown key, a value of
            the wrong kind, or one that is out of bounds.
    """
    file = _file(path)
    if not is_there(file):
        return GatewaySettings()
    settings: GatewaySettings = fill(GatewaySettings, read_table(file), file)
    return settings


def load_usable_gateway_settings(path: Path | None = None) -> tuple[GatewaySettings, tuple[Fault, ...]]:
    """As `load_gateway_settings`, but what cannot be used is left out, and nothing is more open for it.

    A key of `CLOSED` that is wrong, or that an unknown key resembles, is closed. If the file cannot be read
    at all, the gateway listens on this machine alone.

    Returns:
        The settings, and a fault for each thing that was left out.

    Raises:
        InvalidInput: the file is missing although it was named.
    """
    file = _file(path)
    table, unreadable = read_usable_table(file, "The gateway listens on this machine alone.")
    if unreadable:
        return GatewaySettings(host=LOOPBACK), unreadable
    settings, faults = fill_usable(GatewaySettings, table, file)
    told = []
    for fault in faults:
        shut = _shut_by(fault, table)
        settings = replace(settings, **{key: CLOSED[key] for key in shut})
        values = ", ".join(f"{key} = {CLOSED[key]!r}" for key in shut)
        told.append(replace(fault, effect=f"To be on the safe side, it is {values}.") if shut else fault)
    return settings, tuple(told)


def _shut_by(fault: Fault, table: Mapping[str, Any]) -> Sequence[str]:
    """The keys of `CLOSED` that are closed for a fault: what was meant is not known."""
    if fault.key in CLOSED:
        return (fault.key,)
    if fault.code != "settings.unknown":
        return ()
    # It may be misspelt, or stand in the wrong section.
    inner = table.get(fault.key)
    names = [*fault.key.lower().split("."), *(inner if isinstance(inner, dict) else ())]
    there = [key for key in CLOSED if key not in table]
    return [key for name in names for key in get_close_matches(name, there, n=1)]


def _file(path: Path | None) -> Path:
    if path is not None and not is_there(path):
        raise InvalidInput(
            f"the settings file {path} does not exist",
            hint="check the path, or leave it out to use the defaults",
            code="settings.missing",
        )
    return path or config_dir() / "gateway.toml"


def for_hubs(settings: GatewaySettings) -> str:
    """The ports for paired hubs, for people."""
    ports = (("services", settings.wyoming_port), ("the room as a satellite", settings.satellite_port))
    named = [f"{what} on port {port}" for what, port in ports if port]
    return f"Wyoming, {' and '.join(named)}" if named else "gateway.toml has no port for them"
