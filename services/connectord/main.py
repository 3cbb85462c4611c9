"""connectord: connects the home to a smart-home hub; the assistant itself has no network."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import signal
import sys
from pathlib import Path

from assistant.home.executor import Action
from common.errors import NotFound, SottoError
from common.paths import socket_path
from services.connectord.backoff import delay_s, failures_after
from services.connectord.uplink import Uplink
from services.daemon.entry import failed, parse_options
from services.daemon.metrics_report import MetricsReporter
from services.daemon.notify import notify
from services.hubs.board import Board
from services.hubs.driver import HubAway, HubDriver
from services.hubs.kinds import KINDS
from services.hubs.load import load_connector_settings, read_secret, settings_file
from services.hubs.settings import ConnectorSettings
from services.proto.sotto.v1 import assistant_pb2 as pb

log = logging.getLogger(__name__)

#: Seconds between two looks whether the settings have changed.
_LOOK_S = 2.0


def make_hub(settings: ConnectorSettings, board: Board) -> HubDriver:
    """The hub of these settings; nothing is connected yet. Call it inside the event loop.

    Raises:
        InvalidInput: the secret or the certificate cannot be used.
    """
    secret = read_secret(settings.secret_file) if settings.secret_file else ""
    return KINDS[settings.kind].connect(settings, secret, board)


async def follow(hub: HubDriver, board: Board) -> None:
    """Keep a connection to the hub; after a failure try again."""
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
            # Nothing that a hub sends may end this process: after a restart the hub would send it again.
            log.exception("the hub sent something unexpected")
            problem, refused = f"the hub sent something unexpected ({type(error).__name__})", False
        board.link(False, problem)
        failures = failures_after(failures, loop.time() - began)
        wait_s = delay_s(failures, refused, random.random())
        log.warning("%s; next try in %.0f s", problem, wait_s)
        await asyncio.sleep(wait_s)


class _NoHub:
    """Stands for a hub whose settings cannot be used."""

    def __init__(self, problem: str) -> None:
        self._problem = problem

    async def run(self) -> None:
        """The hub is never reached."""
        raise HubAway(self._problem, refused=True)

    async def act(self, _action: Action) -> None:
        """No command is carried out."""
        raise HubAway(self._problem)


async def serve(file: Path, assistant: Path) -> None:
    """Follow the hub and report to the assistant until SIGTERM or SIGINT; restart when the settings change.

    Settings that cannot be used do not end it: they are a problem that is reported to the assistant, and that
    the owner finds in `sotto home`.

    Args:
        file: the settings.
        assistant: socket of assistantd; it may appear later.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    reporter = MetricsReporter("connectord", assistant)
    reporter.start()
    notify("READY=1")
    while not stopping.is_set():
        board = Board()
        hub, hello, files = _read(file, board)
        stamps = _stamps(files)
        tasks = [
            asyncio.create_task(follow(hub, board)),
            asyncio.create_task(Uplink(assistant, hello, board, hub).run()),
        ]
        try:
            while not stopping.is_set() and _stamps(files) == stamps:
                # Neither task ends by itself; if one does, its error is raised here.
                done, _ = await asyncio.wait(
                    [*tasks, waiting := asyncio.create_task(stopping.wait())],
                    timeout=_LOOK_S,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                waiting.cancel()
                for task in done - {waiting}:
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    notify("STOPPING=1")
    await asyncio.to_thread(reporter.stop)


def _read(file: Path, board: Board) -> tuple[HubDriver, pb.HomeHello, tuple[Path, ...]]:
    """The driver of the settings, the greeting to the assistant, and the files that both come from."""
    files: tuple[Path, ...] = (file,)
    try:
        settings = load_connector_settings(file)
        files += tuple(path for path in (settings.secret_file, settings.ca_file) if path)
        hub = make_hub(settings, board)
    except SottoError as error:
        log.error("%s", error)
        return _NoHub(str(error)), pb.HomeHello(kind="no hub", address=str(file)), files
    return hub, pb.HomeHello(kind=settings.kind, address=f"{settings.host}:{settings.port}"), files


def _stamps(files: tuple[Path, ...]) -> list[tuple[int, int]]:
    found = []
    for file in files:
        try:
            status = file.stat()
        except OSError:
            found.append((0, -1))
        else:
            found.append((status.st_mtime_ns, status.st_mode))
    return found


def main() -> int:
    """Entry point; ends with the kind of the error, see `common.errors`."""
    parser = argparse.ArgumentParser(prog="sotto-connectord", description=__doc__)
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (connector.toml)")
    options = parse_options(parser)
    os.umask(0o077)
    file = options.config or settings_file()
    try:
        load_connector_settings(file)
    except NotFound as error:
        return failed("sotto-connectord", error)
    except SottoError:
        pass  # `serve` logs it and reports it to the assistant
    asyncio.run(serve(file, socket_path()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
