"""connectord: holds the connection to a smart-home hub; the assistant itself has no network."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import signal
import sys
from pathlib import Path

from assistant.errors import SottoError
from assistant.paths import socket_path
from services.connectord.backoff import delay_s, failures_after
from services.connectord.board import Board
from services.connectord.homeassistant.hub import HomeAssistantHub
from services.connectord.hub import Hub, HubAway
from services.connectord.mqtt.hub import MqttHub
from services.connectord.settings import (
    HOME_ASSISTANT,
    ConnectorSettings,
    load_connector_settings,
    read_secret,
)
from services.connectord.uplink import Uplink
from services.notify import notify
from services.proto.sotto.v1 import assistant_pb2 as pb

log = logging.getLogger(__name__)


def make_hub(settings: ConnectorSettings, board: Board) -> Hub:
    """The hub of these settings; nothing is connected yet. Call it inside the event loop.

    Raises:
        InvalidInput: the secret or the certificate cannot be used.
    """
    secret = read_secret(settings.secret_file) if settings.secret_file else ""
    if settings.kind == HOME_ASSISTANT:
        return HomeAssistantHub(settings, secret, board)
    return MqttHub(settings, secret, board)


async def follow(hub: Hub, board: Board) -> None:
    """Keep a connection to the hub, and try again when there is none."""
    loop = asyncio.get_running_loop()
    failures = 0
    while True:
        began = loop.time()
        try:
            await hub.run()
            problem, refused = "the hub closed the connection", False
        except HubAway as error:
            problem, refused = str(error), error.refused
        except Exception as error:
            # Whatever a hub sends, it must not end this process: it would be let back in to send it again.
            log.exception("the hub sent something that was not foreseen")
            problem, refused = f"the hub sent something unexpected ({type(error).__name__})", False
        board.link(False, problem)
        failures = failures_after(failures, loop.time() - began)
        wait_s = delay_s(failures, refused, random.random())
        log.warning("%s; next try in %.0f s", problem, wait_s)
        await asyncio.sleep(wait_s)


async def serve(settings: ConnectorSettings, assistant: Path) -> None:
    """Follow the hub and tell the assistant until SIGTERM or SIGINT.

    Args:
        settings: what the owner wants.
        assistant: socket of assistantd, which need not be there yet.

    Raises:
        InvalidInput: as `make_hub`.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    board = Board()
    hub = make_hub(settings, board)
    hello = pb.HomeHello(kind=settings.kind, address=f"{settings.host}:{settings.port}")
    tasks = [
        asyncio.create_task(follow(hub, board)),
        asyncio.create_task(Uplink(assistant, hello, board, hub).run()),
        asyncio.create_task(stopping.wait()),
    ]
    notify("READY=1")
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        notify("STOPPING=1")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def main() -> int:
    """Entry point; ends with the kind of the error, see `assistant.errors`."""
    parser = argparse.ArgumentParser(prog="sotto-connectord", description=__doc__)
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (connector.toml)")
    parser.add_argument("-v", "--verbose", action="store_true", help="log what happens")
    options = parser.parse_args()
    logging.basicConfig(
        level=logging.INFO if options.verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )
    os.umask(0o077)
    try:
        asyncio.run(serve(load_connector_settings(options.config), socket_path()))
    except SottoError as error:
        print(f"sotto-connectord: {error}", file=sys.stderr)
        return int(error.kind.value)
    return 0


if __name__ == "__main__":
    sys.exit(main())
