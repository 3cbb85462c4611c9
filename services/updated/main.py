"""updated: the small root daemon that installs updates; serves gRPC on a Unix socket."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from concurrent import futures
from pathlib import Path

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from common.errors import SottoError, StorageError
from services.daemon.entry import failed, parse_options
from services.daemon.metrics_report import MetricsReporter
from services.daemon.notify import notify
from services.proto.sotto.v1 import update_pb2 as pb
from services.proto.sotto.v1 import update_pb2_grpc as rpc
from services.updated.announce import announce, say_fallback
from services.updated.machine import read_machine
from services.updated.places import Places
from services.updated.runner import Programs
from services.updated.service import UpdateService
from services.updated.updater import Updater

log = logging.getLogger(__name__)

SERVICE = pb.DESCRIPTOR.services_by_name["Update"].full_name
#: Requests are a few words; a source's address has at most 2000 characters.
_MAX_MESSAGE_BYTES = 64 * 1024
_THREADS = 8


def serve(updater: Updater, socket: Path) -> grpc.Server:
    """A started server; only the group of this process may connect.

    Raises:
        StorageError: the socket cannot be made.
    """
    server = grpc.server(
        futures.ThreadPoolExecutor(_THREADS, "grpc"),
        options=[("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES)],
    )
    rpc.add_UpdateServicer_to_server(UpdateService(updater), server)
    serving = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(serving, server)
    mask = os.umask(0o117)
    try:
        # The service manager starts one of us only, so a socket that is there was left behind.
        socket.unlink(missing_ok=True)
        if not server.add_insecure_port(f"unix:{socket}"):
            raise RuntimeError("no port")
    except (OSError, RuntimeError) as error:
        raise StorageError(
            f"the socket {socket} cannot be made: {error}",
            hint="check the rights of its folder",
            code="daemon.socket",
        ) from error
    finally:
        os.umask(mask)
    server.start()
    for name in ("", SERVICE):
        serving.set(name, health_pb2.HealthCheckResponse.SERVING)
    return server


def run(places: Places) -> int:
    """Serve until SIGTERM or SIGINT."""
    os.umask(0o077)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    updater = Updater(places, read_machine(places), Programs(), time.time)
    try:
        updater.settle()
    except SottoError as error:
        # Without boot entries there is nothing to settle; the status must still be answered.
        log.warning("the boot entries were not looked at: %s", error)
    updater.forget_household()
    server = serve(updater, places.socket)
    reporter = MetricsReporter("updated", places.assistant_socket)
    reporter.start()
    notify("READY=1")
    threading.Thread(
        target=say_fallback,
        args=(updater.store, lambda text: announce(places.assistant_socket, text), stopping),
        name="announce",
        daemon=True,
    ).start()
    stopping.wait()
    notify("STOPPING=1")
    reporter.stop()
    server.stop(1.0).wait(2.0)
    updater.remember_household()
    return 0


def main() -> int:
    """Entry point of sotto-updated.service."""
    parser = argparse.ArgumentParser(prog="sotto-updated", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path("/"), help=argparse.SUPPRESS)
    options = parse_options(parser)
    try:
        return run(Places(options.root))
    except SottoError as error:
        return failed("sotto-updated", error)


if __name__ == "__main__":
    sys.exit(main())
