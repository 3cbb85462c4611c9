"""The ports that the gateway opens at its start: those of `gateway.toml`, or the nearest that work."""

from __future__ import annotations

import socket
from dataclasses import dataclass, replace

from common.errors import SottoError, Unavailable
from common.faults import Fault
from services.gatewayd.server import tcp_listener
from services.inbound.lines import Door, Listener
from services.settings.gateway import LOOPBACK, GatewaySettings

USUAL_PORT = GatewaySettings().port
_FILE = "gateway.toml"


@dataclass(frozen=True)
class Ports:
    """Listening sockets, which nobody serves yet.

    Attributes:
        settings: with the ports that are used.
        rest: for HTTP and WebSocket.
        grpc: None for none.
        faults: what the settings ask for and cannot be had.
    """

    settings: GatewaySettings
    rest: Listener
    grpc: Listener | None
    faults: tuple[Fault, ...]


def bind_ports(settings: GatewaySettings, rest_door: Door, grpc_door: Door) -> Ports:
    """Listen on the ports of `settings`.

    In place of a port that this process may not use, it is the usual one; in place of an address that is
    none to listen on, that of this machine alone. Without its port there is no gRPC.

    Args:
        settings: from `gateway.toml`.
        rest_door, grpc_door: give the connections their places.

    Raises:
        Conflict: the port of REST is in use.
        Unavailable: neither port nor address can be had.
    """
    used, rest, faults = _rest(settings, rest_door)
    if used.host == settings.host and used.host and not _is_of_this_machine(used.host):
        faults.append(
            Fault(
                "gateway.host",
                f"{_FILE}: host = {used.host} is not an address of this machine now",
                'give an address of this machine, or "" for all',
                "The gateway waits for that address.",
                _FILE,
                "host",
            )
        )
    grpc = None
    if used.grpc_port:
        try:
            grpc = tcp_listener(used, used.grpc_port, grpc_door)
        except SottoError as error:
            used = replace(used, grpc_port=0)
            faults.append(Fault.of(error, "There is no gRPC.", _FILE, "grpc_port"))
    return Ports(used, rest, grpc, tuple(faults))


def _rest(settings: GatewaySettings, door: Door) -> tuple[GatewaySettings, Listener, list[Fault]]:
    problem: Unavailable | None = None
    for host in (settings.host, LOOPBACK):
        for port in (settings.port, USUAL_PORT):
            used = replace(settings, host=host, port=port)
            try:
                listener = tcp_listener(used, port, door)
            except Unavailable as error:
                problem = problem or error
                continue
            changed = [key for key in ("host", "port") if getattr(used, key) != getattr(settings, key)]
            faults = [
                Fault.of(problem, f"It is {getattr(used, key)}.", _FILE, key) for key in changed if problem
            ]
            return used, listener, faults
    assert problem is not None
    raise problem


def _is_of_this_machine(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True
