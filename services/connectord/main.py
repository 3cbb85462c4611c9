"""connectord: connects the home to a smart-home hub; the assistant itself has no network."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from assistant.home.executor import Action
from common.errors import NotFound, SottoError
from common.faults import Fault, Faults
from common.paths import socket_path
from common.settings_file import is_there
from services.connectord.uplink import Uplink
from services.daemon.backoff import delay_s, failures_after
from services.daemon.entry import failed, log_faults, parse_options
from services.daemon.metrics_report import MetricsReporter
from services.daemon.notify import notify
from services.hubs.board import Board
from services.hubs.driver import HubAway, HubDriver
from services.hubs.kinds import KINDS
from services.hubs.load import load_usable_connector_settings, read_secret, settings_file
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


@dataclass(frozen=True)
class Hub:
    """A hub as its settings name it.

    Attributes:
        driver: connects to it.
        board: what it reports.
        hello: the greeting to the assistant.
        files: that all of it comes from.
        usable: whether the settings name a hub.
    """

    driver: HubDriver
    board: Board
    hello: pb.HomeHello
    files: tuple[Path, ...]
    usable: bool


async def serve(file: Path, assistant: Path) -> None:
    """Follow the hub and report to the assistant until SIGTERM or SIGINT; follow changes of the settings.

    Settings that cannot be used do not end it: they are reported to the assistant, and the owner finds them
    in `sotto doctor` and `sotto home`. A hub that is followed then stays.

    Args:
        file: the settings.
        assistant: socket of assistantd; it may appear later.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    faults = Faults()
    reporter = MetricsReporter("connectord", assistant, faults)
    reporter.start()
    notify("READY=1")
    hub = read_hub(file, faults)
    while not stopping.is_set():
        tasks = [
            asyncio.create_task(follow(hub.driver, hub.board)),
            asyncio.create_task(Uplink(assistant, hub.hello, hub.board, hub.driver).run()),
        ]
        stamps = _stamps(hub.files)
        try:
            while not stopping.is_set():
                # Neither task ends by itself; if one does, its error is raised here.
                done, _ = await asyncio.wait(
                    [*tasks, waiting := asyncio.create_task(stopping.wait())],
                    timeout=_LOOK_S,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                waiting.cancel()
                for task in done - {waiting}:
                    task.result()
                if _stamps(hub.files) == stamps:
                    continue
                stamps = _stamps(hub.files)
                changed = read_hub(file, faults)
                if changed.usable or not hub.usable or not is_there(file):
                    hub = changed
                    break
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    notify("STOPPING=1")
    await asyncio.to_thread(reporter.stop)


def read_hub(file: Path, faults: Faults) -> Hub:
    """The hub of the settings; what is wrong with them is reported to `faults`."""
    files: tuple[Path, ...] = (file,)
    board = Board()
    found: tuple[Fault, ...] = ()
    try:
        settings, found = load_usable_connector_settings(file)
        if settings is None:
            return _no_hub(found[0].message, board, files)
        files += tuple(path for path in (settings.secret_file, settings.ca_file) if path)
        driver = make_hub(settings, board)
    except SottoError as error:
        found = (*found, Fault.of(error, "No hub is connected.", file.name))
        return _no_hub(str(error), board, files)
    finally:
        faults.report("connector", found)
        log_faults(found)
    hello = pb.HomeHello(kind=settings.kind, address=f"{settings.host}:{settings.port}")
    return Hub(driver, board, hello, files, usable=True)


def _no_hub(problem: str, board: Board, files: tuple[Path, ...]) -> Hub:
    hello = pb.HomeHello(kind="no hub", address=str(files[0]))
    return Hub(_NoHub(problem), board, hello, files, usable=False)


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
        load_usable_connector_settings(file)
    except NotFound as error:
        return failed("sotto-connectord", error)
    asyncio.run(serve(file, socket_path()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
