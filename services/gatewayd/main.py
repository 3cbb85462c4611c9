"""gatewayd: the only process that listens on the network. It is unprivileged and loads no models."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from common.errors import SottoError
from common.faults import Fault, Faults
from common.lock import StateLock
from common.paths import gateway_socket, gateway_state, hub_facts, pairing_code_path, socket_path, state_dir
from services.daemon.allocator import bound_allocator
from services.daemon.entry import failed, log_faults, parse_options
from services.daemon.log_limit import LimitedLog
from services.daemon.notify import notify
from services.gatewayd.access import is_loopback
from services.gatewayd.addresses import box_addresses
from services.gatewayd.admission import Places, Shares
from services.gatewayd.app import build_app, guarded
from services.gatewayd.fault_report import report_faults
from services.gatewayd.gateway import Gateway
from services.gatewayd.grpc_front import GrpcFront
from services.gatewayd.hubs import HubStore
from services.gatewayd.identity import load_identity
from services.gatewayd.mdns import WYOMING_PORTS, Advertiser
from services.gatewayd.memory_guard import stay_small
from services.gatewayd.pairing import Pairing, load_code
from services.gatewayd.ports import Ports, bind_ports
from services.gatewayd.server import HttpServer, bound_tls, tcp_listener, unix_listener
from services.gatewayd.tls_pipe import TlsPipe
from services.gatewayd.tokens import TokenStore
from services.gatewayd.upstream import Upstream
from services.gatewayd.wyoming_satellite import SatelliteSession, Seats
from services.gatewayd.wyoming_server import MakeSession, WyomingServer
from services.gatewayd.wyoming_services import ServicesSession
from services.gatewayd.wyoming_session import Send
from services.inbound.admission import KnownAddresses
from services.inbound.lines import Door
from services.inbound.memory import MemoryBudget, MemoryShares
from services.settings.gateway import GatewaySettings, for_hubs, load_usable_gateway_settings
from services.wire.limits import MAX_BOXES, MAX_CONVERSATIONS, MAX_WATCHERS

log = logging.getLogger(__name__)

_MMAP_BYTES, _TRIM_BYTES = 64 * 1024, 1024 * 1024


def put_together(
    settings: GatewaySettings, state: Path, assistant: Path, lost: Faults | None = None
) -> Gateway:
    """The parts of a gateway. Call it inside the event loop.

    Args:
        settings: from `gateway.toml`.
        state: folder of identity, tokens and hubs.
        assistant: socket of assistantd, which need not be there yet.
        lost: is told of state that was damaged and is lost.

    Raises:
        StorageError, InvalidInput: the state cannot be written, or is damaged.
    """
    name = settings.name or socket.gethostname().split(".")[0] or "Sotto"
    tokens = TokenStore(state / "tokens.json", lost)
    identity = load_identity(state, name, pinned=bool(tokens.tokens))
    return Gateway(
        settings=settings,
        upstream=Upstream(assistant),
        tokens=tokens,
        hubs=HubStore(state / "hubs.json", hub_facts(), lost),
        pairing=Pairing(load_code(pairing_code_path(state)), identity.public_key_hash),
        identity=identity,
        box_name=name,
        memory=MemoryBudget(MemoryShares.of(settings.limits.memory_bytes)),
        conversations=Places(
            Shares("conversations", MAX_CONVERSATIONS, settings.limits.conversations, hub=8, kept_for_hubs=4)
        ),
        watchers=Places(Shares("event streams", MAX_WATCHERS, settings.limits.conversations)),
        # A box that has lost its connection comes again before the old one is known to be dead.
        boxes=Places(Shares("recognitions for boxes", MAX_BOXES, token=2, kept_for_local=0)),
    )


def wyoming_doors(gateway: Gateway) -> dict[str, WyomingServer]:
    """A server for each of Wyoming's ports, by the names of `mdns.WYOMING_PORTS`; none is open yet."""
    upstream, settings, hubs, seats = gateway.upstream, gateway.settings, gateway.hubs, Seats()
    places, quiet_s = gateway.conversations, settings.limits.quiet_s

    def services(send: Send, peer: str, _cut: Callable[[], None]) -> ServicesSession:
        return ServicesSession(upstream, gateway.memory.hold(peer, peer), send, places, peer, quiet_s)

    make: dict[str, MakeSession] = {
        "wyoming_port": services,
        "satellite_port": lambda send, peer, cut: SatelliteSession(upstream, seats, send, peer, cut),
    }
    ports = {name: getattr(settings, name) for name in WYOMING_PORTS}
    return {
        name: WyomingServer(partial(tcp_listener, settings, port), hubs, make[name], settings.limits)
        for name, port in ports.items()
        if port
    }


def _doors(settings: GatewaySettings) -> tuple[Door, Door]:
    """The doors of HTTP and of gRPC: who showed a token at one is known at the other."""
    known = KnownAddresses()
    places = settings.limits.connections
    return Door.for_tokens(places, known), Door.for_tokens(places, known)


async def serve(ports: Ports, state: Path, assistant: Path, local: Path, faults: Sequence[Fault]) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        ports: bound, with the settings.
        state, assistant: see `put_together`.
        local: the gateway's own Unix socket, for `sotto pair`.
        faults: of the settings, for the assistant.

    Raises:
        SottoError: something is missing.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    settings, limits = ports.settings, ports.settings.limits
    lost = Faults()
    gateway = put_together(settings, state, assistant, lost)
    app = build_app(gateway)
    servers: list[HttpServer | GrpcFront | TlsPipe] = [
        HttpServer(guarded(app, gateway, local=True), unix_listener(local), limits),
        HttpServer(guarded(app, gateway), ports.rest, limits, gateway.identity),
    ]
    if ports.grpc is not None:
        behind = local.with_name("grpc.sock")
        pipe = TlsPipe(ports.grpc, behind, gateway.identity, "h2", limits)
        # A loopback caller needs a token there, too.
        servers += [GrpcFront(behind, gateway, pipe.lines), pipe]
    doors = wyoming_doors(gateway)
    advertiser = Advertiser(gateway, lambda: [name for name, door in doors.items() if door.listening])
    gateway.hub_watchers.extend(door.start for door in doors.values())
    try:
        for server in servers:
            await server.start()
        # A port of Wyoming that is in use must not stop the other servers.
        problems = await gateway.hubs_changed()
        faults = [
            *faults,
            *lost.all(),
            *(Fault.of(error, "That port stays closed.", "gateway.toml") for error in problems),
        ]
        if settings.mdns and not is_loopback(settings.host):
            # After Wyoming's ports have been opened or closed.
            gateway.hub_watchers.append(advertiser.look)
            # In the background: claiming names on the network takes a second.
            advertiser.start()
        background = (
            asyncio.create_task(stay_small()),
            asyncio.create_task(report_faults(gateway.upstream, faults)),
        )
        notify("READY=1")
        print(f"sotto: the local API is on {' and '.join(box_addresses(settings))}", flush=True)
        print("sotto: `sotto pair` shows how to pair something with it", flush=True)
        print(f"sotto: hubs: {for_hubs(settings)}; `sotto hubs add ADDRESS` pairs one", flush=True)
        await stopping.wait()
        notify("STOPPING=1")
        for task in background:
            task.cancel()
    finally:
        # First, so that no new caller is sent to ports that close now.
        await advertiser.stop()
        for door in doors.values():
            await door.stop()
        for server in reversed(servers):
            await server.stop()
        await gateway.upstream.close()
        local.unlink(missing_ok=True)


def main() -> int:
    """Entry point; ends with the kind of the error, see `common.errors`."""
    parser = argparse.ArgumentParser(prog="sotto-gatewayd", description=__doc__)
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (TOML)")
    parser.add_argument("--listen", default="", metavar="ADDRESS", help="instead of `host` in the settings")
    options = parse_options(parser)
    if not options.verbose:
        # uvicorn warns of every invalid request; strangers could fill the journal with that.
        logging.getLogger("uvicorn").setLevel(logging.ERROR)
    for handler in logging.getLogger().handlers:
        handler.addFilter(LimitedLog())
    os.umask(0o077)
    bound_allocator(_MMAP_BYTES, _TRIM_BYTES)
    try:
        settings, faults = load_usable_gateway_settings(options.config)
        if options.listen:
            settings = replace(settings, host=options.listen)
        bound_tls(settings.limits.tls_s)
        state = gateway_state(state_dir())
        lock = StateLock(state)
        try:
            ports = bind_ports(settings, *_doors(settings))
            faults += ports.faults
            log_faults(faults)
            asyncio.run(serve(ports, state, socket_path(), gateway_socket(), faults))
        finally:
            lock.release()
    except SottoError as error:
        return failed("sotto-gatewayd", error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
