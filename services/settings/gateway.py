"""Settings of the gateway, from `gateway.toml`. Every field has a default."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from common.errors import InvalidInput
from common.paths import config_dir
from common.settings_file import fill, read_table


@dataclass(frozen=True)
class Limits:
    """Limits on what one caller, or all together, may use.

    Attributes:
        connections: open at once on a port, over all callers.
        json_bytes: of a body that is JSON.
        audio_bytes: of a body that is sound.
        head_s: seconds for a connection to agree on TLS, and then for the head of a request.
        ready_s: seconds that a conversation may be open before it begins; clients may open it ahead.
        idle_s: seconds for the next piece of a body, or for a peer to take the next piece of an answer.
        body_s: seconds for a whole body.
        frame_bytes: of a WebSocket message.
        silent_s: seconds after which a WebSocket whose peer answers no ping is closed.
        conversations: of one token open at once; event streams likewise.
        quiet_s: seconds after which a conversation is closed from which no audio and no message came.
    """

    connections: int = 256
    json_bytes: int = 64 * 1024
    audio_bytes: int = 6 * 1024 * 1024
    head_s: float = 10.0
    ready_s: float = 300.0
    idle_s: float = 20.0
    body_s: float = 60.0
    frame_bytes: int = 256 * 1024
    silent_s: float = 20.0
    conversations: int = 4
    quiet_s: float = 300.0


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
        limits: see `Limits`.
    """

    name: str = ""
    host: str = ""
    port: int = 8443
    grpc_port: int = 8444
    wyoming_port: int = 10400
    satellite_port: int = 10700
    mdns: bool = True
    trust_loopback: bool = False
    limits: Limits = field(default_factory=Limits)


def load_gateway_settings(path: Path | None = None) -> GatewaySettings:
    """Settings from `path`, or from `gateway.toml` in the settings folder if it is there.

    Raises:
        InvalidInput: the file is missing although it was named, is no TOML, has an unknown key, a value of
            the wrong kind, or a port that is none.
    """
    file = path or config_dir() / "gateway.toml"
    if not file.is_file():
        if path is not None:
            raise InvalidInput(
                f"the settings file {path} does not exist",
                hint="check the path, or leave it out to use the defaults",
                code="settings.missing",
            )
        return GatewaySettings()
    settings: GatewaySettings = fill(GatewaySettings, read_table(file), file)
    for name in ("port", "grpc_port", "wyoming_port", "satellite_port"):
        value = getattr(settings, name)
        if not 0 <= value <= 65535:
            raise InvalidInput(
                f"{file}: {name} = {value} is no port", hint="use 1024 to 65535", code="settings.port"
            )
    return settings


def for_hubs(settings: GatewaySettings) -> str:
    """The ports for paired hubs, for people."""
    ports = (("services", settings.wyoming_port), ("the room as a satellite", settings.satellite_port))
    named = [f"{what} on port {port}" for what, port in ports if port]
    return f"Wyoming, {' and '.join(named)}" if named else "gateway.toml has no port for them"
